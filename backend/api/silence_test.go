package api

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/testkit"
)

// I10: the log of every operation, done right and done wrong, holds nobody's name, code, token or password.
func TestI10TheLogNamesNobody(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		canaries := map[string]string{"a password": "kupfer-Lampe-41-wiese", "an address": "@schule.example", "a birth date": "2014-03-12"}
		for _, name := range []string{"Lena", "Brückner", "Vera", "Fremd", "Uwe", "Volljährig", "Kim teacher", "lehrkraft1"} {
			canaries["the name "+name] = name
		}
		body := regexp.MustCompile(`"(secret|token|signature|letterNo)":"([^"]{6,})"`)
		w.everyOperation(func(operation string, got answer) {
			for _, found := range body.FindAllSubmatch(got.body, -1) {
				canaries[operation+" gave "+string(found[1])] = string(found[2])
			}
			for _, c := range w.clients {
				if c == nil { // all its sessions have ended
					continue
				}
				for name, token := range c.cookies {
					canaries["cookie "+name+" "+token[:8]] = token
				}
			}
		})
		w.misuse(canaries)
		logs := w.logs.String()
		if strings.Count(logs, `"msg":"request"`) < 2*len(rights) {
			t.Fatal("the log does not tell of every request")
		}
		for what, canary := range canaries {
			for _, form := range []string{canary, url.QueryEscape(canary), url.PathEscape(canary)} {
				if strings.Contains(logs, form) {
					t.Errorf("%s is in the log", what)
				}
			}
		}
	})
}

// misuse puts canaries wherever a request has room for text, and into what panics and fails.
func (w *world) misuse(canaries map[string]string) {
	w.t.Helper()
	const canary = "geheim4711"
	canaries["what a request held"] = canary
	for _, op := range w.operations() {
		c := w.clientOf(op.OperationID, whoMayEver(w.house, op.Method+" "+op.Path))
		if op.OperationID == "signOut" {
			continue // it reads nothing but its cookies
		}
		path := strings.NewReplacer("{pupil}", canary, "{id}", canary, "{account}", canary, "{school}", canary).Replace(op.Path)
		for _, content := range []string{`{"` + canary + `": "` + canary + `"}`, `{"` + canary, canary} {
			c.send(op.Method, path+"?q="+canary+"&cursor="+canary+"&class="+canary, canary, []byte(content), func(r *http.Request) {
				for _, header := range []string{"X-Real-IP", "X-Forwarded-For", "User-Agent", "Referer", "Authorization", "Accept-Language", "X-" + canary} {
					r.Header.Set(header, canary)
				}
				r.AddCookie(&http.Cookie{Name: canary, Value: canary})
				if op.Method == http.MethodGet {
					r.Body, r.ContentLength = nil, 0
				}
			})
		}
	}
	stranger := w.nobody()
	stranger.post("/session/letter", "", object{"letterNo": canary, "secret": canary, "birthDate": "2014-03-12"})
	stranger.post("/session/password", "", object{"email": canary + "@schule.example", "password": canary})
	stranger.cookies[accessCookie], stranger.cookies[refreshCookie] = canary, canary
	stranger.post("/session/refresh", "", nil)
	stranger.get("/" + canary)
	w.page("/" + canary + "?" + canary)
	w.server.Live = nil // what the stream's handler needs
	w.clientOf("", authz.Teacher).get("/meetings/" + canary + "/roster/stream?q=" + canary)
}
