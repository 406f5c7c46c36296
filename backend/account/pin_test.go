package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// aPupil makes a row that a card can refer to.
func (d *door) aPupil(t testing.TB) id.Pupil {
	t.Helper()
	pupil := id.New[id.Pupil]()
	d.exec(t, "INSERT INTO pupil (school_id, id, profile) VALUES (?, ?, ?)", d.school, pupil, []byte("x"))
	return pupil
}

func (d *door) card(t testing.TB, pupil id.Pupil) (card account.NewCard) {
	t.Helper()
	err := d.IssueCards(d.ctx, d.office, []id.Pupil{pupil}, func(cards []account.NewCard) error {
		card = cards[0]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func wrongPIN(right account.PIN) account.PIN {
	slices.Reverse(right[:])
	return right
}

// tablet is a browser that has a device token already.
func tablet(address string) account.Device {
	device := from(address)
	device.Token = account.KnownDevice("")
	return device
}

func (d *door) byPIN(card account.NewCard, pin account.PIN, device account.Device) (account.SignedIn, error) {
	return d.SignInWithPIN(context.Background(), d.school, card.Pupil, pin, device)
}

func TestX21WrongPINsSlowTheirDeviceDownAndNoOther(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		card := d.card(t, d.aPupil(t))
		classmate, own := tablet("198.51.100.7"), tablet("198.51.100.7")
		for range 4 {
			_, err := d.byPIN(card, wrongPIN(card.PIN), classmate)
			if wait := heard(t, err, fault.PINWrong).RetryAfter; wait != 0 {
				t.Fatalf("one of the first four waits %s", wait)
			}
		}
		for _, pause := range []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, 10 * time.Minute} {
			_, err := d.byPIN(card, wrongPIN(card.PIN), classmate)
			if told := heard(t, err, fault.PINWrong).RetryAfter; told != pause {
				t.Errorf("the pause is told as %s, want %s", told, pause)
			}
			_, err = d.byPIN(card, card.PIN, classmate)
			if wait := heard(t, err, fault.PINWait).RetryAfter; wait != pause {
				t.Errorf("the pause is %s, want %s", wait, pause)
			}
			env.Clock.Advance(pause)
		}
		if _, err := d.byPIN(card, card.PIN, own); err != nil {
			t.Errorf("the pupil's own device behind the same address: %v", err)
		}
	})
}

func TestX21FifteenWrongPINsOverAllDevicesBlockTheCardUntilThereIsANewOne(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		pupil := d.aPupil(t)
		card := d.card(t, pupil)
		for i := range 14 {
			_, err := d.byPIN(card, wrongPIN(card.PIN), tablet(fmt.Sprintf("198.51.100.%d", i)))
			wantFault(t, err, fault.PINWrong)
		}
		own := tablet("203.0.113.1")
		if _, err := d.byPIN(card, card.PIN, own); err != nil {
			t.Fatalf("after 14 wrong PINs elsewhere the right one: %v", err)
		}
		_, err := d.byPIN(card, wrongPIN(card.PIN), own)
		wantFault(t, err, fault.CardBlocked)
		_, err = d.byPIN(card, card.PIN, own)
		wantFault(t, err, fault.CardBlocked)
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'card.blocked'"); n != 1 {
			t.Errorf("%d audit entries about a blocked card", n)
		}
		fresh := d.card(t, pupil)
		if _, err := d.byPIN(fresh, fresh.PIN, own); err != nil {
			t.Errorf("the new card: %v", err)
		}
	})
}

func TestARightPINForgivesWhatWasWrongOnItsDeviceAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		card := d.card(t, d.aPupil(t))
		own, classmate := tablet("198.51.100.7"), tablet("198.51.100.7")
		_, err := d.byPIN(card, wrongPIN(card.PIN), classmate)
		wantFault(t, err, fault.PINWrong)
		for range 10 {
			for range 4 {
				_, err := d.byPIN(card, wrongPIN(card.PIN), own)
				wantFault(t, err, fault.PINWrong)
			}
			if _, err := d.byPIN(card, card.PIN, own); err != nil {
				t.Fatal(err)
			}
		}
		if n := d.count(t, "SELECT failures FROM pupil_card"); n != 1 {
			t.Errorf("%d wrong PINs are left, want the classmate's", n)
		}
	})
}

