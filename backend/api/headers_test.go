package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/testkit"
)

// everyAnswer is what each answer carries, and what of it must be there.
var everyAnswer = map[string]string{
	"Content-Security-Policy": "default-src", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	"Strict-Transport-Security": "max-age=", "Cross-Origin-Opener-Policy": "same-origin",
}

// missingHeaders names what an answer lacks; those of the API are kept by nobody either.
func missingHeaders(header http.Header, api bool) (missing []string) {
	for name, part := range everyAnswer {
		if !strings.Contains(header.Get(name), part) {
			missing = append(missing, name)
		}
	}
	if api && !strings.Contains(header.Get("Cache-Control"), "no-store") {
		missing = append(missing, "Cache-Control: no-store")
	}
	for _, telling := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
		if header.Get(telling) != "" {
			missing = append(missing, "reason for "+telling)
		}
	}
	return missing
}

// A16: every operation, by somebody who may and by nobody, and everything that is none.
func TestA16EveryAnswerCarriesTheHeaders(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t), func(deps *Deps) {
		deps.URL = &url.URL{Scheme: "https", Host: "einverstanden.schule.example"}
		deps.Web = fstest.MapFS{"index.html": {Data: []byte(shell)}, "_app/immutable/app.js": {Data: []byte("start()")}}
	})
	check := func(what string, got answer, api bool) {
		t.Helper()
		for _, missing := range missingHeaders(got.header, api) {
			t.Errorf("%s, status %d, has no %s", what, got.status, missing)
		}
	}
	seen := 0
	w.everyOperation(func(name string, got answer) {
		check(name, got, true)
		seen++
	})
	if seen < 2*len(rights) {
		t.Errorf("%d answers seen", seen)
	}
	nobody := w.nobody()
	for path, api := range map[string]bool{
		"/api/v1/nothing": true, "/api/": true, documentPath: true, "/api/../": false, "/livez": false, "/readyz": false,
	} {
		check(path, nobody.get(path), api)
	}
	for _, path := range []string{"/", "/home/x", "/_app/immutable/app.js", "/_app/immutable/gone.js", "/sw.js", "/%00", "//evil.example"} {
		check(path, w.page(path), false)
	}
	check("TRACE", nobody.send("TRACE", "/me", "", nil, nil), true)
	w.server.Live = nil
	broken := w.clientOf("", authz.Teacher).get("/meetings/x/roster/stream")
	check("a panic", broken, true)
	if broken.status != 500 {
		t.Errorf("a panic got %d", broken.status)
	}
}

// everyOperation asks each operation twice, in the name of nobody and of somebody who may, about what is theirs.
func (w *world) everyOperation(see func(name string, got answer)) {
	w.t.Helper()
	for _, op := range w.operations() {
		right, ok := rights[op.OperationID]
		if !ok {
			w.t.Errorf("%s has no entry in rights", op.OperationID)
			continue
		}
		for _, role := range []authz.Role{authz.Nobody, whoMayEver(w.house, op.Method+" "+op.Path)} {
			w.Clock.Set(time.Now()) // a stream's write deadlines are real time
			see(op.OperationID, w.ask(w.clientOf(op.OperationID, role), op.Method, right.call(w, own, role)))
		}
	}
}

// page fetches what is not the API's, without following a redirect.
func (h *house) page(path string) answer {
	h.t.Helper()
	request, err := http.NewRequest(http.MethodGet, h.base+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	return answer{status: response.StatusCode, header: response.Header}
}
