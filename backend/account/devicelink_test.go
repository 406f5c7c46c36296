package account_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/testkit"
)

func (d *door) link(t testing.TB, from account.SignedIn) account.DeviceLink {
	t.Helper()
	link, err := d.MakeDeviceLink(t.Context(), from.Actor)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestADeviceLinkOpensOneFurtherDevice(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first := d.signedInGuardian(t)
		env.Clock.Advance(5 * time.Minute)
		link := d.link(t, first)
		if len(link.Code) != 8 || link.ExpiresAt.Sub(env.Clock.Now()) != 10*time.Minute {
			t.Errorf("%+v", link)
		}
		if found := d.searchDatabase(t, link.Code); found != "" {
			t.Errorf("%s keeps the code", found)
		}
		typed := " " + strings.ToLower(account.FormatDeviceCode(link.Code)) + " "
		second, err := d.SignInWithDeviceLink(t.Context(), typed, from("198.51.100.4"))
		if err != nil {
			t.Fatal(err)
		}
		want := first.Actor
		want.Session = second.Actor.Session
		if second.Actor != want || second.Actor.Session == first.Actor.Session || second.DeviceToken == first.DeviceToken {
			t.Errorf("signed in as %+v", second.Actor)
		}
		d.wantSignedIn(t, first, true)
		d.wantSignedIn(t, second, true)
		if !second.RefreshExpires.Equal(first.RefreshExpires) {
			t.Errorf("the first until %s, the second until %s", first.RefreshExpires, second.RefreshExpires)
		}
		devices := d.devices(t, first.Actor)
		if len(devices) != 2 || devices[0].Way != account.ByDeviceLink || !devices[0].FirstSeen.Equal(env.Clock.Now()) {
			t.Errorf("the other device is told %+v", devices)
		}
		if n := d.count(t, "SELECT count(*) FROM outbox WHERE topic = 'device.linked' AND payload LIKE ?", "%"+string(second.Actor.Session)+"%"); n != 1 {
			t.Errorf("%d jobs", n)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'device.linked' AND subject_id = ?", second.Actor.Session); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		_, err = d.SignInWithDeviceLink(t.Context(), link.Code, phone) // once
		wantFault(t, err, fault.DeviceCodeInvalid)
	})
}

func TestADeviceLinkOpensNothingLateOrWrongOrForWhoeverIsGone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first := d.signedInGuardian(t)
		answers := map[string]bool{}
		refused := func(name, code string) {
			t.Helper()
			_, err := d.SignInWithDeviceLink(t.Context(), code, phone)
			if !fault.Has(err, fault.DeviceCodeInvalid) {
				t.Errorf("%s: %v", name, err)
			}
			answers[shown(err)] = true
		}
		late := d.link(t, first)
		env.Clock.Advance(10 * time.Minute)
		refused("late", late.Code)
		refused("empty", "")
		refused("a letter's secret", string(account.NewSecret()))
		good := d.link(t, first)
		other := "0"
		if good.Code[0] == '0' {
			other = "1"
		}
		refused("a typo", other+good.Code[1:])
		if err := d.SignOut(t.Context(), first.Actor); err != nil {
			t.Fatal(err)
		}
		refused("signed out", good.Code)
		disabled := d.signedInGuardian(t)
		link := d.link(t, disabled)
		d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id = ?", disabled.Actor.Account)
		refused("disabled", link.Code)
		if len(answers) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
	})
}

func TestTwoDevicesAtOnceAndOneIsSignedIn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first := d.signedInGuardian(t)
		for range 5 {
			link := d.link(t, first)
			outcomes := make([]error, 2)
			var group sync.WaitGroup
			for i := range outcomes {
				group.Go(func() { _, outcomes[i] = d.SignInWithDeviceLink(t.Context(), link.Code, phone) })
			}
			group.Wait()
			if (outcomes[0] == nil) == (outcomes[1] == nil) {
				t.Errorf("got %v", outcomes)
			}
		}
		if n := len(d.devices(t, first.Actor)); n != 6 {
			t.Errorf("%d devices", n)
		}
	})
}

// X7: a child that links its own phone from its mother's does not get a fresh session by it.
func TestX7AFurtherDeviceProvesNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		first := d.signedInGuardian(t)
		p := d.enrol(t, first.Actor)
		env.Clock.Advance(25 * time.Hour)
		second, err := d.SignInWithDeviceLink(t.Context(), d.link(t, first).Code, from("198.51.100.4"))
		if err != nil {
			t.Fatal(err)
		}
		err = env.DB.Read(d.ctx, func(tx *db.Tx) error {
			needed, err := d.NeedsPasskey(tx, second.Actor)
			if !needed {
				t.Error("a yes there needs no passkey")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.BeginPasskey(t.Context(), second.Actor, "Erika Muster")
		wantFault(t, err, fault.PasskeyNeeded)
		wantFault(t, d.RemovePasskey(t.Context(), second.Actor, p.made.ID), fault.PasskeyNeeded)
	})
}

func TestNoLinkFromASharedDeviceNorFromTheOffice(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		library := phone
		library.Shared = true
		_, err := d.MakeDeviceLink(t.Context(), d.byLetter(t, d.family(), library).Actor)
		wantFault(t, err, fault.NotAllowedHere)
		_, err = d.MakeDeviceLink(t.Context(), d.office)
		wantFault(t, err, fault.NotAllowedHere)
	})
}

func TestWrongDeviceCodesAreLimitedByAddressAndRightOnesAreNot(t *testing.T) {
	d := newDoor(t, testkit.NewSQLite(t))
	first := d.signedInGuardian(t)
	if _, err := d.SignInWithDeviceLink(t.Context(), d.link(t, first).Code, phone); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		_, err := d.SignInWithDeviceLink(t.Context(), "0000-0000", phone)
		wantFault(t, err, fault.DeviceCodeInvalid)
	}
	link := d.link(t, first)
	_, err := d.SignInWithDeviceLink(t.Context(), link.Code, phone)
	wantFault(t, err, fault.TooManyTries)
	if _, err := d.SignInWithDeviceLink(t.Context(), link.Code, from("198.51.100.9")); err != nil {
		t.Errorf("from another address: %v", err)
	}
	for range 28 {
		d.link(t, first)
	}
	_, err = d.MakeDeviceLink(t.Context(), first.Actor)
	wantFault(t, err, fault.TooManyTries)
}
