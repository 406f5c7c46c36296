package api

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// token is one that the house's office made.
func (h *house) token(scopes ...authz.Scope) account.MadeAPIToken {
	h.t.Helper()
	office := authz.Actor{School: h.ID, Account: h.staff(authz.Office).account, Role: authz.Office}
	made, err := h.accounts.MakeAPIToken(h.Ctx, office, account.NewAPIToken{Name: "Anzeige im Foyer", Scopes: scopes})
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

func (h *house) program(scopes ...authz.Scope) *client {
	return &client{h: h, cookies: map[string]string{}, bearer: string(h.token(scopes...).Secret)}
}

func newToken(*world, place, authz.Role) call {
	return call{path: "/tokens", body: object{"name": "Anzeige", "scopes": []string{"modes"}}}
}

func apiToken(w *world, at place, _ authz.Role) call {
	return call{path: "/tokens/" + fresh(w, at, func(s site) id.APIToken {
		maker, err := w.accounts.CreateStaff(s.Ctx, account.NewStaff{
			Name: "Kim Büro", Email: string(id.New[id.Account]()) + "@schule.example", Role: authz.Office, Password: "kupfer-Lampe-41-wiese", Language: "de",
		})
		if err != nil {
			w.t.Fatal(err)
		}
		made, err := w.accounts.MakeAPIToken(s.Ctx, authz.Actor{School: s.ID, Account: maker, Role: authz.Office},
			account.NewAPIToken{Name: "Anzeige", Scopes: []authz.Scope{authz.ScopeModes}})
		if err != nil {
			w.t.Fatal(err)
		}
		return made.ID
	}) + "/revoke", body: object{}}
}

// The whole way of a token: made in the browser, shown once, used by a program, revoked.
func TestATokenIsMadeUsedAndRevoked(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		office := h.as(authz.Office)
		var made madeTokenBody
		office.want(201, office.post("/tokens", "", object{"name": "Anzeige im Foyer", "scopes": []string{"modes", "classes"}})).into(t, &made)
		if !strings.HasPrefix(made.Token, "einv_"+string(h.ID)+".") || made.State != account.APITokenActive || made.MadeBy.Name != "Kim office" ||
			!made.ExpiresAt.Equal(made.MadeAt.Add(90*24*time.Hour)) {
			t.Errorf("made %+v", made)
		}
		if list := office.get("/tokens"); bytes.Contains(list.body, []byte(made.Token)) || !bytes.Contains(list.body, []byte("Anzeige im Foyer")) {
			t.Errorf("listed %s", list.body)
		}
		program := &client{h: h, cookies: map[string]string{}, bearer: made.Token}
		var modes modesBody
		program.want(200, program.get("/classes/"+string(h.other.ID)+"/modes")).into(t, &modes)
		if len(modes.Rows) != 1 || modes.Rows[0].FamilyName != "Fremd" {
			t.Errorf("rows %+v", modes.Rows)
		}
		office.want(204, office.post("/tokens/"+string(made.ID)+"/revoke", "", object{}))
		office.wantProblem(409, "already_done", office.post("/tokens/"+string(made.ID)+"/revoke", "", object{}))
		program.wantProblem(401, "not_signed_in", program.get("/classes"))
		if strings.Contains(h.logs.String(), made.Token) {
			t.Error("the token stands in the log")
		}
	})
}

func TestWhatATokenCannotBe(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	office := h.as(authz.Office)
	for field, body := range map[string]object{
		"name":             {"name": " ", "scopes": []string{"modes"}},
		"name ":            {"name": strings.Repeat("ä", 81), "scopes": []string{"modes"}},
		"scopes":           {"name": "x", "scopes": []string{}},
		"scopes[0]":        {"name": "x", "scopes": []string{"decide"}},
		"days":             {"name": "x", "scopes": []string{"modes"}, "days": 366},
		"days (in return)": {"name": "x", "scopes": []string{"modes"}, "days": -1},
	} {
		got := office.post("/tokens", "", body)
		if _, fields := got.code(); got.status != 422 || len(fields) != 1 || !strings.HasPrefix(field, fields[0]) {
			t.Errorf("%s: %d %s", field, got.status, got.body)
		}
	}
}

// A program sees what its scopes say, and no more than that of a class.
func TestEachScopeOpensItsOwn(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	for scope, want := range map[authz.Scope]struct {
		modes int
		open  bool
	}{authz.ScopeClasses: {403, false}, authz.ScopeOpen: {403, true}, authz.ScopeModes: {200, false}} {
		program := h.program(scope)
		program.want(want.modes, program.get("/classes/"+string(h.class.ID)+"/modes"))
		program.want(want.modes, program.get("/meetings"))
		var classes list[classBody]
		got := program.want(200, program.get("/classes"))
		got.into(t, &classes)
		if len(classes.Items) != 2 || (classes.Items[0].Open != nil) != want.open || bytes.Contains(got.body, []byte("teachers")) {
			t.Errorf("%s: %s", scope, got.body)
		}
		for _, path := range []string{"/pupils", "/me", "/letters", "/accounts", "/evidence", "/tokens", "/staff", "/devices"} {
			program.wantProblem(403, "not_allowed", program.get(path))
		}
	}
}

