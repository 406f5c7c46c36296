package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/sanction"
	"einverstanden/backend/testkit"
)

// secret is something that stands behind a mode, and by what it is known again in an answer.
type secret struct{ what, marker string }

// told is all that whoever is in a lesson, and the family, can read of each other's reasons, in any answer: what they did
// themselves, and what is theirs to know. Whoever adds a line answers for it.
var told = []string{
	"guardian getConsent: the mother's answer",
	"guardian getReceipt: the mother's answer",
	"guardian listChildSanctions: the measure's kind",
	"guardian listChildSanctions: the rule",
	"guardian listChildSanctions: the sanction",
	"pupil getMyDay: the pupil's own limit",
	"teacher listLimits: the teacher's limit",
	"teacher listPeople: the father's name",
}

// A child that everything keeps away at once: a father's no, a restriction, a sanction with his objection, the teacher's
// limit, and its own. Teacher, class, guardian and the child itself ask every operation that they may read (X10).
func TestX10TeacherPupilClassAndGuardianReadNothingOfEachOthersReasons(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	c := w.shutOut()
	var seen []string
	answers := 0
	for _, op := range w.operations() {
		if op.Method != http.MethodGet || op.OperationID == "streamRoster" { // which sends the rows of getRoster
			continue
		}
		for name, reader := range c.readers {
			if _, ok := statusAt(strings.Fields(rights[op.OperationID].cells)[slices.Index(everybody, reader.role)], own); !ok {
				continue
			}
			got := reader.get(c.pathOf(w, op.OperationID, op.Path, reader.role))
			if got.status == http.StatusOK {
				answers++
			}
			for _, s := range c.secrets {
				if strings.Contains(string(got.body), s.marker) {
					seen = append(seen, name+" "+op.OperationID+": "+s.what)
				}
			}
		}
	}
	for _, one := range seen {
		if !slices.Contains(told, one) {
			t.Errorf("is told: %s", one)
		}
	}
	for _, one := range told {
		if !slices.Contains(seen, one) {
			t.Errorf("is not told: %s", one)
		}
	}
	if answers < 40 {
		t.Errorf("%d answers were read: that is not every operation", answers)
	}
	if got := w.as(authz.Head).get("/standings?class=" + string(w.class.ID)); !strings.Contains(string(got.body), `"hold","refused","sanction"`) {
		t.Errorf("the head does not see the reasons: %s", got.body)
	}
}

// reader is somebody who looks.
type reader struct {
	*client
	role authz.Role
}

// shutOut is a lesson with a child that must not take part, for every reason there is.
type shutOut struct {
	meeting string
	readers map[string]reader
	secrets []secret
}

func (w *world) shutOut() *shutOut {
	w.t.Helper()
	c := &shutOut{readers: map[string]reader{}}
	mother, father := w.as(authz.Guardian), w.nobody()
	jan := w.Guardian("Jan", "Verborgen", w.pupil)
	father.signInWithLetter(id.GuardianOf(jan.ID), w.pupil.BirthDate)
	child, mate := w.nobody(), w.nobody()
	child.want(200, child.signInWithCard(w.house.cardOf(w.class.ID, w.pupil.ID)))
	mate.want(200, mate.signInWithCard(w.house.cardOf(w.class.ID, w.Pupil("Mia", "Zander", "2014-05-05", w.class).ID)))
	teacher := w.as(authz.Teacher)
	c.readers["guardian"], c.readers["pupil"] = reader{mother, authz.Guardian}, reader{child, authz.Pupil}
	c.readers["class"], c.readers["teacher"] = reader{mate, authz.Pupil}, reader{teacher, authz.Teacher}

	yes := answered(mother, "video")
	c.meeting = made(w.t, teacher.want(201, teacher.post("/meetings", "lesson", object{
		"title": "Mathematik", "kind": "lesson", "classId": w.class.ID, "minutes": 45,
	})), "id")
	child.want(204, child.send("PUT", "/meetings/"+c.meeting+"/own-limit", "", []byte(`{"reach": "audio"}`), nil))
	teacher.want(204, teacher.send("PUT", "/meetings/"+c.meeting+"/limits/"+string(w.pupil.ID), "", []byte(`{"reach": "audio"}`), nil))
	imposed, err := w.sanctions.Impose(w.Ctx, w.Staff(authz.Head), sanction.New{
		Pupil: w.pupil.ID, Kind: sanction.Formal, Measure: sanction.AudioOnly, RuleKey: "FAMILY_PRIVACY",
		Heard: []sanction.Party{sanction.Pupil, sanction.Parents}, NotedOn: w.Today(), From: w.Today(), Until: w.Today().AddDays(9),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	objection := made(w.t, father.want(201, father.post("/sanctions/"+string(imposed)+"/objections", "o", object{})), "id")
	no := answered(father, "none")
	placed, err := hold.NewService(w.DB, w.Log, w.Service, w.Hub).Place(w.Ctx, w.Staff(authz.Head), w.pupil.ID, hold.Restriction)
	if err != nil {
		w.t.Fatal(err)
	}
	c.secrets = []secret{
		{"the mother's answer", yes}, {"the father's answer", no}, {"the father's name", "Verborgen"}, {"the sanction", string(imposed)},
		{"the measure's kind", `"formal"`}, {"the rule", `"ruleKey":"FAMILY_PRIVACY"`}, {"the father's objection", objection}, {"the hold", string(placed)},
		{"the pupil's own limit", `"ownLimit":"audio"`}, {"the teacher's limit", `"reach":"audio"`},
	}
	for _, kind := range []string{"refused", "withdrawn", "sound_only", "unanswered", "own_limit", "sanction", "teacher_limit", "hold", "restriction", "conflict"} {
		c.secrets = append(c.secrets, secret{"the word " + kind, `"` + kind + `"`})
	}
	return c
}

// answered gives the id of what the guardian has answered.
func answered(c *client, answer string) string {
	c.h.t.Helper()
	var body decidedBody
	c.want(201, c.post(c.decisions(), answer, c.yes(answer))).into(c.h.t, &body)
	return string(body.Decision.ID)
}

func made(t *testing.T, got answer, field string) string {
	t.Helper()
	var body map[string]json.RawMessage
	got.into(t, &body)
	var text string
	if err := json.Unmarshal(body[field], &text); err != nil || text == "" {
		t.Fatalf("no %s in %s: %v", field, got.body, err)
	}
	return text
}

// pathOf is about the lesson and the child where the operation is about a meeting, else as in the rights matrix.
func (c *shutOut) pathOf(w *world, operation, path string, role authz.Role) string {
	if rest, ok := strings.CutPrefix(strings.TrimPrefix(path, apiPrefix), "/meetings/{id}"); ok {
		return "/meetings/" + c.meeting + strings.ReplaceAll(rest, "{pupil}", string(w.pupil.ID))
	}
	return rights[operation].call(w, own, role).path
}
