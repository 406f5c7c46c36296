package account_test

import (
	"fmt"
	"net/url"
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

var newTeacher = account.NewInvitation{Role: authz.Teacher, Email: " Neu@Schule.example", Name: "Nele Neu "}

func (d *door) invited(t testing.TB, invited account.NewInvitation) account.MadeInvitation {
	t.Helper()
	made, err := d.InviteForSystem(d.ctx, invited)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (d *door) redeemInvitation(secret string) (account.SignedIn, error) {
	return d.RedeemInvitation(d.ctx, account.Redeemed{Secret: secret, Password: goodPassword}, phone)
}

// head makes a head with a second factor who has just signed in.
func (d *door) head(t testing.TB, email string) authz.Actor {
	t.Helper()
	d.staff(t, "Ali Berg", email, authz.Head)
	return d.secure(t, email).mustSignIn(t)
}

func TestAnInvitationMakesTheAccountOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		made := d.invited(t, newTeacher)
		base, _ := url.Parse("https://einverstanden.example")
		if link := made.Link(base); !strings.HasPrefix(link, "https://einverstanden.example/invitation#"+string(d.school)+".") || len(made.Secret) != len(d.school)+1+22 {
			t.Errorf("link %s", link)
		}
		view, err := d.ReadInvitation(t.Context(), made.Secret)
		if err != nil || view.Name != "Nele Neu" || view.Email != "neu@schule.example" || view.Role != authz.Teacher || view.NewPassword || view.SecondFactor || view.School != d.school {
			t.Errorf("shown as %+v (%v)", view, err)
		}
		_, err = d.RedeemInvitation(t.Context(), account.Redeemed{Secret: made.Secret, Password: "Nele-Neu-19671967"}, phone)
		if e := heard(t, err, fault.InvalidInput); e.Fields[0].Name != "password" || e.Fields[0].Code != fault.PasswordCommon {
			t.Errorf("fields %v", e.Fields)
		}
		in, err := d.RedeemInvitation(t.Context(), account.Redeemed{Secret: made.Secret, Password: goodPassword, Name: " Nele Altneu"}, phone)
		if err != nil || !in.Actor.Limited || in.Actor.Role != authz.Teacher || in.Name != "Nele Altneu" || in.Language != "tr" {
			t.Fatalf("came in as %+v (%v)", in, err)
		}
		_, err = d.redeemInvitation(made.Secret)
		if e := heard(t, err, fault.InvitationUsed); e.Params["usedOn"] != "2026-11-24" {
			t.Errorf("used on %v", e.Params)
		}
		d.setUp(t, "neu@schule.example", in).mustSignIn(t)
		for _, canary := range []string{"Nele", "neu@schule", made.Secret, strings.Split(made.Secret, ".")[1]} {
			if where := d.searchDatabase(t, canary); where != "" {
				t.Errorf("%s lies open in %s", canary, where)
			}
		}
	})
}

// X13: reused. Many at once are one account.
func TestX13ManyAtOnceMakeOneAccount(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		made := d.invited(t, newTeacher)
		var in atomic.Int64
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				_, err := d.redeemInvitation(made.Secret)
				if err == nil {
					in.Add(1)
				} else if !fault.Has(err, fault.InvitationUsed) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if in.Load() != 1 || d.count(t, "SELECT count(*) FROM account") != 2 {
			t.Errorf("%d came in, %d accounts", in.Load(), d.count(t, "SELECT count(*) FROM account"))
		}
	})
}

// X13: prefetched by a mail scanner. Reading uses nothing up.
func TestX13ReadingAnInvitationUsesNothingUp(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		made := d.invited(t, newTeacher)
		for range 3 {
			if _, err := d.ReadInvitation(t.Context(), made.Secret); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.redeemInvitation(made.Secret); err != nil {
			t.Error(err)
		}
	})
}

// X13: forwarded. Whoever holds the link gets the invited address and role, whatever else they would like.
func TestX13AForwardedInvitationStaysBoundToItsAddress(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.head(t, "berg@schule.example")
		made, err := d.Invite(d.ctx, head, newTeacher)
		if err != nil {
			t.Fatal(err)
		}
		in, err := d.RedeemInvitation(d.ctx, account.Redeemed{Secret: made.Secret, Password: goodPassword, Name: "Wer Anders"}, phone)
		if err != nil {
			t.Fatal(err)
		}
		accounts, err := d.StaffAccounts(d.ctx, head)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range accounts {
			if one.Account == in.Actor.Account && (one.Email != "neu@schule.example" || one.Role != authz.Teacher || one.SecondFactor) {
				t.Errorf("the account is %+v", one)
			}
		}
		listed, err := d.Invitations(d.ctx, head)
		if err != nil || len(listed) != 1 || listed[0].State != account.InvitationUsed || listed[0].Email != "neu@schule.example" {
			t.Errorf("listed %+v (%v)", listed, err)
		}
	})
}

