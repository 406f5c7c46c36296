package api

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/conference/bbbtest"
	"einverstanden/backend/meeting"
	"einverstanden/backend/outbound"
	"einverstanden/backend/room"
	"einverstanden/backend/testkit"
)

// nobodyThere is a server that has gone: whoever calls it is refused the connection.
const nobodyThere bbbtest.Failure = "nobody there"

// conferenceDoor is a doorway whose rooms are on the school's own server.
type conferenceDoor struct {
	*doorway
	double    *bbbtest.Double
	address   string
	running   *httptest.Server // nil: nobody is there
	during    func(*http.Request)
	patient   *room.Service
	impatient *room.Service // waits for a silent server a moment only
	teacher   *client
}

func newConferenceDoor(t *testing.T, env *testkit.Env) *conferenceDoor {
	t.Helper()
	c := &conferenceDoor{double: bbbtest.New("unter-uns"), address: "127.0.0.1:0"}
	c.listen(t)
	t.Cleanup(func() { c.running.Close() })
	out := outbound.New([]string{c.address}, "test")
	t.Cleanup(out.Close)
	h := newHouse(t, env, func(deps *Deps) {
		rooms := func(client *conference.Client) *room.Service {
			return room.NewService(env.DB, env.Vault, deps.Schools, deps.Meetings, client, deps.URL, deps.Log)
		}
		c.patient = rooms(conference.NewClient(out, env.Clock.Now))
		c.impatient = rooms(conference.NewClient(out, env.Clock.Now).Within(20 * time.Millisecond))
		deps.Rooms = c.patient
	})
	if err := c.patient.SetServer(h.Ctx, h.Staff(authz.Head), "http://"+c.address, "unter-uns", conference.TeacherOnly); err != nil {
		t.Fatal(err)
	}
	c.doorway = doorwayOf(h, func(plan *meeting.Plan) { plan.Room = meeting.Room{} })
	c.decide("yes", "audio")
	c.read()
	c.teacher = h.as(authz.Teacher)
	return c
}

func (c *conferenceDoor) listen(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	c.address = listener.Addr().String()
	c.running = &httptest.Server{Listener: listener, Config: &http.Server{Handler: c}}
	c.running.Start()
}

// ServeHTTP is the server, and what happens while it is being asked.
func (c *conferenceDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.during != nil {
		c.during(r)
	}
	c.double.ServeHTTP(w, r)
}

// fail makes the server fail in this way; it is well with none.
func (c *conferenceDoor) fail(failure bbbtest.Failure) {
	c.t.Helper()
	rooms := c.patient
	if failure == bbbtest.Silence {
		rooms = c.impatient
	}
	c.server.Rooms = rooms
	c.meetings.WithConferences(rooms).WithRooms(rooms)
	if failure == nobodyThere {
		c.running.Close()
		c.running = nil
		return
	}
	if c.running == nil {
		c.listen(c.t)
	}
	c.double.Fail(failure)
}

func (c *conferenceDoor) only() string {
	c.t.Helper()
	rooms := c.double.Rooms()
	if len(rooms) != 1 {
		c.t.Fatalf("%d rooms are open", len(rooms))
	}
	return rooms[0].ID
}

func (c *conferenceDoor) open() answer   { return c.teacher.post(c.path("/room/open"), "", object{}) }
func (c *conferenceDoor) reopen() answer { return c.teacher.post(c.path("/room/reopen"), "", object{}) }

// round asks who is in, and gives what the roster says of the room.
func (c *conferenceDoor) round() roomState {
	c.t.Helper()
	c.server.Rooms.Look(c.Ctx)
	c.server.Rooms.Round(c.Ctx)
	var roster rosterBody
	c.teacher.want(200, c.teacher.get(c.path("/roster"))).into(c.t, &roster)
	return roster.Room
}

// wantTold expects the one sentence, and gives how long it says to wait.
func (c *conferenceDoor) wantTold(code string, got answer) time.Duration {
	c.t.Helper()
	c.teacher.wantProblem(503, code, got)
	seconds, err := strconv.Atoi(got.header.Get("Retry-After"))
	if err != nil || !strings.Contains(string(got.body), `"detail":"`) || strings.Contains(string(got.body), "secret-of-the-other-side") {
		c.t.Errorf("told is %v %s", got.header, got.body)
	}
	return time.Duration(seconds) * time.Second
}

