package account_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

func TestTheHeadSeesTheAccountsOfTheStaff(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.head(t, "berg@schule.example")
		idle := d.staff(t, "Birte Zaun", "zaun@schule.example", authz.Teacher)
		d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id = ?", idle.Account)
		d.signedInGuardian(t)
		accounts, err := d.StaffAccounts(d.ctx, head)
		if err != nil || len(accounts) != 3 {
			t.Fatalf("%v (%v)", accounts, err)
		}
		first, last := accounts[0], accounts[1]
		if first.Account != head.Account || !first.SecondFactor || !first.LastSeen.Equal(env.Clock.Now()) || first.Disabled || first.Email != "berg@schule.example" {
			t.Errorf("the head: %+v", first)
		}
		if last.Account != idle.Account || last.SecondFactor || !last.LastSeen.IsZero() || !last.Disabled || last.Role != authz.Teacher {
			t.Errorf("the teacher: %+v", last)
		}
		_, err = d.StaffAccounts(d.ctx, d.office)
		wantFault(t, err, fault.NotAllowedHere)
	})
}

// Checklist B10: a new role is another session; the one with the old role has ended.
func TestB10ANewRoleEndsTheSessionsWithTheOldOne(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.head(t, "berg@schule.example")
		s := d.secure(t, "office@schule.example")
		in := s.in
		made, err := d.Invite(d.ctx, in.Actor, newTeacher)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Authenticate(d.ctx, in.AccessToken); err != nil {
			t.Fatal(err)
		}
		if err := d.SetRole(d.ctx, head, d.office.Account, authz.Teacher); err != nil {
			t.Fatal(err)
		}
		_, err = d.Authenticate(d.ctx, in.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		_, err = d.Refresh(d.ctx, in.RefreshToken, in.DeviceToken)
		wantFault(t, err, fault.NotSignedIn)
		if actor := s.mustSignIn(t); actor.Role != authz.Teacher || actor.Session == in.Actor.Session {
			t.Errorf("comes back as %v", actor)
		}
		_, err = d.redeemInvitation(made.Secret)
		wantFault(t, err, fault.InvitationVoid)
		for _, role := range []authz.Role{authz.Guardian, authz.Pupil, ""} {
			wantFault(t, d.SetRole(d.ctx, head, d.office.Account, role), fault.InvalidInput)
		}
	})
}

// Checklist B9: the sessions of a disabled account are dead at once, and nothing opens a new one.
func TestB9ADisabledAccountIsOutAtOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.head(t, "berg@schule.example")
		s := d.secure(t, "office@schule.example")
		if _, err := d.Authenticate(d.ctx, s.in.AccessToken); err != nil {
			t.Fatal(err)
		}
		link, err := d.InviteAnew(d.ctx, head, d.office.Account)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.DisableAccount(d.ctx, head, d.office.Account); err != nil {
			t.Fatal(err)
		}
		_, err = d.Authenticate(d.ctx, s.in.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		_, err = s.signIn(account.Proof{Code: s.code(t)})
		wantFault(t, err, fault.PasswordWrong)
		_, err = d.RedeemInvitation(d.ctx, account.Redeemed{Secret: link.Secret, Password: goodPassword, Proof: account.Proof{Code: s.code(t)}}, phone)
		wantFault(t, err, fault.InvitationVoid)
		_, err = d.InviteAnew(d.ctx, head, d.office.Account)
		wantFault(t, err, fault.NotAllowedHere)
		if err := d.EnableAccount(d.ctx, head, d.office.Account); err != nil {
			t.Fatal(err)
		}
		_, err = d.Authenticate(d.ctx, s.in.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		s.mustSignIn(t)
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action IN ('account.disabled', 'account.enabled') AND actor = ?", head.Account); n != 2 {
			t.Errorf("%d audit entries", n)
		}
	})
}

func TestNobodyChangesTheirOwnAccount(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.head(t, "berg@schule.example")
		own := head.Account
		wantFault(t, d.SetRole(d.ctx, head, own, authz.Teacher), fault.OwnAccount)
		wantFault(t, d.DisableAccount(d.ctx, head, own), fault.OwnAccount)
		wantFault(t, d.ResetFactors(d.ctx, head, own), fault.OwnAccount)
		_, err := d.InviteAnew(d.ctx, head, own)
		wantFault(t, err, fault.OwnAccount)
		wantFault(t, d.DisableAccount(d.ctx, head, id.New[id.Account]()), fault.NothingHere)
		wantFault(t, d.DisableAccount(d.ctx, head, d.signedInGuardian(t).Actor.Account), fault.NothingHere)
		wantFault(t, d.DisableAccount(d.ctx, d.office, own), fault.NotAllowedHere)
	})
}

