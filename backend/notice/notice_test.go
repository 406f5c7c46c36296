package notice_test

import (
	"slices"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/participation"
	"einverstanden/backend/testkit"
)

// In Turkish, as the mother's browser asked for.
const (
	redeemed   = listedAddress + ": Mektubunuz kullanıldı"
	firstTold  = listedAddress + ": Yeni bir cihazdan yanıt verildi"
	blocked    = listedAddress + ": Bir erişim engellendi"
	confirming = ": Lütfen e-posta adresinizi onaylayın"
	received   = ": Kararınız ulaştı"
	changed    = "Çocuğunuzun katılımıyla ilgili yenilik"
)

// X1, X2, X29: whoever uses a letter, the contact from the school's lists hears of it, and not the address typed in that
// session. "That was not me" takes the yes back and ends the session.
func TestTheListedContactHearsOfALetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		child := w.signsIn(w.mother)
		must(t, w.notify.SetAddress(w.Ctx, child, "kind@familie.example"))
		w.answers(child, participation.Video)
		mails := w.work()
		wantMails(t, mails, redeemed, firstTold, "kind@familie.example"+confirming)
		if w.mode() != participation.Video {
			t.Fatalf("mode %s", w.mode())
		}

		notMe := token(t, mails[slices.IndexFunc(mails, func(m testkit.Mail) bool { return m.Subject() == "Yeni bir cihazdan yanıt verildi" })], "not-me")
		must(t, w.notices.NotMe(t.Context(), notMe))
		must(t, w.notices.NotMe(t.Context(), notMe)) // once more changes nothing
		if w.mode() != participation.None {
			t.Errorf("after \"not me\" the mode is %s", w.mode())
		}
		wantMails(t, w.work(), blocked)
		for _, wrong := range []string{"", "a.b.c.d", notMe + "x", "x" + notMe} {
			if err := w.notices.NotMe(t.Context(), wrong); !fault.Has(err, fault.NothingHere) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
	})
}

// A letter that is still open is announced; one used meanwhile is not, because that itself is told.
func TestAnIssuedLetterIsToldWhileItIsOpen(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	if _, err := w.accounts.IssueLetters(w.Ctx, w.office, recipients(w.mother, w.father)); err != nil {
		t.Fatal(err)
	}
	mails := w.work()
	if len(mails) != 1 || mails[0].To[0] != listedAddress {
		t.Errorf("%+v", mails)
	}
	wantMails(t, w.work())
}

// X1: where the one who answered is listed without an address, the other parent hears; it waits on paper where that has
// none either.
func TestTheOtherParentHearsWhereThereIsNoContact(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	w.answers(w.signsIn(w.father), participation.Video)
	wantMails(t, w.work(), listedAddress+": Für Ihr Kind wurde geantwortet")

	w.mother.Contact.Email = ""
	must(t, w.DB.WriteUnaudited(w.Ctx, changeGuardian(w, w.mother)))
	w.answers(w.signsIn(w.father), participation.Audio)
	wantMails(t, w.work())
	troubles := w.overview().Troubles
	if len(troubles) != 1 || troubles[0].Channel != notify.Slip || troubles[0].Person != id.GuardianOf(w.mother.ID) || troubles[0].State != "waiting" {
		t.Fatalf("%+v", troubles)
	}
	must(t, w.notify.HandOver(w.Ctx, w.office, troubles[0].ID))
	if err := w.notify.HandOver(w.Ctx, w.office, troubles[0].ID); !fault.Has(err, fault.NothingHere) {
		t.Errorf("handed over twice: %v", err)
	}
	if left := w.overview().Troubles; len(left) != 0 {
		t.Errorf("%+v", left)
	}
}

// X9: where a guardianship is protected, neither side hears of the other's acts.
func TestNothingGoesAcrossAProtectedGuardianship(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env, protected)
		father, mother := w.signsIn(w.father), w.signsIn(w.mother)
		w.confirmed(father, "vater@familie.example")
		w.confirmed(mother, "neu@familie.example")
		w.work()
		w.answers(father, participation.Video)
		wantMails(t, w.work(), "vater@familie.example"+received)
		w.answers(mother, participation.None)
		wantMails(t, w.work(), "neu@familie.example"+received, firstTold)
		if troubles := w.overview().Troubles; len(troubles) != 1 || troubles[0].Person != id.GuardianOf(w.father.ID) {
			t.Errorf("the father's first answer is on the office's list alone: %+v", troubles)
		}
	})
}

// X28: however often an answer changes, the other parent hears once an hour, and of what is settled in between nothing.
func TestChangesAreToldOnceAnHour(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		father, mother := w.signsIn(w.father), w.signsIn(w.mother)
		w.confirmed(father, "vater@familie.example")
		w.work()
		changes := func() (n int) {
			for _, m := range w.work() {
				if m.To[0] == "vater@familie.example" {
					if m.Subject() != changed {
						t.Errorf("the father is told %q", m.Subject())
					}
					n++
				}
			}
			return n
		}
		w.answers(mother, participation.Video)
		if n := changes(); n != 1 {
			t.Errorf("told %d times", n)
		}
		for _, answer := range []participation.Mode{participation.Audio, participation.None, participation.Video} {
			env.Clock.Advance(5 * time.Minute)
			w.answers(mother, answer)
			if n := changes(); n != 0 {
				t.Errorf("told %d times within the hour", n)
			}
		}
		env.Clock.Advance(time.Hour)
		if n := changes(); n != 0 {
			t.Error("told of what is as it was")
		}
		w.answers(mother, participation.Audio)
		if n := changes(); n != 1 {
			t.Errorf("told %d times", n)
		}
		env.Clock.Advance(5 * time.Minute)
		w.answers(mother, participation.None)
		if n := changes(); n != 0 {
			t.Errorf("told %d times within the hour", n)
		}
		env.Clock.Advance(time.Hour)
		if n := changes(); n != 1 {
			t.Errorf("told %d times after the hour", n)
		}
	})
}

// What changes a mode without a decision is found by the daily round, and told in the same words.
func TestAChangeWithoutADecisionIsToldToo(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	father, mother := w.signsIn(w.father), w.signsIn(w.mother)
	w.confirmed(father, "vater@familie.example")
	w.answers(mother, participation.Video)
	w.work()
	must(t, w.notices.CheckModes(w.Ctx))
	wantMails(t, w.work())
	w.Clock.Advance(2 * time.Hour)
	_, err := hold.NewService(w.DB, w.Log, w.Service, w.Hub).Place(w.Ctx, w.Staff(authz.Head), w.pupil.ID, hold.Objection)
	must(t, err)
	must(t, w.notices.CheckModes(w.Ctx))
	must(t, w.notices.CheckModes(w.Ctx))
	wantMails(t, w.work(), "vater@familie.example: "+changed)
}
