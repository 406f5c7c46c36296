package api

// Checklist A9 to A11: who is asking, and where we live, is not for the request to say.

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// forged claims another host, scheme and client than the real ones.
func forged(r *http.Request) {
	for name, value := range map[string]string{
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Protocol": "http", "X-Forwarded-Ssl": "off",
		"X-Url-Scheme": "http", "X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "X-Forwarded-Port": "81",
		"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil", "Forwarded": "host=evil.example;proto=http", "X-HTTP-Method-Override": "DELETE",
	} {
		r.Header.Set(name, value)
	}
}

// A9: whatever a request claims, cookies, redirects and the proof of our own page rest on the configured URL.
func TestA9ClaimedHostsChangeNothing(t *testing.T) {
	for name, proxies := range map[string][]string{"not trusted": nil, "trusted": {"127.0.0.1", "::1"}} {
		h := newHouse(t, testkit.NewSQLite(t), func(deps *Deps) { deps.Proxies = proxies })
		c, l := h.nobody(), h.staff(authz.Office)
		signIn := func() object { return object{"email": l.email, "password": l.password, "totp": h.code(l)} }
		honest := c.want(200, c.post("/session/password", "", signIn()))
		claimed := c.want(200, c.postWith("/session/password", signIn(), forged))
		cookies := func(got answer) (all []string) {
			for _, cookie := range got.header.Values("Set-Cookie") {
				name, rest, _ := strings.Cut(cookie, "=")
				_, attributes, _ := strings.Cut(rest, ";")
				all = append(all, name+attributes)
			}
			return all
		}
		if fmt.Sprint(cookies(honest)) != fmt.Sprint(cookies(claimed)) || strings.Contains(fmt.Sprint(cookies(claimed)), "omain") {
			t.Errorf("%s: %q became %q", name, cookies(honest), cookies(claimed))
		}
		if fmt.Sprint(honest.header["Strict-Transport-Security"]) != fmt.Sprint(claimed.header["Strict-Transport-Security"]) {
			t.Errorf("%s: HSTS follows the request", name)
		}
		c.want(200, c.send("GET", "/me", "", nil, forged)) // and is no DELETE
		got := c.send("PUT", "/me/language", "", []byte(`{"language": "de"}`), func(r *http.Request) {
			forged(r)
			byOrigin(r, "http://evil.example")
		})
		c.wantProblem(403, "not_same_origin", got)
		if to := h.redirectOf("127.0.0.1", forged); to != h.base+"/" {
			t.Errorf("%s: 127.0.0.1 is sent to %q", name, to)
		}
		if strings.Contains(h.logs.String(), "evil") || strings.Contains(h.logs.String(), "203.0.113") {
			t.Errorf("%s: the log tells what was claimed", name)
		}
	}
}

func (c *client) postWith(path string, body object, change func(*http.Request)) answer {
	c.h.t.Helper()
	return c.send("POST", path, "", encode(c.h.t, body), change)
}

// redirectOf asks for the start page of a host.
func (h *house) redirectOf(host string, change func(*http.Request)) string {
	h.t.Helper()
	u, err := url.Parse(h.base)
	if err != nil {
		h.t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+u.Port()+"/", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Host = host + ":" + u.Port()
	change(request)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.Header.Get("Location")
}

// attempts is how many rows count tries.
func (h *house) attempts() (rows int) {
	h.t.Helper()
	err := h.DB.Outside(h.Ctx, func(tx *db.Tx) error { return tx.G().Raw("SELECT count(*) FROM attempt").Scan(&rows).Error })
	if err != nil {
		h.t.Fatal(err)
	}
	return rows
}

// verify asks for a check of a file that is none, which counts by address, and gives the status.
func (c *client) verify(change func(*http.Request)) int {
	c.h.t.Helper()
	return c.send("POST", "/evidence/verify", "", []byte("no receipt"), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/octet-stream")
		change(r)
	}).status
}

const verifications = 60 // from one address in an hour

// A10: a client that nobody vouches for is one client, by whatever addresses it goes.
func TestA10ClaimedAddressesAreOneClient(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	c := h.nobody()
	answered := map[int]int{}
	for i := range 1000 {
		answered[c.verify(func(r *http.Request) {
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.%d.%d, 203.0.113.7", i/250, i%250))
			r.Header.Set("X-Real-IP", fmt.Sprintf("2001:db8:%x::1", i))
		})]++
	}
	if answered[200] != verifications || answered[429] != 1000-verifications {
		t.Errorf("answered %v", answered)
	}
	if rows := h.attempts(); rows != 1 {
		t.Errorf("%d rows are kept of one client", rows)
	}
}

// A11: a trusted proxy says in X-Real-IP who is asking, and in nothing else.
func TestA11ATrustedProxyTellsClientsApart(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t), func(deps *Deps) { deps.Proxies = []string{"127.0.0.0/8", "::1"} })
	c := h.nobody()
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("X-Real-IP", address)
			r.Header.Set("X-Forwarded-For", string(id.New[id.Session]()))
		}
	}
	for i := range verifications + 5 {
		want := map[bool]int{true: 200, false: 429}[i < verifications]
		if got := c.verify(from("198.51.100.1")); got != want {
			t.Fatalf("check %d of one client: %d, want %d", i+1, got, want)
		}
	}
	for _, address := range []string{"198.51.100.2", "2001:db8:1::1", "2001:db8:2::1"} {
		if got := c.verify(from(address)); got != 200 {
			t.Errorf("%s got %d", address, got)
		}
	}
	// What is no address is nobody's word: it counts as the proxy itself.
	before := h.attempts()
	for _, address := range []string{"", "unknown", "198.51.100.256", "<script>", strings.Repeat("1", 3000)} {
		if got := c.verify(from(address)); got != 200 {
			t.Errorf("%.20q got %d", address, got)
		}
	}
	if rows := h.attempts() - before; rows != 1 {
		t.Errorf("%d rows are kept of addresses that are none", rows)
	}
}

// Limits live in the database: a second instance knows them at once, and a restart forgets none.
func TestLimitsHoldOverInstancesAndRestarts(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for range verifications {
			if got := h.nobody().verify(func(*http.Request) {}); got != 200 {
				t.Fatalf("got %d", got)
			}
		}
		second, err := New(h.server.Deps)
		if err != nil {
			t.Fatal(err)
		}
		address := serveOn(t, second.app)
		twin := *h
		twin.base = "http://" + strings.Replace(address, "127.0.0.1", "localhost", 1)
		if got := twin.nobody().verify(func(*http.Request) {}); got != 429 {
			t.Errorf("the second instance answers %d", got)
		}
	})
}
