package account_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/fault"
	"einverstanden/backend/testkit"
)

func TestARefreshReplacesBothTokens(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first := d.signedInGuardian(t)
		if !strings.HasPrefix(first.RefreshToken, string(d.school)+".") {
			t.Error("the token does not carry its school")
		}
		env.Clock.Advance(9 * time.Minute)
		second, err := d.Refresh(t.Context(), first.RefreshToken, first.DeviceToken)
		if err != nil {
			t.Fatal(err)
		}
		if second.Actor != first.Actor || second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken ||
			second.DeviceToken != first.DeviceToken || !second.RefreshExpires.Equal(first.RefreshExpires) || second.Language != "tr" {
			t.Errorf("from %+v to %+v", first, second)
		}
		if actor, err := d.Authenticate(t.Context(), second.AccessToken); err != nil || actor != first.Actor {
			t.Errorf("authenticated as %v (%v)", actor, err)
		}
		env.Clock.Advance(time.Minute)
		third, err := d.Refresh(t.Context(), second.RefreshToken, second.DeviceToken)
		if err != nil || third.RefreshToken == second.RefreshToken {
			t.Fatalf("a second refresh: %v", err)
		}
	})
}

// Checklist B4: a token that was replaced comes back after the half minute: the session is over for everybody.
func TestB4AReusedRefreshTokenEndsTheSession(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		for name, reuse := range map[string]func(first, second account.SignedIn) (token, device string){
			"after the half minute": func(first, _ account.SignedIn) (string, string) {
				env.Clock.Advance(30*time.Second + time.Microsecond)
				return first.RefreshToken, first.DeviceToken
			},
			"from another device": func(first, _ account.SignedIn) (string, string) {
				return first.RefreshToken, ""
			},
			"the present token from another device": func(_, second account.SignedIn) (string, string) {
				return second.RefreshToken, "else"
			},
			"two generations old": func(first, second account.SignedIn) (string, string) {
				if _, err := d.Refresh(t.Context(), second.RefreshToken, second.DeviceToken); err != nil {
					t.Fatal(err)
				}
				return first.RefreshToken, first.DeviceToken
			},
		} {
			t.Run(name, func(t *testing.T) {
				first := d.signedInGuardian(t)
				second, err := d.Refresh(t.Context(), first.RefreshToken, first.DeviceToken)
				if err != nil {
					t.Fatal(err)
				}
				token, device := reuse(first, second)
				_, err = d.Refresh(t.Context(), token, device)
				wantFault(t, err, fault.NotSignedIn)
				_, err = d.Refresh(t.Context(), second.RefreshToken, second.DeviceToken)
				wantFault(t, err, fault.NotSignedIn)
				for _, access := range []string{first.AccessToken, second.AccessToken} {
					_, err = d.Authenticate(t.Context(), access)
					wantFault(t, err, fault.NotSignedIn)
				}
				if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'session.reused' AND subject_id = ?", first.Actor.Session); n != 1 {
					t.Errorf("%d audit entries", n)
				}
			})
		}
	})
}

// Checklist B5: a lost answer, a double tap, two tabs: one successor, and nobody is signed out.
func TestB5ParallelRefreshesHaveOneSuccessor(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first := d.signedInGuardian(t)
		var mu sync.Mutex
		successors := map[string]bool{}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				next, err := d.Refresh(t.Context(), first.RefreshToken, first.DeviceToken)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				successors[next.RefreshToken] = true
			})
		}
		group.Wait()
		env.Clock.Advance(30 * time.Second)
		late, err := d.Refresh(t.Context(), first.RefreshToken, first.DeviceToken)
		if err != nil {
			t.Fatalf("within the half minute: %v", err)
		}
		successors[late.RefreshToken] = true
		if len(successors) != 1 {
			t.Fatalf("%d successors", len(successors))
		}
		if _, err := d.Refresh(t.Context(), late.RefreshToken, late.DeviceToken); err != nil {
			t.Errorf("the successor: %v", err)
		}
		if _, err := d.Authenticate(t.Context(), late.AccessToken); err != nil {
			t.Error(err)
		}
	})
}

// An invented token for a session whose id is known must not end it.
func TestAnInventedRefreshTokenEndsNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mine, theirs := d.signedInGuardian(t), d.signedInGuardian(t)
		prefix := strings.TrimSuffix(theirs.RefreshToken, secretPart(theirs.RefreshToken))
		for _, token := range []string{prefix + secretPart(mine.RefreshToken), prefix + strings.Repeat("A", 64), prefix, ""} {
			_, err := d.Refresh(t.Context(), token, theirs.DeviceToken)
			wantFault(t, err, fault.NotSignedIn)
		}
		if _, err := d.Refresh(t.Context(), theirs.RefreshToken, theirs.DeviceToken); err != nil {
			t.Error(err)
		}
	})
}

