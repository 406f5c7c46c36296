package account_test

import (
	"fmt"
	"regexp"
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

func (d *door) token(t testing.TB, maker authz.Actor, life time.Duration, scopes ...authz.Scope) account.MadeAPIToken {
	t.Helper()
	made, err := d.MakeAPIToken(d.ctx, maker, account.NewAPIToken{Name: " Anzeige im Foyer ", Scopes: scopes, Life: life})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestATokenIsShownOnceAndKeptAsAKeyedHash(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		made := d.token(t, d.office, 0, authz.ScopeModes, authz.ScopeClasses, authz.ScopeModes)
		if !regexp.MustCompile(`^einv_[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$`).MatchString(string(made.Secret)) {
			t.Errorf("token %q", string(made.Secret))
		}
		if text := fmt.Sprintf("%v %+v %#v", made.Secret, made, made); strings.Contains(text, string(made.Secret)) {
			t.Error("the token prints itself")
		}
		actor, err := d.AuthenticateProgram(t.Context(), string(made.Secret))
		if err != nil || actor.Role != authz.Program || actor.Scopes != "classes modes" || actor.School != d.school {
			t.Errorf("%+v, %v", actor, err)
		}
		if actor.Account == d.office.Account || string(actor.Account) != string(made.ID) || actor.Session != "" {
			t.Errorf("the program comes as a person: %+v", actor)
		}
		names, err := d.Names(d.ctx, []id.Account{actor.Account})
		if err != nil || len(names) != 0 {
			t.Errorf("the program has the name of a person: %v, %v", names, err)
		}
		_, secret, _ := strings.Cut(string(made.Secret), ".")
		for _, part := range []string{secret, "Anzeige"} {
			if n := d.count(t, "SELECT count(*) FROM api_token WHERE token_hash LIKE ? OR CAST(body AS text) LIKE ?", "%"+part+"%", "%"+part+"%"); n != 0 {
				t.Errorf("%s lies in the clear", part)
			}
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'api_token.made' AND actor = ? AND subject_id = ?", d.office.Account, made.ID); n != 1 {
			t.Errorf("%d audit entries", n)
		}
	})
}

func TestOnlyOfficeAndHeadMakeTokens(t *testing.T) {
	d := newDoor(t, testkit.NewSQLite(t))
	program := authz.Actor{School: d.school, Role: authz.Program, Scopes: "classes open_answers modes"}
	actors := []authz.Actor{program}
	for _, role := range append(authz.Roles, authz.Nobody) {
		if role != authz.Office && role != authz.Head {
			actors = append(actors, authz.Actor{School: d.school, Account: d.office.Account, Role: role})
		}
	}
	for _, actor := range actors {
		_, err := d.MakeAPIToken(d.ctx, actor, account.NewAPIToken{Name: "x", Scopes: authz.AllScopes})
		wantFault(t, err, fault.NotAllowedHere)
		_, err = d.APITokens(d.ctx, actor)
		wantFault(t, err, fault.NotAllowedHere)
		wantFault(t, d.RevokeAPIToken(d.ctx, actor, "x"), fault.NotAllowedHere)
	}
}

// Settled 20: tokens end with their maker, whichever way that goes.
func TestX14ATokenEndsWithItsMaker(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		head := d.staff(t, "Rosa Kieselstein", "head@schule.example", authz.Head)
		for name, end := range map[string]func(maker authz.Actor) error{
			"disabled":     func(maker authz.Actor) error { return d.DisableAccount(d.ctx, head, maker.Account) },
			"another role": func(maker authz.Actor) error { return d.SetRole(d.ctx, head, maker.Account, authz.Teacher) },
			"disabled past the service": func(maker authz.Actor) error {
				d.exec(t, "UPDATE account SET disabled_at = 1 WHERE id = ?", maker.Account)
				return nil
			},
			"a role lost past the service": func(maker authz.Actor) error {
				d.exec(t, "DELETE FROM account_role WHERE account_id = ?", maker.Account)
				return nil
			},
		} {
			maker := d.staff(t, "Jo Wanderfalk", strings.ReplaceAll(name, " ", "-")+"@schule.example", authz.Office)
			made := d.token(t, maker, 0, authz.ScopeClasses)
			if _, err := d.AuthenticateProgram(t.Context(), string(made.Secret)); err != nil {
				t.Fatal(err)
			}
			if err := end(maker); err != nil {
				t.Fatal(err)
			}
			_, err := d.anotherInstance().AuthenticateProgram(t.Context(), string(made.Secret))
			wantFault(t, err, fault.NotSignedIn)
			if listed := d.listed(t, made); listed.State != account.APITokenRevoked {
				t.Errorf("%s: listed as %s", name, listed.State)
			}
			if !strings.Contains(name, "past") {
				if err := d.EnableAccount(d.ctx, head, maker.Account); err != nil {
					t.Fatal(err)
				}
				_, err = d.AuthenticateProgram(t.Context(), string(made.Secret))
				wantFault(t, err, fault.NotSignedIn)
			}
		}
	})
}

