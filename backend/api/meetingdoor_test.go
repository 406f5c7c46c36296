package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/testkit"
)

const roomLink = "https://schule.example/iserv/videoconference/room/abc"

// doorway is a house whose pupil stands before a meeting, come in by its card.
type doorway struct {
	*house
	pupilAt *client
	mother  *client
	of      id.Meeting
}

func newDoorway(t *testing.T, env *testkit.Env, plans ...func(*meeting.Plan)) *doorway {
	t.Helper()
	return doorwayOf(newHouse(t, env), plans...)
}

func doorwayOf(h *house, plans ...func(*meeting.Plan)) *doorway {
	h.t.Helper()
	d := &doorway{house: h, mother: h.as(authz.Guardian), pupilAt: h.nobody()}
	d.of = d.plan(plans...)
	d.pupilAt.want(200, d.pupilAt.signInWithCard(h.cardOf(h.class.ID, h.pupil.ID)))
	return d
}

func (d *doorway) plan(changes ...func(*meeting.Plan)) id.Meeting {
	d.t.Helper()
	plan := meeting.Plan{
		Title: "Mathematik", Kind: participation.Lesson, Class: d.class.ID, Length: 45 * time.Minute, Room: meeting.Room{URL: roomLink},
	}
	for _, change := range changes {
		change(&plan)
	}
	l := d.staff(authz.Teacher)
	planned, err := d.meetings.Plan(d.Ctx, authz.Actor{School: d.ID, Account: l.account, Role: authz.Teacher}, plan)
	if err != nil {
		d.t.Fatal(err)
	}
	return planned.ID
}

func (d *doorway) path(suffix string) string { return "/meetings/" + string(d.of) + suffix }

func (d *doorway) decide(key, answer string) {
	d.t.Helper()
	body := d.mother.yes(answer)
	if answer == "none" {
		delete(body, "signature")
	}
	d.mother.want(201, d.mother.post(d.mother.decisions(), key, body))
}

func (d *doorway) read() {
	d.t.Helper()
	version, answers := d.rightAnswers(d.pupil.ID)
	d.pupilAt.want(204, d.pupilAt.post(d.path("/acknowledgements"), "", object{"version": version, "answers": answers}))
}

func (d *doorway) join() answer { return d.pupilAt.post(d.path("/join"), "", object{}) }

// tap joins and gives the address.
func (d *doorway) tap() string {
	d.t.Helper()
	var body joinBody
	d.pupilAt.want(200, d.join()).into(d.t, &body)
	return body.URL
}

// follow opens an address of the program's own, outside its API.
func (c *client) follow(method, path string) (status int, location string) {
	c.h.t.Helper()
	request, err := http.NewRequest(method, c.h.base+path, nil)
	if err != nil {
		c.h.t.Fatal(err)
	}
	if c.cookies[accessCookie] != "" {
		request.Header.Set("Cookie", accessCookie+"="+c.cookies[accessCookie])
	}
	response, err := direct.Do(request)
	if err != nil {
		c.h.t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Cache-Control"); got != "no-store" {
		c.h.t.Errorf("%s %s may be kept: %q", method, path, got)
	}
	if got := response.Header.Get("Referrer-Policy"); got != "no-referrer" {
		c.h.t.Errorf("the room learns where the pupil comes from: %q", got)
	}
	return response.StatusCode, response.Header.Get("Location")
}

func (d *doorway) wantPage(c *client, path, code string) {
	d.t.Helper()
	status, location := c.follow("GET", path)
	page, fragment, _ := strings.Cut(location, "#")
	why, err := url.ParseQuery(fragment)
	if status != 303 || page != "/j" || err != nil || why.Get("code") != code {
		d.t.Errorf("%d to %q, want the page of %s", status, location, code)
	}
	if code == "link_used" && why.Get("meeting") != string(d.of) {
		d.t.Errorf("from %q nobody finds back to the meeting", location)
	}
}

