package account_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// RFC 6238, appendix B, SHA-1; the RFC shows eight digits, of which six are the last.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	secret := account.TOTPSecret("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if code, err := secret.Code(time.Unix(at, 0)); err != nil || code != want {
			t.Errorf("at %d: %s, want %s (%v)", at, code, want, err)
		}
	}
	again, err := account.ParseTOTPSecret(" " + strings.ToLower(secret.Text()))
	if err != nil || again.Text() != secret.Text() {
		t.Errorf("read back as %s (%v)", again.Text(), err)
	}
	if _, err := account.ParseTOTPSecret("not base32!"); err == nil {
		t.Error("something else is taken for a secret")
	}
}

// secured gives the account a second factor through its own doors, and what is needed to come in with it.
type secured struct {
	d      *door
	email  string
	secret account.TOTPSecret
	codes  []account.RecoveryCode
	in     account.SignedIn
}

func (d *door) secure(t testing.TB, email string) *secured {
	t.Helper()
	in, err := d.SignInWithPassword(d.ctx, email, goodPassword, account.Proof{}, phone)
	if err != nil {
		t.Fatal(err)
	}
	return d.setUp(t, email, in)
}

func (d *door) setUp(t testing.TB, email string, in account.SignedIn) *secured {
	t.Helper()
	setup, err := d.StartTOTP(d.ctx, in.Actor)
	if err != nil {
		t.Fatal(err)
	}
	s := &secured{d: d, email: email, secret: setup.Secret}
	s.in, s.codes, err = d.ConfirmTOTP(d.ctx, in.Actor, s.code(t), phone)
	if err != nil {
		t.Fatal(err)
	}
	d.env.Clock.Advance(30 * time.Second) // the code that confirmed is used up
	return s
}

func (s *secured) code(t testing.TB) string {
	t.Helper()
	code, err := s.secret.Code(s.d.env.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (s *secured) signIn(proof account.Proof) (account.SignedIn, error) {
	return s.d.SignInWithPassword(s.d.ctx, s.email, goodPassword, proof, phone)
}

func (s *secured) mustSignIn(t testing.TB) authz.Actor {
	t.Helper()
	s.d.env.Clock.Advance(30 * time.Second)
	in, err := s.signIn(account.Proof{Code: s.code(t)})
	if err != nil {
		t.Fatal(err)
	}
	return in.Actor
}

func (s *secured) wrongCode(t testing.TB) string {
	t.Helper()
	code := s.code(t)
	return string('0'+(code[0]-'0'+1)%10) + code[1:] // of a step that is not near, but for one case in a million
}

func TestAPasswordAloneOpensNothingButSettingUpASecondFactor(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		in, err := d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil || !in.Actor.Limited {
			t.Fatalf("signed in as %v (%v)", in.Actor, err)
		}
		if actor, err := d.Authenticate(d.ctx, in.AccessToken); err != nil || !actor.Limited {
			t.Errorf("authenticated as %v (%v)", actor, err)
		}
		for _, permission := range authz.Permissions() {
			want := permission == authz.Public || permission == authz.Self || permission == authz.KeepOwnSignIn
			if in.Actor.May(permission) != want {
				t.Errorf("may %s: %t", permission, !want)
			}
		}
		_, err = d.IssueLetters(d.ctx, in.Actor, []account.Recipient{{Person: d.family()}})
		wantFault(t, err, fault.NotAllowedHere)
		wantFault(t, d.CheckFresh(d.ctx, in.Actor), fault.ReauthenticationNeeded)

		s := d.setUp(t, "office@schule.example", in)
		if s.in.Actor.Limited || s.in.Actor.Session == in.Actor.Session || len(s.codes) != 10 {
			t.Errorf("goes on as %v with %d codes", s.in.Actor, len(s.codes))
		}
		_, err = d.Authenticate(d.ctx, in.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		if got := s.in.RefreshExpires.Sub(env.Clock.Now()); got != 12*time.Hour-30*time.Second {
			t.Errorf("the session lasts %s", got)
		}
		if err := d.CheckFresh(d.ctx, s.in.Actor); err != nil {
			t.Errorf("a password of a minute ago: %v", err)
		}
	})
}

// The session that a password alone opened must not take the place of the factor that stands since.
func TestAnotherLimitedSessionEndsWhenASecondFactorStands(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		thief, err := d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		d.secure(t, "office@schule.example")
		_, err = d.Authenticate(d.ctx, thief.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		_, err = d.StartTOTP(d.ctx, thief.Actor)
		wantFault(t, err, fault.NotSignedIn)
		_, _, err = d.ConfirmTOTP(d.ctx, thief.Actor, "000000", phone)
		wantFault(t, err, fault.NotSignedIn)
	})
}

