package account_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/oidc"
	"einverstanden/backend/testkit"
)

func TestX12AProviderMakesTeachersAndPupilsByGroupIDAlone(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		lena := g.pupils.add("uuid-lena")
		teacher := g.wantActor(t, "nele", authz.Teacher, id.Person{})
		g.wantActor(t, "rolle", authz.Teacher, id.Person{})
		pupil := g.wantActor(t, "lena", authz.Pupil, id.PupilOf(lena))
		if again := g.wantActor(t, "nele", authz.Teacher, id.Person{}); again.Account != teacher.Account {
			t.Error("the same teacher has two accounts")
		}
		if again := g.wantActor(t, "lena", authz.Pupil, id.PupilOf(lena)); again.Account != pupil.Account {
			t.Error("the same pupil has two accounts")
		}
		before := g.links(t)
		for _, subject := range []string{"gast", "schelm", "beides"} {
			_, err := g.signIn(t, subject)
			wantFault(t, err, fault.OIDCNoRole)
		}
		if g.links(t) != before || g.count(t, "SELECT count(*) FROM oidc_link") != before {
			t.Error("somebody without a role was kept")
		}
		settings, err := g.OIDC(g.ctx, g.head)
		if err != nil || !slices.ContainsFunc(settings.Seen, func(s oidc.Group) bool { return s.ID == "gaeste" && s.Name == "Gruppe gaeste" }) {
			t.Errorf("seen groups %+v, %v", settings.Seen, err)
		}
	})
}

func TestX12OnlyTheHeadSaysWhichGroupsAreWhat(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		nobody := account.OIDCSettings{Issuer: issuer.URL, ClientID: "einverstanden"}
		for _, role := range []authz.Role{authz.Guardian, authz.Pupil, authz.Teacher, authz.Office, authz.DPO} {
			actor := authz.Actor{School: g.school, Account: g.office.Account, Role: role}
			wantFault(t, g.SetOIDC(g.ctx, actor, nobody, "x"), fault.NotAllowedHere)
			wantFault(t, g.RemoveOIDC(g.ctx, actor), fault.NotAllowedHere)
			_, err := g.OIDC(g.ctx, actor)
			wantFault(t, err, fault.NotAllowedHere)
			_, err = g.TryOIDC(g.ctx, actor)
			wantFault(t, err, fault.NotAllowedHere)
		}
		if found, err := g.TryOIDC(g.ctx, g.head); err != nil || !slices.Equal(found, []oidc.Finding{oidc.Fine}) {
			t.Errorf("%v, %v", found, err)
		}
		set := nobody
		set.Teachers = []oidc.Group{{Kind: "office", ID: "x"}}
		wantFault(t, g.SetOIDC(g.ctx, g.head, set, ""), fault.InvalidInput)
	})
}

func TestX12ANamesakeWaitsForTheOffice(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		jan := g.pupils.add("anything")
		_, err := g.signIn(t, "jan")
		wantFault(t, err, fault.OIDCWaiting)
		waits := g.waiting(t)
		if waits.Name != "Jan Fremd" || waits.Role != authz.Pupil {
			t.Errorf("%+v waits", waits)
		}
		stranger := g.staff(t, "Tom Tafel", "tom@schule.example", authz.Teacher)
		wantFault(t, g.LinkOIDC(g.ctx, stranger, waits.ID, account.OIDCIdentity{Pupil: jan}), fault.NotAllowedHere)
		wantFault(t, g.LinkOIDC(g.ctx, g.office, waits.ID, account.OIDCIdentity{Account: stranger.Account}), fault.InvalidInput)
		wantFault(t, g.LinkOIDC(g.ctx, g.office, waits.ID, account.OIDCIdentity{}), fault.InvalidInput)
		wantFault(t, g.LinkOIDC(g.ctx, g.office, waits.ID, account.OIDCIdentity{Pupil: "nobody"}), fault.InvalidInput)
		wantFault(t, g.LinkOIDC(g.ctx, g.office, id.New[id.OIDCLink](), account.OIDCIdentity{Pupil: jan}), fault.NothingHere)
		if err := g.LinkOIDC(g.ctx, g.office, waits.ID, account.OIDCIdentity{Pupil: jan}); err != nil {
			t.Fatal(err)
		}
		wantFault(t, g.LinkOIDC(g.ctx, g.office, waits.ID, account.OIDCIdentity{Pupil: jan}), fault.NothingHere)
		g.wantActor(t, "jan", authz.Pupil, id.PupilOf(jan))

		_, err = g.signIn(t, "hanne") // called like the office's Hanne Amselweg
		wantFault(t, err, fault.OIDCWaiting)
		waits = g.waiting(t)
		wantFault(t, g.LinkOIDC(g.ctx, g.office, waits.ID, account.OIDCIdentity{Account: g.head.Account}), fault.NotAllowedHere)
		wantFault(t, g.LinkOIDC(g.ctx, g.office, waits.ID, account.OIDCIdentity{Account: "nobody"}), fault.InvalidInput)
		if err := g.LinkOIDC(g.ctx, g.office, waits.ID, account.OIDCIdentity{}); err != nil {
			t.Fatal(err)
		}
		if came := g.wantActor(t, "hanne", authz.Teacher, id.Person{}); came.Account == g.office.Account {
			t.Error("the namesake came into the office's account")
		}
	})
}