// X13: role raised. Nobody gives more than they have; head and dpo come by a head who has just proved who they are.
func TestX13NobodyInvitesAboveThemselves(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.head(t, "berg@schule.example")
		office := d.secure(t, "office@schule.example").mustSignIn(t)
		teacher := d.secure(t, d.member(t)).mustSignIn(t)
		may := map[authz.Role]map[authz.Role]bool{
			authz.Head:   {authz.Teacher: true, authz.Office: true, authz.Head: true, authz.DPO: true},
			authz.Office: {authz.Teacher: true, authz.Office: true},
		}
		for _, by := range []authz.Actor{head, office, teacher} {
			for i, role := range []authz.Role{authz.Teacher, authz.Office, authz.Head, authz.DPO} {
				made, err := d.Invite(d.ctx, by, account.NewInvitation{Role: role, Email: fmt.Sprintf("%s%d@schule.example", by.Role, i), Name: "Nele Neu"})
				if may[by.Role][role] != (err == nil) || err != nil && !fault.Has(err, fault.NotAllowedHere) {
					t.Errorf("%s invites %s: %v", by.Role, role, err)
				}
				if err == nil && by.Role == authz.Head && role == authz.Head {
					wantFault(t, d.VoidInvitation(d.ctx, office, made.ID), fault.NotAllowedHere)
				}
			}
		}
		for _, role := range []authz.Role{authz.Guardian, authz.Pupil, authz.Nobody, "admin"} {
			_, err := d.Invite(d.ctx, head, account.NewInvitation{Role: role, Email: "x@schule.example", Name: "Nele Neu"})
			wantFault(t, err, fault.InvalidInput)
		}
		if listed, err := d.Invitations(d.ctx, office); err != nil || len(listed) != 4 {
			t.Errorf("the office sees %d (%v)", len(listed), err)
		}
		if listed, err := d.Invitations(d.ctx, head); err != nil || len(listed) != 6 {
			t.Errorf("the head sees %d (%v)", len(listed), err)
		}
		env.Clock.Advance(11 * time.Minute)
		_, err := d.Invite(d.ctx, head, account.NewInvitation{Role: authz.DPO, Email: "y@schule.example", Name: "Nele Neu"})
		wantFault(t, err, fault.ReauthenticationNeeded)
		if _, err := d.Invite(d.ctx, head, account.NewInvitation{Role: authz.Office, Email: "z@schule.example", Name: "Nele Neu"}); err != nil {
			t.Errorf("an office: %v", err)
		}
	})
}

// X16: on a fresh installation there is no account, and no way to one but the shell's link.
func TestX16TheFirstAccountComesFromTheShell(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		d.exec(t, "DELETE FROM account_role")
		for _, role := range []authz.Role{authz.Nobody, authz.Guardian, authz.Pupil, authz.Teacher, authz.DPO} {
			_, err := d.Invite(d.ctx, authz.Actor{School: d.school, Role: role}, newTeacher)
			wantFault(t, err, fault.NotAllowedHere)
		}
		for _, secret := range []string{"", ".", string(d.school), string(d.school) + ".", string(d.school) + ".AAAAAAAAAAAAAAAAAAAAAA", "nowhere.AAAAAAAAAAAAAAAAAAAAAA"} {
			_, err := d.redeemInvitation(secret)
			wantFault(t, err, fault.InvitationUnknown)
		}
		made := d.invited(t, account.NewInvitation{Role: authz.Head, Email: "berg@schule.example", Name: "Ali Berg"})
		in, err := d.redeemInvitation(made.Secret)
		if err != nil || in.Actor.Role != authz.Head {
			t.Errorf("the first head: %v (%v)", in.Actor, err)
		}
	})
}

func TestAnInvitationEndsAfterThreeDays(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		made := d.invited(t, newTeacher)
		env.Clock.Advance(72*time.Hour - time.Microsecond)
		if _, err := d.ReadInvitation(d.ctx, made.Secret); err != nil {
			t.Error(err)
		}
		env.Clock.Advance(time.Microsecond)
		_, err := d.redeemInvitation(made.Secret)
		wantFault(t, err, fault.InvitationExpired)
	})
}

