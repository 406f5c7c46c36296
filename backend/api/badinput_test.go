package api

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// guest is a guardian in a house on SQLite: what is refused at the edge reaches no database.
func guest(t *testing.T) *client {
	t.Helper()
	return newHouse(t, testkit.NewSQLite(t)).as(authz.Guardian)
}

func (c *client) raw(body string, change func(*http.Request)) answer {
	c.h.t.Helper()
	return c.send("PUT", "/me/language", "", []byte(body), change)
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	c := guest(t)
	deep := strings.Repeat("[", 20) + strings.Repeat("]", 20)
	for name, body := range map[string]string{
		"no JSON":           `language=de`,
		"cut off":           `{"language": "de"`,
		"two values":        `{"language": "de"}{}`,
		"rest behind":       `{"language": "de"}]`,
		"trailing comma":    `{"language": "de",}`,
		"comment":           `{"language": "de"/* */}`,
		"single quotes":     `{'language': 'de'}`,
		"raw line feed":     "{\"language\": \"d\ne\"}",
		"too deep":          `{"language": ` + deep + `}`,
		"byte order mark":   "\ufeff" + `{"language": "de"}`,
		"UTF-16":            "{\x00\"\x00l\x00",
		"NUL in a value":    `{"language": "d\u0000e"}`,
		"NUL in a name":     `{"langu\u0000age": "de"}`,
		"not UTF-8":         "{\"language\": \"d\xffe\"}",
		"empty":             ``,
		"blanks":            `   `,
		"number of 1e99999": `{"language": 1e}`,
	} {
		got := c.raw(body, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") })
		if code, _ := got.code(); got.status != 400 || code != "malformed_body" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	c.want(204, c.raw(`{"language": "de"}`, nil))
}

// D8 for single fields; TestD8NoOperationTakesWhatItDoesNotKnow asks every operation.
func TestD8RepeatedAndUnknownFields(t *testing.T) {
	c := guest(t)
	signed := `{"answer": "video", "formVersion": "v", "textSha256": "h", "language": "de", "after": null, "signature": %s}`
	for _, test := range []struct {
		path, body  string
		status      int
		code, field string
		fieldCode   string
	}{
		{"/me/language", `{"language": "de", "language": "en"}`, 400, "duplicate_field", "language", "duplicate_field"},
		{"/me/language", `{"language": "de", "LANGUAGE": "en"}`, 400, "duplicate_field", "LANGUAGE", "duplicate_field"},
		{"/me/language", `{"language": "de", "lan\u0067uage": "en"}`, 400, "duplicate_field", "language", "duplicate_field"},
		{"/me/language", `{"language": "de", "role": "head"}`, 422, "invalid_input", "role", "unknown_field"},
		{"/me/language", `{"language": "de", "schoolId": "x"}`, 422, "invalid_input", "schoolId", "unknown_field"},
		{"/me/language", `{"Language": "de"}`, 422, "invalid_input", "Language", "unknown_field"},
		{"/me/language", `{"language": 7}`, 422, "invalid_input", "language", "field_invalid"},
		{"/me/language", `{"language": null}`, 422, "invalid_input", "language", "field_invalid"},
		{"/me/language", `{"language": "xxxxxxxxxxxxxxxxxxxxx"}`, 422, "invalid_input", "language", "field_too_long"},
		{"/me/language", `{}`, 422, "invalid_input", "language", "field_missing"},
		{"", fmt.Sprintf(signed, `{"kind": "typed", "kind": "drawn"}`), 400, "duplicate_field", "signature.kind", "duplicate_field"},
		{"", fmt.Sprintf(signed, `{"kind": "typed", "image": "data:"}`), 422, "invalid_input", "signature.image", "unknown_field"},
		{"", fmt.Sprintf(signed, `{"kind": "stamped"}`), 422, "invalid_input", "signature.kind", "field_invalid"},
		{"", fmt.Sprintf(signed, `{"kind": "drawn", "strokes": [[{"x": 1, "y": 1.5}]]}`), 422, "invalid_input", "signature.strokes[0][0].y", "field_invalid"},
		{"", fmt.Sprintf(signed, `{"kind": "drawn", "strokes": [[{"x": 1e300, "y": 1}]]}`), 422, "invalid_input", "signature.strokes[0][0].x", "field_invalid"},
		{"", fmt.Sprintf(signed, `"yes"`), 422, "invalid_input", "signature", "field_invalid"},
	} {
		method := "PUT"
		if test.path == "" {
			method, test.path = "POST", c.decisions()
		}
		got := c.send(method, test.path, "k", []byte(test.body), nil)
		code, fields := got.code()
		if got.status != test.status || code != test.code || !slices.Contains(fields, test.field) {
			t.Errorf("%s: %d %s %v, want %d %s [%s]", test.body, got.status, code, fields, test.status, test.code, test.field)
		}
		if !bytes.Contains(got.body, []byte(`"code":"`+test.fieldCode+`"`)) {
			t.Errorf("%s: want the field code %s: %s", test.body, test.fieldCode, got.body)
		}
	}
}

// A refused value may be a password; it is not sent back, and not written to the log.
func TestRefusedValuesAreNotEchoed(t *testing.T) {
	c := guest(t).h.nobody()
	got := c.send("POST", "/session/password", "", []byte(`{"email": "a@b.example", "password": ["geheim-4711"], "geheim-4712": 1}`), nil)
	if got.status != 422 || bytes.Contains(got.body, []byte("geheim-4711")) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if logs := c.h.logs.String(); strings.Contains(logs, "geheim-471") {
		t.Errorf("in the log: %s", logs)
	}
}

func TestMediaTypesAndEncodings(t *testing.T) {
	c := guest(t)
	for name, test := range map[string]struct {
		header, value string
		status        int
		code          string
	}{
		"text":           {"Content-Type", "text/plain", 415, "media_type_unsupported"},
		"form":           {"Content-Type", "application/x-www-form-urlencoded", 415, "media_type_unsupported"},
		"multipart":      {"Content-Type", "multipart/form-data; boundary=x", 415, "media_type_unsupported"},
		"problem":        {"Content-Type", "application/problem+json", 415, "media_type_unsupported"},
		"nothing":        {"Content-Type", "", 415, "media_type_unsupported"},
		"nonsense":       {"Content-Type", "application/json; ;", 415, "media_type_unsupported"},
		"two":            {"Content-Type", "application/json, text/plain", 415, "media_type_unsupported"},
		"with charset":   {"Content-Type", "application/json; charset=utf-8", 204, ""},
		"in capitals":    {"Content-Type", "Application/JSON", 204, ""},
		"gzip":           {"Content-Encoding", "gzip", 415, "encoding_unsupported"},
		"br":             {"Content-Encoding", "br", 415, "encoding_unsupported"},
		"identity, gzip": {"Content-Encoding", "identity, gzip", 415, "encoding_unsupported"},
		"made up":        {"Content-Encoding", "x", 415, "encoding_unsupported"},
	} {
		got := c.raw(`{"language": "de"}`, func(r *http.Request) { r.Header.Set(test.header, test.value) })
		if code, _ := got.code(); got.status != test.status || code != test.code {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, code, test.status, test.code)
		}
	}
}

func TestBodiesThatAreTooLarge(t *testing.T) {
	c := guest(t)
	fits := []byte(`{"language": "de"}` + strings.Repeat(" ", bodyLimit-18))
	c.want(204, c.raw(string(fits), nil))
	large := append(fits, ' ')
	put := func(change func(*http.Request)) answer {
		return c.sendBy(insist, "PUT", "/me/language", "", large, change)
	}
	c.wantProblem(413, "body_too_large", put(nil))
	c.wantProblem(413, "body_too_large", put(func(r *http.Request) { r.ContentLength = -1 })) // in chunks
	office := c.h.as(authz.Office)
	csv := func(r *http.Request) { r.Header.Set("Content-Type", "text/csv") }
	office.wantProblem(413, "body_too_large", office.send("POST", "/imports", "", bytes.Repeat([]byte("a"), maxFile+1), csv))
}

// B7: every call that changes something is refused when a foreign page may have caused it.
func TestB7ForeignPagesChangeNothing(t *testing.T) {
	c := guest(t)
	foreignPages := map[string]func(*http.Request){
		"no X-App":           func(r *http.Request) { r.Header.Del("X-App") },
		"wrong X-App":        func(r *http.Request) { r.Header.Set("X-App", "0") },
		"no word for origin": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") },
		"cross-site":         func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same-site":          func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"none":               func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") },
		"foreign origin":     func(r *http.Request) { byOrigin(r, "https://evil.example") },
		"null origin":        func(r *http.Request) { byOrigin(r, "null") },
		"a plain form": func(r *http.Request) {
			byOrigin(r, "https://evil.example")
			r.Header.Del("X-App")
			r.Header.Set("Content-Type", "text/plain")
		},
		"prefix of an origin": func(r *http.Request) { byOrigin(r, c.h.base+".evil.example") },
	}
	for _, op := range c.h.operations() {
		if op.Method == http.MethodGet {
			continue
		}
		path := strings.NewReplacer("{pupil}", string(c.h.pupil.ID), "{id}", "x", "{account}", "x").Replace(op.Path)
		for name, change := range foreignPages {
			got := c.send(op.Method, path, "k", []byte(`{}`), change)
			if code, _ := got.code(); got.status != 403 || code != "not_same_origin" {
				t.Errorf("%s, %s: %d %s", op.OperationID, name, got.status, got.body)
			}
		}
	}
	c.want(200, c.get("/me"))
	c.want(204, c.raw(`{"language": "de"}`, func(r *http.Request) { byOrigin(r, c.h.base) }))
}