// Two subjects that bear one import id are not one pupil: the second waits.
func TestX12OnePupilIsOneSubject(t *testing.T) {
	issuer := newIssuer(t, func(c *testkit.IssuerConfig) {
		c.Accounts = map[string]map[string]any{"lena": people["lena"], "double": people["lena"]}
	})
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		lena := g.pupils.add("uuid-lena")
		g.wantActor(t, "lena", authz.Pupil, id.PupilOf(lena))
		_, err := g.signIn(t, "double")
		wantFault(t, err, fault.OIDCWaiting)
		wantFault(t, g.LinkOIDC(g.ctx, g.office, g.waiting(t).ID, account.OIDCIdentity{Pupil: lena}), fault.AlreadyExists)
	})
}

func TestX12OfficeHeadAndDPOProveASecondFactorOfOurs(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		_, err := g.signIn(t, "hanne")
		wantFault(t, err, fault.OIDCWaiting)
		if err := g.LinkOIDC(g.ctx, g.head, g.waiting(t).ID, account.OIDCIdentity{Account: g.office.Account}); err != nil {
			t.Fatal(err)
		}
		first, err := g.signIn(t, "hanne")
		if err != nil || !first.SignedIn.Actor.Limited || first.SignedIn.Actor.Role != authz.Office {
			t.Fatalf("without a second factor: %+v, %v", first.SignedIn.Actor, err)
		}
		if factors, err := g.OwnFactors(g.ctx, first.SignedIn.Actor); err != nil || factors.Enrols { // or the app would offer it
			t.Errorf("a passkey for whoever the provider lets in: %+v, %v", factors, err)
		}
		secret := account.TOTPSecret("12345678901234567890")
		if err := g.SetUpTOTP(g.ctx, g.office.Account, secret); err != nil {
			t.Fatal(err)
		}
		asked, err := g.signIn(t, "hanne")
		if err != nil || asked.Factor == "" || asked.SignedIn.AccessToken != "" {
			t.Fatalf("with one: %+v, %v", asked, err)
		}
		code, err := secret.Code(env.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.ProveOIDCFactor(context.Background(), asked.Factor, account.Proof{Code: "000000"}, phone)
		wantFault(t, err, fault.SecondFactorWrong)
		_, err = g.ProveOIDCFactor(context.Background(), asked.Factor, account.Proof{}, phone)
		wantFault(t, err, fault.SecondFactorNeeded)
		_, err = g.ProveOIDCFactor(context.Background(), "another", account.Proof{Code: code}, phone)
		wantFault(t, err, fault.OIDCRefused)
		in, err := g.ProveOIDCFactor(context.Background(), asked.Factor, account.Proof{Code: code}, phone)
		if err != nil || in.Actor.Limited || in.Actor.Account != g.office.Account || in.Actor.Role != authz.Office {
			t.Fatalf("%+v, %v", in.Actor, err)
		}
		if err := g.CheckFresh(g.ctx, in.Actor); err != nil {
			t.Errorf("a second factor just proved is fresh: %v", err)
		}
		_, err = g.ProveOIDCFactor(context.Background(), asked.Factor, account.Proof{Code: code}, phone)
		wantFault(t, err, fault.OIDCRefused)
	})
}

