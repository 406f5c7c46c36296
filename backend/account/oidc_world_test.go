package account_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/oidc"
	"einverstanden/backend/outbound"
	"einverstanden/backend/testkit"
)

var publicURL = &url.URL{Scheme: "http", Host: "localhost:9"}

// people at the test provider. Klasse 7b is a group that anyone could name like the staff's.
var people = map[string]map[string]any{
	"lena":   {"name": "Lena Brückner", "iserv:uuid": "uuid-lena", "iserv:groups": groupsOf("schueler")},
	"jan":    {"name": "Jan Fremd", "iserv:groups": groupsOf("schueler")},
	"nele":   {"name": "Nele Lehmann", "iserv:groups": groupsOf("lehrer")},
	"hanne":  {"name": "hanne  amselweg", "iserv:groups": groupsOf("lehrer")},
	"gast":   {"name": "Gustav Gast", "iserv:groups": groupsOf("gaeste")},
	"schelm": {"name": "Sven Schelm", "iserv:groups": []any{map[string]any{"id": "99", "act": "meine-gruppe", "name": "lehrer"}}},
	"beides": {"name": "Bea Beides", "iserv:groups": groupsOf("lehrer", "schueler")},
	"rolle":  {"name": "Rolf Rolle", "iserv:roles": []any{map[string]any{"id": "ROLE_TEACHER"}}},
}

func groupsOf(ids ...string) (groups []any) {
	for _, one := range ids {
		groups = append(groups, map[string]any{"id": one, "act": one + ".act", "name": "Gruppe " + one})
	}
	return groups
}

// pupils are those of one school, by import id.
type pupils struct {
	mu    sync.Mutex
	byID  map[string]id.Pupil
	known map[id.Pupil]bool
}

func (p *pupils) add(importID string) id.Pupil {
	p.mu.Lock()
	defer p.mu.Unlock()
	pupil := id.New[id.Pupil]()
	p.byID[importID], p.known[pupil] = pupil, true
	return pupil
}

func (p *pupils) PupilByImportID(_ *db.Tx, importID string) (id.Pupil, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byID[importID], nil
}

func (p *pupils) IsPupil(_ *db.Tx, pupil id.Pupil) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[pupil], nil
}

const clientSecret = "ein-Geheimnis-unter-uns"

func newIssuer(t *testing.T, change ...func(*testkit.IssuerConfig)) *testkit.Issuer {
	t.Helper()
	c := testkit.IssuerConfig{
		Generation: "new", ClientID: "einverstanden", Secret: clientSecret,
		Redirect: publicURL.String() + account.OIDCCallback, Accounts: people,
	}
	for _, change := range change {
		change(&c)
	}
	return testkit.NewIssuer(t, c)
}

// gate is a door with a provider beside it.
type gate struct {
	*door
	issuer *testkit.Issuer
	head   authz.Actor
	pupils *pupils
}

func newGate(t *testing.T, env *testkit.Env, issuer *testkit.Issuer) *gate {
	t.Helper()
	env.Clock.Set(time.Now()) // the provider's tokens are of the real time
	d := newDoor(t, env)
	g := &gate{door: d, issuer: issuer, pupils: &pupils{byID: map[string]id.Pupil{}, known: map[id.Pupil]bool{}}}
	out := outbound.New([]string{issuer.Host()}, "test")
	t.Cleanup(out.Close)
	d.WithOIDC(oidc.NewCaller(out, env.Clock.Now), g.pupils, publicURL)
	g.head = d.staff(t, "Karla Kranich", "head@schule.example", authz.Head)
	g.setUp(t, issuer)
	return g
}

func group(ids ...string) (groups []oidc.Group) {
	for _, one := range ids {
		groups = append(groups, oidc.Group{Kind: oidc.KindGroup, ID: one})
	}
	return groups
}

func settingsFor(issuer *testkit.Issuer) account.OIDCSettings {
	return account.OIDCSettings{
		Issuer: issuer.URL, ClientID: "einverstanden", Pupils: group("schueler"),
		Teachers: append(group("lehrer"), oidc.Group{Kind: oidc.KindRole, ID: "ROLE_TEACHER"}),
	}
}

func (g *gate) setUp(t *testing.T, issuer *testkit.Issuer) {
	t.Helper()
	if err := g.SetOIDC(g.ctx, g.head, settingsFor(issuer), clientSecret); err != nil {
		t.Fatal(err)
	}
}

// begun is a sign-in that is waiting at the provider.
type begun struct {
	state, browser string
	reply          oidc.Reply
}

// goTo begins a sign-in and lets the person sign in at the provider.
func (g *gate) goTo(t *testing.T, subject string) begun {
	t.Helper()
	start, err := g.BeginOIDC(context.Background(), g.school, phone.Address)
	if err != nil {
		t.Fatal(err)
	}
	return g.visit(t, start, subject)
}

func (g *gate) visit(t *testing.T, start account.OIDCStart, subject string) begun {
	t.Helper()
	back := g.issuer.SignIn(t, start.Address, subject).Query()
	return begun{
		state: back.Get("state"), browser: start.Browser,
		reply: oidc.Reply{Code: back.Get("code"), Error: back.Get("error"), Issuer: back.Get("iss")},
	}
}

func (g *gate) finish(b begun) (account.OIDCOutcome, error) {
	return g.FinishOIDC(context.Background(), b.state, b.browser, b.reply, phone)
}

func (g *gate) signIn(t *testing.T, subject string) (account.OIDCOutcome, error) {
	t.Helper()
	return g.finish(g.goTo(t, subject))
}

func (g *gate) wantActor(t *testing.T, subject string, role authz.Role, person id.Person) authz.Actor {
	t.Helper()
	outcome, err := g.signIn(t, subject)
	if err != nil {
		t.Fatalf("%s: %v", subject, err)
	}
	actor, err := g.Authenticate(context.Background(), outcome.SignedIn.AccessToken)
	if err != nil || actor.Role != role || actor.Person != person || actor.School != g.school {
		t.Fatalf("%s came as %+v, %v", subject, actor, err)
	}
	return actor
}

func (g *gate) wantRefused(t *testing.T, what string, b begun) {
	t.Helper()
	outcome, err := g.finish(b)
	if outcome != (account.OIDCOutcome{}) {
		t.Errorf("%s: somebody came in", what)
	}
	if got := asFault(err); got == nil || got.Code != "oidc_refused" {
		t.Errorf("%s: got %v", what, err)
	}
}

// waiting is the one who waits.
func (g *gate) waiting(t *testing.T) account.OIDCLink {
	t.Helper()
	links, err := g.OIDCLinks(g.ctx, g.office)
	if err != nil || len(links) == 0 || !links[0].LinkedAt.IsZero() {
		t.Fatalf("nobody waits: %+v, %v", links, err)
	}
	return links[0]
}

func (g *gate) links(t *testing.T) int {
	return g.count(t, "SELECT count(*) FROM oidc_link WHERE account_id IS NOT NULL")
}