// An account that is erased takes its tokens with it.
func TestAnErasedMakerLeavesNoToken(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		person := d.family()
		in, err := d.redeem(d.issue(t, person)[0])
		if err != nil {
			t.Fatal(err)
		}
		made := d.token(t, authz.Actor{School: d.school, Account: in.Actor.Account, Role: authz.Office}, 0, authz.ScopeClasses)
		err = env.DB.WriteAlone(d.ctx, func(tx *db.Tx) error {
			tx.MarkAudited()
			return d.Erase(tx, person, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := d.count(t, "SELECT count(*) FROM api_token WHERE id = ?", made.ID); n != 0 {
			t.Errorf("%d tokens are left", n)
		}
		_, err = d.AuthenticateProgram(t.Context(), string(made.Secret))
		wantFault(t, err, fault.NotSignedIn)
	})
}

func TestATokenExpires(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		made := d.token(t, d.office, account.APITokenLongest, authz.ScopeClasses)
		env.Clock.Advance(account.APITokenLongest - time.Microsecond)
		if _, err := d.AuthenticateProgram(t.Context(), string(made.Secret)); err != nil {
			t.Error(err)
		}
		env.Clock.Advance(time.Microsecond)
		_, err := d.AuthenticateProgram(t.Context(), string(made.Secret))
		wantFault(t, err, fault.NotSignedIn)
		if listed := d.listed(t, made); listed.State != account.APITokenExpired {
			t.Errorf("listed as %s", listed.State)
		}
		_, err = d.MakeAPIToken(d.ctx, d.office, account.NewAPIToken{Name: "x", Scopes: authz.AllScopes, Life: account.APITokenLongest + 1})
		wantFault(t, err, fault.InvalidInput)
	})
}

// Last use is told to the hour, and written once in it.
func TestUseIsNotedOnceAnHour(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		env.Clock.Set(env.Clock.Now().Truncate(time.Hour).Add(7 * time.Minute))
		made := d.token(t, d.office, 0, authz.ScopeClasses)
		if listed := d.listed(t, made); !listed.LastUsed.IsZero() {
			t.Errorf("used %s before its first use", listed.LastUsed)
		}
		use := func() {
			t.Helper()
			if _, err := d.AuthenticateProgram(t.Context(), string(made.Secret)); err != nil {
				t.Fatal(err)
			}
		}
		var users sync.WaitGroup
		for range 8 {
			users.Go(use)
		}
		users.Wait()
		hour := env.Clock.Now().Truncate(time.Hour)
		if listed := d.listed(t, made); !listed.LastUsed.Equal(hour) {
			t.Errorf("used %s, want %s", listed.LastUsed, hour)
		}
		d.exec(t, "UPDATE api_token SET last_used_at = last_used_at + 1")
		use()
		if listed := d.listed(t, made); !listed.LastUsed.Equal(hour.Add(time.Microsecond)) {
			t.Error("a second use in the hour is written")
		}
		env.Clock.Advance(time.Hour)
		use()
		if listed := d.listed(t, made); !listed.LastUsed.Equal(hour.Add(time.Hour)) {
			t.Errorf("used %s in the next hour", listed.LastUsed)
		}
	})
}

func TestParallelRevocationsHaveOneTrace(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		made := d.token(t, d.office, 0, authz.ScopeClasses)
		faults := make([]error, 8)
		var all sync.WaitGroup
		for i := range faults {
			all.Go(func() { faults[i] = d.RevokeAPIToken(d.ctx, d.office, made.ID) })
		}
		all.Wait()
		done := slices.DeleteFunc(faults, func(err error) bool { return fault.Has(err, fault.AlreadyDone) })
		if len(done) != 1 || done[0] != nil {
			t.Errorf("revoked with %v", done)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'api_token.revoked' AND subject_id = ?", made.ID); n != 1 {
			t.Errorf("%d audit entries", n)
		}
	})
}

func (d *door) listed(t testing.TB, made account.MadeAPIToken) account.APIToken {
	t.Helper()
	tokens, err := d.APITokens(d.ctx, d.office)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if token.ID == made.ID {
			if token.Name != "Anzeige im Foyer" {
				t.Errorf("called %q", token.Name)
			}
			return token
		}
	}
	t.Fatal("the token is not listed")
	return account.APIToken{}
}