// To the password of somebody who signs in with a passkey alone nothing is opened, and no new factor is let in.
func TestAPasskeyIsASecondFactorToo(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		if _, err := d.AddPasskey(d.ctx, account.Passkey{Account: d.office.Account, Credential: []byte("c"), PublicKey: []byte("k")}); err != nil {
			t.Fatal(err)
		}
		_, err := d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{}, phone)
		wantFault(t, err, fault.SecondFactorNeeded)
		_, err = d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{Code: "000000"}, phone)
		wantFault(t, err, fault.SecondFactorWrong)
	})
}

func TestTheSecondFactorIsAskedForAfterARightPasswordAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		s := d.secure(t, "office@schule.example")
		_, err := s.signIn(account.Proof{})
		wantFault(t, err, fault.SecondFactorNeeded)
		_, err = s.signIn(account.Proof{Code: s.wrongCode(t)})
		wantFault(t, err, fault.SecondFactorWrong)
		_, err = d.SignInWithPassword(d.ctx, s.email, "wrong", account.Proof{Code: s.code(t)}, phone)
		wantFault(t, err, fault.PasswordWrong)
		in, err := s.signIn(account.Proof{Code: s.code(t)[:3] + " " + s.code(t)[3:]})
		if err != nil || in.Actor.Limited {
			t.Errorf("signed in as %v (%v)", in.Actor, err)
		}
		if where := d.searchDatabase(t, s.secret.Text()); where != "" {
			t.Errorf("the secret lies open in %s", where)
		}
	})
}

// Checklist C9: a code counts once, however many use it at once, and so do the codes before it.
func TestC9ACodeCountsOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		s := d.secure(t, "office@schule.example")
		earlier := s.code(t)
		env.Clock.Advance(30 * time.Second)
		code := s.code(t)
		var in, refused atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				_, err := s.signIn(account.Proof{Code: code})
				switch {
				case err == nil:
					in.Add(1)
				case fault.Has(err, fault.SecondFactorWrong):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if in.Load() != 1 || refused.Load() != 7 {
			t.Errorf("%d came in, %d were refused", in.Load(), refused.Load())
		}
		_, err := s.signIn(account.Proof{Code: earlier})
		wantFault(t, err, fault.SecondFactorWrong)
		env.Clock.Advance(30 * time.Second)
		if _, err := s.signIn(account.Proof{Code: s.code(t)}); err != nil {
			t.Errorf("the next code: %v", err)
		}
	})
}

func TestACodeCountsOneStepEarlyAndLate(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		for steps, holds := range map[int]bool{-2: false, -1: true, 1: true, 2: false} {
			s := d.secure(t, d.member(t))
			env.Clock.Advance(time.Minute) // away from the step that set it up
			code, err := s.secret.Code(env.Clock.Now().Add(time.Duration(steps) * 30 * time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = s.signIn(account.Proof{Code: code}); (err == nil) != holds {
				t.Errorf("%d steps away: %v", steps, err)
			}
		}
	})
}

// member makes a colleague with a password and gives their address.
func (d *door) member(t testing.TB) string {
	t.Helper()
	email := string(id.New[id.Account]()) + "@schule.example"
	d.staff(t, "Ole Winter", email, authz.Teacher)
	return email
}

func TestARecoveryCodeStandsInOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		s := d.secure(t, "office@schule.example")
		typed := strings.ToLower(strings.ReplaceAll(s.codes[3].Format(), "-", " "))
		in, err := s.signIn(account.Proof{Recovery: typed})
		if err != nil || in.Actor.Limited {
			t.Fatalf("signed in as %v (%v)", in.Actor, err)
		}
		_, err = s.signIn(account.Proof{Recovery: typed})
		wantFault(t, err, fault.SecondFactorWrong)
		if own, err := d.OwnFactors(d.ctx, in.Actor); err != nil || own.RecoveryCodes != 9 || !own.TOTP {
			t.Errorf("has %+v (%v)", own, err)
		}
		for _, no := range []string{"0000-0000-0000-0000", "x", "0000-0000-0000-0000-0", "!"} {
			_, err = s.signIn(account.Proof{Recovery: no})
			wantFault(t, err, fault.SecondFactorWrong)
		}
		for i, code := range s.codes {
			if where := d.searchDatabase(t, strings.ReplaceAll(code.Format(), "-", "")); where != "" {
				t.Errorf("code %d lies open in %s", i, where)
			}
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'recovery_code.used'"); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		renewed, err := d.RenewRecoveryCodes(d.ctx, in.Actor)
		if err != nil || len(renewed) != 10 {
			t.Fatalf("%d new codes (%v)", len(renewed), err)
		}
		_, err = s.signIn(account.Proof{Recovery: s.codes[0].Format()})
		wantFault(t, err, fault.SecondFactorWrong)
		if _, err := s.signIn(account.Proof{Recovery: renewed[0].Format()}); err != nil {
			t.Errorf("a new code: %v", err)
		}
	})
}

// Wrong codes are counted with wrong passwords, and a pause holds for the right one too.
func TestWrongCodesMakePauses(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		s := d.secure(t, "office@schule.example")
		env.Clock.Set(env.Clock.Now().Truncate(time.Hour).Add(time.Hour))
		for i := range 10 {
			_, err := s.signIn([]account.Proof{{Code: s.wrongCode(t)}, {Recovery: "0"}}[i%2])
			wantFault(t, err, fault.SecondFactorWrong)
		}
		_, err := s.signIn(account.Proof{Code: s.code(t)})
		wait := heard(t, err, fault.TooManyTries).RetryAfter
		env.Clock.Advance(wait)
		if _, err := s.signIn(account.Proof{Code: s.code(t)}); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

func TestWrongCodesWhileSettingUpAreLimited(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		in, err := d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = d.ConfirmTOTP(d.ctx, in.Actor, "000000", phone)
		wantFault(t, err, fault.NothingHere)
		setup, err := d.StartTOTP(d.ctx, in.Actor)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(setup.URI, "otpauth://totp/Einverstanden:office@schule.example?") || !strings.Contains(setup.URI, "secret="+setup.Secret.Text()) {
			t.Errorf("for the app: %s", setup.URI)
		}
		s := &secured{d: d, secret: setup.Secret}
		for range 10 {
			_, _, err = d.ConfirmTOTP(d.ctx, in.Actor, s.wrongCode(t), phone)
			wantFault(t, err, fault.SecondFactorWrong)
		}
		_, _, err = d.ConfirmTOTP(d.ctx, in.Actor, s.code(t), phone)
		wantFault(t, err, fault.TooManyTries)
	})
}

// A proof counts for ten minutes, to the second, and can be given anew in the same session.
func TestAProofCountsForTenMinutes(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		s := d.secure(t, "office@schule.example")
		actor := s.mustSignIn(t)
		env.Clock.Advance(10 * time.Minute)
		if err := d.CheckFresh(d.ctx, actor); err != nil {
			t.Errorf("after ten minutes: %v", err)
		}
		env.Clock.Advance(time.Microsecond)
		wantFault(t, d.CheckFresh(d.ctx, actor), fault.ReauthenticationNeeded)
		_, err := d.RenewRecoveryCodes(d.ctx, actor)
		wantFault(t, err, fault.ReauthenticationNeeded)
		_, err = d.StartTOTP(d.ctx, actor)
		wantFault(t, err, fault.ReauthenticationNeeded)

		env.Clock.Advance(time.Minute)
		wantFault(t, d.Reauthenticate(d.ctx, actor, "wrong", account.Proof{Code: s.code(t)}), fault.PasswordWrong)
		wantFault(t, d.Reauthenticate(d.ctx, actor, goodPassword, account.Proof{}), fault.SecondFactorNeeded)
		wantFault(t, d.Reauthenticate(d.ctx, actor, goodPassword, account.Proof{Code: s.wrongCode(t)}), fault.SecondFactorWrong)
		wantFault(t, d.CheckFresh(d.ctx, actor), fault.ReauthenticationNeeded)
		if err := d.Reauthenticate(d.ctx, actor, goodPassword, account.Proof{Code: s.code(t)}); err != nil {
			t.Fatal(err)
		}
		if err := d.CheckFresh(d.ctx, actor); err != nil {
			t.Errorf("after the proof: %v", err)
		}
		wantFault(t, d.Reauthenticate(d.ctx, actor, goodPassword, account.Proof{Code: s.code(t)}), fault.SecondFactorWrong)
		if err := d.Reauthenticate(d.ctx, actor, goodPassword, account.Proof{Recovery: s.codes[0].Format()}); err != nil {
			t.Errorf("by a recovery code: %v", err)
		}
		guardian := d.signedInGuardian(t).Actor
		wantFault(t, d.Reauthenticate(d.ctx, guardian, goodPassword, account.Proof{}), fault.NotAllowedHere)
	})
}

