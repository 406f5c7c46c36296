package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// SMTPConfig says which mail server to play.
type SMTPConfig struct {
	Security       string // none, starttls or tls
	User, Password string // empty: it asks for nobody
}

// SMTP is a running mail server that this project did not write (npm smtp-server), in a process of its own. Addresses that
// begin with "unknown" it refuses for good, with "greylisted" for now.
type SMTP struct {
	Port  int
	Roots *x509.CertPool // for a server with a certificate
	http  string
	older int // mails of earlier tests, where the server is shared
	tb    testing.TB
}

// Mail is what the server has accepted.
type Mail struct {
	From   string // of the envelope
	To     []string
	User   string // who signed in
	Secure bool
	Header mail.Header
	Text   string
	HTML   string
}

// NewSMTP starts a mail server on a free port of the loopback address, until the test ends. The plain one, which asks for
// nobody, is shared by all tests of the process, and each sees the mails of its own time: Node takes longer to start than
// most tests. Without its packages the test fails.
func NewSMTP(tb testing.TB, c SMTPConfig) *SMTP {
	tb.Helper()
	if c == (SMTPConfig{Security: "none"}) {
		s := sharedSMTP(tb)
		s.older = len(s.raw())
		return &s
	}
	s, process := newSMTP(tb, c)
	tb.Cleanup(func() { process.end(tb) })
	return s
}

var shared struct {
	sync.Mutex
	server *SMTP
}

// sharedSMTP ends with the process, whose end closes its input.
func sharedSMTP(tb testing.TB) SMTP {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		shared.server, _ = newSMTP(tb, SMTPConfig{Security: "none"})
	}
	s := *shared.server
	s.tb = tb
	return s
}

func newSMTP(tb testing.TB, c SMTPConfig) (*SMTP, *nodeProcess) {
	tb.Helper()
	settings := map[string]string{"security": c.Security}
	s := &SMTP{tb: tb}
	if c.User != "" {
		settings["user"], settings["password"] = c.User, c.Password
	}
	if c.Security != "none" {
		settings["key"], settings["cert"], s.Roots = certificate(tb)
	}
	folder := scriptsFolder(tb, "smtp", "smtp-server")
	var where struct {
		SMTP int    `json:"smtp"`
		HTTP string `json:"http"`
	}
	process := startNode(tb, folder, "server.js", settings)
	if err := json.Unmarshal([]byte(process.said), &where); err != nil {
		tb.Fatal(err)
	}
	s.Port, s.http = where.SMTP, where.HTTP
	return s, process
}

// rawMail is a mail as the server tells it.
type rawMail struct {
	From   string   `json:"from"`
	To     []string `json:"to"`
	Raw    string   `json:"raw"`
	User   string   `json:"user"`
	Secure bool     `json:"secure"`
}

func (s *SMTP) raw() (mails []rawMail) {
	s.tb.Helper()
	response, err := http.Get(s.http)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&mails); err != nil {
		s.tb.Fatal(err)
	}
	return mails
}

// Mails are all that the server has accepted in this test, the oldest first.
func (s *SMTP) Mails() (mails []Mail) {
	s.tb.Helper()
	for _, r := range s.raw()[s.older:] {
		message, err := mail.ReadMessage(strings.NewReader(r.Raw))
		if err != nil {
			s.tb.Fatal(err)
		}
		m := Mail{From: r.From, To: r.To, User: r.User, Secure: r.Secure, Header: message.Header}
		s.readParts(&m, message)
		mails = append(mails, m)
	}
	return mails
}

func (s *SMTP) readParts(m *Mail, message *mail.Message) {
	s.tb.Helper()
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		s.tb.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		m.Text = s.decoded(message.Body, message.Header.Get("Content-Transfer-Encoding"))
		return
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			s.tb.Fatal(err)
		}
		text := s.decoded(part, part.Header.Get("Content-Transfer-Encoding"))
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = text
		} else {
			m.Text = text
		}
	}
}

func (s *SMTP) decoded(body io.Reader, encoding string) string {
	s.tb.Helper()
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		s.tb.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// Subject is the subject in the clear.
func (m Mail) Subject() string {
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err.Error()
	}
	return subject
}

func certificate(tb testing.TB) (key, cert string, roots *x509.CertPool) {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail server of the tests"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		tb.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(made)
	block := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return block("PRIVATE KEY", encoded), block("CERTIFICATE", der), roots
}
