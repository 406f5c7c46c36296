package api

import (
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// A mailing names what is wrong with it, is done once for a key, and shows in the list of letters without any secret.
func TestLettersByMail(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	h.guardian.Contact.Email = "mutter@familie.example"
	h.Write(func(tx *db.Tx) error { return h.Service.ChangeGuardian(tx, h.guardian) })
	office := h.as(authz.Office)
	for _, body := range []object{{}, {"classId": h.class.ID, "allUnanswered": true}} {
		if got := office.want(422, office.post("/letters/mailing", "wrong", body)); !strings.Contains(string(got.body), `"field":"classId"`) {
			t.Errorf("%s", got.body)
		}
	}
	if got := office.want(422, office.get("/letters/mailing")); !strings.Contains(string(got.body), `"field":"class"`) {
		t.Errorf("%s", got.body)
	}
	office.wantProblem(400, "idempotency_key_missing", office.post("/letters/mailing", "", object{"classId": h.class.ID}))

	body := object{"pupils": []any{h.pupil.ID}}
	var plan mailingPlanBody
	office.want(200, office.get("/letters/mailing?pupils="+string(h.pupil.ID))).into(t, &plan)
	if plan.ByMail != 1 || plan.OnPaper != len(plan.Others) {
		t.Fatalf("planned %+v", plan)
	}
	var first, again mailedBody
	office.want(200, office.post("/letters/mailing", "k", body)).into(t, &first)
	office.want(200, office.post("/letters/mailing", "k", body)).into(t, &again)
	if first.Mailed != 1 || again != first {
		t.Errorf("first %+v, then %+v", first, again)
	}
	office.wantProblem(422, "idempotency_key_reused", office.post("/letters/mailing", "k", object{"allUnanswered": true}))
	var letters list[letterBody]
	office.want(200, office.get("/letters?state=open")).into(t, &letters)
	mailed := slices.DeleteFunc(letters.Items, func(l letterBody) bool { return l.Delivery != "mail" })
	if len(mailed) != 1 || mailed[0].Mail != "" {
		t.Errorf("the list: %+v", mailed)
	}
}