func TestAPupilReadsTheRulesJoinsAndIsLedIntoTheRoom(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoorway(t, env)
		d.decide("yes", "audio")
		d.pupilAt.wantProblem(403, "rules_not_read", d.join())

		var sheet ownRulesBody
		d.pupilAt.want(200, d.pupilAt.get(d.path("/rules?lang=ar"))).into(t, &sheet)
		if sheet.Language != "ar" || len(sheet.Languages) != 7 || len(sheet.Rules) != 6 || len(sheet.Questions) != 2 || !sheet.Needed || !sheet.Rules[0].Due {
			t.Errorf("the rules: %+v", sheet)
		}
		for _, body := range []object{
			{"version": sheet.Version.ID},
			{"version": sheet.Version.ID, "answers": []object{{"question": sheet.Questions[0].ID, "answer": "z"}}},
			{"version": sheet.Version.ID, "answers": []object{{"question": "of somebody else", "answer": "a"}}},
		} {
			if code, fields := d.pupilAt.want(422, d.pupilAt.post(d.path("/acknowledgements"), "", body)).code(); code != "invalid_input" || len(fields) != 1 || fields[0] != "answers" {
				t.Errorf("%v: %s %v", body, code, fields)
			}
		}
		d.pupilAt.wantProblem(409, "rules_superseded", d.pupilAt.post(d.path("/acknowledgements"), "", object{"version": "x"}))
		d.read()
		d.pupilAt.want(204, d.pupilAt.post(d.path("/acknowledgements"), "", object{"version": sheet.Version.ID}))

		var joined joinBody
		d.pupilAt.want(200, d.join()).into(t, &joined)
		if joined.Mode != "audio" || joined.Room != nil || !strings.HasPrefix(joined.URL, "/j/") {
			t.Errorf("joined: %+v", joined)
		}
		d.decide("more", "video")
		d.pupilAt.want(204, d.pupilAt.send("PUT", d.path("/own-limit"), "", []byte(`{"reach": "audio"}`), nil))
		var day myDayBody
		d.pupilAt.want(200, d.pupilAt.get("/my-day")).into(t, &day)
		if m := day.Meetings[0]; m.Mode != "audio" || m.OwnLimit != "audio" || m.Rules != "yes" || !m.OpensAt.Equal(m.StartsAt.Add(-10*time.Minute)) {
			t.Errorf("the meeting: %+v", m)
		}
		d.pupilAt.want(204, d.pupilAt.send("DELETE", d.path("/own-limit"), "", nil, nil))

		if status, _ := d.pupilAt.follow("HEAD", joined.URL); status != 405 {
			t.Errorf("a look is answered with %d", status)
		}
		if status, location := d.pupilAt.follow("GET", joined.URL); status != 303 || location != roomLink {
			t.Errorf("led to %d %q", status, location)
		}
		if strings.Contains(d.logs.String(), strings.Split(joined.URL, ".")[1]) {
			t.Error("the address stands in the log")
		}
	})
}

func TestEachRefusalOfTheDoorHasItsCode(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoorway(t, env)
		if code, _ := d.join().code(); code != "mode_none" || !strings.Contains(string(d.join().body), "Kim teacher") {
			t.Errorf("without an answer: %s", d.join().body)
		}
		d.decide("yes", "video")
		d.pupilAt.wantProblem(403, "rules_not_read", d.join())
		d.read()
		now := d.of
		d.of = d.plan(func(p *meeting.Plan) {
			p.StartsAt, p.Kind, p.Pupils = env.Clock.Now().Add(11*time.Minute), participation.SmallGroup, []id.Pupil{d.pupil.ID}
		})
		d.pupilAt.wantProblem(403, "too_early", d.join())
		if !strings.Contains(string(d.join().body), "opensAt") {
			t.Errorf("too early for how long? %s", d.join().body)
		}
		d.Write(func(tx *db.Tx) error {
			return tx.G().Exec("UPDATE meeting SET cancelled_at = 1 WHERE id = ?", d.of).Error
		})
		d.pupilAt.wantProblem(403, "meeting_cancelled", d.join())
		d.of = now
		env.Clock.Advance(45 * time.Minute)
		adult := d.as(authz.Pupil)
		d.mother.want(200, d.mother.post("/session/refresh", "", nil))
		adult.wantProblem(403, "meeting_over", adult.post(d.path("/join"), "", object{}))
		for _, c := range []*client{d.mother, d.as(authz.Teacher)} {
			c.wantProblem(403, "not_allowed", c.post(d.path("/join"), "", object{}))
		}
	})
}

// X8: whoever goes on at another child's tablet is asked for the PIN, and only then; X19: addresses open nothing for others.
func TestX8X19AnAddressIsForOneChildOnceAndForAMinute(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoorway(t, env)
		d.decide("yes", "video")
		d.read()
		mate := d.Pupil("Mia", "Zander", "2014-05-05", d.class)
		other := d.nobody()
		other.want(200, other.signInWithCard(d.cardOf(d.class.ID, mate.ID)))

		address := d.tap()
		d.wantPage(other, address, "link_not_yours")
		d.wantPage(d.nobody(), address, "link_not_yours")
		d.wantPage(d.pupilAt, address+"?room=other", "link_expired")
		d.wantPage(d.pupilAt, address+"x", "link_expired")
		d.wantPage(d.pupilAt, "/j/nothing", "link_not_yours")
		if status, location := d.pupilAt.follow("GET", address); status != 303 || location != roomLink {
			t.Errorf("who was refused has used it up: %d %s", status, location)
		}
		d.wantPage(d.pupilAt, address, "link_used")

		address = d.tap()
		d.mother.want(201, d.mother.post("/children/"+string(d.pupil.ID)+"/withdrawals", "w", object{"extent": "all"}))
		d.wantPage(d.pupilAt, address, "mode_none")
		d.decide("again", "video")
		address = d.tap()
		env.Clock.Advance(61 * time.Second)
		d.wantPage(d.pupilAt, address, "link_expired")
		d.pupilAt.want(204, d.pupilAt.send("PUT", d.path("/own-limit"), "", []byte(`{"reach": "none"}`), nil))

		env.Clock.Advance(9 * time.Minute)
		d.pupilAt.want(200, d.pupilAt.post("/session/refresh", "", nil))
		d.pupilAt.wantProblem(403, "reauthentication_needed", d.pupilAt.send("DELETE", d.path("/own-limit"), "", nil, nil))
		d.pupilAt.wantProblem(403, "reauthentication_needed", d.join())
		d.pupilAt.want(204, d.pupilAt.send("PUT", d.path("/own-limit"), "", []byte(`{"reach": "audio"}`), nil)) // lowering asks nobody
		card := d.cardOf(d.class.ID, d.pupil.ID)
		d.pupilAt.want(204, d.pupilAt.post("/session/pin/proof", "", object{"pin": card.PIN[:]}))
		d.pupilAt.want(204, d.pupilAt.send("DELETE", d.path("/own-limit"), "", nil, nil))
		d.pupilAt.want(200, d.join())
	})
}

