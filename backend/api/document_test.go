package api

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/testkit"
)

// bareServer is enough for questions about routes and the document: nothing behind it is ever called.
func bareServer(t testing.TB) *Server {
	t.Helper()
	s, err := New(Deps{
		URL: &url.URL{Scheme: "http", Host: "localhost:8080"}, Clock: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Version: "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A change of the API shows in the review of its document.
func TestTheDocumentIsTheCheckedInOne(t *testing.T) {
	want, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := bareServer(t).Document()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(append(got, '\n'), want) {
		t.Error("the API changed; if it was meant to: go run ./backend/cmd/einverstanden openapi >backend/api/openapi.json")
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	got := h.nobody().want(200, h.nobody().get(documentPath))
	var document struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	got.into(t, &document)
	if !strings.HasPrefix(document.OpenAPI, "3.1") || document.Paths["/api/v1/me"]["get"] == nil {
		t.Errorf("openapi %q, %d paths", document.OpenAPI, len(document.Paths))
	}
	if kind := got.header.Get("Content-Type"); kind != "application/vnd.oai.openapi+json;version=3.1" {
		t.Errorf("Content-Type %s", kind)
	}
}

// notDocumented are the routes beside the API: the document itself, what a deployment asks for its health, and the
// one-time addresses that joinMeeting gives.
var notDocumented = []string{documentPath, "/livez", "/readyz", joinPath + ":address"}

func TestEveryRouteIsAnOperationWithAnAccessRule(t *testing.T) {
	s := bareServer(t)
	documented := map[string]bool{}
	for _, op := range listOperations(s) {
		documented[op.Method+" "+fiberPath(op.Path)] = true
		if access, ok := s.access[op.Method+" "+op.Path]; !ok || !slices.Contains(authz.Permissions(), access) {
			t.Errorf("%s has the access rule %q", op.OperationID, access)
		}
	}
	found := map[string]bool{}
	for _, route := range s.app.GetRoutes(true) {
		key := route.Method + " " + route.Path
		found[key] = true
		if !documented[key] && !slices.Contains(notDocumented, route.Path) {
			t.Errorf("%s is not in the document", key)
		}
	}
	for key := range documented {
		if !found[key] {
			t.Errorf("%s is in the document alone", key)
		}
	}
}

func TestARouteWithoutAnAccessRuleStopsTheStart(t *testing.T) {
	s := bareServer(t)
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "has no access rule") {
			t.Errorf("got %s", text)
		}
	}()
	op := get("/secret", "secret", "getSecret", "Nobody said who may")
	s.declare("nobody_said", &op)
}

func TestEveryOperationIsDescribed(t *testing.T) {
	s := bareServer(t)
	names := map[string]bool{}
	for _, op := range listOperations(s) {
		if op.Summary == "" || len(op.Tags) != 1 || op.OperationID == "" || names[op.OperationID] {
			t.Errorf("%s %s: summary %q, tags %v, name %q", op.Method, op.Path, op.Summary, op.Tags, op.OperationID)
		}
		names[op.OperationID] = true
		if access := "Access: " + string(s.access[op.Method+" "+op.Path]) + "."; !strings.HasSuffix(op.Description, access) {
			t.Errorf("%s does not say: %s", op.OperationID, access)
		}
		for _, status := range wantErrors(s.access[op.Method+" "+op.Path], op) {
			checkProblemResponse(t, op, status)
		}
		if !slices.ContainsFunc(successes, func(status string) bool { return op.Responses[status] != nil }) {
			t.Errorf("%s documents no success", op.OperationID)
		}
	}
}

var successes = []string{"200", "201", "202", "204", "303"}

// links are what a browser follows to a provider and back, which begins and ends a sign-in, or from a mail to our page,
// and what a conference server calls when a room has ended.
var links = []string{"startOidc", "finishOidc", "openStopPage", "roomEnded"}

// wantErrors are the errors that any operation of this kind can give.
func wantErrors(access authz.Permission, op *huma.Operation) []string {
	want := []string{"500", "503"}
	if access != authz.Public {
		want = append(want, "401", "403")
	}
	if strings.Contains(op.Path, "{") {
		want = append(want, "404")
	}
	if op.Method != http.MethodGet {
		want = append(want, "400", "403", "413", "415")
	}
	return want
}

func checkProblemResponse(t *testing.T, op *huma.Operation, status string) {
	t.Helper()
	response := op.Responses[status]
	if response == nil || response.Content[problemType] == nil || response.Content[problemType].Schema.Ref != "#/components/schemas/Problem" {
		t.Errorf("%s does not document %s as a problem", op.OperationID, status)
	}
}

func TestEveryKindOfFaultHasAStatus(t *testing.T) {
	for _, code := range fault.Codes() {
		status, ok := statusOf[fault.KindOf(code)]
		if !ok || status < 400 {
			t.Errorf("%s is answered with %d", code, status)
		}
	}
}

// What needs an Idempotency-Key says so, and nothing but reading is done by GET.
func TestTheDocumentNamesTheIdempotencyKey(t *testing.T) {
	for _, op := range operationsOf(t) {
		documented := slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "Idempotency-Key" && p.Required })
		if needed := op.Metadata[once] != nil; needed != documented {
			t.Errorf("%s needs a key: %t, documents one: %t", op.OperationID, needed, documented)
		}
		if op.Method == http.MethodGet && op.RequestBody != nil {
			t.Errorf("%s is a GET with a body", op.OperationID)
		}
	}
}

// SQLite's data_version tells one connection whether any other has committed a change.
func TestGETChangesNothing(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	pool, err := sql.Open("sqlite", "file:"+w.Options.File+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	watcher, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Close()
	version := func() (v int64) {
		if err := watcher.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, op := range w.operations() {
		if op.Method != http.MethodGet || slices.Contains(links, op.OperationID) {
			continue
		}
		role := whoMay(t, op.OperationID)
		call := rights[op.OperationID].call(w, own, role)
		c := w.clientOf(op.OperationID, role)
		w.Clock.Set(time.Now())
		if op.OperationID == "getReceipt" || op.OperationID == "getProof" {
			c.want(200, w.ask(c, op.Method, call)) // the first reading has a checkpoint signed; the second finds it
		}
		before := version()
		c.want(200, w.ask(c, op.Method, call))
		if version() != before {
			t.Errorf("%s changes something", op.OperationID)
		}
	}
	before := version()
	as := w.clientOf("chooseLanguage", authz.Head)
	as.want(204, w.ask(as, http.MethodPut, call{path: "/me/language", body: object{"language": "tr"}}))
	if version() == before {
		t.Error("the watcher does not see changes")
	}
}

// whoMay is the first role of the matrix for whom the operation succeeds.
func whoMay(t *testing.T, operation string) authz.Role {
	t.Helper()
	for i, cell := range strings.Fields(rights[operation].cells) {
		if strings.HasPrefix(cell, "200") {
			return everybody[i]
		}
	}
	t.Fatalf("nobody may %s", operation)
	return authz.Nobody
}

// The problem of the document is what is sent, with no field beyond it.
func TestAProblemFitsItsSchema(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	got := h.nobody().get("/me")
	var value map[string]any
	if err := json.Unmarshal(got.body, &value); err != nil {
		t.Fatal(err)
	}
	schemas := h.server.huma.OpenAPI().Components.Schemas
	found := &huma.ValidateResult{}
	huma.Validate(schemas, schemas.Map()["Problem"], huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, found)
	if len(found.Errors) > 0 || got.header.Get("Content-Type") != problemType {
		t.Errorf("%v: %s", found.Errors, got.body)
	}
}
