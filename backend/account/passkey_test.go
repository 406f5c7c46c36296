package account_test

import (
	"bytes"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

const origin, site = "https://einverstanden.example", "einverstanden.example"

// newPasskeyDoor is a door at which passkeys work.
func newPasskeyDoor(t testing.TB, env *testkit.Env) *door {
	t.Helper()
	d := newDoor(t, env)
	public, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	d.WithPasskeys(public)
	return d
}

// held is a passkey with what its authenticator keeps beside the key.
type held struct {
	*testkit.Passkey
	handle []byte
	made   account.Passkey
}

func (d *door) enrol(t testing.TB, actor authz.Actor) held {
	t.Helper()
	begun, err := d.BeginPasskey(t.Context(), actor, "Erika Muster")
	if err != nil {
		t.Fatal(err)
	}
	p := held{Passkey: testkit.NewPasskey(t, origin), handle: begun.Handle}
	clientData, object := p.Register(t, begun.RPID, begun.Challenge)
	p.made, err = d.FinishPasskey(t.Context(), actor, begun.State, account.Attestation{Credential: p.Credential, ClientData: clientData, Object: object})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (d *door) challenge(t testing.TB) account.PasskeyChallenge {
	t.Helper()
	challenge, err := d.BeginPasskeySignIn(t.Context(), phone.Address)
	if err != nil {
		t.Fatal(err)
	}
	return challenge
}

func (p held) answer(t testing.TB, challenge []byte) account.Assertion {
	t.Helper()
	a := account.Assertion{Credential: p.Credential, UserHandle: p.handle}
	a.AuthenticatorData, a.ClientData, a.Signature = p.Assert(t, site, challenge, 0)
	return a
}

func (d *door) signInBy(t testing.TB, p held) (account.SignedIn, error) {
	t.Helper()
	c := d.challenge(t)
	return d.SignInWithPasskey(t.Context(), c.State, p.answer(t, c.Challenge), phone)
}

func TestAPasskeySignsItsOwnerInWithoutSayingWhoItIs(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		first := d.signedInGuardian(t)
		p := d.enrol(t, first.Actor)
		if len(p.handle) != 32 {
			t.Errorf("a user handle of %d bytes", len(p.handle))
		}
		env.Clock.Advance(time.Hour)
		second, err := d.signInBy(t, p)
		if err != nil {
			t.Fatal(err)
		}
		want := first.Actor
		want.Session = second.Actor.Session
		if second.Actor != want || second.Actor.Session == first.Actor.Session {
			t.Errorf("signed in as %+v, enrolled as %+v", second.Actor, first.Actor)
		}
		if actor, err := d.Authenticate(t.Context(), second.AccessToken); err != nil || actor != second.Actor {
			t.Errorf("authenticated as %v (%v)", actor, err)
		}
		if n := d.count(t, "SELECT count(*) FROM passkey WHERE used_at = ?", env.Clock.Now().UnixMicro()); n != 1 {
			t.Errorf("%d passkeys say that they were used now", n)
		}
		if n := d.count(t, "SELECT count(*) FROM ceremony"); n != 0 {
			t.Errorf("%d ceremonies are left", n)
		}
	})
}

func TestAPasskeySignsInWhoeverHasARole(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		pupil := id.PupilOf(id.New[id.Pupil]())
		d.families.add(pupil, birthDate)
		byLetter, err := d.redeem(d.issue(t, pupil)[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, role := range []authz.Role{authz.Teacher, authz.Head, authz.DPO} {
			d.staff(t, "Kim Lindner", string(role)+"@schule.example", role)
		}
		signedIn := []account.SignedIn{byLetter}
		for _, name := range []string{"office", "teacher", "head", "dpo"} {
			signedIn = append(signedIn, d.secure(t, name+"@schule.example").in)
		}
		for _, first := range signedIn {
			second, err := d.signInBy(t, d.enrol(t, first.Actor))
			if err != nil || second.Actor.Role != first.Actor.Role || second.Actor.Person != first.Actor.Person || second.Name != first.Name {
				t.Errorf("%s: came back as %+v (%v)", first.Actor.Role, second.Actor, err)
			}
		}
	})
}