// Whatever does not hold gets the same answer, on public paths too; cookies beside it do not help.
func TestTokensThatDoNotHoldAreAlike(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		revoked, expired, right := h.token(authz.ScopeModes), h.token(authz.ScopeModes), string(h.token(authz.ScopeModes).Secret)
		if err := h.accounts.RevokeAPIToken(h.Ctx, authz.Actor{School: h.ID, Account: h.staff(authz.Office).account, Role: authz.Office}, revoked.ID); err != nil {
			t.Fatal(err)
		}
		head := h.as(authz.Head)
		bad := map[string]string{
			"revoked": string(revoked.Secret), "none": "", "a word": "x", "without prefix": strings.TrimPrefix(right, "einv_"),
			"of another school": strings.Replace(right, string(h.ID), string(id.New[id.School]()), 1), "cut": right[:len(right)-1],
			"padded": right + "=", "flipped": strings.Replace(right, right[len(right)-8:], "AAAAAAAA", 1), "long": right + strings.Repeat("A", 5000),
			"an access token": head.cookies[accessCookie], "two": right + " " + right,
		}
		want := ""
		try := func(name, token string) {
			t.Helper()
			for _, path := range []string{"/classes", "/entry", "/me"} {
				c := &client{h: h, cookies: head.cookies, bearer: token}
				got := c.send(http.MethodGet, path, "", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
				if want == "" {
					want = anonymous(got)
				}
				if got.status != 401 || anonymous(got) != want {
					t.Errorf("%s at %s: %s, want %s", name, path, anonymous(got), want)
				}
			}
		}
		for name, token := range bad {
			try(name, token)
		}
		env.Clock.Set(expired.ExpiresAt)
		try("expired", string(expired.Secret))
	})
}

// Cookies beside a token are ignored, and another kind of Authorization (a proxy's) leaves them alone.
func TestACookieBesideATokenCountsForNothing(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	head := h.as(authz.Head)
	head.bearer = h.program(authz.ScopeClasses).bearer
	head.wantProblem(403, "not_allowed", head.get("/accounts"))
	head.wantProblem(403, "not_allowed", head.post("/session/refresh", "", nil))
	head.wantProblem(403, "not_allowed", head.send("DELETE", "/session", "", nil, nil))
	head.want(200, head.get("/classes"))
	head.bearer = ""
	head.want(200, head.send("GET", "/accounts", "", nil, func(r *http.Request) { r.Header.Set("Authorization", "Basic eDp5") }))
}

// Settled 20: whatever the scopes, no operation that changes something opens to a program, not even those that need
// nobody to be signed in.
func TestX14ProgramsOnlyRead(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	program := h.program(authz.AllScopes...)
	for _, op := range h.operations() {
		if op.Method == http.MethodGet {
			continue
		}
		path := strings.NewReplacer("{pupil}", string(h.pupil.ID), "{id}", "x", "{account}", "x", "{key}", "x").Replace(op.Path)
		program.wantProblem(403, "not_allowed", program.send(op.Method, path, "k", []byte("{}"), nil))
	}
}

func TestAProgramThatAsksTooOftenWaits(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	h.Clock.Set(h.Clock.Now().Truncate(time.Minute).Add(20 * time.Second))
	hasty, other := h.program(authz.ScopeClasses), h.program(authz.ScopeClasses)
	for range programLimit {
		hasty.want(200, hasty.get("/entry"))
	}
	got := hasty.get("/classes")
	hasty.wantProblem(429, "too_many_requests", got)
	if got.header.Get("Retry-After") != "40" {
		t.Errorf("Retry-After: %s", got.header.Get("Retry-After"))
	}
	other.want(200, other.get("/classes"))
	h.Clock.Advance(40 * time.Second)
	hasty.want(200, hasty.get("/classes"))
}

// B9 for programs: an open roster ends when its token is revoked, or its maker disabled.
func TestB9ARevokedTokenLosesItsStreams(t *testing.T) {
	for name, end := range map[string]func(h *house, made account.MadeAPIToken) error{
		"revoked": func(h *house, made account.MadeAPIToken) error {
			return h.accounts.RevokeAPIToken(h.Ctx, authz.Actor{School: h.ID, Account: h.staff(authz.Office).account, Role: authz.Office}, made.ID)
		},
		"its maker disabled": func(h *house, _ account.MadeAPIToken) error {
			head := authz.Actor{School: h.ID, Account: h.staff(authz.Head).account, Role: authz.Head}
			return h.accounts.DisableAccount(h.Ctx, head, h.staff(authz.Office).account)
		},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
				w := newWorld(t, env)
				w.server.checkEvery = 20 * time.Millisecond
				made := w.token(authz.ScopeModes)
				program := &client{h: w.house, cookies: map[string]string{}, bearer: string(made.Secret)}
				events := program.stream(meetingAt("/roster/stream")(w, own, authz.Program).path)
				if name, _ := events.next(t); name != "snapshot" {
					t.Fatalf("got %s", name)
				}
				if err := end(w.house, made); err != nil {
					t.Fatal(err)
				}
				if name, _ := events.next(t); name != "end" {
					t.Errorf("got %s", name)
				}
			})
		})
	}
}
