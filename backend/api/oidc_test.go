package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/oidc"
	"einverstanden/backend/outbound"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

// withOIDC lets the house call the listed hosts.
func (h *house) withOIDC(listed ...string) {
	h.t.Helper()
	out := outbound.New(listed, "test")
	h.t.Cleanup(out.Close)
	public, err := url.Parse(h.base)
	if err != nil {
		h.t.Fatal(err)
	}
	h.accounts.WithOIDC(oidc.NewCaller(out, h.Clock.Now), h.Service, public)
}

// deadEnd is a provider that nobody may call.
var deadEnd = account.OIDCSettings{Issuer: "https://127.0.0.1", ClientID: "einverstanden"}

func (w *world) setUpOIDC(s site) {
	w.t.Helper()
	if err := w.accounts.SetOIDC(s.Ctx, s.Staff(authz.Head), deadEnd, "geheim"); err != nil {
		w.t.Fatal(err)
	}
}

func oidcStart(w *world, at place, _ authz.Role) call {
	w.setUpOIDC(w.sites[own])
	return call{path: "/session/oidc/start?school=" + fresh(w, at, func(s site) id.School { return s.ID })}
}

func oidcSettings(*world, place, authz.Role) call {
	return call{path: "/oidc", body: object{
		"issuer": deadEnd.Issuer, "clientId": deadEnd.ClientID, "secret": "geheim", "teachers": []object{}, "pupils": []object{},
	}}
}

func oidcSetUp(path string) func(*world, place, authz.Role) call {
	return func(w *world, _ place, _ authz.Role) call {
		w.setUpOIDC(w.sites[own])
		return call{path: path, body: object{}}
	}
}

// oidcLink is about a teacher who waits.
func oidcLink(body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: "/oidc/links/" + fresh(w, at, func(s site) id.OIDCLink {
			w.setUpOIDC(s)
			link := id.New[id.OIDCLink]()
			sealed, err := w.Vault.SealJSON(vault.Place{School: s.ID, Table: "oidc_link", Column: "body", Row: string(link)},
				object{"name": "Nele Lehmann", "role": "teacher"})
			if err != nil {
				w.t.Fatal(err)
			}
			s.Write(func(tx *db.Tx) error {
				tx.MarkAudited()
				return tx.G().Exec("INSERT INTO oidc_link (school_id, id, issuer_hash, subject_hash, body, seen_at) VALUES (?, ?, 'x', ?, ?, ?)",
					s.ID, link, string(link), sealed, tx.Now.UnixMicro()).Error
			})
			return link
		}), body: body}
	}
}

// iserv is a house with a provider.
type iserv struct {
	*house
	issuer *testkit.Issuer
	head   *client
}

func newIServ(t *testing.T, env *testkit.Env) iserv {
	t.Helper()
	h := newHouse(t, env)
	issuer := testkit.NewIssuer(t, testkit.IssuerConfig{
		Generation: "old", ClientID: "einverstanden", Secret: "geheim", Redirect: h.base + account.OIDCCallback,
		Accounts: map[string]map[string]any{
			"nele": {"name": "Nele Lehmann", "groups": []string{"lehrer"}},
			"lena": {"name": "Lena Brückner", "groups": []string{"schueler"}, "uuid": "unknown here"},
			"kim":  {"name": "Kim head", "groups": []string{"lehrer"}},
		},
	})
	h.withOIDC(issuer.Host())
	head := h.as(authz.Head)
	head.want(204, head.send("PUT", "/oidc", "", mustJSON(t, object{
		"issuer": issuer.URL, "clientId": "einverstanden", "secret": "geheim", "label": "IServ",
		"teachers": []object{{"kind": "group", "id": "lehrer", "name": "Lehrer"}}, "pupils": []object{{"kind": "group", "id": "schueler"}},
	}), nil))
	return iserv{h, issuer, head}
}

// signIn is a browser that follows the links; it tells where it ends.
func (i iserv) signIn(c *client, subject string) string {
	i.t.Helper()
	started := c.want(303, c.get("/session/oidc/start?school="+string(i.ID)))
	return i.back(c, i.issuer.SignIn(i.t, started.header.Get("Location"), subject))
}

func (i iserv) back(c *client, callback *url.URL) string {
	i.t.Helper()
	got := c.want(303, c.get(strings.TrimPrefix(callback.String(), i.base)))
	return strings.TrimPrefix(got.header.Get("Location"), i.base)
}

func TestABrowserComesInByTheProviderAndLandsInTheApp(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		i := newIServ(t, env)
		var entry entryBody
		i.nobody().want(200, i.nobody().get("/entry")).into(t, &entry)
		if env.DB.Dialect() == db.SQLite && entry.OIDC != "IServ" {
			t.Errorf("the entry page knows no provider: %+v", entry)
		}
		c := i.nobody()
		if at := i.signIn(c, "nele"); at != "/" {
			t.Fatalf("landed at %s", at)
		}
		var me meBody
		c.want(200, c.get("/me")).into(t, &me)
		if me.Role != authz.Teacher || me.Account.Name != "Nele Lehmann" || c.cookies[oidcCookie] != "" {
			t.Errorf("%+v, cookies %v", me, c.cookies)
		}
		byIssuer := i.nobody().want(303, i.nobody().get("/session/oidc/start?iss="+url.QueryEscape(i.issuer.URL)))
		if !strings.HasPrefix(byIssuer.header.Get("Location"), i.issuer.URL) {
			t.Errorf("a sign-in that begins at the provider goes to %s", byIssuer.header.Get("Location"))
		}
	})
}

