package account_test

import (
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

const firefoxOnLinux = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// byLetter signs the person in on the device; what it had before is out.
func (d *door) byLetter(t testing.TB, person id.Person, device account.Device) account.SignedIn {
	t.Helper()
	letter := d.issue(t, person)[0]
	signedIn, err := d.redeemFrom(letter, string(letter.Secret), birthDate, device)
	if err != nil {
		t.Fatal(err)
	}
	return signedIn
}

// linked signs whoever is in on one more device.
func (d *door) linked(t testing.TB, in account.SignedIn, device account.Device) account.SignedIn {
	t.Helper()
	link, err := d.MakeDeviceLink(t.Context(), in.Actor)
	if err != nil {
		t.Fatal(err)
	}
	signedIn, err := d.SignInWithDeviceLink(t.Context(), link.Code, device)
	if err != nil {
		t.Fatal(err)
	}
	return signedIn
}

func (d *door) devices(t testing.TB, actor authz.Actor) []account.SignedInDevice {
	t.Helper()
	devices, _, err := d.Devices(t.Context(), actor)
	if err != nil {
		t.Fatal(err)
	}
	return devices
}

func (d *door) wantSignedIn(t testing.TB, s account.SignedIn, want bool) {
	t.Helper()
	_, err := d.Authenticate(t.Context(), s.AccessToken)
	if want != (err == nil) || !want && !fault.Has(err, fault.NotSignedIn) {
		t.Errorf("signed in: want %v, got %v", want, err)
	}
	if _, err := d.Refresh(t.Context(), s.RefreshToken, s.DeviceToken); want != (err == nil) {
		t.Errorf("refresh: want %v, got %v", want, err)
	}
}

func TestDevicesAreListedInCoarseWords(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newPasskeyDoor(t, env)
		first := d.byLetter(t, d.family(), account.Device{Address: phone.Address, UserAgent: firefoxOnLinux})
		env.Clock.Advance(9 * time.Minute)
		second := d.linked(t, first, phone)
		d.enrol(t, second.Actor)
		d.signedInGuardian(t) // somebody else
		env.Clock.Advance(time.Minute)
		if _, err := d.Refresh(t.Context(), first.RefreshToken, first.DeviceToken); err != nil {
			t.Fatal(err)
		}
		devices, passkeys, err := d.Devices(t.Context(), first.Actor)
		if err != nil || len(devices) != 2 || len(passkeys) != 1 {
			t.Fatalf("%+v, %d passkeys (%v)", devices, len(passkeys), err)
		}
		old, young := devices[1], devices[0]
		if old.ID != first.Actor.Session || !old.Current || old.Kind != account.Computer || old.Browser != account.Firefox ||
			!old.LastSeen.Equal(env.Clock.Now()) || old.LastSeen.Sub(old.FirstSeen) != 10*time.Minute {
			t.Errorf("the one that asks is %+v", old)
		}
		if young.ID != second.Actor.Session || young.Current || young.Kind != account.UnknownDevice || !young.FirstSeen.Equal(young.LastSeen) {
			t.Errorf("the other one is %+v", young)
		}
		if found := d.searchDatabase(t, "rv:140"); found != "" {
			t.Errorf("%s keeps the whole User-Agent", found)
		}
	})
}

// Checklist B3, for one device by another: at the next request here, within a second elsewhere.
func TestB3ADeviceIsSignedOutByAnother(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		elsewhere := d.anotherInstance()
		lost, foreign := d.byLetter(t, d.family(), phone), d.signedInGuardian(t)
		kept := d.linked(t, lost, phone)
		for _, instance := range []*account.Service{d.Service, elsewhere} {
			if _, err := instance.Authenticate(t.Context(), lost.AccessToken); err != nil {
				t.Fatal(err)
			}
		}
		wantFault(t, d.EndDevice(t.Context(), foreign.Actor, lost.Actor.Session), fault.NothingHere)
		if err := d.EndDevice(t.Context(), kept.Actor, lost.Actor.Session); err != nil {
			t.Fatal(err)
		}
		_, err := d.Authenticate(t.Context(), lost.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		env.Clock.Advance(time.Second)
		_, err = elsewhere.Authenticate(t.Context(), lost.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		d.wantSignedIn(t, lost, false)
		d.wantSignedIn(t, kept, true)
		wantFault(t, d.EndDevice(t.Context(), kept.Actor, lost.Actor.Session), fault.NothingHere)
		if devices := d.devices(t, kept.Actor); len(devices) != 1 {
			t.Errorf("%+v", devices)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'device.signed_out' AND subject_id = ?", lost.Actor.Session); n != 1 {
			t.Errorf("%d audit entries", n)
		}
	})
}

func TestAllOtherDevicesAreSignedOutAtOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first, foreign := d.byLetter(t, d.family(), phone), d.signedInGuardian(t)
		second, kept := d.linked(t, first, phone), d.linked(t, first, phone)
		for range 2 { // the second time there is none
			if err := d.EndOtherDevices(t.Context(), kept.Actor); err != nil {
				t.Fatal(err)
			}
		}
		d.wantSignedIn(t, first, false)
		d.wantSignedIn(t, second, false)
		d.wantSignedIn(t, kept, true)
		d.wantSignedIn(t, foreign, true)
	})
}

// X8, for families: on a shared device a session ends half an hour after it was last used, and never later than others.
func TestX8ASharedDeviceForgetsWhoeverLeavesIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		library := phone
		library.Shared = true
		signedIn := d.byLetter(t, d.family(), library)
		if left := signedIn.RefreshExpires.Sub(env.Clock.Now()); !signedIn.Shared || left != 30*time.Minute {
			t.Fatalf("shared %v, %s left", signedIn.Shared, left)
		}
		for range 5 { // whoever goes on using it stays
			env.Clock.Advance(29 * time.Minute)
			next, err := d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken)
			if err != nil {
				t.Fatal(err)
			}
			if left := next.RefreshExpires.Sub(env.Clock.Now()); !next.Shared || left != 30*time.Minute {
				t.Fatalf("shared %v, %s left", next.Shared, left)
			}
			signedIn = next
		}
		env.Clock.Advance(30 * time.Minute)
		_, err := d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken)
		wantFault(t, err, fault.NotSignedIn)
		_, err = d.Authenticate(t.Context(), signedIn.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
	})
}

// Settled 16: whoever comes second into a browser starts clean.
func TestASecondLetterInABrowserEndsTheFirstSession(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first, elsewhere := d.signedInGuardian(t), d.signedInGuardian(t)
		if _, err := d.Authenticate(t.Context(), first.AccessToken); err != nil {
			t.Fatal(err)
		}
		same := phone
		same.Token = first.DeviceToken
		second := d.byLetter(t, d.family(), same)
		d.wantSignedIn(t, first, false)
		d.wantSignedIn(t, second, true)
		d.wantSignedIn(t, elsewhere, true)
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'session.reused' AND subject_id = ?", second.Actor.Session); n != 0 {
			t.Errorf("%d sessions count as stolen", n)
		}
	})
}
