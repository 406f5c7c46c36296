package api

import (
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/testkit"
)

func TestBadInputOfPlanningNamesTheField(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	teacher, head, office := h.as(authz.Teacher), h.as(authz.Head), h.as(authz.Office)
	in := func(d time.Duration) string { return h.Clock.Now().Add(d).UTC().Format(time.RFC3339) }
	lesson := func(change func(object)) object {
		body := object{"title": "Mathematik", "kind": "lesson", "classId": h.class.ID, "startsAt": in(time.Hour), "minutes": 45}
		change(body)
		return body
	}
	var planned meetingBody
	teacher.want(201, teacher.post("/meetings", "planned", lesson(func(object) {}))).into(t, &planned)
	meeting := "/meetings/" + string(planned.ID)
	for i, test := range []struct {
		name   string
		c      *client
		path   string
		body   object
		status int
		field  string
	}{
		{"the same once more", teacher, "/meetings", lesson(func(object) {}), 422, "startsAt"},
		{"at the same time", teacher, "/meetings", lesson(func(b object) { b["title"] = "Deutsch" }), 422, "startsAt"},
		{"into its last minute", teacher, "/meetings", lesson(func(b object) { b["title"], b["startsAt"] = "Deutsch", in(time.Hour+44*time.Minute) }), 422, "startsAt"},
		{"X10: the basis is not the teacher's to choose", teacher, "/meetings", lesson(func(b object) { b["legalBasis"] = "statute" }), 422, "legalBasis"},
		{"in the past", teacher, "/meetings", lesson(func(b object) { b["startsAt"] = in(-24 * time.Hour) }), 422, "startsAt"},
		{"years ahead", teacher, "/meetings", lesson(func(b object) { b["startsAt"] = in(9000 * time.Hour) }), 422, "startsAt"},
		{"no time", teacher, "/meetings", lesson(func(b object) { b["startsAt"] = "morgen" }), 422, "startsAt"},
		{"end before start", teacher, "/meetings", lesson(func(b object) { b["minutes"] = -5 }), 422, "minutes"},
		{"nine hours", teacher, "/meetings", lesson(func(b object) { b["minutes"] = 540 }), 422, "minutes"},
		{"of no pupils", teacher, "/meetings", lesson(func(b object) { b["kind"] = "small_group" }), 422, "pupils"},
		{"X31: a pupil of another class", teacher, "/meetings", lesson(func(b object) { b["kind"], b["pupils"] = "small_group", []any{h.stranger.ID} }), 422, "pupils"},
		{"400 weeks", teacher, "/meetings", lesson(func(b object) { b["weekly"] = object{"until": "2034-07-31"} }), 422, "weekly.until"},
		{"no day", teacher, "/meetings", lesson(func(b object) { b["weekly"] = object{"until": "2027-02-30"} }), 422, "weekly.until"},
		{"no exception", teacher, "/meetings", lesson(func(b object) { b["weekly"] = object{"except": []string{"2027-01-01", "x"}} }), 422, "weekly.except[1]"},
		{"a foreign class", teacher, "/meetings", lesson(func(b object) { b["classId"] = h.other.ID }), 404, ""},
		{"moved into the past", teacher, meeting + "/move", object{"startsAt": in(-time.Hour)}, 422, "startsAt"},
		{"moved for nine hours", teacher, meeting + "/move", object{"startsAt": in(time.Hour), "minutes": 540}, 422, "minutes"},
		{"some of a series", teacher, meeting + "/cancellation", object{"scope": "some"}, 422, "scope"},
		{"a day that is over", head, "/distance-days", object{"title": "x", "day": "2020-01-01"}, 422, "day"},
		{"no day at a distance", head, "/distance-days", object{"title": "x", "day": "31.01."}, 422, "day"},
		{"at 25 o'clock", head, "/distance-days", object{"title": "x", "from": "25:00"}, 422, "from"},
		{"without a title", head, "/distance-days", object{"title": " "}, 422, "title"},
		{"a group without a name", office, "/groups", object{"name": " "}, 422, "name"},
		{"a group named like a class", office, "/groups", object{"name": "7b"}, 422, "name"},
	} {
		got := test.c.post(test.path, "bad-"+strings.Repeat("i", i), test.body)
		_, fields := got.code()
		if got.status != test.status || test.field != "" && !slices.Contains(fields, test.field) {
			t.Errorf("%s: %d %v, want %d %s: %s", test.name, got.status, fields, test.status, test.field, got.body)
		}
	}
}

// Journey 8 and 14 by the API: planned weekly, moved, called off; the day at a distance, twice with two keys.
func TestAWeekIsPlannedAndADayDeclared(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		teacher, head := h.as(authz.Teacher), h.as(authz.Head)
		var first meetingBody
		teacher.want(201, teacher.post("/meetings", "weekly", object{
			"title": "Mathematik", "kind": "lesson", "classId": h.class.ID, "startsAt": h.Clock.Now().Add(240 * time.Hour), "minutes": 45, "weekly": object{},
		})).into(t, &first)
		if first.SeriesID == "" || first.Overlaps != 0 {
			t.Fatalf("planned %+v", first)
		}
		var moved meetingBody
		teacher.want(200, teacher.post("/meetings/"+string(first.ID)+"/move", "move", object{"startsAt": first.StartsAt.Add(time.Hour)})).into(t, &moved)
		if !moved.StartsAt.Equal(first.StartsAt.Add(time.Hour)) || moved.SeriesID != first.SeriesID {
			t.Errorf("moved %+v", moved)
		}
		var cancelled cancelledBody
		for range 2 { // the same key, the same reply
			teacher.want(200, teacher.post("/meetings/"+string(first.ID)+"/cancellation", "cancel", object{"scope": "following"})).into(t, &cancelled)
		}
		if cancelled.Cancelled < 1 {
			t.Errorf("cancelled %+v", cancelled)
		}
		teacher.wantProblem(404, "not_found", teacher.get("/meetings/"+string(first.ID)))
		var made, again distanceBody
		head.want(200, head.post("/distance-days", "first", object{"title": "Distanztag"})).into(t, &made)
		head.want(200, head.post("/distance-days", "second", object{"title": "Distanztag"})).into(t, &again)
		states := func(body distanceBody) (states []string) {
			for _, class := range body.Classes {
				states = append(states, class.State)
			}
			return states
		}
		if !slices.Equal(states(made), []string{"made", "no_teacher"}) || !slices.Equal(states(again), []string{"meets", "no_teacher"}) {
			t.Errorf("made %v, again %v", states(made), states(again))
		}
	})
}
