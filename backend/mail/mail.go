// Package mail owns handing one message to the mail server: its shape (RFC 5322, plain text with an HTML alternative),
// what protects sender and reader (no line ends from outside, RFC 3834 and RFC 8058 headers, a return path of its own for
// each message), and what the server's answer means. It knows no person, no school and no text.
//
// The server is the operator's, named in the configuration and never by a user: it needs no dial gate.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Server is the mail server that takes what is sent.
type Server struct {
	Host           string
	Port           int
	StartTLS       bool // RFC 3207; false with TLS false: in the clear, which is for the same machine alone
	TLS            bool // RFC 8314
	User, Password string
	From           string // the sender's address
	Bounces        string // where undeliverable mail comes back to, see Letter.Token; empty: From
	Roots          *x509.CertPool
}

// Letter is one message to one address.
type Letter struct {
	ID         string // unique and the same at every attempt, so that a repetition is seen as one
	To         string
	SenderName string
	Subject    string
	Text       string
	HTML       string
	Language   string   // BCP 47
	Stop       *url.URL // one-click "no more of these" (RFC 8058); nil: this kind cannot be stopped
	Token      string   // comes back in the return path when the message cannot be delivered; empty: none
}

// Sender sends by one server.
type Sender struct {
	server Server
	clock  func() time.Time
}

// NewSender sends by the server.
func NewSender(server Server, clock func() time.Time) *Sender {
	return &Sender{server: server, clock: clock}
}

// Host is the server's name, for the record of what was sent.
func (s *Sender) Host() string { return s.server.Host }

// timeout bounds one conversation with the server; a job's own deadline is longer.
const timeout = 30 * time.Second

// Failed says that the server did not take a message. It holds no text of the server's, which may name the recipient.
type Failed struct {
	Status    int  // SMTP reply code; 0: there was no conversation
	Permanent bool // trying again is of no use
	// NoSuchAddress says that it is the recipient's address, by the enhanced status (RFC 3463, 3.2: X.1.Y), and not us or
	// the message.
	NoSuchAddress bool
	phase         string
}

func (f *Failed) Error() string {
	if f.Status == 0 {
		return "mail: " + f.phase
	}
	return fmt.Sprintf("mail: the server answered %d", f.Status)
}

// Code names the failure for the record: "smtp_550", or what failed before the server had answered.
func (f *Failed) Code() string {
	if f.Status == 0 {
		return f.phase
	}
	return fmt.Sprintf("smtp_%d", f.Status)
}

// Send hands the letter to the server. Its error is always a *Failed.
func (s *Sender) Send(ctx context.Context, letter Letter) error {
	message, err := s.message(letter)
	if err != nil {
		return &Failed{phase: "address_refused", Permanent: true}
	}
	client, err := s.client()
	if err != nil {
		return &Failed{phase: "server_misconfigured"}
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return notConnected(err)
	}
	defer func() { _ = client.CloseWithSMTPClient(connection) }() // what was accepted is accepted
	if err := client.SendWithSMTPClient(connection, message); err != nil {
		return failed(err)
	}
	return nil
}

// notConnected is about us (a wrong password, a server that is down): it passes when the operator has seen to it.
func notConnected(err error) *Failed {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return &Failed{Status: answer.Code}
	}
	return &Failed{phase: "server_unreachable"}
}

// failed reads the answer of a server. What it says before the recipient was named is about us, too.
func failed(err error) *Failed {
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		return &Failed{phase: "server_unreachable"}
	}
	f := &Failed{Status: sent.ErrorCode(), phase: "server_unreachable"}
	f.Permanent = f.Status >= 500 && sent.Reason != gomail.ErrSMTPMailFrom
	f.NoSuchAddress = f.Permanent && sent.Reason == gomail.ErrSMTPRcptTo && strings.HasPrefix(sent.EnhancedStatusCode(), "5.1.")
	return f
}

func (s *Sender) client() (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.server.Port), gomail.WithTimeout(timeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.server.Host, RootCAs: s.server.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch {
	case s.server.TLS:
		options = append(options, gomail.WithSSL())
	case s.server.StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.server.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.server.User), gomail.WithPassword(s.server.Password))
	}
	if _, domain, ok := strings.Cut(s.server.From, "@"); ok {
		options = append(options, gomail.WithHELO(domain))
	}
	return gomail.NewClient(s.server.Host, options...)
}

var errLine = errors.New("mail: a header holds a line end")

// message refuses what could end a header line: the library encodes such a subject, but nobody should rest on that.
func (s *Sender) message(letter Letter) (*gomail.Msg, error) {
	for _, text := range []string{letter.ID, letter.To, letter.SenderName, letter.Subject, letter.Language, letter.Token} {
		if strings.ContainsAny(text, "\r\n\x00") {
			return nil, errLine
		}
	}
	if !IsAddress(letter.To) {
		return nil, errors.New("mail: no address")
	}
	m := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithNoDefaultUserAgent())
	errs := []error{m.FromFormat(letter.SenderName, s.server.From), m.To(letter.To), m.EnvelopeFrom(s.returnPath(letter.Token))}
	m.Subject(letter.Subject)
	m.SetDateWithValue(s.clock())
	_, domain, _ := strings.Cut(s.server.From, "@")
	m.SetMessageIDWithValue(letter.ID + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies, please
	m.SetGenHeader("Content-Language", letter.Language)
	if letter.Stop != nil {
		m.SetGenHeader("List-Unsubscribe", "<"+letter.Stop.String()+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, letter.Text)
	if letter.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, letter.HTML)
	}
	return m, errors.Join(errs...)
}

// returnPath gives each message its own, so that whoever reads what comes back knows which one it was (VERP).
func (s *Sender) returnPath(token string) string {
	if s.server.Bounces == "" {
		return s.server.From
	}
	if token == "" {
		return s.server.Bounces
	}
	user, domain, _ := strings.Cut(s.server.Bounces, "@")
	return user + "+" + token + "@" + domain
}

// IsAddress reports whether the text is one bare address (RFC 5322 addr-spec) that fits into a header line.
func IsAddress(text string) bool {
	parsed, err := netmail.ParseAddress(text)
	return err == nil && parsed.Address == text && len(text) <= 254 && !strings.ContainsAny(text, "\r\n\x00 \"<>,;")
}