// X19: after its end, or when it was called off, an address leads nobody in and says so, also where the session on a shared
// tablet has ended with the meeting; who never held one learns nothing.
func TestX19AnAddressSaysThatItsMeetingIsOverOrCalledOff(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoorway(t, env, func(p *meeting.Plan) { p.Length = 10 * time.Minute })
		d.decide("yes", "video")
		d.read()
		address := d.tap()
		env.Clock.Advance(10 * time.Minute)
		d.pupilAt.wantProblem(401, "not_signed_in", d.pupilAt.get("/my-day"))
		d.wantPage(d.pupilAt, address, "meeting_over")
		d.wantPage(d.pupilAt, address+"x", "link_not_yours")
		for _, typed := range []string{"elsewhere.x", ".x", "x", "%00.x", "\xff.x"} {
			d.wantPage(d.nobody(), "/j/"+typed, "link_not_yours")
		}

		d.of = d.plan()
		d.pupilAt.want(200, d.pupilAt.signInWithCard(d.cardOf(d.class.ID, d.pupil.ID)))
		address = d.tap()
		d.Write(func(tx *db.Tx) error {
			return tx.G().Exec("UPDATE meeting SET cancelled_at = 1 WHERE id = ?", d.of).Error
		})
		d.wantPage(d.pupilAt, address, "meeting_cancelled")
		d.wantPage(d.nobody(), address, "meeting_cancelled")
	})
}

func TestARoomWithANameIsToldAndLookedForAtTheSchool(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoorway(t, env, func(p *meeting.Plan) { p.Room = meeting.Room{Name: "Klasse 7b"} })
		d.decide("yes", "video")
		d.read()
		var joined joinBody
		d.pupilAt.want(200, d.join()).into(t, &joined)
		if joined.Room == nil || *joined.Room != (joinRoomBody{Name: "Klasse 7b", Address: "https://schule.example/"}) {
			t.Errorf("joined: %+v", joined)
		}
		if status, location := d.pupilAt.follow("GET", joined.URL); status != 303 || location != "https://schule.example/" {
			t.Errorf("led to %d %q", status, location)
		}
		d.of = d.plan(func(p *meeting.Plan) { p.Title, p.Room = "Ohne Raum", meeting.Room{} })
		d.wantPage(d.pupilAt, d.tap(), "room_not_ready")
	})
}

func TestTheHeadPublishesRulesAndOneThatIsIncompleteNamesThePlace(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		head := h.as(authz.Head)
		var listed struct{ Items []publishedRulesBody }
		head.want(200, head.get("/rules-versions")).into(t, &listed)
		if len(listed.Items) != 1 || listed.Items[0].Number != 1 {
			t.Fatalf("at first there are %+v", listed)
		}
		set := listed.Items[0].Set
		var first, again publishedRulesBody
		head.want(201, head.post("/rules-versions", "k", object{"set": set})).into(t, &first)
		head.want(201, head.post("/rules-versions", "k", object{"set": set})).into(t, &again)
		if first.Number != 2 || first.ID != again.ID {
			t.Errorf("published %+v and %+v", first, again)
		}
		if _, fields := head.want(422, head.post("/rules-versions", "l", object{"set": set, "inForceOn": "2020-01-01"})).code(); len(fields) != 1 || fields[0] != "inForceOn" {
			t.Errorf("for the past: %v", fields)
		}
		set.Languages[3].Questions[7].Why = " "
		if _, fields := head.want(422, head.post("/rules-versions/check", "", object{"set": set})).code(); len(fields) != 1 || fields[0] != "set.languages.tr.questions.friendly_2" {
			t.Errorf("incomplete: %v", fields)
		}
	})
}