// Checklist B3: after signing out the access token is dead at the next request here, within a second elsewhere.
func TestB3SigningOutWorksAtOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		elsewhere := d.anotherInstance()
		signedIn, other := d.signedInGuardian(t), d.signedInGuardian(t)
		for _, instance := range []*account.Service{d.Service, elsewhere} {
			if _, err := instance.Authenticate(t.Context(), signedIn.AccessToken); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // signing out twice is no fault
			if err := d.SignOut(t.Context(), signedIn.Actor); err != nil {
				t.Fatal(err)
			}
		}
		_, err := d.Authenticate(t.Context(), signedIn.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		env.Clock.Advance(time.Second)
		_, err = elsewhere.Authenticate(t.Context(), signedIn.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		_, err = d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken)
		wantFault(t, err, fault.NotSignedIn)
		if _, err := d.Authenticate(t.Context(), other.AccessToken); err != nil {
			t.Errorf("somebody else's session: %v", err)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'session.reused'"); n != 0 {
			t.Errorf("%d sessions count as stolen", n)
		}
	})
}

// Checklist B9, this package's part: a disabled account's sessions are over within a second.
func TestB9ADisabledAccountIsOut(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		signedIn := d.signedInGuardian(t)
		if _, err := d.Authenticate(t.Context(), signedIn.AccessToken); err != nil {
			t.Fatal(err)
		}
		d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id = ?", signedIn.Actor.Account)
		env.Clock.Advance(time.Second)
		_, err := d.Authenticate(t.Context(), signedIn.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
		_, err = d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken)
		wantFault(t, err, fault.NotSignedIn)
	})
}

func TestASessionEndsHoweverOftenItIsRefreshed(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		signedIn, err := d.SignInWithPassword(t.Context(), "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		end := signedIn.RefreshExpires
		env.Clock.Set(end.Add(-5 * time.Minute))
		signedIn, err = d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken)
		if err != nil || !signedIn.AccessExpires.Equal(end) {
			t.Fatalf("access until %s, session until %s (%v)", signedIn.AccessExpires, end, err)
		}
		env.Clock.Set(end)
		_, err = d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken)
		wantFault(t, err, fault.NotSignedIn)
		_, err = d.Authenticate(t.Context(), signedIn.AccessToken) // the token's leeway does not lengthen the session
		wantFault(t, err, fault.NotSignedIn)
	})
}

// A clock that is set back gives nothing back: neither an ended session nor a remembered one.
func TestAClockSetBackRevivesNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		elsewhere := d.anotherInstance()
		signedIn := d.signedInGuardian(t)
		env.Clock.Advance(5 * time.Second)
		if _, err := elsewhere.Authenticate(t.Context(), signedIn.AccessToken); err != nil {
			t.Fatal(err)
		}
		if err := d.SignOut(t.Context(), signedIn.Actor); err != nil {
			t.Fatal(err)
		}
		env.Clock.Advance(-5 * time.Second)
		_, err := elsewhere.Authenticate(t.Context(), signedIn.AccessToken)
		wantFault(t, err, fault.NotSignedIn)
	})
}

func TestADeviceKeepsItsToken(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		first := d.signedInGuardian(t)
		device := phone
		device.Token = first.DeviceToken
		letter := d.issue(t, d.family())[0]
		second, err := d.redeemFrom(letter, string(letter.Secret), birthDate, device)
		if err != nil || second.DeviceToken != first.DeviceToken {
			t.Errorf("%q became %q (%v)", first.DeviceToken, second.DeviceToken, err)
		}
		device.Token = "chosen by the browser"
		third, err := d.SignInWithPassword(t.Context(), "office@schule.example", goodPassword, account.Proof{}, device)
		if err != nil || third.DeviceToken == device.Token || third.DeviceToken == first.DeviceToken {
			t.Errorf("kept %q (%v)", third.DeviceToken, err)
		}
	})
}

// A database that does not answer signs nobody out.
func TestAFaultOfOursIsNotTheirs(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		signedIn := d.signedInGuardian(t)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := d.Authenticate(gone, signedIn.AccessToken)
		wantFault(t, err, fault.TakesTooLong)
		_, err = d.Refresh(gone, signedIn.RefreshToken, signedIn.DeviceToken)
		wantFault(t, err, fault.TakesTooLong)
		_, err = d.SignInWithPassword(gone, "office@schule.example", goodPassword, account.Proof{}, phone)
		wantFault(t, err, fault.TakesTooLong)
		if _, err := d.Refresh(t.Context(), signedIn.RefreshToken, signedIn.DeviceToken); err != nil {
			t.Error(err)
		}
	})
}