func TestX12ASignInThatWaitsForASecondFactorEndsInTenMinutesAndWithItsLink(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		_, err := g.signIn(t, "hanne")
		wantFault(t, err, fault.OIDCWaiting)
		link := g.waiting(t).ID
		if err := g.LinkOIDC(g.ctx, g.head, link, account.OIDCIdentity{Account: g.office.Account}); err != nil {
			t.Fatal(err)
		}
		secret := account.TOTPSecret("12345678901234567890")
		if err := g.SetUpTOTP(g.ctx, g.office.Account, secret); err != nil {
			t.Fatal(err)
		}
		ask := func() string {
			asked, err := g.signIn(t, "hanne")
			if err != nil {
				t.Fatal(err)
			}
			return asked.Factor
		}
		prove := func(factor string) error {
			code, err := secret.Code(env.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			_, err = g.ProveOIDCFactor(context.Background(), factor, account.Proof{Code: code}, phone)
			return err
		}
		late, unlinked := ask(), ask()
		if err := g.UnlinkOIDC(g.ctx, g.office, link); err != nil {
			t.Fatal(err)
		}
		wantFault(t, prove(unlinked), fault.OIDCRefused)
		env.Clock.Advance(10*time.Minute + time.Second)
		wantFault(t, prove(late), fault.OIDCRefused)
	})
}

func TestC8StateCountsOnceInTheBrowserThatBeganForTenMinutes(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		mine, theirs := g.goTo(t, "nele"), g.goTo(t, "rolle")

		crossed := mine
		crossed.browser = theirs.browser
		g.wantRefused(t, "state in another browser", crossed)
		crossed = mine
		crossed.browser = ""
		g.wantRefused(t, "state in no browser", crossed)
		crossed = mine
		crossed.state = "guessed"
		g.wantRefused(t, "another state", crossed)
		crossed = theirs
		crossed.reply = mine.reply
		g.wantRefused(t, "a code of another sign-in", crossed)

		if _, err := g.finish(mine); err != nil {
			t.Errorf("what others tried used it up: %v", err)
		}
		g.wantRefused(t, "state used twice", mine)

		late := g.goTo(t, "nele")
		env.Clock.Advance(10*time.Minute + time.Second)
		g.wantRefused(t, "state too old", late)
	})
}

func TestC8TheSameSubjectOfAnotherSchoolsIssuerIsSomebodyElse(t *testing.T) {
	ours, theirs := newIssuer(t), newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		beside := env
		if env.DB.Dialect() == db.SQLite { // which holds one school
			beside = testkit.NewSQLite(t)
		}
		g, other := newGate(t, env, ours), newGate(t, beside, theirs)
		lena := g.pupils.add("uuid-lena")
		g.wantActor(t, "lena", authz.Pupil, id.PupilOf(lena))
		teacher := g.wantActor(t, "nele", authz.Teacher, id.Person{})

		_, err := other.signIn(t, "lena")
		wantFault(t, err, fault.OIDCWaiting)
		if their := other.wantActor(t, "nele", authz.Teacher, id.Person{}); their.Account == teacher.Account {
			t.Error("the same subject came into another school's account")
		}

		// The answer of another school's provider to a sign-in that our school began.
		mine := g.goTo(t, "nele")
		mine.reply = other.goTo(t, "nele").reply
		g.wantRefused(t, "another issuer's answer", mine)
		mine = g.goTo(t, "nele")
		mine.reply.Issuer = theirs.URL
		g.wantRefused(t, "another issuer's name", mine)
		if g.links(t) != 2 {
			t.Errorf("%d links", g.links(t))
		}
	})
}

// Another provider at the same school: its subjects are other people, and nothing that began before goes on.
func TestC8AnotherIssuerEndsLinksAndSessionsOfTheOneBefore(t *testing.T) {
	first, second := newIssuer(t), newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, first)
		g.pupils.add("uuid-lena")
		pupil, err := g.signIn(t, "lena")
		if err != nil {
			t.Fatal(err)
		}
		began := g.goTo(t, "lena")
		if err := g.SetOIDC(g.ctx, g.head, settingsFor(second), ""); !fault.Has(err, fault.InvalidInput) {
			t.Fatalf("the secret goes to another issuer: %v", err)
		}
		if g.links(t) != 1 {
			t.Fatal("a refused change took links away")
		}
		g.setUp(t, second)
		if g.count(t, "SELECT count(*) FROM oidc_link") != 0 {
			t.Error("links are left")
		}
		if _, err := g.Authenticate(context.Background(), pupil.SignedIn.AccessToken); !fault.Has(err, fault.NotSignedIn) {
			t.Errorf("the session goes on: %v", err)
		}
		g.wantRefused(t, "begun at the provider before", began)
		for issuer, want := range map[string]id.School{first.URL: "", second.URL: g.school} {
			if found, err := g.SchoolOfIssuer(context.Background(), issuer); err != nil || found != want {
				t.Errorf("%s is of %q, %v", issuer, found, err)
			}
		}
	})
}