// Checklist C6, signing in: whatever does not fit gets one answer and no session.
func TestC6AnAssertionThatDoesNotFitOpensNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		mine, theirs := d.enrol(t, d.signedInGuardian(t).Actor), d.enrol(t, d.signedInGuardian(t).Actor)
		before := d.count(t, "SELECT count(*) FROM session")
		type try func(c account.PasskeyChallenge) (state string, a account.Assertion)
		with := func(change func(p *held)) try {
			return func(c account.PasskeyChallenge) (string, account.Assertion) {
				p := mine
				copied := *mine.Passkey
				p.Passkey = &copied
				change(&p)
				return c.State, p.answer(t, c.Challenge)
			}
		}
		answers := map[string]bool{}
		for name, try := range map[string]try{
			"wrong origin":       with(func(p *held) { p.Origin = "https://einverstanden.example.net" }),
			"origin's case":      with(func(p *held) { p.Origin = strings.ToUpper(origin) }),
			"origin's port":      with(func(p *held) { p.Origin += ":8443" }),
			"not verified":       with(func(p *held) { p.Flags = 1 << 0 }),
			"not present":        with(func(p *held) { p.Flags = 1 << 2 }),
			"another's handle":   with(func(p *held) { p.handle = theirs.handle }),
			"unknown handle":     with(func(p *held) { p.handle = bytes.Repeat([]byte{7}, 32) }),
			"no handle":          with(func(p *held) { p.handle = nil }),
			"another credential": with(func(p *held) { p.Credential = theirs.Credential }),
			"unknown credential": with(func(p *held) { p.Credential = []byte("unknown") }),
			"another key": with(func(p *held) {
				credential := p.Credential
				p.Passkey = testkit.NewPasskey(t, origin)
				p.Credential = credential
			}),
			"wrong RP ID": func(c account.PasskeyChallenge) (string, account.Assertion) {
				a := mine.answer(t, c.Challenge)
				a.AuthenticatorData, a.ClientData, a.Signature = mine.Assert(t, "example", c.Challenge, 0)
				return c.State, a
			},
			"another session's challenge": func(c account.PasskeyChallenge) (string, account.Assertion) {
				return c.State, mine.answer(t, d.challenge(t).Challenge)
			},
			"a registration's challenge": func(c account.PasskeyChallenge) (string, account.Assertion) {
				begun, err := d.BeginPasskey(t.Context(), d.signedInGuardian(t).Actor, "Jo Muster")
				if err != nil {
					t.Fatal(err)
				}
				before++
				return begun.State, mine.answer(t, begun.Challenge)
			},
			"no state": func(c account.PasskeyChallenge) (string, account.Assertion) { return "", mine.answer(t, c.Challenge) },
			"nothing": func(c account.PasskeyChallenge) (string, account.Assertion) {
				return c.State, account.Assertion{}
			},
			"a changed signature": func(c account.PasskeyChallenge) (string, account.Assertion) {
				a := mine.answer(t, c.Challenge)
				a.Signature[len(a.Signature)-1] ^= 1
				return c.State, a
			},
			"a registration for an assertion": func(c account.PasskeyChallenge) (string, account.Assertion) {
				a := mine.answer(t, c.Challenge)
				a.ClientData = bytes.Replace(a.ClientData, []byte("webauthn.get"), []byte("webauthn.create"), 1)
				return c.State, a
			},
		} {
			state, a := try(d.challenge(t))
			_, err := d.SignInWithPasskey(t.Context(), state, a, phone)
			if !fault.Has(err, fault.PasskeyRefused) {
				t.Errorf("%s: %v", name, err)
			}
			answers[shown(err)] = true
		}
		if len(answers) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
		if after := d.count(t, "SELECT count(*) FROM session"); after != before {
			t.Errorf("%d sessions became %d", before, after)
		}
		if _, err := d.signInBy(t, mine); err != nil {
			t.Errorf("the right answer: %v", err)
		}
	})
}

