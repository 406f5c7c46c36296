package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	people "einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// mailingDemo is the demo school that sends mail to the server, by settings that every process of the test inherits.
func mailingDemo(t *testing.T) (config.Config, *testkit.SMTP) {
	t.Helper()
	server := testkit.NewSMTP(t, testkit.SMTPConfig{Security: "none"})
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	for name, value := range map[string]string{
		"ADDR":        fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port),
		"SMTP_SERVER": fmt.Sprintf("127.0.0.1:%d", server.Port), "SMTP_SECURITY": "none",
		"SMTP_FROM": "einwilligung@schule.example", "SMTP_BOUNCES": "zurueck@schule.example",
	} {
		t.Setenv("EINVERSTANDEN_"+name, value)
	}
	return demoHouse(t), server
}

// inDemo opens the school beside whatever runs.
func inDemo(t *testing.T, c config.Config, do func(context.Context, *app.App) error) {
	t.Helper()
	a, err := app.Open(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	schools, err := a.DB.Schools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := do(db.InSchool(t.Context(), schools[0]), a); err != nil {
		t.Fatal(err)
	}
}

// inviteByMail adds so many guardians with an address of their own and issues letters by mail to them.
func inviteByMail(t *testing.T, c config.Config, wanted int) (issued []account.IssuedLetter) {
	t.Helper()
	inDemo(t, c, func(ctx context.Context, a *app.App) error {
		var recipients []account.Recipient
		var school id.School
		err := a.DB.WriteUnaudited(ctx, func(tx *db.Tx) error {
			school = tx.School
			guardians := make([]people.Guardian, wanted)
			for i := range guardians {
				guardians[i] = people.Guardian{ID: id.New[id.Guardian](), Name: people.Name{Given: "Ada", Family: fmt.Sprint("Musterfrau ", i)}}
				guardians[i].Contact.Email = string(guardians[i].ID) + "@familie.example"
			}
			err := a.Schools.AddGuardians(tx, guardians)
			for _, g := range guardians {
				recipients = append(recipients, account.Recipient{Person: id.GuardianOf(g.ID)})
			}
			return err
		})
		if err != nil {
			return err
		}
		issued, err = a.Accounts.IssueByMail(ctx, authz.Actor{School: school, Account: "office", Role: authz.Office}, recipients)
		return err
	})
	if len(issued) != wanted {
		t.Fatalf("%d letters of %d", len(issued), wanted)
	}
	return issued
}

// invitations counts the accepted ones by their Message-ID.
func invitations(server *testkit.SMTP) map[string]int {
	count := map[string]int{}
	for _, m := range server.Mails() {
		if strings.Contains(m.Text, "/e#") {
			count[m.Header.Get("Message-Id")]++
		}
	}
	return count
}

// await looks again and again for what another process does; the test's own time limit ends it.
func await(done func() bool) {
	for tick := time.Tick(10 * time.Millisecond); !done(); {
		<-tick
	}
}

// A process that is killed in the middle of a run of messages loses none: what it had claimed is sent once more at most,
// with the same Message-ID and the same link, and everything else once.
func TestAKillInTheMiddleOfARunLosesNoMessage(t *testing.T) {
	const wanted, atOnce = 200, 16
	c, server := mailingDemo(t)
	inviteByMail(t, c, wanted)
	s := startServer(t, c)
	await(func() bool { return len(invitations(server)) >= wanted/4 })
	s.kill()
	if before := len(invitations(server)); before >= wanted {
		t.Fatalf("all %d were sent before the kill", before)
	}
	inDemo(t, c, func(ctx context.Context, a *app.App) error {
		return a.DB.WriteUnaudited(ctx, func(tx *db.Tx) error { // two minutes pass: nobody holds what the dead one had claimed
			return tx.G().Exec("UPDATE outbox SET lease_until = 0 WHERE done_at = 0 AND school_id = ?", tx.School).Error
		})
	})
	s.start()
	inDemo(t, c, func(ctx context.Context, a *app.App) error {
		var err error
		await(func() bool {
			var open int64
			err = a.DB.Read(ctx, func(tx *db.Tx) error {
				return tx.G().Table("outbox").Where("school_id = ? AND done_at = 0 AND topic IN ?", tx.School, []string{"letter.mailed", "message.send"}).Count(&open).Error
			})
			return err != nil || open == 0
		})
		return err
	})
	s.kill()
	count, again := invitations(server), 0
	for message, n := range count {
		if n > 2 {
			t.Errorf("%s was sent %d times", message, n)
		}
		again += n - 1
	}
	if len(count) != wanted || again > atOnce {
		t.Errorf("%d messages of %d, %d of them twice", len(count), wanted, again)
	}
	inDemo(t, c, func(ctx context.Context, a *app.App) error {
		return a.DB.Read(ctx, func(tx *db.Tx) error {
			var accepted int64
			err := tx.G().Table("message").Where("school_id = ? AND kind = 'invitation' AND state = 'accepted'", tx.School).Count(&accepted).Error
			if accepted != wanted {
				t.Errorf("%d of %d noted as accepted", accepted, wanted)
			}
			return err
		})
	})
	t.Logf("%d messages were sent twice", again)
}

func bounceCommand(t *testing.T, input string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"bounce"}, strings.NewReader(input), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// dsn is a delivery status notification (RFC 3464) about what went out with the return path.
func dsn(path, status, parts string) string {
	return strings.ReplaceAll("Return-Path: <>\nTo: "+path+"\nMIME-Version: 1.0\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"+parts+
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.familie.example\n\n"+
		"Final-Recipient: rfc822; x@familie.example\nAction: failed\nStatus: "+status+"\n\n--b--\n", "\n", "\r\n")
}

// What a mail server pipes into the command is noted if it is a final failure of a message of ours, however it is made,
// and else changes nothing and is no error: a mail server would try such a command again for days.
func TestTheCommandBounceNotesWhatCameBack(t *testing.T) {
	c, server := mailingDemo(t)
	letters := inviteByMail(t, c, 3)
	s := startServer(t, c)
	await(func() bool { return len(invitations(server)) == len(letters) })
	s.kill()
	var paths []string
	for _, m := range server.Mails() {
		if strings.Contains(m.Text, "/e#") {
			paths = append(paths, m.From)
		}
	}
	bounced := func() (found int) {
		inDemo(t, c, func(ctx context.Context, a *app.App) error {
			return a.DB.Read(ctx, func(tx *db.Tx) error {
				var states []string
				err := tx.G().Table("message").Where("school_id = ? AND state = 'bounced'", tx.School).Pluck("state", &states).Error
				found = len(states)
				return err
			})
		})
		return found
	}
	at := strings.IndexByte(paths[0], '@')
	forged := paths[0][:at-12] + strings.Repeat("0", 12) + paths[0][at:]
	unknown := "zurueck+" + strings.Repeat("ab", 16) + paths[0][at-12:]
	for name, input := range map[string]string{
		"nothing": "", "no mail": "\x00\xff\r\n", "a forged token": dsn(forged, "5.1.1", ""), "an unknown message": dsn(unknown, "5.1.1", ""),
		"a delay": dsn(paths[0], "4.4.1", ""), "a status of its own making": dsn(paths[0], "5.1.1\r\n x", ""),
		"too large":            dsn(paths[0], "5.1.1", "--b\nContent-Type: text/plain\n\n"+strings.Repeat("so long a letter\n", 100_000)),
		"another kind of mail": strings.Replace(dsn(paths[0], "5.1.1", ""), "multipart/report", "multipart/mixed", 1),
		"no boundary":          strings.Replace(dsn(paths[0], "5.1.1", ""), "boundary=\"b\"", "charset=x", 1),
		"cut off":              dsn(paths[0], "5.1.1", "")[:200],
	} {
		if out := bounceCommand(t, input); out != "" {
			t.Errorf("%s: the command says %q", name, out)
		}
	}
	if n := bounced(); n != 0 {
		t.Fatalf("%d messages are noted as bounced that did not come back", n)
	}
	bounceCommand(t, dsn(paths[0], "5.1.1", ""))
	bounceCommand(t, dsn(strings.ToUpper(paths[1]), "5.2.2", "--b\nContent-Type: text/plain; charset=utf-8\n\nDas Postfach ist voll.\n"))
	twice := "--b\nContent-Type: multipart/alternative; boundary=\"c\"\n\n--c\nContent-Type: text/plain\n\nSorry.\n--c--\n--b\nContent-Type: message/rfc822\n\nTo: x\n\nSorry.\n"
	bounceCommand(t, strings.Replace(dsn(paths[2], "5.7.1", twice), "To: "+paths[2], "To: postmaster@schule.example\r\nDelivered-To: "+paths[2], 1))
	if n := bounced(); n != 3 {
		t.Errorf("%d of 3 messages are noted as bounced", n)
	}
	inDemo(t, c, func(ctx context.Context, a *app.App) error {
		return a.DB.Read(ctx, func(tx *db.Tx) error {
			for _, letter := range letters {
				if l, err := a.Accounts.LetterByID(tx, letter.ID); err != nil || l.State != account.LetterVoid {
					t.Errorf("a letter that came back is %s (%v)", l.State, err)
				}
			}
			return nil
		})
	})
}
