package account_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// Checklist C1: once; the second time it says that it was used, and when (settled 14).
func TestC1ALetterIsUsedOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		signedIn, err := d.redeemFrom(letter, " "+strings.ToLower(letter.Secret.Format()), birthDate, phone)
		if err != nil {
			t.Fatal(err)
		}
		actor := signedIn.Actor
		if actor.Role != authz.Guardian || actor.Person != letter.Person || actor.School != d.school || signedIn.Name != "" || signedIn.Language != "tr" {
			t.Errorf("signed in as %+v", signedIn)
		}
		if got := signedIn.RefreshExpires.Sub(env.Clock.Now()); got != 180*24*time.Hour {
			t.Errorf("the session lasts %s", got)
		}
		if known, err := d.Authenticate(t.Context(), signedIn.AccessToken); err != nil || known != actor {
			t.Errorf("authenticated as %v (%v)", known, err)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'letter.redeemed' AND actor = ? AND subject_id = ?",
			actor.Account, letter.ID); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		env.Clock.Advance(48 * time.Hour)
		_, err = d.redeem(letter)
		if e := heard(t, err, fault.LetterUsed); e.Params["usedOn"] != "2026-11-24" {
			t.Errorf("used on %v", e.Params)
		}
	})
}

// Checklist C2: fifty at once, one success.
func TestC2ParallelRedeemsOfOneLetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		outcomes := make([]error, 50)
		var group sync.WaitGroup
		for i := range outcomes {
			group.Go(func() {
				device := account.Device{Address: phone.Address.Next()}
				for range i {
					device.Address = device.Address.Next() // one guess limit each
				}
				_, outcomes[i] = d.redeemFrom(letter, string(letter.Secret), birthDate, device)
			})
		}
		group.Wait()
		successes := 0
		for _, err := range outcomes {
			switch {
			case err == nil:
				successes++
			case !fault.Has(err, fault.LetterUsed):
				t.Errorf("got %v", err)
			}
		}
		if successes != 1 || d.count(t, "SELECT count(*) FROM session") != 1 || d.count(t, "SELECT count(*) FROM account_person") != 1 {
			t.Fatalf("%d successes", successes)
		}
	})
}

// Checklist C3, as settled 14 has it: an unknown number and a wrong secret look alike whatever the letter's state.
func TestC3WhatIsWrongLooksLikeWhatIsUnknown(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters := d.issue(t, d.family(), d.family(), d.family(), d.family())
		open, used, void := letters[0], letters[1], letters[2]
		if _, err := d.redeem(used); err != nil {
			t.Fatal(err)
		}
		if err := d.VoidLetter(d.ctx, d.office, void.ID); err != nil {
			t.Fatal(err)
		}
		d.exec(t, "UPDATE letter SET expires_at = 1 WHERE id = ?", letters[3].ID)
		wrong := string(account.NewSecret())
		answers := map[string]bool{}
		for name, try := range map[string][2]string{
			"open": {open.LetterNo, wrong}, "used": {used.LetterNo, wrong}, "void": {void.LetterNo, wrong},
			"expired": {letters[3].LetterNo, wrong}, "unknown": {"10000000", wrong}, "no number": {"abc", wrong}, "empty": {"", ""},
			"no secret": {open.LetterNo, "not a secret"}, "empty secret": {open.LetterNo, ""},
			"another letter's secret": {open.LetterNo, string(used.Secret)},
		} {
			_, err := d.RedeemLetter(t.Context(), try[0], try[1], calendar.MustParse(birthDate), phone)
			wantFault(t, err, fault.CodeInvalid)
			if asFault(err).Cause != nil {
				t.Errorf("%s has a cause: %v", name, err)
			}
			answers[shown(err)] = true
		}
		if len(answers) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
	})
}