// However the server fails, the teacher reads one sentence and can try again when it says so, the pupil finds its page,
// the roster goes on while the server is being waited for, and the log has the cause without a secret.
func TestAConferenceServerThatFailsHangsNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newConferenceDoor(t, env)
		for _, of := range []struct {
			failure     bbbtest.Failure
			code, cause string
		}{
			{bbbtest.Garbage, "conference_unavailable", "host_answer_unusable: conference: not an answer of this API"},
			{bbbtest.Truncated, "conference_unavailable", "host_answer_unusable: conference: not an answer of this API"},
			{bbbtest.Redirect, "conference_unavailable", "host_answer_unusable: conference: not the status of an answer"},
			{bbbtest.Broken, "conference_unavailable", "host_answer_unusable: conference: not the status of an answer"},
			{bbbtest.Silence, "conference_unavailable", "host_unreachable: context deadline exceeded"},
			{nobodyThere, "conference_unavailable", "connection refused"},
			{bbbtest.Failed, "conference_failed", "create failed: internalError"},
			{bbbtest.Refusal, "conference_refused", "conference_refused"},
		} {
			t.Run(string(of.failure), func(t *testing.T) {
				outer := c.t
				c.t = t
				defer func() { c.t = outer }()
				c.failsAndRecovers(of.failure, of.code, of.cause)
			})
		}
	})
}

func (c *conferenceDoor) failsAndRecovers(failure bbbtest.Failure, code, cause string) {
	c.teacher.want(200, c.open())
	before, logged := c.only(), c.logs.Len()
	c.fail(failure)
	asked := false
	c.during = func(r *http.Request) {
		asked = true
		reader := &client{h: c.house, cookies: map[string]string{accessCookie: c.teacher.cookies[accessCookie]}}
		if got := reader.get(c.path("/roster")); got.status != 200 {
			c.t.Errorf("the roster meanwhile: %d %s", got.status, got.body)
		}
		if got := reader.post(c.path("/roster/"+string(c.pupil.ID)+"/seen"), "", object{}); got.status != 204 {
			c.t.Errorf("a change meanwhile: %d %s", got.status, got.body)
		}
		if r.Context().Err() != nil && failure != bbbtest.Silence {
			c.t.Error("who looks at the roster waits for the server")
		}
	}
	c.wantTold(code, c.reopen())
	c.during = nil
	if asked == (failure == nobodyThere) || c.only() != before {
		c.t.Errorf("asked %t; open is %s, before %s", asked, c.only(), before)
	}
	c.Clock.Advance(21 * time.Second) // a room that was heard of just now is not asked for
	c.wantTold(code, c.open())
	tapped := c.tap()
	c.wantPage(c.pupilAt, tapped, "room_not_ready")
	if state := c.round(); !state.Open || !state.Silent {
		c.t.Errorf("the roster shows %+v", state)
	}
	wait := c.wantTold(code, c.open())
	c.wantCause(c.logs.String()[logged:], cause, tapped)

	c.fail("")
	c.Clock.Advance(wait)
	c.teacher.want(200, c.open())
	c.teacher.want(200, c.reopen())
	if c.only() == before {
		c.t.Error("the room is still the one that was to be closed")
	}
	if status, location := c.pupilAt.follow("GET", c.tap()); status != 303 || !strings.HasPrefix(location, "http://"+c.address+"/bigbluebutton/api/join?") {
		c.t.Errorf("afterwards the pupil is led to %d %q", status, location)
	}
	if state := c.round(); !state.Open || state.Silent {
		c.t.Errorf("afterwards the roster shows %+v", state)
	}
}

func (c *conferenceDoor) wantCause(logged, cause, tapped string) {
	c.t.Helper()
	if !strings.Contains(logged, cause) {
		c.t.Errorf("the log does not say %q: %s", cause, logged)
	}
	_, address, _ := strings.Cut(tapped, ".")
	for _, secret := range []string{"unter-uns", "checksum=", "/join?", "fullName=", "secret-of-the-other-side", address} {
		if strings.Contains(logged, secret) {
			c.t.Errorf("the log holds %q: %s", secret, logged)
		}
	}
}