func TestFiftyWrongPINsAtOnceGetNoFurtherThanOneAfterTheOther(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		card := d.card(t, d.aPupil(t))
		device := tablet("198.51.100.7")
		before := d.hashings.Load()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _, _ = d.byPIN(card, wrongPIN(card.PIN), device) })
		}
		all.Wait()
		if tried := d.hashings.Load() - before; tried != 5 {
			t.Errorf("%d PINs were compared, want 5", tried)
		}
	})
}

func TestANewCardVoidsTheOldOneAndAPrinterThatFailsDoesNot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		pupil := d.aPupil(t)
		first := d.card(t, pupil)
		owner := func(card account.NewCard) (pupil id.Pupil, err error) {
			err = d.env.DB.Read(d.ctx, func(tx *db.Tx) (err error) {
				pupil, err = d.PupilOfKey(tx, card.Key)
				return err
			})
			return pupil, err
		}
		jammed := errors.New("paper jam")
		if err := d.IssueCards(d.ctx, d.office, []id.Pupil{pupil}, func([]account.NewCard) error { return jammed }); !errors.Is(err, jammed) {
			t.Errorf("a failing printer: %v", err)
		}
		if found, err := owner(first); err != nil || found != pupil {
			t.Errorf("after a paper jam the card is %v (%v)", found, err)
		}
		second := d.card(t, pupil)
		_, err := owner(first)
		wantFault(t, err, fault.CardVoid)
		_, err = owner(account.NewCard{Key: account.NewDoorKey(d.school)})
		wantFault(t, err, fault.DoorKeyUnknown)
		if found, err := owner(second); err != nil || found != pupil {
			t.Errorf("the new card is %v (%v)", found, err)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'card.issued' AND actor = ?", d.office.Account); n != 2 {
			t.Errorf("%d audit entries about cards", n)
		}
	})
}

// Checklist I10, C5: what is on paper is nowhere else.
func TestKeyAndPINStandInNoTableAndNoLog(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		card := d.card(t, d.aPupil(t))
		if _, err := d.byPIN(card, card.PIN, tablet("198.51.100.7")); err != nil {
			t.Fatal(err)
		}
		_, secret, _ := strings.Cut(string(card.Key), ".")
		for _, told := range []string{secret, card.PIN[0] + " " + card.PIN[1]} {
			for _, table := range []string{"pupil_card", "pin_failure", "audit", "session"} {
				var rows []map[string]any
				if err := d.env.DB.Read(d.ctx, func(tx *db.Tx) error { return tx.G().Table(table).Find(&rows).Error }); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(fmt.Sprint(rows), told) {
					t.Errorf("%q stands in %s", told, table)
				}
			}
			if strings.Contains(d.log.String(), told) {
				t.Errorf("%q stands in the log", told)
			}
		}
		for _, printed := range []string{fmt.Sprint(card), fmt.Sprintf("%+v", card), fmt.Sprintf("%#v", card.PIN), fmt.Sprintf("%#v", card.Key)} {
			if strings.Contains(printed, secret) || strings.Contains(printed, card.PIN[0]) {
				t.Errorf("it prints itself: %s", printed)
			}
		}
	})
}

func TestPINsAreFourDifferentPicturesAndAllPicturesOccur(t *testing.T) {
	env := testkit.NewSQLite(t)
	d := newDoor(t, env)
	seen := map[string]bool{}
	for range 100 {
		pin := d.card(t, d.aPupil(t)).PIN
		sorted := slices.Sorted(slices.Values(pin[:]))
		if len(slices.Compact(sorted)) != account.PINLength {
			t.Fatalf("a PIN of %v", pin[:])
		}
		for _, picture := range pin {
			seen[picture] = true
		}
	}
	if len(seen) != len(account.Pictures) {
		t.Errorf("100 PINs use %d pictures", len(seen))
	}
	for _, wrong := range [][]string{nil, {"sun", "moon", "star"}, {"sun", "moon", "star", "wolf"}, {"sun", "moon", "star", "tree", "fish"}} {
		if _, err := account.ParsePIN(wrong); err == nil {
			t.Errorf("%v is taken for a PIN", wrong)
		}
	}
}

