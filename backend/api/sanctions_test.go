package api

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// breachWorld is a class in a lesson, whose pupil takes part by video, and a report about it.
type breachWorld struct {
	*world
	meeting id.Meeting
	teacher *client
	head    *client
}

func newBreachWorld(t *testing.T, env *testkit.Env) *breachWorld {
	t.Helper()
	w := &breachWorld{world: newWorld(t, env)}
	w.teacher, w.head = w.as(authz.Teacher), w.as(authz.Head)
	guardian := w.as(authz.Guardian)
	guardian.want(201, guardian.post(guardian.decisions(), "yes", guardian.yes("video")))
	var planned meetingBody
	w.teacher.want(201, w.teacher.post("/meetings", "lesson", object{
		"title": "Mathematik", "kind": "lesson", "classId": w.class.ID, "minutes": 45,
	})).into(t, &planned)
	w.meeting = planned.ID
	return w
}

func (w *breachWorld) report(change object) object {
	body := object{"meetingId": w.meeting, "pupilId": w.pupil.ID, "ruleKey": "NO_RECORDING", "heard": []string{"pupil"}, "notedOn": w.Today().String()}
	maps.Copy(body, change)
	return body
}

func (w *breachWorld) measure(change object) object {
	body := someMeasure(w.world)
	maps.Copy(body, change)
	for name, value := range body {
		if value == nil {
			delete(body, name)
		}
	}
	return body
}

// put is the head's.
func (w *breachWorld) put(path string, body object) answer {
	w.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.head.send("PUT", path, "", encoded, nil)
}

func (w *breachWorld) wantMode(want mode) {
	w.t.Helper()
	var roster rosterBody
	w.teacher.want(200, w.teacher.get("/meetings/"+string(w.meeting)+"/roster")).into(w.t, &roster)
	for _, row := range roster.Rows {
		if row.Pupil == w.pupil.ID && row.Mode != want {
			w.t.Errorf("mode %s, want %s", row.Mode, want)
		}
	}
}

// Journey 9: report, decision, objection, end, and the mode is what consent allows again, and never above.
func TestFromBreachToEnd(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newBreachWorld(t, env)
		guardian := w.as(authz.Guardian)
		var reported, again reportedBody
		w.teacher.want(201, w.teacher.post("/breaches", "r", w.report(nil))).into(t, &reported)
		w.teacher.want(201, w.teacher.post("/breaches", "r", w.report(nil))).into(t, &again)
		if reported != again {
			t.Errorf("the same key made %s and %s", reported, again)
		}
		w.wantMode("video") // a report alone does nothing
		var open list[breachBody]
		w.head.want(200, w.head.get("/breaches")).into(t, &open)
		if len(open.Items) != 1 || open.Items[0].Decided || open.Items[0].Meeting.Name != "Mathematik" || open.Items[0].ReportedBy == "" {
			t.Fatalf("got %+v", open)
		}
		decision := "/breaches/" + string(reported.ID) + "/decision"
		var imposed, twice imposedBody
		w.head.want(201, w.head.post(decision, "d", w.measure(nil))).into(t, &imposed)
		w.head.want(201, w.head.post(decision, "d", w.measure(nil))).into(t, &twice)
		if imposed != twice {
			t.Errorf("the same key made %s and %s", imposed, twice)
		}
		w.head.wantProblem(409, "already_done", w.head.post(decision, "d2", w.measure(nil)))
		w.head.wantProblem(409, "already_done", w.head.post("/breaches/"+string(reported.ID)+"/dismissal", "x", object{}))
		w.wantMode("audio")

		var seen list[childSanctionBody]
		path := "/children/" + string(w.pupil.ID) + "/sanctions?lang=tr"
		guardian.want(200, guardian.get(path)).into(t, &seen)
		if len(seen.Items) != 1 || !seen.Items[0].InForce || seen.Items[0].Objection != nil || !strings.Contains(seen.Items[0].Notice.Title, "yaptırım") {
			t.Fatalf("got %+v", seen)
		}
		objections := "/sanctions/" + string(imposed.ID) + "/objections"
		var objection objectedBody
		guardian.want(201, guardian.post(objections, "o", object{})).into(t, &objection)
		guardian.wantProblem(409, "already_done", guardian.post(objections, "o2", object{}))
		w.wantMode("audio") // an objection alone does nothing
		answer := objections + "/" + string(objection.ID)
		w.head.wantProblem(422, "invalid_input", w.put(answer, object{"outcome": "kept"}))
		w.head.want(204, w.put(answer, object{"outcome": "upheld"}))
		w.wantMode("video")
		guardian.want(200, guardian.get(path)).into(t, &seen)
		if one := seen.Items[0]; one.EndedAt == nil || one.InForce || one.Objection == nil || one.Objection.Outcome != "upheld" || one.Answer == nil {
			t.Errorf("got %+v", one)
		}
		guardian.want(201, guardian.post("/children/"+string(w.pupil.ID)+"/withdrawals", "w", object{"extent": "all"}))
		w.wantMode("none") // never above what consent allows
	})
}

