package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

var (
	noAssertion   = object{"state": "", "credential": "", "userHandle": "", "authenticatorData": "", "clientData": "", "signature": ""}
	noAttestation = object{"state": "", "credential": "", "clientData": "", "attestation": ""}
)

// ownPasskey is one of the caller's; elsewhere it is one of a teacher who is never the caller.
func ownPasskey(w *world, at place, role authz.Role) call {
	return call{path: "/passkeys/" + fresh(w, at, func(s site) id.Passkey {
		owner := s.teacher.Account
		if at == own && role != authz.Nobody && role != authz.Program {
			owner = w.accountOf(role)
		}
		made, err := w.accounts.AddPasskey(s.Ctx, account.Passkey{Account: owner, Credential: []byte(id.New[id.Passkey]()), PublicKey: []byte("key")})
		if err != nil {
			w.t.Fatal(err)
		}
		return made
	})}
}

func (w *world) accountOf(role authz.Role) id.Account {
	w.t.Helper()
	var me meBody
	w.clients[role].want(200, w.clients[role].get("/me")).into(w.t, &me)
	return id.Account(me.Account.ID)
}

// The table of ways into a session holds what the routes do, and nothing else (ASVS 6.1.3): whatever answers with who
// is signed in, and cookies, is a way in. What asks for a session goes on with the one that is there, and lookAtDoor sets
// the device's cookie alone.
func TestTheTableOfWaysIsThatOfTheRoutes(t *testing.T) {
	s := bareServer(t)
	schema := s.huma.OpenAPI().Components.Schemas
	opens := []string{}
	for _, op := range listOperations(s) {
		reply := op.Responses["200"]
		goesOn := slices.Contains([]string{"refreshSession", "changePassword", "confirmTotp", "lookAtDoor"}, op.OperationID)
		if op.OperationID == "finishOidc" { // which sends a browser on instead of telling it who is signed in
			opens = append(opens, op.OperationID)
		}
		if reply == nil || reply.Headers["Set-Cookie"] == nil || goesOn {
			continue
		}
		if content := reply.Content["application/json"]; content == nil || schema.SchemaFromRef(content.Schema.Ref).Properties["role"] == nil {
			t.Errorf("%s sets cookies and does not say who is signed in", op.OperationID)
		}
		opens = append(opens, op.OperationID)
	}
	var ways []string
	for _, way := range account.Ways {
		ways = append(ways, way.Operation)
	}
	slices.Sort(ways)
	if !slices.Equal(opens, ways) {
		t.Errorf("the routes open sessions by %v, the table has %v", opens, ways)
	}
}

type software struct {
	*testkit.Passkey
	handle []byte
}

// addPasskey does what the page does with an authenticator.
func (c *client) addPasskey() software {
	c.h.t.Helper()
	var begun registrationBody
	c.want(200, c.send("POST", "/session/passkey/registration", "", nil, nil)).into(c.h.t, &begun)
	p := software{testkit.NewPasskey(c.h.t, c.h.base), begun.UserHandle}
	clientData, attestation := p.Register(c.h.t, begun.RPID, begun.Challenge)
	c.want(201, c.post("/passkeys", "", object{
		"state": begun.State, "credential": p.Credential, "clientData": clientData, "attestation": attestation,
	}))
	return p
}

// assertion is the body with which the passkey signs in.
func (c *client) assertion(p software) object {
	c.h.t.Helper()
	var begun challengeBody
	c.want(200, c.send("POST", "/session/passkey/challenge", "", nil, nil)).into(c.h.t, &begun)
	data, clientData, signature := p.Assert(c.h.t, begun.RPID, begun.Challenge, 1)
	return object{
		"state": begun.State, "credential": p.Credential, "userHandle": p.handle,
		"authenticatorData": data, "clientData": clientData, "signature": signature,
	}
}

