package api

import (
	"net/url"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/testkit"
)

// keyOf is the guardian's lowering key for its child, as its receipt's page shows it.
func (c *client) keyOf() string {
	c.h.t.Helper()
	var shown loweringKeyBody
	c.want(200, c.get("/children/"+string(c.h.pupil.ID)+"/lowering-key")).into(c.h.t, &shown)
	address, err := url.Parse(shown.URL)
	if err != nil || !strings.HasPrefix(shown.URL, c.h.base+"/w#") || shown.QR.Modules < 29 || !strings.HasPrefix(shown.QR.Path, "M") {
		c.h.t.Fatalf("%+v, %v", shown, err)
	}
	return address.Fragment
}

// Journey 4: by the lowering key, without any account; and the teacher's open roster changes.
func TestTheLoweringKeyLowersWithoutAnAccount(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		guardian, teacher, stranger := h.as(authz.Guardian), h.as(authz.Teacher), h.nobody()
		guardian.want(201, guardian.post(guardian.decisions(), "k", guardian.yes("video")))
		var planned meetingBody
		teacher.want(201, teacher.post("/meetings", "m1", object{"title": "Mathematik", "kind": "lesson", "classId": h.class.ID, "minutes": 45})).into(t, &planned)
		events := teacher.stream("/meetings/" + string(planned.ID) + "/roster/stream")
		if name, _ := events.next(t); name != "snapshot" {
			t.Fatal(name)
		}
		path := "/lowering/" + guardian.keyOf()
		got := stranger.want(200, stranger.get(path))
		if want := `{"child":"Lena B.","mode":"video","extents":["picture","all"]}`; strings.TrimSpace(string(got.body)) != want {
			t.Errorf("the key shows %s, want %s and nothing else", got.body, want)
		}
		stranger.wantProblem(400, "idempotency_key_missing", stranger.post(path, "", object{"extent": "picture"}))
		stranger.wantProblem(422, "invalid_input", stranger.post(path, "w0", object{"extent": "none"}))
		var first, again decidedBody
		stranger.want(201, stranger.post(path, "w1", object{"extent": "picture"})).into(t, &first)
		stranger.want(200, stranger.post(path, "w1", object{"extent": "picture"})).into(t, &again)
		if first != again || first.Decision.Means != "key" || first.Decision.Extent != "picture" {
			t.Errorf("first %+v, again %+v", first, again)
		}
		name, data := events.next(t)
		if name != "change" || len(data.Rows) != 1 || data.Rows[0].Mode != "audio" {
			t.Errorf("%s %+v", name, data)
		}
		stranger.wantProblem(401, "not_signed_in", stranger.get("/receipts/"+string(first.Receipt.ID)))
		guardian.want(200, guardian.get("/receipts/"+string(first.Receipt.ID)))
	})
}

// Whoever is signed in, also elsewhere, lowers with a key like anybody else; and the key is in no log.
func TestTheKeyIsInNoLog(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		guardian, office := h.as(authz.Guardian), h.as(authz.Office)
		key := guardian.keyOf()
		office.want(201, office.post("/lowering/"+key, "o", object{"extent": "all"}))
		wrong := h.nobody().want(404, h.nobody().get("/lowering/"+key+"x"))
		unknown := h.nobody().want(404, h.nobody().get("/lowering/x"))
		if anonymous(wrong) != anonymous(unknown) {
			t.Errorf("told apart:\n%s\n%s", anonymous(wrong), anonymous(unknown))
		}
		secret := key[strings.LastIndex(key, ".")+1:]
		if strings.Contains(h.logs.String(), secret) || !strings.Contains(h.logs.String(), "/lowering/:key") {
			t.Error("the log has the key, or no line of its route")
		}
	})
}

func TestARenewedKeyEndsTheEarlierOne(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		guardian := h.as(authz.Guardian)
		before := guardian.keyOf()
		var first, again loweringKeyBody
		path := "/children/" + string(h.pupil.ID) + "/lowering-key"
		guardian.want(200, guardian.post(path, "n1", object{})).into(t, &first)
		guardian.want(200, guardian.post(path, "n1", object{})).into(t, &again)
		after := guardian.keyOf()
		if first != again || after == before || !strings.HasSuffix(first.URL, after) {
			t.Errorf("first %+v, again %+v, now %s", first, again, after)
		}
		h.nobody().wantProblem(404, "not_found", h.nobody().get("/lowering/"+before))
		h.nobody().want(200, h.nobody().get("/lowering/"+after))
	})
}