func TestANewInvitationVoidsTheOldOne(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		office := d.secure(t, "office@schule.example").mustSignIn(t)
		first := d.invited(t, newTeacher)
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				if _, err := d.Invite(d.ctx, office, newTeacher); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := d.count(t, "SELECT count(*) FROM invitation WHERE void_at IS NULL"); n != 1 {
			t.Errorf("%d are open", n)
		}
		_, err := d.redeemInvitation(first.Secret)
		wantFault(t, err, fault.InvitationVoid)

		last := d.invited(t, newTeacher)
		if err := d.VoidInvitation(d.ctx, office, last.ID); err != nil {
			t.Fatal(err)
		}
		_, err = d.redeemInvitation(last.Secret)
		wantFault(t, err, fault.InvitationVoid)
		wantFault(t, d.VoidInvitation(d.ctx, office, last.ID), fault.AlreadyDone)
		wantFault(t, d.VoidInvitation(d.ctx, office, id.New[id.Invitation]()), fault.NothingHere)
	})
}

func TestAnInvitationIsCheckedBeforeItIsMade(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		_, err := d.InviteForSystem(d.ctx, account.NewInvitation{Role: authz.Teacher, Email: "no address", Name: " "})
		if e := heard(t, err, fault.InvalidInput); len(e.Fields) != 2 {
			t.Errorf("fields %v", e.Fields)
		}
		_, err = d.InviteForSystem(d.ctx, account.NewInvitation{Role: authz.Teacher, Email: "Office@schule.example", Name: "Otto Berg"})
		if e := heard(t, err, fault.AlreadyExists); len(e.Fields) != 1 || e.Fields[0].Name != "email" {
			t.Errorf("fields %v", e.Fields)
		}
		made := d.invited(t, newTeacher)
		d.staff(t, "Nele Neu", "neu@schule.example", authz.Teacher)
		_, err = d.redeemInvitation(made.Secret)
		wantFault(t, err, fault.AlreadyExists)
	})
}

// A forgotten password is renewed by a link from the head, which never skips the second factor.
func TestANewPasswordNeverSkipsTheSecondFactor(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.head(t, "berg@schule.example")
		s := d.secure(t, "office@schule.example")
		before := s.mustSignIn(t)
		made, err := d.InviteAnew(d.ctx, head, d.office.Account)
		if err != nil || !made.NewPassword {
			t.Fatalf("%+v (%v)", made, err)
		}
		if view, err := d.ReadInvitation(d.ctx, made.Secret); err != nil || !view.SecondFactor || !view.NewPassword {
			t.Errorf("shown as %+v (%v)", view, err)
		}
		const words = "drei Löffel Zimt im Kakao"
		env.Clock.Advance(30 * time.Second)
		redeem := func(proof account.Proof) (account.SignedIn, error) {
			return d.RedeemInvitation(d.ctx, account.Redeemed{Secret: made.Secret, Password: words, Proof: proof}, phone)
		}
		_, err = redeem(account.Proof{})
		wantFault(t, err, fault.SecondFactorNeeded)
		_, err = redeem(account.Proof{Code: s.wrongCode(t)})
		wantFault(t, err, fault.SecondFactorWrong)
		if n := d.count(t, "SELECT count(*) FROM session WHERE id = ? AND ended_at IS NULL", before.Session); n != 1 {
			t.Error("a try ended a session")
		}
		in, err := redeem(account.Proof{Code: s.code(t)})
		if err != nil || in.Actor.Limited || in.Actor.Account != d.office.Account || in.Actor.Role != authz.Office {
			t.Fatalf("came in as %v (%v)", in.Actor, err)
		}
		if n := d.count(t, "SELECT count(*) FROM session WHERE id = ? AND ended_at IS NULL", before.Session); n != 0 {
			t.Error("the session with the old password goes on")
		}
		_, err = redeem(account.Proof{Code: s.code(t)})
		wantFault(t, err, fault.InvitationUsed)
		if _, err := d.InviteAnewForSystem(d.ctx, "office@schule.example"); err != nil {
			t.Errorf("at the shell: %v", err)
		}
		_, err = d.InviteAnewForSystem(d.ctx, "nobody@schule.example")
		wantFault(t, err, fault.NothingHere)
	})
}