// byOrigin is a browser without Sec-Fetch-Site.
func byOrigin(r *http.Request, origin string) {
	r.Header.Del("Sec-Fetch-Site")
	r.Header.Set("Origin", origin)
}

// B8: no preflight of a foreign page is answered with an invitation.
func TestB8ForeignOriginsAreNotInvited(t *testing.T) {
	c := guest(t).h.nobody()
	got := c.send("OPTIONS", "/session/letter", "", nil, func(r *http.Request) {
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "content-type")
	})
	for name := range got.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: %s", name, got.header.Get(name))
		}
	}
	c.wantProblem(405, "method_not_allowed", got)
}

func TestIdempotencyKeys(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		none := c.yes("none")
		for _, key := range []string{"", strings.Repeat("k", 81), "\xff\xfe", "schlüssel", "a b"} {
			c.wantProblem(400, "idempotency_key_missing", c.post(c.decisions(), key, none))
		}
		c.want(201, c.post(c.decisions(), strings.Repeat("k", 80), none))
		c.wantProblem(422, "idempotency_key_reused", c.post(c.decisions(), strings.Repeat("k", 80), c.yes("video")))
		c.want(200, c.post("/children/"+string(h.pupil.ID)+"/withdrawals", strings.Repeat("k", 80), object{"extent": "all"}))
		for _, op := range h.operations() {
			if op.Metadata[once] == nil {
				continue
			}
			w := &world{house: h, clients: map[authz.Role]*client{}}
			caller := w.clientOf("", whoMayEver(h, op.Method+" "+op.Path))
			path := strings.NewReplacer("{pupil}", "x", "{id}", "x").Replace(op.Path)
			caller.wantProblem(400, "idempotency_key_missing", caller.send(op.Method, path, "", []byte(`{}`), nil))
		}
	})
}