// Checklist C6, registering: as above, and the session that began is the one that ends.
func TestC6AnAttestationThatDoesNotFitAddsNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		me, they := d.signedInGuardian(t).Actor, d.signedInGuardian(t).Actor
		known := d.enrol(t, they)
		for name, change := range map[string]func(p *testkit.Passkey, begun *account.Registration){
			"wrong origin":     func(p *testkit.Passkey, _ *account.Registration) { p.Origin = "https://evil.example" },
			"origin's case":    func(p *testkit.Passkey, _ *account.Registration) { p.Origin = strings.ToUpper(origin) },
			"wrong RP ID":      func(_ *testkit.Passkey, begun *account.Registration) { begun.RPID = "evil.example" },
			"not verified":     func(p *testkit.Passkey, _ *account.Registration) { p.Flags = 1 << 0 },
			"another answer":   func(_ *testkit.Passkey, begun *account.Registration) { begun.Challenge = bytes.Repeat([]byte{1}, 32) },
			"no state":         func(_ *testkit.Passkey, begun *account.Registration) { begun.State = "" },
			"sign-in as state": func(_ *testkit.Passkey, begun *account.Registration) { begun.State = d.challenge(t).State },
			"another session's": func(_ *testkit.Passkey, begun *account.Registration) {
				foreign, err := d.BeginPasskey(t.Context(), they, "Jo Muster")
				if err != nil {
					t.Fatal(err)
				}
				*begun = foreign
			},
		} {
			begun, err := d.BeginPasskey(t.Context(), me, "Erika Muster")
			if err != nil {
				t.Fatal(err)
			}
			p := testkit.NewPasskey(t, origin)
			change(p, &begun)
			clientData, object := p.Register(t, begun.RPID, begun.Challenge)
			_, err = d.FinishPasskey(t.Context(), me, begun.State, account.Attestation{Credential: p.Credential, ClientData: clientData, Object: object})
			if !fault.Has(err, fault.AssertionInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		begun, err := d.BeginPasskey(t.Context(), me, "Erika Muster")
		if err != nil {
			t.Fatal(err)
		}
		clientData, object := known.Register(t, begun.RPID, begun.Challenge)
		attestation := account.Attestation{Credential: known.Credential, ClientData: clientData, Object: object}
		_, err = d.FinishPasskey(t.Context(), me, begun.State, attestation)
		wantFault(t, err, fault.AlreadyExists)
		_, err = d.FinishPasskey(t.Context(), me, begun.State, attestation) // once
		wantFault(t, err, fault.AssertionInvalid)
		if n := d.count(t, "SELECT count(*) FROM passkey WHERE account_id = ?", me.Account); n != 0 {
			t.Errorf("%d passkeys were added", n)
		}
	})
}

func TestC6AChallengeIsAnsweredOnceAndInTime(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		p := d.enrol(t, d.signedInGuardian(t).Actor)
		c := d.challenge(t)
		a := p.answer(t, c.Challenge)
		outcomes := make([]error, 8)
		var group sync.WaitGroup
		for i := range outcomes {
			group.Go(func() { _, outcomes[i] = d.SignInWithPasskey(t.Context(), c.State, a, phone) })
		}
		group.Wait()
		successes := 0
		for _, err := range outcomes {
			if err == nil {
				successes++
			} else if !fault.Has(err, fault.PasskeyRefused) {
				t.Error(err)
			}
		}
		if successes != 1 {
			t.Errorf("one challenge opened %d sessions", successes)
		}
		late := d.challenge(t)
		env.Clock.Advance(5 * time.Minute)
		_, err := d.SignInWithPasskey(t.Context(), late.State, p.answer(t, late.Challenge), phone)
		wantFault(t, err, fault.PasskeyRefused)
		d.challenge(t)
		if n := d.count(t, "SELECT count(*) FROM ceremony"); n != 1 {
			t.Errorf("%d ceremonies, and only one is not too old", n)
		}
	})
}

// A counter that does not rise is a signal alone: synced passkeys do not count.
func TestACounterThatDoesNotRiseIsLoggedAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		p := d.enrol(t, d.signedInGuardian(t).Actor)
		for _, counter := range []uint32{5, 4} {
			c := d.challenge(t)
			a := p.answer(t, c.Challenge)
			a.AuthenticatorData, a.ClientData, a.Signature = p.Assert(t, site, c.Challenge, counter)
			if _, err := d.SignInWithPasskey(t.Context(), c.State, a, phone); err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(d.log.String(), "counter did not rise"); n != 1 {
			t.Errorf("logged %d times", n)
		}
	})
}

func TestAPasskeyOpensNothingOnceItOrItsAccountIsGone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		guardian := d.signedInGuardian(t).Actor
		p, other := d.enrol(t, guardian), d.enrol(t, guardian)
		d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id = ?", guardian.Account)
		_, err := d.signInBy(t, p)
		wantFault(t, err, fault.PasskeyRefused)
		d.exec(t, "UPDATE account SET disabled_at = NULL WHERE id = ?", guardian.Account)
		wantFault(t, d.RemovePasskey(t.Context(), d.signedInGuardian(t).Actor, p.made.ID), fault.NothingHere)
		if err := d.RemovePasskey(t.Context(), guardian, p.made.ID); err != nil {
			t.Fatal(err)
		}
		_, err = d.signInBy(t, p)
		wantFault(t, err, fault.PasskeyRefused)
		if _, err := d.signInBy(t, other); err != nil {
			t.Error(err)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'passkey.removed' AND subject_id = ?", p.made.ID); n != 1 {
			t.Errorf("%d audit entries", n)
		}
	})
}

