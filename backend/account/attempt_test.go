package account_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/calendar"
	"einverstanden/backend/fault"
	"einverstanden/backend/testkit"
)

// Checklist C4: the eleventh guess waits for the next hour, other letters and other addresses do not.
func TestC4GuessesAreLimitedForEachLetterAndAddress(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters := d.issue(t, d.family(), d.family(), d.family())
		letter, wrong := letters[0], string(account.NewSecret())
		for range 10 {
			_, err := d.redeemFrom(letter, wrong, birthDate, phone)
			wantFault(t, err, fault.CodeInvalid)
		}
		env.Clock.Advance(20 * time.Minute)
		spaced := letter
		spaced.LetterNo = letter.LetterNo[:4] + " " + letter.LetterNo[4:]
		for _, guess := range []account.IssuedLetter{letter, spaced} {
			_, err := d.redeemFrom(guess, wrong, birthDate, phone)
			if e := heard(t, err, fault.TooManyTries); e.RetryAfter != 40*time.Minute {
				t.Errorf("again after %s", e.RetryAfter)
			}
		}
		_, err := d.redeem(letter)
		wantFault(t, err, fault.TooManyTries)
		if _, err := d.redeem(letters[1]); err != nil {
			t.Errorf("another letter: %v", err)
		}
		if _, err := d.redeemFrom(letters[2], string(letters[2].Secret), birthDate, from("203.0.113.8")); err != nil {
			t.Errorf("another address: %v", err)
		}
		env.Clock.Advance(40 * time.Minute)
		if _, err := d.redeem(letter); err != nil {
			t.Errorf("after the hour: %v", err)
		}
	})
}

// X20: strangers elsewhere cannot keep a letter shut for its owner.
func TestX20StrangersLockNobodyOut(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		stranger := from("198.51.100.1")
		for range 12 {
			_, _ = d.redeemFrom(letter, "wrong", birthDate, stranger) // guesses; their answers are another test's
		}
		if _, err := d.redeem(letter); err != nil {
			t.Error(err)
		}
	})
}

// X20: nor do their guesses at the secret fill the count of birth dates. Whoever holds the secret has twenty in the letter's
// life, wherever from; then it is void, for a reason that is told, and no other door tells what the date would have been.
func TestX20OnlyWhoHoldsTheSecretFillsTheCountOfBirthDates(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters := d.issue(t, d.family(), d.family())
		letter := letters[0]
		for range 9 {
			_, err := d.redeemFrom(letter, "wrong", birthDate, phone)
			wantFault(t, err, fault.CodeInvalid)
		}
		guess := func(i int) error {
			_, err := d.redeemFrom(letter, string(letter.Secret), "2001-01-01", from("203.0.113."+strconv.Itoa(10+i)))
			return err
		}
		for i := range 19 {
			wantFault(t, guess(i), fault.BirthDateMismatch)
			env.Clock.Advance(23 * time.Hour)
		}
		wantFault(t, guess(19), fault.LetterBlocked)
		for range 2 { // said as often as it is asked, whatever the date
			_, err := d.redeem(letter)
			wantFault(t, err, fault.LetterBlocked)
			_, err = d.disown(t, letter, "2001-01-01")
			wantFault(t, err, fault.LetterBlocked)
		}
		found, _, err := d.Letters(d.ctx, d.office, account.LetterFilter{State: account.LetterBlocked}, account.Page{})
		if err != nil || len(found) != 1 || found[0].ID != letter.ID || found[0].State != account.LetterBlocked {
			t.Errorf("blocked are %+v (%v)", found, err)
		}
		if void, _, err := d.Letters(d.ctx, d.office, account.LetterFilter{State: account.LetterVoid}, account.Page{}); err != nil || len(void) != 0 {
			t.Errorf("void are %+v (%v)", void, err)
		}
		voided := d.count(t, "SELECT count(*) FROM audit WHERE action = 'letter.voided' AND actor = 'system' AND subject_id = ?", letter.ID)
		if steps := d.steps(t); voided != 1 || len(steps) != 3 || steps[2] != "void "+string(letter.ID) {
			t.Errorf("on record %d times; the evidence says %v", voided, steps)
		}
		if _, err := d.redeem(letters[1]); err != nil {
			t.Errorf("another letter: %v", err)
		}
	})
}

// However many birth dates are tried at once, and from wherever: no more than the letter takes.
func TestParallelBirthDatesAreNoMoreThanTheLetterTakes(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		outcomes := make([]error, 40)
		var group sync.WaitGroup
		for i := range outcomes {
			group.Go(func() {
				_, outcomes[i] = d.redeemFrom(letter, string(letter.Secret), "2001-01-01", from("203.0.113."+strconv.Itoa(10+i)))
			})
		}
		group.Wait()
		told := map[fault.Code]int{}
		for _, err := range outcomes {
			told[asFault(err).Code]++
		}
		if told[fault.BirthDateMismatch] != 19 || told[fault.LetterBlocked] != 21 {
			t.Errorf("told %v", told)
		}
	})
}