func TestASecretIsKeptForItsIssuerAndNeverTold(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		set := settingsFor(issuer)
		set.Label = "IServ der Schule"
		if err := g.SetOIDC(g.ctx, g.head, set, ""); err != nil {
			t.Fatal(err)
		}
		g.wantActor(t, "nele", authz.Teacher, id.Person{})
		told, err := g.OIDC(g.ctx, g.head)
		if err != nil || told.Label != "IServ der Schule" || told.Redirect != publicURL.String()+account.OIDCCallback {
			t.Errorf("%+v, %v", told, err)
		}
		set.ClientID = "another"
		wantFault(t, g.SetOIDC(g.ctx, g.head, set, ""), fault.InvalidInput)
		for _, table := range []string{"oidc_issuer", "oidc_link", "audit", "directory", "ceremony"} {
			var rows []map[string]any
			err := g.env.DB.Read(g.ctx, func(tx *db.Tx) error { return tx.G().Table(table).Find(&rows).Error })
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{clientSecret, issuer.URL, "Nele"} {
				if holds(rows, text) {
					t.Errorf("%s holds %q", table, text)
				}
			}
		}
		if err := g.RemoveOIDC(g.ctx, g.head); err != nil {
			t.Fatal(err)
		}
		_, err = g.BeginOIDC(context.Background(), g.school, phone.Address)
		wantFault(t, err, fault.NothingHere)
		if told, err = g.OIDC(g.ctx, g.head); err != nil || told.Issuer != "" || !told.ChangedAt.IsZero() {
			t.Errorf("%+v, %v", told, err)
		}
	})
}

func holds(rows []map[string]any, text string) bool {
	for _, row := range rows {
		for _, value := range row {
			if raw, ok := value.([]byte); ok {
				value = string(raw)
			}
			if strings.Contains(fmt.Sprint(value), text) {
				return true
			}
		}
	}
	return false
}

func TestFewerScopesAreAskedForUntilTheProviderGrantsThem(t *testing.T) {
	issuer := newIssuer(t, func(c *testkit.IssuerConfig) {
		c.Scopes = []string{"openid", "profile", "iserv:uuid", "iserv:groups", "iserv:roles"}
		c.Released = "openid profile"
	})
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		outcome, err := g.signIn(t, "nele")
		steps := 1
		for ; err == nil && outcome.Again.Address != ""; steps++ {
			outcome, err = g.finish(g.visit(t, outcome.Again, "nele"))
		}
		wantFault(t, err, fault.OIDCNoRole) // without groups there is no role
		if steps < 2 {
			t.Errorf("asked %d times", steps)
		}
	})
}

func TestGroupsAreJudgedAnewAtEachSignIn(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		g.pupils.add("uuid-lena")
		for _, subject := range []string{"nele", "lena"} {
			if _, err := g.signIn(t, subject); err != nil {
				t.Fatal(err)
			}
		}
		set := settingsFor(issuer)
		set.Teachers, set.Pupils = set.Pupils, set.Teachers
		if err := g.SetOIDC(g.ctx, g.head, set, ""); err != nil {
			t.Fatal(err)
		}
		for _, subject := range []string{"nele", "lena"} {
			_, err := g.signIn(t, subject)
			wantFault(t, err, fault.OIDCNoRole)
		}
	})
}

func TestB9ADisabledAccountDoesNotComeInByTheProvider(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		teacher := g.wantActor(t, "nele", authz.Teacher, id.Person{})
		if err := g.DisableAccount(g.ctx, g.head, teacher.Account); err != nil {
			t.Fatal(err)
		}
		g.wantRefused(t, "disabled", g.goTo(t, "nele"))
	})
}

// A provider sends on whoever it has signed in since the morning: that is no proof of now (ASVS 7.5.1).
func TestASignInByTheProviderAloneIsNotFreshAndEnrolsNothing(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		g.WithPasskeys(publicURL)
		teacher := g.wantActor(t, "nele", authz.Teacher, id.Person{})
		wantFault(t, g.CheckFresh(g.ctx, teacher), fault.ReauthenticationNeeded)
		_, err := g.BeginPasskey(g.ctx, teacher, "x")
		wantFault(t, err, fault.NotAllowedHere)
		lena := g.pupils.add("uuid-lena")
		pupil := g.wantActor(t, "lena", authz.Pupil, id.PupilOf(lena))
		_, err = g.BeginPasskey(g.ctx, pupil, "x")
		wantFault(t, err, fault.NotAllowedHere)
		env.Clock.Advance(12*time.Hour + time.Second)
		if g.count(t, "SELECT count(*) FROM session WHERE expires_at > ?", env.Clock.Now().UnixMicro()) != 0 {
			t.Error("a session by the provider lasts longer than twelve hours")
		}
	})
}

