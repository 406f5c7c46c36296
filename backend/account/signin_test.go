package account_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/testkit"
)

func TestAPasswordSignsIn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		signedIn, err := d.SignInWithPassword(t.Context(), " Office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		want := d.office
		want.Session, want.Limited = signedIn.Actor.Session, true // no second factor is set up
		if signedIn.Actor != want || want.Session == "" || signedIn.Name != "Hanne Amselweg" || signedIn.Language != "de" {
			t.Errorf("signed in as %+v", signedIn)
		}
		if got := signedIn.RefreshExpires.Sub(env.Clock.Now()); got != 30*time.Minute {
			t.Errorf("the session lasts %s", got)
		}
		if got := signedIn.AccessExpires.Sub(env.Clock.Now()); got != 10*time.Minute {
			t.Errorf("the access token lasts %s", got)
		}
		if actor, err := d.Authenticate(t.Context(), signedIn.AccessToken); err != nil || actor != want {
			t.Errorf("authenticated as %v (%v)", actor, err)
		}
		if strings.Contains(d.log.String(), "Amselweg") || !strings.Contains(d.log.String(), string(want.Session)) {
			t.Errorf("logged %s", d.log)
		}
	})
}

// Unknown address, wrong password, disabled account: the same words for the same work.
func TestNothingTellsWhetherAnAddressIsKnown(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		disabled := d.staff(t, "Otto Berg", "berg@schule.example", authz.Teacher)
		d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id = ?", disabled.Account)
		answers := map[string]bool{}
		for _, try := range [][2]string{
			{"office@schule.example", "wrong"}, {"nobody@schule.example", goodPassword}, {"", ""}, {"berg@schule.example", goodPassword},
		} {
			d.hashings.Store(0)
			_, err := d.SignInWithPassword(t.Context(), try[0], try[1], account.Proof{}, phone)
			wantFault(t, err, fault.PasswordWrong)
			answers[shown(err)] = true
			if n := d.hashings.Load(); n != 1 {
				t.Errorf("%q: %d hashes", try[0], n)
			}
		}
		if len(answers) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
	})
}

func TestFailedPasswordsMakeGrowingPauses(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		for _, email := range []string{"office@schule.example", "nobody@schule.example"} {
			env.Clock.Set(env.Clock.Now().Truncate(time.Hour).Add(time.Hour))
			d := &door{env: env}
			if email == "office@schule.example" {
				d = newDoor(t, env)
			} else {
				d.log = &logBuffer{}
				d.Service = d.anotherInstance()
				d.HashFast()
			}
			wrong := func() error {
				_, err := d.SignInWithPassword(t.Context(), email, "wrong", account.Proof{}, phone)
				return err
			}
			for range 10 {
				wantFault(t, wrong(), fault.PasswordWrong)
			}
			var waited []time.Duration
			for range 4 {
				wait := heard(t, wrong(), fault.TooManyTries).RetryAfter
				waited = append(waited, wait)
				env.Clock.Advance(wait - time.Microsecond)
				wantFault(t, wrong(), fault.TooManyTries)
				env.Clock.Advance(time.Microsecond)
				wantFault(t, wrong(), fault.PasswordWrong)
			}
			for i := 1; i < len(waited); i++ {
				if waited[i] <= waited[i-1] {
					t.Errorf("pauses do not grow: %v", waited)
				}
			}
			if waited[0] != time.Minute || waited[3] > 20*time.Minute {
				t.Errorf("pauses %v", waited)
			}
		}
	})
}

// Whoever knows the password is let in after the pause, from wherever the failures came, and success counts nothing.
func TestAPauseIsNoLock(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		signIn := func(password string) error {
			_, err := d.SignInWithPassword(t.Context(), "office@schule.example", password, account.Proof{}, phone)
			return err
		}
		for range 25 {
			if err := signIn(goodPassword); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			wantFault(t, signIn("wrong"), fault.PasswordWrong)
		}
		wait := heard(t, signIn(goodPassword), fault.TooManyTries).RetryAfter
		env.Clock.Advance(wait)
		for range 3 {
			if err := signIn(goodPassword); err != nil {
				t.Fatal(err)
			}
		}
		env.Clock.Advance(time.Hour)
		wantFault(t, signIn("wrong"), fault.PasswordWrong)
		if n := d.count(t, "SELECT count(*) FROM attempt WHERE failures > 0"); n != 1 {
			t.Errorf("%d rows of old hours are kept", n)
		}
	})
}

// Many guesses at once are no way around the limit.
func TestParallelPasswordsAreCountedBeforeTheyAreTried(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		d.hashings.Store(0)
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				_, err := d.SignInWithPassword(t.Context(), "office@schule.example", "wrong", account.Proof{}, phone)
				if !fault.Has(err, fault.PasswordWrong) && !fault.Has(err, fault.TooManyTries) {
					t.Errorf("got %v", err)
				}
			})
		}
		group.Wait()
		if n := d.hashings.Load(); n != 10 {
			t.Errorf("%d passwords were compared", n)
		}
	})
}

// An address that two schools know opens the one whose password it is (X6: never both).
func TestOneAddressAtTwoSchools(t *testing.T) {
	env := testkit.NewPostgres(t)
	first, second := newDoor(t, env), newDoor(t, env)
	otherWords := "drei Löffel Zimt im Kakao"
	other, err := second.CreateStaff(second.ctx, account.NewStaff{
		Name: "Otto Berg", Email: "berg@schule.example", Role: authz.DPO, Password: otherWords, Language: "de",
	})
	if err != nil {
		t.Fatal(err)
	}
	own := first.staff(t, "Otto Berg", "berg@schule.example", authz.DPO)
	for password, want := range map[string]authz.Actor{
		goodPassword: {School: first.school, Account: own.Account},
		otherWords:   {School: second.school, Account: other},
	} {
		signedIn, err := first.SignInWithPassword(t.Context(), "berg@schule.example", password, account.Proof{}, phone)
		if err != nil || signedIn.Actor.School != want.School || signedIn.Actor.Account != want.Account {
			t.Errorf("%s: signed in as %v (%v)", password, signedIn.Actor, err)
		}
	}
	_, err = first.SignInWithPassword(t.Context(), "berg@schule.example", "wrong", account.Proof{}, phone)
	wantFault(t, err, fault.PasswordWrong)
}
