package api

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// D5: 1,000 requests of five schools, side by side over a pool of two connections. Each school has names that are found
// nowhere else, and each answer has those of its own school alone.
func TestD5ThousandRequestsOfFiveSchoolsOverTwoConnections(t *testing.T) {
	env := testkit.NewPostgres(t)
	options := env.Options
	options.Pool = 2
	narrow, err := db.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer narrow.Close()
	wide := env.DB
	env.DB = narrow
	defer func() { env.DB = wide }()
	h := newHouse(t, env)
	tenants := make([]tenant, 5)
	for i := range tenants {
		tenants[i] = h.tenant(i)
	}
	const workers, each = 8, 125
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for n := range each {
				of := (worker + n) % len(tenants)
				h.askAs(tenants, of, n)
			}
		})
	}
	group.Wait()
}

// tenant is a school with a program of its own, which reads it.
type tenant struct {
	canary  string
	program *client
	paths   []string
}

func (h *house) tenant(i int) tenant {
	h.t.Helper()
	s := h.NewSchool(h.t)
	made := tenant{canary: fmt.Sprintf("Kanarienschule%d", i)}
	class := s.Class(made.canary)
	s.Guardian("Gerda", made.canary, s.Pupil("Piet", made.canary, "2014-05-05", class))
	maker, err := h.accounts.CreateStaff(s.Ctx, account.NewStaff{
		Name: "Kim " + made.canary, Email: made.canary + "@schule.example", Role: authz.Office, Password: "kupfer-Lampe-41-wiese", Language: "de",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	token, err := h.accounts.MakeAPIToken(s.Ctx, authz.Actor{School: s.ID, Account: maker, Role: authz.Office},
		account.NewAPIToken{Name: made.canary, Scopes: authz.AllScopes})
	if err != nil {
		h.t.Fatal(err)
	}
	made.program = &client{h: h, cookies: map[string]string{}, bearer: string(token.Secret)}
	made.paths = []string{"/classes", "/classes/" + string(class.ID) + "/modes"}
	return made
}

func (h *house) askAs(tenants []tenant, of, n int) {
	h.t.Helper()
	asking := tenants[of]
	got := asking.program.get(asking.paths[n%len(asking.paths)])
	if got.status != 200 || !bytes.Contains(got.body, []byte(asking.canary)) {
		h.t.Errorf("%s got %d %s", asking.canary, got.status, got.body)
	}
	for i, foreign := range tenants {
		if i == of {
			continue
		}
		if bytes.Contains(got.body, []byte(foreign.canary)) {
			h.t.Errorf("%s sees %s: %s", asking.canary, foreign.canary, got.body)
		}
	}
	if n%25 == 0 {
		asking.program.wantProblem(404, "not_found", asking.program.get(tenants[(of+1)%len(tenants)].paths[1]))
	}
}
