package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/conference/bbbtest"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/outbound"
	"einverstanden/backend/participation"
	"einverstanden/backend/room"
	"einverstanden/backend/testkit"
)

// callConferences lets the house call the listed conference servers of the own network.
func callConferences(t *testing.T, env *testkit.Env, listed ...string) func(*Deps) {
	return func(deps *Deps) {
		out := outbound.New(listed, "test")
		t.Cleanup(out.Close)
		client := conference.NewClient(out, env.Clock.Now)
		deps.Rooms = room.NewService(env.DB, env.Vault, deps.Schools, deps.Meetings, client, deps.URL, deps.Log)
	}
}

// conferenceServer is one that nobody may call.
var conferenceServer = object{"url": "https://127.0.0.1/bigbluebutton", "secret": "unter-uns", "style": "teacher_only"}

func serverSetUp(path string) func(*world, place, authz.Role) call {
	return func(w *world, _ place, _ authz.Role) call {
		err := w.server.Rooms.SetServer(w.Ctx, w.Staff(authz.Head), "https://127.0.0.1/bigbluebutton", "unter-uns", conference.TeacherOnly)
		if err != nil {
			w.t.Fatal(err)
		}
		return call{path: path, body: object{}}
	}
}

func (w *world) iservMeeting(s site) meeting.Meeting {
	w.t.Helper()
	w.keys++
	planned, err := w.meetings.Plan(s.Ctx, s.teacher, meeting.Plan{
		Title: fmt.Sprintf("Mathematik %d", w.keys), Kind: participation.Lesson, Class: s.class.ID, Length: 45 * time.Minute,
		Room: meeting.Room{URL: "https://schule.example/iserv/videoconference/abc"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return planned
}

// roomed is about a meeting with an IServ room.
func roomed(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: "/meetings/" + fresh(w, at, func(s site) id.Meeting { return w.iservMeeting(s).ID }) + suffix, body: body}
	}
}

func seenOnRoster(w *world, at place, role authz.Role) call {
	return roomed("/roster/"+w.pupilAt(at)+"/seen", object{})(w, at, role)
}

// X18: a link that could lead thirty children elsewhere is refused, with its field.
func TestX18RoomLinksLeadToTheSchoolsHostsAlone(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	c := w.as(authz.Teacher)
	meetingID := string(w.iservMeeting(w.sites[own]).ID)
	set := func(body object) answer {
		t.Helper()
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return c.send("PUT", "/meetings/"+meetingID+"/room", "", encoded, nil)
	}
	for _, link := range []string{
		"javascript:alert(1)", "http://schule.example/x", "https://schule.example.evil.example/x", "https://evil.example/x",
		"https://schule.example@evil.example/x", "https://kim:x@schule.example/x", "https://schule.example:8443/x", "//schule.example/x", "schule.example",
		"https://schule.example\\@evil.example/", "data:text/html,x",
	} {
		got := set(object{"kind": "iserv", "url": link})
		c.wantProblem(422, "invalid_input", got)
		if _, fields := got.code(); !slices.Equal(fields, []string{"room.url"}) {
			t.Errorf("%s: the fields are %v", link, fields)
		}
	}
	for field, body := range map[string]object{
		"room.url": {"kind": "iserv"}, "kind": {"kind": "bigbluebutton"}, "room": {"kind": "iserv", "name": strings.Repeat("x", 201)},
	} {
		got := set(body)
		c.wantProblem(422, "invalid_input", got)
		if _, fields := got.code(); !slices.Equal(fields, []string{field}) {
			t.Errorf("%v: the fields are %v", body, fields)
		}
	}
	c.want(204, set(object{"kind": "iserv", "url": "https://schule.example/iserv/videoconference/neu", "remember": true}))
	var view roomView
	c.want(200, c.get("/meetings/"+meetingID+"/room")).into(t, &view)
	if view.Room.URL != "https://schule.example/iserv/videoconference/neu" || view.Standing != view.Room || view.HasServer || view.State.Kind != "iserv" {
		t.Errorf("the room is %+v", view)
	}
}

// conferenced is a house with a conference server of its own, and a meeting on it.
func conferenced(t *testing.T) (*world, *bbbtest.Double, string) {
	t.Helper()
	double := bbbtest.New("unter-uns")
	here := httptest.NewServer(double)
	t.Cleanup(here.Close)
	env := testkit.NewSQLite(t)
	w := newWorld(t, env, callConferences(t, env, strings.TrimPrefix(here.URL, "http://")))
	if err := w.server.Rooms.SetServer(w.Ctx, w.Staff(authz.Head), here.URL, "unter-uns", conference.NoCameras); err != nil {
		t.Fatal(err)
	}
	planned, err := w.meetings.Plan(w.Ctx, w.sites[own].teacher, meeting.Plan{
		Title: "Mathematik", Kind: participation.Lesson, Class: w.class.ID, Length: 45 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, double, "/meetings/" + string(planned.ID)
}

func TestARoomOnTheSchoolsServerIsOpenedClosedAndToldToHaveEnded(t *testing.T) {
	w, double, path := conferenced(t)
	c := w.as(authz.Teacher)
	var first, second wayIn
	c.want(200, c.post(path+"/room/open", "", object{})).into(t, &first)
	c.want(200, c.post(path+"/room/reopen", "", object{})).into(t, &second)
	rooms := double.Rooms()
	if len(rooms) != 1 || rooms[0].Params.Get("lockSettingsDisableCam") != "true" || rooms[0].Params.Get("record") != "false" {
		t.Fatalf("open are %+v", rooms)
	}
	for address, want := range map[string]int{first.URL: 302, second.URL: 200} {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := direct.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want { // 302: back to us, the room is gone
			t.Errorf("%s: status %d, want %d", address, response.StatusCode, want)
		}
	}
	callback, err := url.Parse(rooms[0].Params.Get("meta_endCallbackUrl"))
	if err != nil {
		t.Fatal(err)
	}
	state := func() (now rosterBody) {
		c.want(200, c.get(path+"/roster")).into(t, &now)
		return now
	}
	nobody := w.nobody()
	for _, secret := range []string{"x", string(w.ID) + ".x", string(w.ID) + ".", "." + callback.Path[strings.LastIndex(callback.Path, ".")+1:]} {
		nobody.wantProblem(404, "not_found", nobody.get("/conference/ended/"+url.PathEscape(secret)+"?meetingID=x&recordingmarks=true"))
	}
	if now := state(); !now.Room.Open || now.Room.Recorded {
		t.Errorf("after a wrong secret: %+v", now.Room)
	}
	nobody.want(204, nobody.get(callback.Path+"?meetingID=x&recordingmarks=true"))
	if now := state(); now.Room.Open || !now.Room.Recorded {
		t.Errorf("after the end: %+v", now.Room)
	}
	for _, secret := range []string{"unter-uns", callback.Path, "checksum="} {
		if strings.Contains(w.logs.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
