package api

import (
	"regexp"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/testkit"
)

// B6: the cookies of a sign-in, to the letter. They belong to this origin, to all of it, over a secure line alone, and
// no script reads them.
func TestB6CookiesAreThoseAndCarryEveryFlag(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	l := h.staff(authz.Head)
	c := h.nobody()
	got := c.want(200, c.post("/session/password", "", object{"email": l.email, "password": l.password, "totp": h.code(l)}))
	const flags = `; Path=/; Max-Age=[0-9]+; HttpOnly; Secure; SameSite=Lax$`
	for i, exact := range []string{
		`^__Host-einv_access=[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+` + flags,
		`^__Host-einv_refresh=[0-9a-f-]{36}\.[0-9a-f-]{36}\.[A-Za-z0-9_-]{64}` + flags,
		`^__Host-einv_device=[A-Za-z0-9_-]{43}` + flags,
	} {
		cookies := got.header.Values("Set-Cookie")
		if len(cookies) != 3 || !regexp.MustCompile(exact).MatchString(cookies[i]) {
			t.Errorf("cookies %q, want %s at %d", cookies, exact, i)
		}
	}
	for _, cookie := range c.want(204, c.send("DELETE", "/session", "", nil, nil)).header.Values("Set-Cookie") {
		if !regexp.MustCompile(`^__Host-einv_(access|refresh)=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax$`).MatchString(cookie) {
			t.Errorf("sign-out sets %s", cookie)
		}
	}
}

// B6: a cookie of another name counts for nothing, for a foreign origin can set one without the prefix.
func TestB6ACookieWithoutThePrefixIsIgnored(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	right := h.as(authz.Head)
	for _, rename := range []func(string) string{
		func(name string) string { return strings.TrimPrefix(name, "__Host-") },
		func(name string) string { return strings.Replace(name, "__Host-", "__Secure-", 1) },
		strings.ToLower,
	} {
		c := h.nobody()
		for name, value := range right.cookies {
			c.cookies[rename(name)] = value
		}
		c.wantProblem(401, "not_signed_in", c.get("/me"))
		c.wantProblem(401, "not_signed_in", c.post("/session/refresh", "", nil))
	}
	right.want(200, right.get("/me"))
}