func TestTheRightSecretHearsWhatIsTheMatter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters := d.issue(t, d.family(), d.family(), d.family())
		_, err := d.redeemFrom(letters[0], string(letters[0].Secret), "2014-05-18", phone)
		wantFault(t, err, fault.BirthDateMismatch)
		if err := d.VoidLetter(d.ctx, d.office, letters[1].ID); err != nil {
			t.Fatal(err)
		}
		_, err = d.redeem(letters[1])
		wantFault(t, err, fault.LetterVoid)
		env.Clock.Advance(21*24*time.Hour - time.Microsecond)
		if _, err := d.redeem(letters[0]); err != nil { // the wrong birth date has not used it
			t.Error(err)
		}
		env.Clock.Advance(time.Microsecond)
		_, err = d.redeem(letters[2])
		wantFault(t, err, fault.LetterExpired)
	})
}

func TestAnyChildsBirthDateOpensTheLetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		siblings, unknown, childless := id.GuardianOf(id.New[id.Guardian]()), id.GuardianOf(id.New[id.Guardian]()), id.GuardianOf(id.New[id.Guardian]())
		d.families.add(siblings, "2012-02-29", birthDate)
		d.families.addUnknown(unknown)
		letters := d.issue(t, siblings, unknown, childless)
		for _, letter := range letters[1:] {
			for _, born := range []calendar.Date{{}, calendar.MustParse(birthDate)} {
				_, err := d.RedeemLetter(t.Context(), letter.LetterNo, string(letter.Secret), born, phone)
				wantFault(t, err, fault.BirthDateMismatch)
			}
		}
		if _, err := d.redeemFrom(letters[0], string(letters[0].Secret), "2012-02-29", phone); err != nil {
			t.Error(err)
		}
	})
}

func TestAPupilWithASayComesByItsOwnLetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		pupil := id.PupilOf(id.New[id.Pupil]())
		d.families.add(pupil, "2008-01-31")
		letter := d.issue(t, pupil)[0]
		signedIn, err := d.redeemFrom(letter, string(letter.Secret), "2008-01-31", phone)
		if err != nil || signedIn.Actor.Role != authz.Pupil || signedIn.Actor.Person != pupil {
			t.Fatalf("signed in as %v (%v)", signedIn.Actor, err)
		}
	})
}

// A new letter opens the account that the person has; a disabled one stays shut, and the letter unused.
func TestASecondLetterOpensTheSameAccount(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mother := d.family()
		first, err := d.redeem(d.issue(t, mother)[0])
		if err != nil {
			t.Fatal(err)
		}
		second, err := d.redeem(d.issue(t, mother)[0])
		if err != nil || second.Actor.Account != first.Actor.Account || second.Actor.Session == first.Actor.Session {
			t.Fatalf("%v, then %v (%v)", first.Actor, second.Actor, err)
		}
		if got := d.joined(t); !slices.Equal(got, []id.Person{mother}) {
			t.Errorf("joined: %v", got)
		}
		d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id = ?", first.Actor.Account)
		if got := d.joined(t); len(got) != 0 {
			t.Errorf("joined by a disabled account: %v", got)
		}
		third := d.issue(t, mother)[0]
		_, err = d.redeem(third)
		wantFault(t, err, fault.NotAllowedHere)
		d.exec(t, "UPDATE account SET disabled_at = NULL WHERE id = ?", first.Actor.Account)
		if _, err := d.redeem(third); err != nil {
			t.Error(err)
		}
	})
}