func whoMayEver(h *house, route string) authz.Role {
	for _, role := range authz.Roles {
		if authz.Allows(role, h.server.access[route]) {
			return role
		}
	}
	return authz.Nobody
}

// D9: whatever stands in a path or a query, the answer is never our fault.
func TestD9BadIdsAndQueries(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		head, guardian := h.as(authz.Head), h.as(authz.Guardian)
		bad := []string{"x", "%00", "%ff", "%2e%2e", "1%20or%201=1", "'", "%27%20or%201=1--", "{}", "*", "%0d%0aX:1", strings.Repeat("a", 3000)}
		for _, value := range bad {
			for _, path := range []string{"/pupils/" + value, "/classes/" + value + "/modes", "/meetings/" + value + "/roster",
				"/meetings/" + value + "/roster/stream", "/imports/" + value, "/texts/" + value, "/pupils/" + value + "/people"} {
				head.wantProblem(404, "not_found", head.get(path))
			}
			guardian.wantProblem(404, "not_found", guardian.get("/children/"+value+"/consent"))
			guardian.wantProblem(404, "not_found", guardian.get("/receipts/"+value))
			head.wantProblem(404, "not_found", head.send("DELETE", "/classes/"+value+"/teachers/"+value, "", nil, nil))
			for _, query := range []string{"/pupils?class=", "/pupils?q=", "/pupils?cursor=", "/pupils?limit=", "/standings?class=", "/guardianships?pupil=",
				"/letters?class=", "/letters?state=", "/letters?cursor=", "/meetings?from=", "/meetings?cursor=", "/pupils?sort="} {
				if got := head.get(query + strings.ReplaceAll(value, "{}", "%7B%7D")); got.status >= 500 {
					t.Errorf("%s%s: %d %s", query, value, got.status, got.body)
				}
			}
		}
		for _, query := range []string{"/pupils?limit=0", "/pupils?limit=501", "/pupils?limit=-1", "/pupils?limit=1e3", "/letters?state=lost",
			"/meetings?from=gestern", "/standings", "/guardianships", "/pupils?q=" + strings.Repeat("a", 101)} {
			head.wantProblem(422, "invalid_input", head.get(query))
		}
		head.wantProblem(400, "cursor_invalid", head.get("/pupils?cursor="+string(id.New[id.Pupil]())))
	})
}

