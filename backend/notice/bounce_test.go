package notice_test

import (
	"strings"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// report is a delivery status notification (RFC 3464) as mail servers send them.
func report(to, action, status string) string {
	return strings.ReplaceAll(`Return-Path: <>
Delivered-To: `+to+`
From: MAILER-DAEMON@mx.familie.example
To: `+to+`
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.familie.example

Final-Recipient: rfc822; mutter@familie.example
Action: `+action+`
Status: `+status+`
Diagnostic-Code: smtp; 550 5.1.1 nobody here

--b--
`, "\n", "\r\n")
}

// What comes back is noted once, by the return path alone; a delay, a forged path and a letter to the mailbox are not.
func TestWhatComesBackIsNoted(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.signsIn(w.mother)
		mails := w.work()
		path := mails[0].From
		if !strings.HasPrefix(path, "zurueck+") || len(strings.Split(path, "@")[0]) > 64 {
			t.Fatalf("return path %q", path)
		}
		forged := strings.Replace(path, path[len("zurueck+"):len("zurueck+")+1], "z", 1)
		for name, text := range map[string]string{
			"a delay": report(path, "delayed", "4.4.1"), "a forged path": report(forged, "failed", "5.1.1"), "no path": report("zurueck@schule.example", "failed", "5.1.1"),
			"a letter": "To: " + path + "\r\n\r\nHallo", "nothing": "",
		} {
			if err := w.notify.Bounced(t.Context(), strings.NewReader(text)); !fault.Has(err, fault.NothingHere) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if troubles := w.overview().Troubles; len(troubles) != 0 {
			t.Fatalf("%+v", troubles)
		}
		must(t, w.notify.Bounced(t.Context(), strings.NewReader(report(strings.ToUpper(path), "failed", "5.1.1"))))
		troubles := w.overview().Troubles
		if len(troubles) != 1 || troubles[0].State != "bounced" || troubles[0].Code != "5.1.1" {
			t.Errorf("%+v", troubles)
		}
	})
}

// What the server refuses for good is failed, and nobody tries again; what it refuses for now is tried again.
func TestWhatTheServerSaysIsKept(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	for _, address := range []string{"unknown@familie.example", "greylisted@familie.example"} {
		w.mother.Contact.Email = address
		must(t, w.DB.WriteUnaudited(w.Ctx, changeGuardian(w, w.mother)))
		w.signsIn(w.mother)
		wantMails(t, w.work())
	}
	var codes []string
	for _, trouble := range w.overview().Troubles {
		codes = append(codes, string(trouble.Kind)+" "+trouble.State+" "+trouble.Code)
	}
	if got := strings.Join(codes, ", "); got != "letter_redeemed failed smtp_451, letter_redeemed failed smtp_550" && got != "letter_redeemed failed smtp_550, letter_redeemed failed smtp_451" {
		t.Fatalf("%s", got)
	}
	w.mother.Contact.Email = listedAddress
	must(t, w.DB.WriteUnaudited(w.Ctx, changeGuardian(w, w.mother)))
	w.Clock.Advance(10 * 60 * 1e9)
	wantMails(t, w.work(), redeemed) // the one that was put off
	if troubles := w.overview().Troubles; len(troubles) != 1 || troubles[0].Code != "smtp_550" {
		t.Errorf("%+v", troubles)
	}
}

// What comes back after the lists have changed speaks of the address that it went to, and not of the new one.
func TestWhatComesBackLateLeavesTheNewAddressAlone(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	w.signsIn(w.mother)
	mails := w.work()
	const changed = "neu@familie.example"
	w.lists(&w.mother, changed)
	late := strings.Replace(report(mails[0].From, "failed", "5.1.1"), "mutter@familie.example", "weitergeleitet@anderswo.example", 1)
	must(t, w.notify.Bounced(t.Context(), strings.NewReader(late)))
	w.Read(func(tx *db.Tx) error {
		mother := id.GuardianOf(w.mother.ID)
		reach, err := w.notify.ReachOf(tx, []id.Person{mother})
		if !reach[mother].Mail {
			t.Error("the new address is dead")
		}
		if err != nil {
			return err
		}
		unreachable, err := w.notify.Unreachable(tx, []string{listedAddress, changed})
		if !unreachable[listedAddress] || unreachable[changed] {
			t.Errorf("unreachable: %v", unreachable)
		}
		return err
	})
}