func (d *door) joined(t *testing.T) (persons []id.Person) {
	t.Helper()
	err := d.env.DB.Read(d.ctx, func(tx *db.Tx) (err error) {
		persons, err = d.Joined(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return persons
}

// Two open letters of one person cannot come from IssueLetters; even so both end in one account.
func TestParallelLettersOfOnePersonEndInOneAccount(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		for range 5 {
			mother := d.family()
			letters := append(d.issue(t, mother), d.issue(t, mother)...)
			d.exec(t, "UPDATE letter SET void_at = NULL WHERE person_id = ?", mother.ID)
			var group sync.WaitGroup
			for _, letter := range letters {
				group.Go(func() {
					if _, err := d.redeem(letter); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if n := d.count(t, "SELECT count(*) FROM account_person WHERE person_id = ?", mother.ID); n != 1 {
				t.Errorf("%d accounts", n)
			}
		}
		if n := d.count(t, "SELECT count(*) FROM account"); n != 6 {
			t.Errorf("%d accounts for five guardians and the office", n)
		}
	})
}

// X2: whoever printed a letter cannot redeem it in the browser in which they are, or were, signed in.
func TestX2TheIssuersBrowserIsRefused(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		desk, err := d.SignInWithPassword(t.Context(), "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.SignOut(t.Context(), desk.Actor); err != nil {
			t.Fatal(err)
		}
		letter := d.issue(t, d.family())[0]
		atTheDesk := account.Device{Address: phone.Address, Token: desk.DeviceToken}
		_, err = d.redeemFrom(letter, string(letter.Secret), birthDate, atTheDesk)
		wantFault(t, err, fault.NotAllowedHere)
		colleague := d.staff(t, "Otto Berg", "berg@schule.example", authz.Head)
		recipients := []account.Recipient{{Person: letter.Person}}
		again, err := d.IssueLetters(d.ctx, colleague, recipients)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.redeemFrom(again[0], string(again[0].Secret), birthDate, atTheDesk); err != nil {
			t.Errorf("a colleague's letter: %v", err)
		}
	})
}

// X6: a letter opens its own school alone, and nothing of another school ends by it.
func TestX6ALetterOpensItsOwnSchool(t *testing.T) {
	env := testkit.NewPostgres(t)
	first, second := newDoor(t, env), newDoor(t, env)
	mother := first.family()
	second.families.add(mother, birthDate)
	here := first.issue(t, mother)[0]
	there := second.issue(t, mother)[0]
	atFirst, err := first.redeem(here)
	if err != nil {
		t.Fatal(err)
	}
	atSecond, err := second.redeem(there)
	if err != nil || atSecond.Actor.School != second.school || atSecond.Actor.Account == atFirst.Actor.Account {
		t.Fatalf("at the second school as %v (%v)", atSecond.Actor, err)
	}
	if _, err := first.Authenticate(t.Context(), atFirst.AccessToken); err != nil {
		t.Errorf("the first school's session: %v", err)
	}
}

// Two schools that drew the same number in one moment: the secret tells whose letter it is.
func TestOneNumberAtTwoSchools(t *testing.T) {
	env := testkit.NewPostgres(t)
	first, second := newDoor(t, env), newDoor(t, env)
	a := first.issue(t, first.family())[0]
	b := second.issue(t, second.family())[0]
	second.exec(t, "UPDATE letter SET letter_no = ?, secret_hash = ? WHERE id = ?",
		a.LetterNo, env.Vault.LetterHash(a.LetterNo, string(b.Secret)), b.ID)
	second.exec(t, "UPDATE directory SET key_hash = ? WHERE kind = 'letter' AND school_id = ?",
		env.Vault.Fingerprint("letter", a.LetterNo), second.school)
	b.LetterNo = a.LetterNo
	for _, one := range []struct {
		d      *door
		letter account.IssuedLetter
	}{{first, a}, {second, b}} {
		signedIn, err := one.d.redeem(one.letter)
		if err != nil || signedIn.Actor.School != one.d.school {
			t.Errorf("signed in at %s (%v)", signedIn.Actor.School, err)
		}
	}
}

// A fault of ours is no guess, and uses no letter.
func TestAFaultOfOursCountsNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		d.families.breakWith(errors.New("no families today"))
		for range 12 {
			if _, err := d.redeem(letter); err == nil || asFault(err) != nil {
				t.Fatalf("got %v", err)
			}
		}
		d.families.breakWith(nil)
		if _, err := d.redeem(letter); err != nil {
			t.Error(err)
		}
	})
}