func TestWhatNobodyMayReportOrDecideNamesItsField(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newBreachWorld(t, env)
		today := w.Today()
		key := 0
		refused := func(c *client, path string, body object, field, code string) {
			t.Helper()
			key++
			got := c.post(path, "k"+string(rune('a'+key)), body)
			if got.status != 422 || !strings.Contains(string(got.body), `"field":"`+field+`","code":"`+code+`"`) {
				t.Errorf("%v: %d %s, want %s %s", body, got.status, got.body, field, code)
			}
		}
		refused(w.teacher, "/breaches", w.report(object{"ruleKey": "CAMERA"}), "ruleKey", "rule_unknown")
		refused(w.teacher, "/breaches", w.report(object{"notedOn": "2026-02-30"}), "notedOn", "field_invalid")
		refused(w.teacher, "/breaches", w.report(object{"notedOn": today.AddDays(1).String()}), "notedOn", "field_invalid")
		refused(w.teacher, "/breaches", w.report(object{"note": "er hat gelacht"}), "note", "unknown_field")
		w.teacher.wantProblem(404, "not_found", w.teacher.post("/breaches", "f1", w.report(object{"pupilId": w.stranger.ID})))
		w.teacher.wantProblem(404, "not_found", w.teacher.post("/breaches", "f2", w.report(object{"meetingId": "nowhere"})))
		var reported reportedBody
		w.teacher.want(201, w.teacher.post("/breaches", "r", w.report(nil))).into(t, &reported)
		decision := "/breaches/" + string(reported.ID) + "/decision"
		refused(w.head, decision, w.measure(object{"until": nil}), "until", "field_missing")
		refused(w.head, decision, w.measure(object{"until": today.AddDays(-1).String()}), "until", "sanction_ends_before_it_begins")
		refused(w.head, decision, w.measure(object{"until": today.AddDays(200).String()}), "until", "sanction_too_long")
		refused(w.head, decision, w.measure(object{"from": today.AddDays(-2).String()}), "from", "sanction_from_past")
		refused(w.head, decision, w.measure(object{"heard": []string{"pupil"}}), "heard", "hearing_missing")
		refused(w.head, decision, w.measure(object{"measure": "detention"}), "measure", "field_invalid")
		var sanctions list[sanctionBody]
		w.head.want(200, w.head.get("/sanctions")).into(t, &sanctions)
		if len(sanctions.Items) != 0 {
			t.Errorf("refused, and yet there is %+v", sanctions.Items)
		}
	})
}

// Nobody but whoever decides reads another's reasons: not the teacher what was decided, not the pupil and the guardian who
// reported, not the class and other families anything.
func TestWhoSeesWhatOfASanction(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newBreachWorld(t, env)
		var reported reportedBody
		w.teacher.want(201, w.teacher.post("/breaches", "r", w.report(nil))).into(t, &reported)
		var imposed imposedBody
		w.head.want(201, w.head.post("/breaches/"+string(reported.ID)+"/decision", "d", w.measure(nil))).into(t, &imposed)
		guardian := w.as(authz.Guardian)
		guardian.want(201, guardian.post("/sanctions/"+string(imposed.ID)+"/objections", "o", object{}))

		w.hides(w.teacher.get("/breaches/own"), imposed, "formal", "audio_only", "until", "Brückner, Vera", "objection")
		for _, path := range []string{"/meetings/" + string(w.meeting) + "/roster", "/classes/" + string(w.class.ID) + "/modes"} {
			w.hides(w.teacher.get(path), imposed, "NO_RECORDING", "formal", "sanction", "reason")
		}
		own := guardian.get("/children/" + string(w.pupil.ID) + "/sanctions")
		w.hides(own, imposed.only(), string(reported.ID), string(w.sites[0].teacher.Account), "Mathematik", "reportedBy", "decidedBy", "heard")
		if !strings.Contains(string(own.body), "NO_RECORDING") {
			t.Errorf("the guardian does not see the rule: %s", own.body)
		}
		w.hides(guardian.get("/children"), imposed, "NO_RECORDING", "formal", "sanction\"")
		pupil := w.as(authz.Pupil) // of the same class
		w.hides(pupil.get("/my-day"), imposed, "NO_RECORDING", "Lena")
		w.hides(pupil.get("/my-day/sanctions"), imposed, "NO_RECORDING", "nur mit Ton")
		pupil.wantProblem(404, "not_found", pupil.get("/children/"+string(w.pupil.ID)+"/sanctions"))
		for _, role := range []authz.Role{authz.Office, authz.DPO} {
			if got := w.as(role).get("/sanctions"); !strings.Contains(string(got.body), string(imposed.ID)) || !strings.Contains(string(got.body), "Vera Brückner") {
				t.Errorf("%s: %s", role, got.body)
			}
		}
	})
}

// only makes hides look for nothing of the sanction itself.
func (imposedBody) only() imposedBody { return imposedBody{ID: "no sanction has this id"} }

// hides checks that an answer is one, and tells nothing of the sanction or the words.
func (w *breachWorld) hides(got answer, imposed imposedBody, words ...string) {
	w.t.Helper()
	if got.status != 200 {
		w.t.Errorf("status %d: %s", got.status, got.body)
	}
	for _, word := range append(words, string(imposed.ID)) {
		if strings.Contains(string(got.body), word) {
			w.t.Errorf("%q is told: %s", word, got.body)
		}
	}
}