// An unknown number is limited like a known one, or the limit would tell which exist.
func TestUnknownNumbersAreLimitedAlike(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		guess := func() error {
			_, err := d.RedeemLetter(t.Context(), "10000000", "wrong", calendar.MustParse(birthDate), phone)
			return err
		}
		for range 10 {
			wantFault(t, guess(), fault.CodeInvalid)
		}
		wantFault(t, guess(), fault.TooManyTries)
	})
}

// Only failures count: whoever shows a right secret, however often, has guessed nothing, except at the birth date.
func TestOnlyGuessesCount(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters := d.issue(t, d.family(), d.family())
		used, other := letters[0], letters[1]
		if _, err := d.redeem(used); err != nil {
			t.Fatal(err)
		}
		for range 15 {
			_, err := d.redeem(used)
			wantFault(t, err, fault.LetterUsed)
		}
		if n := d.count(t, "SELECT coalesce(sum(failures), 0) FROM attempt"); n != 0 {
			t.Errorf("%d tries are counted", n)
		}
		for range 10 {
			_, err := d.redeemFrom(other, string(other.Secret), "2001-01-01", phone)
			wantFault(t, err, fault.BirthDateMismatch)
		}
		_, err := d.redeem(other)
		wantFault(t, err, fault.TooManyTries)
	})
}

// A hundred guesses at once at a birth date get no further than ten in a row.
func TestParallelGuessesAreCountedBeforeTheyAreTried(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		var told, turnedAway int
		var mu sync.Mutex
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				_, err := d.redeemFrom(letter, string(letter.Secret), "2001-01-01", phone)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case fault.Has(err, fault.BirthDateMismatch):
					told++
				case fault.Has(err, fault.TooManyTries):
					turnedAway++
				default:
					t.Errorf("got %v", err)
				}
			})
		}
		group.Wait()
		if told != 10 || turnedAway != 90 {
			t.Errorf("%d were told, %d turned away", told, turnedAway)
		}
	})
}

// An address may guess at many letters a hundred times an hour; an IPv6 household is one address.
func TestOneAddressIsLimitedOverAllLetters(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		guess := func(letterNo string, device account.Device) error {
			_, err := d.RedeemLetter(context.Background(), letterNo, "wrong", calendar.MustParse(birthDate), device)
			return err
		}
		household := []account.Device{from("2001:db8:1:2::1"), from("2001:db8:1:2:ffff::9"), from("2001:db8:1:2::1%eth0")}
		for i := range 100 {
			wantFault(t, guess(letterNumber(i), household[i%len(household)]), fault.CodeInvalid)
		}
		wantFault(t, guess(letterNumber(100), household[1]), fault.TooManyTries)
		_, err := d.redeemFrom(letter, string(letter.Secret), birthDate, household[0])
		wantFault(t, err, fault.TooManyTries)
		if _, err := d.redeemFrom(letter, string(letter.Secret), birthDate, from("2001:db8:1:3::1")); err != nil {
			t.Errorf("the neighbour: %v", err)
		}
		wantFault(t, guess(letterNumber(1), account.Device{}), fault.CodeInvalid) // an unknown address is an address too
	})
}

func letterNumber(i int) string { return strconv.Itoa(10_000_000 + i) }

// The school's counter alarms at 300 and slows at ten times as many; it never shuts the door.
func TestTheSchoolsCounterAlarmsAndSlows(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters := d.issue(t, d.family(), d.family())
		_, err := d.redeemFrom(letters[0], "wrong", birthDate, phone)
		wantFault(t, err, fault.CodeInvalid)
		schoolRow := "UPDATE attempt SET failures = ? WHERE failures = 1 AND key_hash = ?"
		key := env.Vault.Fingerprint("attempt.letter.school", string(d.school))
		d.exec(t, schoolRow, account.SchoolLimit-1, key)
		_, err = d.redeemFrom(letters[0], "wrong", birthDate, phone)
		wantFault(t, err, fault.CodeInvalid)
		if !strings.Contains(d.log.String(), `"failures":300`) || !strings.Contains(d.log.String(), string(d.school)) {
			t.Errorf("no alarm: %s", d.log)
		}
		d.exec(t, "UPDATE attempt SET failures = ? WHERE key_hash = ?", account.SchoolSlow, key)
		_, err = d.redeemFrom(letters[0], "wrong", birthDate, from("198.51.100.2"))
		wantFault(t, err, fault.CodeInvalid)
		_, err = d.redeem(letters[1])
		if e := heard(t, err, fault.TooManyTries); e.RetryAfter > 2*time.Second {
			t.Errorf("again after %s", e.RetryAfter)
		} else {
			env.Clock.Advance(e.RetryAfter)
		}
		if _, err := d.redeem(letters[1]); err != nil {
			t.Errorf("shut: %v", err)
		}
	})
}
