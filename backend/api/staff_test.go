package api

import (
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// The whole way of a new teacher: link, password, one-time code, first page.
func TestAnInvitedTeacherComesIn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		office := h.as(authz.Office)
		var made madeInvitationBody
		office.want(201, office.post("/invitations", "", object{"role": "teacher", "email": "neu@schule.example", "name": "Nele Neu"})).into(t, &made)
		link, secret, _ := strings.Cut(made.Link, "#")
		if link != h.base+"/invitation" || !strings.HasPrefix(secret, string(h.ID)+".") {
			t.Fatalf("link %s", made.Link)
		}
		c := h.nobody()
		var shown invitationViewBody
		c.want(200, c.post("/session/invitation/preview", "", object{"secret": secret})).into(t, &shown)
		if shown.Email != "neu@schule.example" || shown.School == "" || shown.Role != authz.Teacher {
			t.Errorf("shown %+v", shown)
		}
		// X13: neither the address nor the role can be chosen.
		for _, field := range []string{"email", "role"} {
			got := c.post("/session/invitation", "", object{"secret": secret, "password": "kupfer-Lampe-41-wiese", field: "head"})
			if code, _ := got.code(); got.status != 422 {
				t.Errorf("%s: %d %s", field, got.status, code)
			}
		}
		var me meBody
		c.want(200, c.post("/session/invitation", "", object{"secret": secret, "password": "kupfer-Lampe-41-wiese"})).into(t, &me)
		if !me.Limited || me.Role != authz.Teacher {
			t.Errorf("came in as %+v", me)
		}
		c.wantProblem(403, "not_allowed", c.get("/classes"))
		c.wantProblem(403, "invitation_used", h.nobody().post("/session/invitation", "", object{"secret": secret, "password": "kupfer-Lampe-41-wiese"}))

		var started totpBody
		c.want(200, c.post("/account/totp", "", object{})).into(t, &started)
		before := c.cookies[accessCookie]
		var confirmed struct {
			RecoveryCodes []string
			Me            meBody
		}
		code := codeOf(t, started.Secret, env.Clock.Now())
		c.want(200, c.post("/account/totp/confirm", "", object{"code": code})).into(t, &confirmed)
		if len(confirmed.RecoveryCodes) != 10 || confirmed.Me.Limited || c.cookies[accessCookie] == before {
			t.Errorf("confirmed as %+v", confirmed)
		}
		c.want(200, c.get("/classes"))
		if strings.Contains(h.logs.String(), secret) || strings.Contains(h.logs.String(), started.Secret) {
			t.Error("a secret stands in the log")
		}

		again := h.nobody()
		body := object{"email": "neu@schule.example", "password": "kupfer-Lampe-41-wiese"}
		again.wantProblem(401, "second_factor_needed", again.post("/session/password", "", body))
		body["totp"] = code
		again.wantProblem(401, "second_factor_wrong", again.post("/session/password", "", body))
		delete(body, "totp")
		body["recoveryCode"] = confirmed.RecoveryCodes[0]
		again.want(200, again.post("/session/password", "", body))
		again.wantProblem(401, "second_factor_wrong", again.post("/session/password", "", body))
	})
}

func codeOf(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	parsed, err := account.ParseTOTPSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	code, err := parsed.Code(at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// What a found browser must not do asks for a proof of the last ten minutes, at every route that says so, and for
// nobody who may not do it anyway.
func TestWhatNeedsAProofAsksForOne(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	head, office, teacher := h.as(authz.Head), h.as(authz.Office), h.staff(authz.Teacher)
	begun := h.Clock.Now()
	old := begun.Add(-11 * time.Minute).UnixMicro()
	h.Write(func(tx *db.Tx) error {
		tx.MarkAudited()
		return tx.G().Exec("UPDATE session SET proved_at = ?", old).Error
	})
	var asked []string
	for _, op := range h.operations() {
		if op.Metadata[late] == nil {
			continue
		}
		asked = append(asked, op.OperationID)
		path := strings.ReplaceAll(strings.TrimPrefix(op.Path, apiPrefix), "{id}", string(teacher.account))
		head.wantProblem(403, "reauthentication_needed", head.send(op.Method, path, "", []byte("{}"), nil))
		switch op.OperationID {
		case "renewRecoveryCodes", "makeApiToken": // the office may, too
		case "linkOidc", "unlinkOidc":
			office.wantProblem(403, "reauthentication_needed", office.send(op.Method, path, "", []byte("{}"), nil))
		default:
			office.wantProblem(403, "not_allowed", office.send(op.Method, path, "", []byte("{}"), nil))
		}
	}
	if len(asked) != 13 {
		t.Errorf("asked at %v", asked)
	}
	invite := object{"role": "dpo", "email": "neu@schule.example", "name": "Nele Neu"}
	head.wantProblem(403, "reauthentication_needed", head.post("/invitations", "", invite))
	l := h.staff(authz.Head)
	head.wantProblem(401, "password_wrong", head.post("/session/reauthentication", "", object{"password": "x", "totp": "000000"}))
	head.want(204, head.post("/session/reauthentication", "", object{"password": l.password, "totp": h.code(l)}))
	head.want(201, head.post("/invitations", "", invite))
	head.want(204, head.post("/accounts/"+string(teacher.account)+"/disable", "", object{}))
}