func TestWhoComesByTheProviderAloneGetsNoPasswordLink(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		teacher := g.wantActor(t, "nele", authz.Teacher, id.Person{})
		_, err := g.InviteAnew(g.ctx, g.head, teacher.Account)
		wantFault(t, err, fault.NotAllowedHere)
	})
}

func TestUnlinkingEndsSessions(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		in, err := g.signIn(t, "nele")
		if err != nil {
			t.Fatal(err)
		}
		links, err := g.OIDCLinks(g.ctx, g.office)
		if err != nil || len(links) != 1 || links[0].Account != in.SignedIn.Actor.Account {
			t.Fatalf("%+v, %v", links, err)
		}
		if err := g.UnlinkOIDC(g.ctx, g.office, links[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Authenticate(context.Background(), in.SignedIn.AccessToken); !fault.Has(err, fault.NotSignedIn) {
			t.Errorf("the session goes on: %v", err)
		}
		wantFault(t, g.UnlinkOIDC(g.ctx, g.office, links[0].ID), fault.NothingHere)
		_, err = g.signIn(t, "nele") // whose account is there still: a namesake by now
		wantFault(t, err, fault.OIDCWaiting)
	})
}

func TestWhoWaitsIsForgottenAfterThirtyDays(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		_, err := g.signIn(t, "jan")
		wantFault(t, err, fault.OIDCWaiting)
		g.exec(t, "UPDATE oidc_link SET seen_at = ?", env.Clock.Now().Add(-31*24*time.Hour).UnixMicro())
		if links, err := g.OIDCLinks(g.ctx, g.office); err != nil || len(links) != 0 {
			t.Errorf("%+v, %v", links, err)
		}
		_, err = g.signIn(t, "jan")
		wantFault(t, err, fault.OIDCWaiting)
		if g.count(t, "SELECT count(*) FROM oidc_link") != 1 || !g.waiting(t).SeenAt.Equal(env.Clock.Now().Truncate(time.Microsecond)) {
			t.Error("whoever comes again waits anew, once")
		}
	})
}

func TestErasingAPupilTakesTheLinkAndWhoeverWaits(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		lena := g.pupils.add("uuid-lena")
		g.wantActor(t, "lena", authz.Pupil, id.PupilOf(lena))
		g.wantActor(t, "nele", authz.Teacher, id.Person{})
		_, err := g.signIn(t, "jan")
		wantFault(t, err, fault.OIDCWaiting)
		err = env.DB.WriteUnaudited(g.ctx, func(tx *db.Tx) error { return g.Erase(tx, id.PupilOf(lena), nil) })
		if err != nil {
			t.Fatal(err)
		}
		if links, err := g.OIDCLinks(g.ctx, g.office); err != nil || len(links) != 1 || links[0].Name != "Nele Lehmann" {
			t.Errorf("left: %+v, %v", links, err)
		}
	})
}

func TestC8RefusedAnswersAreLimitedByAddress(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		env.Clock.Set(env.Clock.Now().Truncate(time.Hour)) // the tries count by the hour
		for range 100 {
			_, err := g.finish(begun{state: "guessed", browser: "x"})
			wantFault(t, err, fault.OIDCRefused)
		}
		_, err := g.finish(begun{state: "guessed", browser: "x"})
		wantFault(t, err, fault.TooManyTries)
	})
}

func TestManyAtOnceMakeOneTeacher(t *testing.T) {
	issuer := newIssuer(t)
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		g := newGate(t, env, issuer)
		all := make([]begun, 6)
		for i := range all {
			all[i] = g.goTo(t, "nele")
		}
		errs := make(chan error, len(all))
		for _, b := range all {
			go func() {
				_, err := g.finish(b)
				errs <- err
			}()
		}
		for range all {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := g.count(t, "SELECT count(DISTINCT account_id) FROM session"); n != 1 || g.links(t) != 1 {
			t.Errorf("%d accounts, %d links", n, g.links(t))
		}
	})
}

func TestTheWaysOfAProviderAreNoOthers(t *testing.T) {
	for _, way := range account.Ways {
		if way.Way == account.ByOIDC && (way.Enrols || slices.Contains(way.Roles, authz.Guardian)) {
			t.Errorf("%+v", way)
		}
		if way.Way == account.ByOIDCFactor && !reflect.DeepEqual(way.Roles, []authz.Role{authz.Office, authz.Head, authz.DPO}) {
			t.Errorf("%+v", way)
		}
	}
}
