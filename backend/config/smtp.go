package config

import (
	"net"
	"net/mail"
	"net/netip"
	"strconv"
	"strings"
)

// Security says how the connection to the mail server is kept secret.
type Security string

// The ways. StartTLS and TLS refuse to go on in the clear; Plain is for a server on the same machine.
const (
	StartTLS Security = "starttls" // RFC 3207, usually port 587
	TLS      Security = "tls"      // RFC 8314, usually port 465
	Plain    Security = "none"
)

// SMTP is the mail server that takes what we send, and what stands on it.
type SMTP struct {
	Host     string   // EINVERSTANDEN_SMTP_SERVER, host:port; empty: no mail
	Port     int      //
	Security Security // EINVERSTANDEN_SMTP_SECURITY: starttls
	User     string   // EINVERSTANDEN_SMTP_USER; empty: the server asks for nobody
	Password string   // EINVERSTANDEN_SMTP_PASSWORD
	From     string   // EINVERSTANDEN_SMTP_FROM, the sender's address; its name is the school's
	// Bounces is EINVERSTANDEN_SMTP_BOUNCES: the address to which undeliverable mail comes back. A token is added as in
	// user+token@host, and what arrives there is to be handed to `einverstanden bounce`. Empty: it comes back to From, unread.
	Bounces string
}

func (r *reader) smtp() SMTP {
	server := r.get("EINVERSTANDEN_SMTP_SERVER", "")
	s := SMTP{
		Security: Security(r.get("EINVERSTANDEN_SMTP_SECURITY", string(StartTLS))),
		User:     r.get("EINVERSTANDEN_SMTP_USER", ""), Password: r.get("EINVERSTANDEN_SMTP_PASSWORD", ""),
		From: r.get("EINVERSTANDEN_SMTP_FROM", ""), Bounces: r.get("EINVERSTANDEN_SMTP_BOUNCES", ""),
	}
	if server == "" {
		if s.User != "" || s.Password != "" || s.From != "" || s.Bounces != "" {
			r.fail("EINVERSTANDEN_SMTP_SERVER", "is not set, but other EINVERSTANDEN_SMTP_ variables are; host:port is wanted")
		}
		return SMTP{}
	}
	host, port, err := net.SplitHostPort(server)
	number, notNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || notNumber != nil || number == 0 || !isHost(server) {
		r.fail("EINVERSTANDEN_SMTP_SERVER", "is %q; host:port is wanted, for instance mail.schule.example:587", server)
	}
	s.Host, s.Port = host, int(number)
	r.checkSMTP(s)
	return s
}

func (r *reader) checkSMTP(s SMTP) {
	switch {
	case s.Security == Plain && !isLoopback(s.Host):
		r.fail("EINVERSTANDEN_SMTP_SECURITY", "is none, but %s is another machine; starttls or tls is wanted", s.Host)
	case s.Security != Plain && s.Security != StartTLS && s.Security != TLS:
		r.fail("EINVERSTANDEN_SMTP_SECURITY", "is %q; starttls, tls or none are possible", s.Security)
	}
	if (s.User == "") != (s.Password == "") {
		r.fail("EINVERSTANDEN_SMTP_USER", "and EINVERSTANDEN_SMTP_PASSWORD belong together: set both or none")
	}
	if !isAddress(s.From) {
		r.fail("EINVERSTANDEN_SMTP_FROM", "is %q; an address like einwilligung@schule.example is wanted", s.From)
	}
	if s.Bounces != "" && !isAddress(s.Bounces) {
		r.fail("EINVERSTANDEN_SMTP_BOUNCES", "is %q; an address like bounces@schule.example is wanted", s.Bounces)
	}
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// isAddress takes a bare address, without a name and without anything that could end a line.
func isAddress(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text && !strings.ContainsAny(text, "\r\n \"")
}