// Who has a passkey proves it before the next one comes or this one goes; who has none has proved lately who they are.
func TestPasskeysChangeInFreshSessionsAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		begin := func(actor authz.Actor) error {
			_, err := d.BeginPasskey(t.Context(), actor, "Erika Muster")
			return err
		}
		late, family := d.signedInGuardian(t).Actor, d.signedInGuardian(t).Actor
		staff := d.secure(t, "office@schule.example").in
		env.Clock.Advance(10*time.Minute + time.Second)
		wantFault(t, begin(staff.Actor), fault.ReauthenticationNeeded)
		env.Clock.Advance(12 * time.Hour)
		p := d.enrol(t, family)
		wantFault(t, begin(family), fault.PasskeyNeeded)
		wantFault(t, d.RemovePasskey(t.Context(), family, p.made.ID), fault.PasskeyNeeded)
		if passkeys := d.passkeysOf(t, family.Account); len(passkeys) != 1 {
			t.Errorf("%d passkeys", len(passkeys))
		}
		fresh, err := d.signInBy(t, p)
		if err != nil {
			t.Fatal(err)
		}
		if err := begin(fresh.Actor); err != nil {
			t.Error(err)
		}
		if err := d.RemovePasskey(t.Context(), fresh.Actor, p.made.ID); err != nil {
			t.Error(err)
		}
		env.Clock.Advance(12 * time.Hour)
		wantFault(t, begin(late), fault.FreshSignInNeeded)
		shared := phone
		shared.Shared = true
		letter := d.issue(t, d.family())[0]
		visitor, err := d.redeemFrom(letter, string(letter.Secret), birthDate, shared)
		if err != nil {
			t.Fatal(err)
		}
		wantFault(t, begin(visitor.Actor), fault.NotAllowedHere)
	})
}

func (d *door) passkeysOf(t testing.TB, owner id.Account) (passkeys []account.Passkey) {
	t.Helper()
	err := d.env.DB.Read(d.ctx, func(tx *db.Tx) (err error) {
		passkeys, err = d.PasskeysOf(tx, owner)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return passkeys
}

func TestX7AYesInAnOldSessionTakesThePasskeyWhereThereIsOne(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		with, without := d.signedInGuardian(t).Actor, d.signedInGuardian(t).Actor
		p := d.enrol(t, with)
		check := func(actor authz.Actor, want bool) {
			t.Helper()
			err := env.DB.Read(d.ctx, func(tx *db.Tx) error {
				needed, err := d.NeedsPasskey(tx, actor)
				if needed != want {
					t.Errorf("needed: %v", needed)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		env.Clock.Advance(24 * time.Hour)
		check(with, false)
		env.Clock.Advance(time.Second)
		check(with, true)
		check(without, false)
		fresh, err := d.signInBy(t, p)
		if err != nil {
			t.Fatal(err)
		}
		check(fresh.Actor, false)
	})
}

func TestRefusedPasskeysAreLimitedByAddressAndGoodOnesAreNot(t *testing.T) {
	env := testkit.NewSQLite(t)
	d := newPasskeyDoor(t, env)
	p := d.enrol(t, d.signedInGuardian(t).Actor)
	for range 120 {
		if _, err := d.signInBy(t, p); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		_, err := d.SignInWithPasskey(t.Context(), "", account.Assertion{}, phone)
		wantFault(t, err, fault.PasskeyRefused)
	}
	_, err := d.signInBy(t, p)
	if e := heard(t, err, fault.TooManyTries); e.RetryAfter <= 0 {
		t.Errorf("retry after %s", e.RetryAfter)
	}
	c := d.challenge(t)
	if _, err := d.SignInWithPasskey(t.Context(), c.State, p.answer(t, c.Challenge), from("198.51.100.9")); err != nil {
		t.Errorf("from another address: %v", err)
	}
}

func TestWhereTheHostIsAnAddressNobodyHasAPasskey(t *testing.T) {
	d := newDoor(t, testkit.NewSQLite(t))
	d.WithPasskeys(&url.URL{Scheme: "https", Host: "192.0.2.1"})
	_, err := d.BeginPasskey(t.Context(), d.signedInGuardian(t).Actor, "Erika Muster")
	wantFault(t, err, fault.NotAllowedHere)
	_, err = d.BeginPasskeySignIn(t.Context(), phone.Address)
	wantFault(t, err, fault.NotAllowedHere)
	_, err = d.SignInWithPasskey(t.Context(), "", account.Assertion{}, phone)
	wantFault(t, err, fault.NotAllowedHere)
}