func TestWhoDoesNotComeInReadsWhyInTheFragment(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		i := newIServ(t, env)
		if at := i.signIn(i.nobody(), "cancel"); at != "/sign-in#oidc=oidc_cancelled" {
			t.Errorf("cancelled: %s", at)
		}
		if at := i.signIn(i.nobody(), "lena"); at != "/sign-in#oidc=oidc_waiting" {
			t.Errorf("waits: %s", at)
		}
		c := i.nobody()
		started := c.want(303, c.get("/session/oidc/start?school="+string(i.ID)))
		callback := i.issuer.SignIn(t, started.header.Get("Location"), "nele")
		if at := i.back(i.nobody(), callback); at != "/sign-in#oidc=oidc_refused" {
			t.Errorf("in another browser: %s", at)
		}
		for query, want := range map[string]string{
			"?school=nowhere": "not_found", "": "not_found", "?iss=https://evil.example": "not_found",
		} {
			got := i.nobody().want(303, i.nobody().get("/session/oidc/start"+query))
			if at := got.header.Get("Location"); at != i.base+"/sign-in#oidc="+want {
				t.Errorf("%q: %s", query, at)
			}
		}
	})
}

// A9: whatever a request calls us, the provider and the browser get the configured address.
func TestA9RedirectsComeFromTheConfiguredAddress(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		i := newIServ(t, env)
		got := i.nobody().send("GET", "/session/oidc/start?school="+string(i.ID), "", nil, func(r *http.Request) {
			r.Host = "evil.example"
			r.Header.Set("X-Forwarded-Host", "evil.example")
			r.Header.Set("X-Forwarded-Proto", "https")
		})
		to, err := url.Parse(got.header.Get("Location"))
		if err != nil || to.Query().Get("redirect_uri") != i.base+account.OIDCCallback {
			t.Errorf("the provider is told %s, %v", to.Query().Get("redirect_uri"), err)
		}
		if cookie := got.header.Get("Set-Cookie"); !strings.HasPrefix(cookie, oidcCookie+"=") || strings.Contains(cookie, "Domain") ||
			!strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "SameSite=Lax") {
			t.Errorf("cookie %s", cookie)
		}
	})
}

func TestTheHeadLinksTheirOwnAccountAndProvesTheSecondFactor(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		i := newIServ(t, env)
		if at := i.signIn(i.nobody(), "kim"); at != "/sign-in#oidc=oidc_waiting" {
			t.Fatalf("a namesake of the head: %s", at)
		}
		var links list[oidcLinkBody]
		i.head.want(200, i.head.get("/oidc/links")).into(t, &links)
		if len(links.Items) != 1 || links.Items[0].Name != "Kim head" || links.Items[0].LinkedAt != nil {
			t.Fatalf("%+v", links.Items)
		}
		path := "/oidc/links/" + string(links.Items[0].ID)
		office := i.as(authz.Office)
		office.wantProblem(403, "not_allowed", office.post(path, "", object{"account": i.staff(authz.Head).account}))
		i.head.want(204, i.head.post(path, "", object{"account": i.staff(authz.Head).account}))

		c := i.nobody()
		if at := i.signIn(c, "kim"); at != "/sign-in#oidc=second_factor_needed" {
			t.Fatalf("landed at %s", at)
		}
		c.wantProblem(401, "not_signed_in", c.get("/me"))
		c.wantProblem(401, "second_factor_wrong", c.post("/session/oidc/factor", "", object{"totp": "000000"}))
		var me meBody
		c.want(200, c.post("/session/oidc/factor", "", object{"totp": i.code(i.staff(authz.Head))})).into(t, &me)
		if me.Role != authz.Head || me.Limited {
			t.Errorf("%+v", me)
		}
		i.head.want(200, i.head.get("/oidc/links")).into(t, &links)
		if got := links.Items[0]; got.LinkedAt == nil || got.Account == nil || got.Account.Name != "Kim head" {
			t.Errorf("%+v", got)
		}
	})
}

func TestTheSettingsNeverTellTheSecret(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		i := newIServ(t, env)
		got := i.head.want(200, i.head.get("/oidc"))
		if strings.Contains(string(got.body), "geheim") {
			t.Errorf("%s", got.body)
		}
		var tried oidcTriedBody
		i.head.want(200, i.head.post("/oidc/try", "", object{})).into(t, &tried)
		if !slices.Equal(tried.Findings, []oidc.Finding{oidc.Fine}) {
			t.Errorf("%v", tried.Findings)
		}
		if strings.Contains(i.logs.String(), "geheim") || strings.Contains(i.logs.String(), i.issuer.URL) {
			t.Error("the log tells the secret or the provider")
		}
	})
}