func TestUnknownPathsAndMethods(t *testing.T) {
	c := guest(t)
	for _, path := range []string{"/nothing", "/", "/me/", "/ME", "/pupils//x", "/../v1/me", "/%6de", "/me%2f"} {
		c.wantProblem(404, "not_found", c.get(path))
	}
	c.wantProblem(404, "not_found", c.get("/api"))
	c.wantProblem(404, "not_found", c.get("/api/v2/me"))
	for _, test := range []struct{ method, path, allow string }{
		{"POST", "/me", "GET"}, {"DELETE", "/children", "GET"}, {"GET", "/session", "DELETE"}, {"PATCH", "/me/language", "PUT"},
		{"TRACE", "/me", "GET"}, {"BREW", "/pupils/x", "GET"}, {"GET", "/classes/x/teachers/y", "DELETE, PUT"}, {"PUT", "/letters", "GET, POST"},
	} {
		got := c.send(test.method, test.path, "", nil, nil)
		c.wantProblem(405, "method_not_allowed", got)
		if got.header.Get("Allow") != test.allow {
			t.Errorf("%s %s: Allow: %s, want %s", test.method, test.path, got.header.Get("Allow"), test.allow)
		}
	}
}

// A12: a panic is told in the log alone, and the connection serves the next request.
func TestA12APanicTellsNothing(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	h.server.Live = nil // what the stream's handler needs
	c := h.as(authz.Teacher)
	got := c.get("/meetings/x/roster/stream")
	c.wantProblem(500, "internal_error", got)
	for _, detail := range []string{"nil pointer", "goroutine", ".go", "panic"} {
		if bytes.Contains(got.body, []byte(detail)) {
			t.Errorf("%q in %s", detail, got.body)
		}
	}
	if logs := h.logs.String(); !strings.Contains(logs, "nil pointer") || !strings.Contains(logs, requestIDOf(t, got)) {
		t.Error("the log does not tell the cause under the request's id")
	}
	c.want(200, c.get("/me"))
}

func requestIDOf(t *testing.T, got answer) string {
	t.Helper()
	var problem Problem
	got.into(t, &problem)
	return strings.TrimPrefix(problem.Instance, "urn:einverstanden:request:")
}