func TestX8APupilsSessionEndsAfterFifteenMinutesWithoutATouch(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		card := d.card(t, d.aPupil(t))
		signedIn, err := d.byPIN(card, card.PIN, tablet("198.51.100.7"))
		if err != nil {
			t.Fatal(err)
		}
		if !signedIn.Shared || !signedIn.Actor.NoSay || signedIn.Actor.Role != authz.Pupil {
			t.Errorf("signed in as %+v", signedIn.Actor)
		}
		env.Clock.Advance(14 * time.Minute)
		touched, err := d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken)
		if err != nil {
			t.Fatal(err)
		}
		if actor, err := d.Authenticate(t.Context(), touched.AccessToken); err != nil || !actor.NoSay {
			t.Errorf("a refreshed token is that of %+v (%v)", actor, err)
		}
		env.Clock.Advance(15 * time.Minute)
		_, err = d.Refresh(t.Context(), touched.RefreshToken, touched.DeviceToken)
		wantFault(t, err, fault.NotSignedIn)
	})
}

func TestX8APupilsSessionEndsWithItsFirstMeetingHoweverOftenItIsRefreshed(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		pupil := d.aPupil(t)
		end := env.Clock.Now().Add(12 * time.Minute)
		d.WithPupilMeetings(func(_ *db.Tx, of id.Pupil, after time.Time) (time.Time, error) {
			if of != pupil || !after.Before(end) {
				return time.Time{}, nil
			}
			return end, nil
		})
		card := d.card(t, pupil)
		signedIn, err := d.byPIN(card, card.PIN, tablet("198.51.100.7"))
		if err != nil {
			t.Fatal(err)
		}
		env.Clock.Advance(9 * time.Minute)
		next, err := d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken)
		if err != nil || !next.RefreshExpires.Equal(end) || next.AccessExpires.After(end) {
			t.Fatalf("refreshed until %s and %s, want %s (%v)", next.RefreshExpires, next.AccessExpires, end, err)
		}
		env.Clock.Set(end)
		_, err = d.Authenticate(t.Context(), next.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		if again, err := d.byPIN(card, card.PIN, tablet("198.51.100.7")); err != nil {
			t.Errorf("after the meeting nobody comes in: %v", err)
		} else if _, err := d.Authenticate(t.Context(), again.AccessToken); err != nil {
			t.Errorf("a session that began afterwards: %v", err)
		}
	})
}

// Joining and lifting an own limit ask CheckFresh (settled 21).
func TestX8WhatAsksForAFreshPINAsksAgainAfterTenMinutes(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		card := d.card(t, d.aPupil(t))
		device := tablet("198.51.100.7")
		signedIn, err := d.byPIN(card, card.PIN, device)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.CheckFresh(t.Context(), signedIn.Actor); err != nil {
			t.Errorf("at once: %v", err)
		}
		env.Clock.Advance(10*time.Minute + time.Second)
		wantFault(t, d.CheckFresh(t.Context(), signedIn.Actor), fault.ReauthenticationNeeded)
		wantFault(t, d.ProvePIN(t.Context(), signedIn.Actor, wrongPIN(card.PIN), device), fault.PINWrong)
		wantFault(t, d.CheckFresh(t.Context(), signedIn.Actor), fault.ReauthenticationNeeded)
		if err := d.ProvePIN(t.Context(), signedIn.Actor, card.PIN, device); err != nil {
			t.Fatal(err)
		}
		if err := d.CheckFresh(t.Context(), signedIn.Actor); err != nil {
			t.Errorf("after the PIN: %v", err)
		}
	})
}

func TestX8TheNextChildOnATabletStartsClean(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first, second := d.card(t, d.aPupil(t)), d.card(t, d.aPupil(t))
		one, err := d.byPIN(first, first.PIN, tablet("198.51.100.7"))
		if err != nil {
			t.Fatal(err)
		}
		same := from("198.51.100.7")
		same.Token = one.DeviceToken
		if _, err := d.byPIN(second, second.PIN, same); err != nil {
			t.Fatal(err)
		}
		_, err = d.Authenticate(t.Context(), one.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
	})
}

