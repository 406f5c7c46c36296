package mail_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/mail"
	"einverstanden/backend/testkit"
)

func clock() time.Time { return time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) }

func senderTo(s *testkit.SMTP, c testkit.SMTPConfig) *mail.Sender {
	return mail.NewSender(mail.Server{
		Host: "127.0.0.1", Port: s.Port, StartTLS: c.Security == "starttls", TLS: c.Security == "tls", User: c.User, Password: c.Password,
		From: "einwilligung@schule.example", Bounces: "zurueck@schule.example", Roots: s.Roots,
	}, clock)
}

func letter(to string) mail.Letter {
	return mail.Letter{
		ID: "0193", To: to, SenderName: "Gesamtschule Müsterstadt", Subject: "Ihre Antwort ist eingegangen", Text: "Größe\nzählt.\n",
		HTML: "<p>Größe zählt.</p>", Language: "de", Token: "abc",
	}
}

// The server asks for a secure line and a password, and gets both, whichever way.
func TestMailGoesOverASecureLine(t *testing.T) {
	for _, security := range []string{"starttls", "tls"} {
		t.Run(security, func(t *testing.T) {
			c := testkit.SMTPConfig{Security: security, User: "einwilligung", Password: "geheim"}
			server := testkit.NewSMTP(t, c)
			sent := letter("mutter@familie.example")
			sent.Stop = &url.URL{Scheme: "https", Host: "schule.example", Path: "/m/abc"}
			if err := senderTo(server, c).Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}
			mails := server.Mails()
			if len(mails) != 1 {
				t.Fatalf("%d mails", len(mails))
			}
			m := mails[0]
			if !m.Secure || m.User != c.User || m.From != "zurueck+abc@schule.example" || strings.Join(m.To, " ") != "mutter@familie.example" {
				t.Errorf("%+v", m)
			}
			if m.Subject() != sent.Subject || m.Text != sent.Text || strings.TrimSpace(m.HTML) != sent.HTML {
				t.Errorf("%q, %q, %q", m.Subject(), m.Text, m.HTML)
			}
			for name, want := range map[string]string{
				"Auto-Submitted": "auto-generated", "Content-Language": "de", "Message-Id": "<0193@schule.example>",
				"List-Unsubscribe": "<https://schule.example/m/abc>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
				"Date": "Tue, 24 Nov 2026 09:00:00 +0000",
			} {
				if got := m.Header.Get(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			from, err := m.Header.AddressList("From")
			if err != nil || from[0].Name != sent.SenderName || from[0].Address != "einwilligung@schule.example" {
				t.Errorf("from %v, %v", from, err)
			}

			c.Password = "falsch"
			wantFailed(t, senderTo(server, c).Send(t.Context(), sent), "smtp_535", false)
		})
	}
}

func wantFailed(t *testing.T, err error, code string, permanent bool) {
	t.Helper()
	var failed *mail.Failed
	if !errors.As(err, &failed) || failed.Code() != code || failed.Permanent != permanent {
		t.Errorf("%v; want %s, permanent: %v", err, code, permanent)
	}
	if err != nil && strings.Contains(err.Error(), "@") {
		t.Errorf("the error names an address: %v", err)
	}
}

// What a server says decides whether trying again is of use; nothing of its text is kept.
func TestWhatTheServerRefuses(t *testing.T) {
	c := testkit.SMTPConfig{Security: "none"}
	server := testkit.NewSMTP(t, c)
	sender := senderTo(server, c)
	wantFailed(t, sender.Send(t.Context(), letter("unknown@familie.example")), "smtp_550", true)
	wantFailed(t, sender.Send(t.Context(), letter("greylisted@familie.example")), "smtp_451", false)
	bad := letter("vater@familie.example")
	bad.Text = "refuse this"
	wantFailed(t, sender.Send(t.Context(), bad), "smtp_554", true)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	wantFailed(t, sender.Send(ended, letter("vater@familie.example")), "server_unreachable", false)
	if mails := server.Mails(); len(mails) != 0 {
		t.Errorf("accepted: %+v", mails)
	}
}

// X27: nothing that could end a header line gets as far as the server, in whichever place it comes.
func TestLineEndsAreRefused(t *testing.T) {
	c := testkit.SMTPConfig{Security: "none"}
	server := testkit.NewSMTP(t, c)
	sender := senderTo(server, c)
	const evil = "a\r\nBcc: alle@familie.example"
	for name, change := range map[string]func(*mail.Letter){
		"subject": func(l *mail.Letter) { l.Subject = evil }, "sender": func(l *mail.Letter) { l.SenderName = evil },
		"to": func(l *mail.Letter) { l.To = "b@familie.example\r\nBcc: alle@familie.example" }, "id": func(l *mail.Letter) { l.ID = evil },
		"token": func(l *mail.Letter) { l.Token = "a\nb" }, "two": func(l *mail.Letter) { l.To = "a@familie.example, b@familie.example" },
		"named": func(l *mail.Letter) { l.To = "Lena <a@familie.example>" }, "none": func(l *mail.Letter) { l.To = "" },
		"language": func(l *mail.Letter) { l.Language = evil },
	} {
		changed := letter("a@familie.example")
		change(&changed)
		err := sender.Send(t.Context(), changed)
		var failed *mail.Failed
		if !errors.As(err, &failed) || failed.Code() != "address_refused" || !failed.Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
	if mails := server.Mails(); len(mails) != 0 {
		t.Errorf("accepted: %+v", mails)
	}
}

// A server without STARTTLS is not spoken to in the clear.
func TestNothingGoesInTheClear(t *testing.T) {
	server := testkit.NewSMTP(t, testkit.SMTPConfig{Security: "none"})
	wantFailed(t, senderTo(server, testkit.SMTPConfig{Security: "starttls"}).Send(t.Context(), letter("a@familie.example")), "server_unreachable", false)
	if mails := server.Mails(); len(mails) != 0 {
		t.Errorf("accepted: %+v", mails)
	}
}
