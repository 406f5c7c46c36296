package api

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/testkit"
)

// D9: SQL in any query parameter, known or made up, is a text like any other. A parameter that an operation knows is
// refused or finds nothing; one that it does not know is refused by name.
func TestD9QueryParametersAreNoSQL(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		attacks := []string{"(select pg_sleep(5))", "' or 1=1", "' or '1'='1' --", "name;drop table pupil", "1 union select password_hash from account", `"; --`}
		asked := 0
		for _, op := range w.operations() {
			if op.Method != http.MethodGet || slices.Contains([]string{"streamRoster", "openStopPage", "roomEnded"}, op.OperationID) {
				// a stream, a redirect without a query, and what succeeds for a secret alone
				continue
			}
			if op.OperationID == "startOidc" || op.OperationID == "finishOidc" { // which send every browser on
				w.wantNoAttackInRedirect(op, attacks)
				continue
			}
			role := whoMay(t, op.OperationID)
			c, call := w.clientOf(op.OperationID, role), rights[op.OperationID].call(w, own, role)
			path, query, _ := strings.Cut(call.path, "?")
			c.want(200, c.get(call.path))
			ask := func(name, attack string) answer {
				t.Helper()
				values, err := url.ParseQuery(query)
				if err != nil {
					t.Fatal(err)
				}
				values.Set(name, attack)
				asked++
				got := c.get(path + "?" + values.Encode())
				for _, word := range []string{"SQL", "sqlite", "syntax", "pgx", "password_hash"} {
					if bytes.Contains(got.body, []byte(word)) {
						t.Errorf("%s?%s=%s tells %s: %s", op.OperationID, name, attack, word, got.body)
					}
				}
				return got
			}
			for _, attack := range attacks {
				for _, parameter := range op.Parameters {
					if parameter.In != "query" {
						continue
					}
					got := ask(parameter.Name, attack)
					free := parameter.Name == "q" || parameter.Name == "lang"
					if refused := got.status == 400 || got.status == 404 || got.status == 422; !refused && (!free || got.status != 200) {
						t.Errorf("%s?%s=%s: %d %s", op.OperationID, parameter.Name, attack, got.status, got.body)
					}
					if parameter.Name == "q" && !bytes.Contains(got.body, []byte(`"items":[]`)) {
						t.Errorf("%s?q=%s finds %s", op.OperationID, attack, got.body)
					}
				}
				for _, made := range []string{"sort", "filter"} {
					if got := ask(made, attack); got.status != 422 || !bytes.Contains(got.body, []byte(`"field":"query.`+made+`"`)) {
						t.Errorf("%s?%s=%s: %d %s", op.OperationID, made, attack, got.status, got.body)
					}
				}
			}
		}
		if asked < 200 {
			t.Errorf("only %d attacks", asked)
		}
	})
}

// wantNoAttackInRedirect asks with each attack as each parameter: the browser goes to our own door and takes nothing along.
func (w *world) wantNoAttackInRedirect(op *huma.Operation, attacks []string) {
	w.t.Helper()
	path := strings.TrimPrefix(op.Path, apiPrefix)
	for _, attack := range attacks {
		for _, parameter := range op.Parameters {
			got := w.nobody().get(path + "?" + url.Values{parameter.Name: {attack}}.Encode())
			to := got.header.Get("Location")
			if got.status != 303 || !strings.HasPrefix(to, "/sign-in#") && !strings.HasPrefix(to, w.base+"/sign-in#") || strings.Contains(to, url.QueryEscape(attack)) {
				w.t.Errorf("%s?%s=%s: %d to %s", op.OperationID, parameter.Name, attack, got.status, to)
			}
		}
	}
}