// On the phone of a parent who has no passkey a child does not throw the parent out for good.
func TestNobodyIsSignedOutByAChildWhoCouldNotComeBack(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		card := d.card(t, d.aPupil(t))
		parent := d.signedInGuardian(t)
		device := phone
		device.Token = parent.DeviceToken
		_, err := d.byPIN(card, card.PIN, device)
		wantFault(t, err, fault.OwnDeviceNeedsPasskey)
		if _, err := d.Authenticate(t.Context(), parent.AccessToken); err != nil {
			t.Errorf("the parent is out: %v", err)
		}
	})
}

func TestAnOpeningIsForOneChildOnceAndWithinTenMinutes(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		pupil := d.aPupil(t)
		parent := d.signedInGuardian(t)
		var asked []any
		may := func(_ *db.Tx, guardian id.Person, child id.Pupil) error {
			asked = append(asked, guardian, child)
			return nil
		}
		open := func() string {
			opening, err := d.OpenForChild(d.ctx, parent.Actor, pupil)
			if err != nil {
				t.Fatal(err)
			}
			return opening.Code
		}
		code := open()
		child, err := d.SignInForChild(t.Context(), code, tablet("198.51.100.7"), may)
		if err != nil || child.Actor.Person != id.PupilOf(pupil) || !child.Actor.NoSay || child.Actor.Account == parent.Actor.Account {
			t.Fatalf("the child is %+v (%v)", child.Actor, err)
		}
		if !slices.Equal(asked, []any{parent.Actor.Person, pupil}) {
			t.Errorf("asked about %v", asked)
		}
		_, err = d.SignInForChild(t.Context(), code, tablet("198.51.100.7"), may)
		wantFault(t, err, fault.DeviceCodeInvalid)
		_, err = d.SignInWithDeviceLink(t.Context(), open(), tablet("198.51.100.7"))
		wantFault(t, err, fault.DeviceCodeInvalid)
		late := open()
		env.Clock.Advance(10 * time.Minute)
		_, err = d.SignInForChild(t.Context(), late, tablet("198.51.100.7"), may)
		wantFault(t, err, fault.DeviceCodeInvalid)
		refused := open()
		_, err = d.SignInForChild(t.Context(), refused, tablet("198.51.100.7"), func(*db.Tx, id.Person, id.Pupil) error { return fault.New(fault.NothingHere) })
		wantFault(t, err, fault.NothingHere)
		_, err = d.OpenForChild(d.ctx, child.Actor, pupil)
		wantFault(t, err, fault.NotAllowedHere)
		gone := open()
		if err := d.SignOut(t.Context(), parent.Actor); err != nil {
			t.Fatal(err)
		}
		_, err = d.SignInForChild(t.Context(), gone, tablet("198.51.100.7"), may)
		wantFault(t, err, fault.DeviceCodeInvalid)
	})
}

func TestAPupilWhoCameByPINKeepsNoDevicesAndNoPasskeys(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		card := d.card(t, d.aPupil(t))
		d.families.add(id.PupilOf(card.Pupil), birthDate)
		own, err := d.redeem(d.issue(t, id.PupilOf(card.Pupil))[0])
		if err != nil {
			t.Fatal(err)
		}
		signedIn, err := d.byPIN(card, card.PIN, tablet("198.51.100.7"))
		if err != nil || signedIn.Actor.Account != own.Actor.Account || own.Actor.NoSay {
			t.Fatalf("by PIN %+v, by letter %+v (%v)", signedIn.Actor, own.Actor, err)
		}
		_, _, err = d.Devices(t.Context(), signedIn.Actor)
		wantFault(t, err, fault.NotAllowedHere)
		wantFault(t, d.EndDevice(t.Context(), signedIn.Actor, own.Actor.Session), fault.NotAllowedHere)
		wantFault(t, d.EndOtherDevices(t.Context(), signedIn.Actor), fault.NotAllowedHere)
		if _, err := d.Authenticate(t.Context(), own.AccessToken); err != nil {
			t.Errorf("the own phone is out: %v", err)
		}
	})
}