// Checklist B10: what changes what a session may do, or who may open one, gives a new session and ends the others.
func TestB10ANewPasswordGivesANewSession(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		s := d.secure(t, "office@schule.example")
		first, second := s.mustSignIn(t), s.mustSignIn(t)
		_, err := d.ChangePassword(d.ctx, second, "wrong", "drei Löffel Zimt im Kakao", phone)
		wantFault(t, err, fault.PasswordWrong)
		_, err = d.ChangePassword(d.ctx, second, goodPassword, "Passwort12345678", phone)
		wantFault(t, err, fault.InvalidInput)
		in, err := d.ChangePassword(d.ctx, second, goodPassword, "drei Löffel Zimt im Kakao", phone)
		if err != nil {
			t.Fatal(err)
		}
		if in.Actor.Session == second.Session || in.Actor.Limited || in.Actor.Role != authz.Office {
			t.Errorf("goes on as %v", in.Actor)
		}
		for _, old := range []authz.Actor{first, second} {
			if n := d.count(t, "SELECT count(*) FROM session WHERE id = ? AND ended_at IS NULL", old.Session); n != 0 {
				t.Errorf("session %s goes on", old.Session)
			}
		}
		env.Clock.Advance(30 * time.Second)
		_, err = s.signIn(account.Proof{Code: s.code(t)})
		wantFault(t, err, fault.PasswordWrong)
		if _, err := d.SignInWithPassword(d.ctx, s.email, "drei Löffel Zimt im Kakao", account.Proof{Code: s.code(t)}, phone); err != nil {
			t.Errorf("with the new one: %v", err)
		}
	})
}

func TestTheDemoSetsUpNoSecondFactorWhereOneStands(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first, other := account.TOTPSecret("12345678901234567890"), account.TOTPSecret("09876543210987654321")
		for _, secret := range []account.TOTPSecret{first, other} {
			if err := d.SetUpTOTP(d.ctx, d.office.Account, secret); err != nil {
				t.Fatal(err)
			}
		}
		s := &secured{d: d, email: "office@schule.example", secret: other}
		_, err := s.signIn(account.Proof{Code: s.code(t)})
		wantFault(t, err, fault.SecondFactorWrong)
		s.secret = first
		s.mustSignIn(t)
	})
}

// A passkey is both factors: whoever sets one up ends what the password alone has opened elsewhere.
func TestAPasskeyEndsWhatThePasswordAloneHasOpened(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		signIn := func() (account.SignedIn, error) {
			return d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{}, phone)
		}
		thief, err := signIn()
		if err != nil {
			t.Fatal(err)
		}
		owner, err := signIn()
		if err != nil || !owner.Actor.Limited {
			t.Fatalf("signed in as %v (%v)", owner.Actor, err)
		}
		p := d.enrol(t, owner.Actor)
		_, err = d.Authenticate(d.ctx, thief.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		_, err = signIn()
		wantFault(t, err, fault.SecondFactorNeeded)
		if in, err := d.signInBy(t, p); err != nil || in.Actor.Limited {
			t.Errorf("signed in as %v (%v)", in.Actor, err)
		}
	})
}

// Another instance remembers for a second that a session was alive: what it begins then must leave nothing behind.
func TestASessionThatHasEndedLeavesNoPasskeyBehind(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		thief, err := d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		d.secure(t, "office@schule.example") // ends what the password alone has opened
		_, err = d.BeginPasskey(d.ctx, thief.Actor, "Hanne Amselweg")
		wantFault(t, err, fault.NotSignedIn)
	})
}

func TestAPasswordAloneAddsNoPasskeyBesideASecondFactor(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		limited, err := d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.SetUpTOTP(d.ctx, limited.Actor.Account, account.TOTPSecret("20 bytes of a secret")); err != nil { // ends no session
			t.Fatal(err)
		}
		_, err = d.BeginPasskey(d.ctx, limited.Actor, "Hanne Amselweg")
		wantFault(t, err, fault.NotSignedIn)
	})
}