func TestAPasskeyComesBackThroughTheAPI(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for _, role := range []authz.Role{authz.Guardian, authz.Teacher} {
			c := h.as(role)
			p := c.addPasskey()
			c.want(204, c.send("DELETE", "/session", "", nil, nil))
			back := h.nobody()
			var me meBody
			got := back.want(200, back.post("/session/passkey", "", back.assertion(p)))
			got.into(t, &me)
			if me.Role != role {
				t.Errorf("%s came back as %s", role, me.Role)
			}
			for _, cookie := range (&http.Response{Header: got.header}).Cookies() {
				if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.HttpOnly || !cookie.Secure || cookie.MaxAge < 60 {
					t.Errorf("cookie %+v", cookie)
				}
			}
			back.want(200, back.get("/me"))
		}
	})
}

// Checklist C6 over HTTP: 4xx, no cookie, no session.
func TestC6NoSessionOverHTTPForWhatDoesNotFit(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		p := h.as(authz.Guardian).addPasskey()
		sessions := func() (n int64) {
			h.Read(func(tx *db.Tx) error { return tx.G().Table("session").Count(&n).Error })
			return n
		}
		before := sessions()
		nobody := h.nobody()
		for name, change := range map[string]func(*software){
			"wrong origin": func(p *software) { p.Origin = "http://localhost:1" },
			"UV off":       func(p *software) { p.Flags = 1 },
			"no handle":    func(p *software) { p.handle = []byte{} },
		} {
			copied := *p.Passkey
			changed := software{&copied, p.handle}
			change(&changed)
			got := nobody.post("/session/passkey", "", nobody.assertion(changed))
			if code, _ := got.code(); got.status != 401 || code != "passkey_refused" || got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
		}
		replayed := nobody.assertion(p)
		nobody.want(200, nobody.post("/session/passkey", "", replayed))
		other := h.nobody()
		other.wantProblem(401, "passkey_refused", other.post("/session/passkey", "", replayed))
		if after := sessions(); after != before+1 {
			t.Errorf("%d sessions became %d", before, after)
		}
	})
}

// X7: a child taps yes on a phone that has been signed in for days. Saying no, and less, never asks.
func TestX7AYesInAnOldSessionAsksForThePasskeyAndLoweringDoesNot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		p := c.addPasskey()
		days := func() {
			t.Helper()
			err := env.DB.WriteUnaudited(h.Ctx, func(tx *db.Tx) error {
				return tx.G().Exec("UPDATE session SET proved_at = ? WHERE id = ?", tx.Now.Add(-25*time.Hour).UnixMicro(), c.current()).Error
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		again := func() { c.want(200, c.post("/session/passkey", "", c.assertion(p))) }
		days()
		c.wantProblem(403, "passkey_needed", c.post(c.decisions(), "k1", c.yes("audio")))
		c.wantMode("none")
		c.want(201, c.post(c.decisions(), "k2", c.yes("none")))
		again()
		c.want(201, c.post(c.decisions(), "k3", c.yes("video")))
		days()
		c.want(201, c.post(c.decisions(), "k4", c.yes("audio"))) // less than before
		c.wantMode("audio")
		c.wantProblem(403, "passkey_needed", c.post(c.decisions(), "k5", c.yes("video")))
		c.want(201, c.post("/children/"+string(h.pupil.ID)+"/withdrawals", "k6", object{"extent": "all"}))
		c.wantProblem(403, "passkey_needed", c.post(c.decisions(), "k7", c.yes("audio")))
		c.wantMode("none")
		again()
		c.want(201, c.post(c.decisions(), "k7", c.yes("audio")))
		c.wantMode("audio")

		without := h.nobody()
		without.signInWithLetter(id.GuardianOf(h.Guardian("Max", "Fremd", h.stranger).ID), h.stranger.BirthDate)
		c = without
		days() // whoever has no passkey is not asked
		var sheet consentBody
		c.want(200, c.get("/children/"+string(h.stranger.ID)+"/consent?lang=de")).into(t, &sheet)
		c.want(201, c.post("/children/"+string(h.stranger.ID)+"/decisions", "k8", object{
			"answer": "video", "formVersion": sheet.Version.ID, "textSha256": sheet.German.TextSHA256, "language": "de", "after": nil,
			"signature": object{"kind": "typed", "name": "Max Fremd"},
		}))
	})
}