// Two heads who disable, or demote, each other at the same moment: one stays.
func TestOneHeadStays(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		for range 5 {
			first, second := d.head(t, string(id.New[id.Account]())+"@schule.example"), d.head(t, string(id.New[id.Account]())+"@schule.example")
			d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id NOT IN (?, ?)", first.Account, second.Account)
			var done atomic.Int64
			var group sync.WaitGroup
			for _, change := range []func() error{
				func() error { return d.DisableAccount(d.ctx, first, second.Account) },
				func() error { return d.SetRole(d.ctx, second, first.Account, authz.Teacher) },
			} {
				group.Go(func() {
					err := change()
					if err == nil {
						done.Add(1)
					} else if !fault.Has(err, fault.LastHead) {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if done.Load() != 1 {
				t.Fatalf("%d of two changes went through", done.Load())
			}
		}
	})
}

// A lost second factor is taken away by the head, or at the shell; the password alone then opens nothing but a new one.
func TestALostSecondFactorIsSetUpAnew(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.head(t, "berg@schule.example")
		for name, reset := range map[string]func() error{
			"by the head":  func() error { return d.ResetFactors(d.ctx, head, d.office.Account) },
			"at the shell": func() error { return d.ResetFactorsForSystem(d.ctx, "Office@schule.example") },
		} {
			s := d.secure(t, "office@schule.example")
			if err := reset(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_, err := d.Authenticate(d.ctx, s.in.AccessToken)
			wantFault(t, err, fault.NotSignedIn)
			in, err := s.signIn(account.Proof{Recovery: s.codes[0].Format()})
			if err != nil || !in.Actor.Limited {
				t.Fatalf("%s: comes in as %v (%v)", name, in.Actor, err)
			}
			if own, err := d.OwnFactors(d.ctx, in.Actor); err != nil || own.TOTP || own.RecoveryCodes != 0 || !own.ResetAt.Equal(env.Clock.Now()) {
				t.Errorf("%s: told %+v (%v)", name, own, err)
			}
			s = d.setUp(t, "office@schule.example", in)
			if own, err := d.OwnFactors(d.ctx, s.in.Actor); err != nil || !own.TOTP || own.RecoveryCodes != 10 || !own.ResetAt.IsZero() {
				t.Errorf("%s: then %+v (%v)", name, own, err)
			}
			if err := d.ResetFactors(d.ctx, head, d.office.Account); err != nil {
				t.Fatal(err)
			}
		}
		wantFault(t, d.ResetFactorsForSystem(d.ctx, "nobody@schule.example"), fault.NothingHere)
	})
}

// Nobody is signed out in the middle of a lesson: the meeting that runs when the session would end carries it.
func TestALessonCarriesASessionToItsEnd(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		cases := map[string]struct {
			lesson time.Duration // from the session's end to the lesson's; 0 for none
			want   time.Duration // from the session's end to the end that it gets
		}{
			"no lesson":          {0, 0},
			"a lesson":           {40 * time.Minute, 40 * time.Minute},
			"a lesson of a day":  {24 * time.Hour, account.LessonGrace},
			"a lesson that ends": {-time.Minute, 0},
		}
		d := newDoor(t, env)
		for name, c := range cases {
			in := d.secure(t, d.member(t)).in
			teacher := in.Actor.Account
			end := in.RefreshExpires
			d.WithLessons(func(_ *db.Tx, of id.Account, at time.Time) (time.Time, error) {
				if of != teacher || !at.Equal(end) {
					t.Errorf("%s: asked for %s at %s", name, of, at)
				}
				if c.lesson == 0 {
					return time.Time{}, nil
				}
				return end.Add(c.lesson), nil
			})
			// The page refreshes while it is open, and comes back after the end from a tablet that slept.
			for _, at := range []time.Duration{-11 * time.Minute, -4 * time.Minute, 2 * time.Minute, c.want - time.Microsecond} {
				env.Clock.Set(end.Add(at))
				next, err := d.Refresh(d.ctx, in.RefreshToken, in.DeviceToken)
				if alive := at < c.want; alive != (err == nil) {
					t.Fatalf("%s, %s after the end: %v", name, at, err)
				}
				if err != nil {
					wantFault(t, err, fault.NotSignedIn)
					continue
				}
				in = next
				if actor, err := d.Authenticate(d.ctx, in.AccessToken); err != nil || actor != in.Actor {
					t.Errorf("%s, %s after the end: authenticated as %v (%v)", name, at, actor, err)
				}
			}
			env.Clock.Set(end.Add(c.want + time.Second)) // an answer is remembered for a second
			_, err := d.Authenticate(d.ctx, in.AccessToken)
			wantFault(t, err, fault.NotSignedIn)
			_, err = d.Refresh(d.ctx, in.RefreshToken, in.DeviceToken)
			wantFault(t, err, fault.NotSignedIn)
		}
	})
}

// A lesson carries nobody who was disabled or has signed out, no family, and no session without a second factor.
func TestALessonCarriesNobodyWhoIsOut(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		d.WithLessons(func(_ *db.Tx, _ id.Account, at time.Time) (time.Time, error) { return at.Add(time.Hour), nil })
		guardian := d.signedInGuardian(t)
		limited, err := d.SignInWithPassword(d.ctx, "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		left := d.secure(t, d.member(t)).in
		if err := d.SignOut(d.ctx, left.Actor); err != nil {
			t.Fatal(err)
		}
		gone := d.secure(t, d.member(t)).in
		d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id = ?", gone.Actor.Account)
		for name, in := range map[string]account.SignedIn{"guardian": guardian, "limited": limited, "left": left, "disabled": gone} {
			env.Clock.Set(in.RefreshExpires)
			if _, err := d.Refresh(d.ctx, in.RefreshToken, in.DeviceToken); !fault.Has(err, fault.NotSignedIn) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
