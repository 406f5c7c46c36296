package room_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/conference/bbbtest"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/outbound"
	"einverstanden/backend/participation"
	"einverstanden/backend/room"
	"einverstanden/backend/rules"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// house is a school with a conference server of its own, a class of two and its teacher.
type house struct {
	*testkit.School
	t         *testing.T
	env       *testkit.Env
	planned   int
	double    *bbbtest.Double
	client    *conference.Client
	rooms     *room.Service
	meetings  *meeting.Service
	class     school.Class
	teacher   authz.Actor
	head      authz.Actor
	lena, ben school.Pupil
	address   string
}

func newHouse(t *testing.T, env *testkit.Env) *house {
	t.Helper()
	h := &house{School: env.NewSchool(t), t: t, env: env, double: bbbtest.New("unter-uns")}
	here := httptest.NewServer(h.double)
	t.Cleanup(here.Close)
	h.address = here.URL
	out := outbound.New([]string{strings.TrimPrefix(here.URL, "http://")}, "test")
	t.Cleanup(out.Close)
	h.client = conference.NewClient(out, env.Clock.Now)
	consents := consent.NewService(env.DB, env.Vault, h.Log, h.Service, h.Hub)
	h.meetings = meeting.NewService(env.DB, h.Service, standing.NewService(env.DB, consents, h.Service), rules.NewService(env.DB, h.Service, h.Hub), h.Hub)
	h.rooms = h.instance()
	h.meetings.WithConferences(h.rooms)
	h.class = h.Class("7b")
	h.lena, h.ben = h.Pupil("Lena", "Brückner", "2014-03-12", h.class), h.Pupil("Ben", "Arndt", "2014-05-01", h.class)
	h.teacher, h.head = h.Staff(authz.Teacher), h.Staff(authz.Head)
	h.Write(func(tx *db.Tx) error {
		return tx.G().Exec("INSERT INTO account (school_id, id, profile, language, created_at) VALUES (?, ?, ?, 'de', 0)",
			tx.School, h.teacher.Account, []byte("x")).Error
	})
	h.must(h.Service.GiveClass(h.Ctx, h.Staff(authz.Office), h.class.ID, h.teacher.Account))
	h.must(h.rooms.SetServer(h.Ctx, h.head, h.address, "unter-uns", conference.TeacherOnly))
	return h
}

// instance is another server of ours on the same database.
func (h *house) instance() *room.Service {
	public, _ := url.Parse("https://wir.example")
	return room.NewService(h.env.DB, h.env.Vault, h.Service, h.meetings, h.client, public, slog.New(slog.DiscardHandler))
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) plan(change func(*meeting.Plan)) meeting.Meeting {
	h.t.Helper()
	h.planned++ // the same lesson twice is refused
	plan := meeting.Plan{Title: fmt.Sprint("Mathematik ", h.planned), Kind: participation.Lesson, Class: h.class.ID, Length: 45 * time.Minute}
	if change != nil {
		change(&plan)
	}
	planned, err := h.meetings.Plan(h.Ctx, h.teacher, plan)
	h.must(err)
	return planned
}

func (h *house) open(m meeting.Meeting) string {
	h.t.Helper()
	address, err := h.rooms.Open(h.Ctx, h.teacher, "Kim Lehrkraft", m.ID)
	h.must(err)
	return address
}

func (h *house) enter(m meeting.Meeting, pupil school.Pupil, mode participation.Mode) string {
	h.t.Helper()
	address, err := h.rooms.Enter(h.Ctx, m, meeting.Entrant{Pupil: pupil.ID, Name: pupil.Short(), Mode: mode})
	h.must(err)
	return address
}

// visit follows an address as a browser does, and reports whether it led in.
func (h *house) visit(address string) bool {
	h.t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	h.must(err)
	direct := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := direct.Do(request)
	h.must(err)
	response.Body.Close()
	return response.StatusCode == http.StatusOK && strings.HasPrefix(response.Header.Get("Content-Type"), "text/html")
}

func (h *house) only() bbbtest.Room {
	h.t.Helper()
	rooms := h.double.Rooms()
	if len(rooms) != 1 {
		h.t.Fatalf("%d rooms are open", len(rooms))
	}
	return rooms[0]
}

// round lets the clock go on and asks who is in.
func (h *house) round() {
	h.t.Helper()
	h.env.Clock.Set(h.env.Clock.Now().Add(5 * time.Second))
	h.rooms.Round(h.Ctx)
}

func (h *house) roster(m meeting.Meeting) (meeting.Roster, map[id.Pupil]meeting.Row) {
	h.t.Helper()
	roster, err := h.meetings.Roster(h.Ctx, h.teacher, m.ID)
	h.must(err)
	rows := map[id.Pupil]meeting.Row{}
	for _, row := range roster.Rows {
		rows[row.Pupil] = row
	}
	return roster, rows
}

func (h *house) audited(action string) (times int64) {
	h.t.Helper()
	h.Read(func(tx *db.Tx) error {
		return tx.G().Table("audit").Where("school_id = ? AND action = ?", tx.School, action).Count(&times).Error
	})
	return times
}

func TestARoomIsMadeAtFirstNeedAndPupilsAreNoModerators(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		m := h.plan(nil)
		if len(h.double.Rooms()) != 0 {
			t.Error("a room is made before anybody needs it")
		}
		if !h.visit(h.enter(m, h.lena, participation.Audio)) || !h.visit(h.open(m)) || !h.visit(h.enter(m, h.ben, participation.Video)) {
			t.Fatal("somebody was not let in")
		}
		made := h.only()
		if h.double.Calls("create") != 1 || made.Params.Get("webcamsOnlyForModerator") != "true" || made.Params.Get("record") != "false" {
			t.Errorf("%d calls made %v", h.double.Calls("create"), made.Params)
		}
		byName := map[string]bbbtest.Attendee{}
		for _, a := range made.Attendees {
			byName[a.Name] = a
			if strings.Contains(made.ID+a.UserID, string(h.lena.ID)) || a.UserID == "" {
				t.Errorf("%s is called %q there", a.Name, a.UserID)
			}
		}
		lena, ben, kim := byName["Lena B."], byName["Ben A."], byName["Kim Lehrkraft"]
		if lena.Moderator || ben.Moderator || !kim.Moderator ||
			lena.Data.Get("userdata-bbb_enable_video") != "false" || ben.Data.Get("userdata-bbb_enable_video") != "" {
			t.Errorf("in are %+v", made.Attendees)
		}
		for i, early := range []time.Duration{-31 * time.Minute, 2 * time.Hour} {
			later := h.plan(func(p *meeting.Plan) { p.StartsAt = env.Clock.Now().Add(time.Duration(i+1) * 50 * time.Minute) })
			was := env.Clock.Now()
			env.Clock.Set(later.StartsAt.Add(early))
			if _, err := h.rooms.Open(h.Ctx, h.teacher, "Kim", later.ID); !fault.Has(err, fault.RoomNotNow) {
				t.Errorf("%s after its beginning: %v", early, err)
			}
			env.Clock.Set(was)
		}
	})
}

// Settled 30: no one can be locked or thrown out; the room is closed, and another one opened.
func TestAClosedRoomIsOpenedByNoOldAddress(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		m := h.plan(nil)
		lena, kim := h.enter(m, h.lena, participation.Video), h.open(m)
		before := h.only().ID
		h.double.Fail(bbbtest.Broken)
		if _, err := h.rooms.Reopen(h.Ctx, h.teacher, "Kim", m.ID); !fault.Has(err, fault.ConferenceUnavailable) {
			t.Errorf("a server that does not end the room: %v", err)
		}
		h.double.Fail("")
		if roster, _ := h.roster(m); !roster.Room.Open || h.only().ID != before {
			t.Error("a room that was not closed counts as closed")
		}
		fresh, err := h.rooms.Reopen(h.Ctx, h.teacher, "Kim", m.ID)
		h.must(err)
		if h.only().ID == before || h.visit(lena) || h.visit(kim) || !h.visit(fresh) || !h.visit(h.enter(m, h.ben, participation.Audio)) {
			t.Error("an old address opens the new room, or a new one does not")
		}
		h.round() // the old room is still on its way out
		if roster, rows := h.roster(m); !roster.Room.Open || rows[h.lena.ID].Present || !rows[h.ben.ID].Present {
			t.Errorf("after closing and opening: %+v, %+v", roster.Room, rows)
		}
		if h.audited("room.opened") != 2 || h.audited("room.closed") != 1 {
			t.Errorf("%d opened, %d closed", h.audited("room.opened"), h.audited("room.closed"))
		}
	})
}

func TestAloneWithTheTeacherTheLockIsExact(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		talk := func() meeting.Meeting {
			return h.plan(func(p *meeting.Plan) { p.Kind, p.Pupils = participation.OneToOne, []id.Pupil{h.lena.ID} })
		}
		m := talk()
		h.open(m)
		if h.only().Params.Get("lockSettingsDisableCam") != "true" { // nobody has answered for Lena
			t.Errorf("made with %v", h.only().Params)
		}
		h.double.Close(h.only().ID)
		m = talk()
		h.enter(m, h.lena, participation.Video)
		h.must(h.rooms.Choose(h.Ctx, h.teacher, m.ID, room.Choice{Kind: meeting.BigBlueButton, Style: conference.Cameras}))
		if !h.visit(h.enter(m, h.lena, participation.Audio)) || h.only().Params.Get("lockSettingsDisableCam") != "true" {
			t.Errorf("a pupil with sound alone comes into %v", h.only().Params)
		}
	})
}

func TestTheRosterShowsWhoIsInAndWhatIsWrong(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		m := h.plan(nil)
		h.visit(h.open(m))
		h.visit(h.enter(m, h.lena, participation.Audio))
		made := h.only()
		lena := made.Attendees[len(made.Attendees)-1]
		h.double.Change(made.ID, func(r *bbbtest.Room) {
			r.Viewer(lena.UserID, true)
			r.Attendees = append(r.Attendees, lena, bbbtest.Attendee{UserID: "w_1", Name: "Gast"})
			r.Recording = true
		})
		h.round()
		roster, rows := h.roster(m)
		if row := rows[h.lena.ID]; !row.Present || !row.Twice || !row.Camera || rows[h.ben.ID].Present {
			t.Errorf("the rows are %+v", rows)
		}
		if roster.Room.Strangers != 1 || !roster.Room.Recorded || h.audited("room.recorded") != 1 {
			t.Errorf("the room is %+v; %d incidents", roster.Room, h.audited("room.recorded"))
		}
		h.round()
		if h.audited("room.recorded") != 1 {
			t.Error("one recording is two incidents")
		}
		h.double.Fail(bbbtest.Garbage)
		h.round()
		if roster, rows := h.roster(m); !roster.Room.Silent || !rows[h.lena.ID].Present {
			t.Errorf("a silent server: %+v", roster.Room)
		}
		h.double.Fail("")
		h.double.Close(made.ID)
		for range 4 { // 15 s
			h.round()
		}
		if roster, rows := h.roster(m); roster.Room.Open || roster.Room.Silent || rows[h.lena.ID].Present || !roster.Room.Recorded {
			t.Errorf("after the end: %+v", roster.Room)
		}
		asked := h.double.Calls("getMeetings")
		h.round()
		if h.double.Calls("getMeetings") != asked {
			t.Error("a server without an open room is asked")
		}
		env.Clock.Set(m.EndsAt.Add(meeting.ForgetAfter + time.Second))
		h.must(h.rooms.Forget(h.Ctx))
		for _, table := range []string{"conference_room", "meeting_entry", "roster_seen"} {
			var left int64
			h.Read(func(tx *db.Tx) error { return tx.G().Table(table).Where("school_id = ?", tx.School).Count(&left).Error })
			if left != 0 {
				t.Errorf("a day later %s holds %d rows", table, left)
			}
		}
	})
}

// However many rooms and servers of ours there are: one call in five seconds.
func TestOneCallAsksForAllRooms(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for range 10 {
			h.open(h.plan(nil))
		}
		second := h.instance()
		second.Look(h.Ctx)
		for range 3 {
			h.round()
			second.Round(h.Ctx)
		}
		if asked := h.double.Calls("getMeetings"); asked != 3 || h.double.Calls("getMeetingInfo") != 0 {
			t.Errorf("asked %d times in three rounds", asked)
		}
	})
}

func TestTheSecretGoesToNobodyButWhomItWasGivenFor(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.must(h.rooms.SetServer(h.Ctx, h.head, h.address+"/bigbluebutton/api", "", conference.Cameras))
		if found, err := h.rooms.Try(h.Ctx, h.head); found != conference.Fine || err != nil {
			t.Errorf("the kept secret: %s, %v", found, err)
		}
		for field, in := range map[string][3]string{
			"secret": {"https://bbb.evil.example", "", "cameras"}, "url": {"javascript:alert(1)", "x", "cameras"}, "style": {h.address, "", "x"},
		} {
			err := h.rooms.SetServer(h.Ctx, h.head, in[0], in[1], conference.Style(in[2]))
			if !fault.Has(err, fault.InvalidInput) || !strings.Contains(err.Error(), "["+field+":") {
				t.Errorf("%v: %v", in, err)
			}
		}
		if err := h.rooms.SetServer(h.Ctx, h.teacher, h.address, "x", conference.Cameras); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("a teacher: %v", err)
		}
		m := h.plan(nil)
		h.open(m)
		h.must(h.rooms.RemoveServer(h.Ctx, h.head))
		if _, err := h.rooms.Open(h.Ctx, h.teacher, "Kim", m.ID); !fault.Has(err, fault.RoomMissing) {
			t.Errorf("without a server: %v", err)
		}
		if roster, _ := h.roster(m); roster.Room != (meeting.RoomState{}) {
			t.Errorf("without a server the room is %+v", roster.Room)
		}
		h.must(h.rooms.SetHosts(h.Ctx, h.head, []string{" IServ.Schule.example", "iserv.schule.example"}))
		settings, err := h.rooms.Settings(h.Ctx, h.head)
		if err != nil || len(settings.Hosts) != 1 || settings.Hosts[0] != "iserv.schule.example" || settings.URL != "" {
			t.Errorf("the settings are %+v, %v", settings, err)
		}
		if err := h.rooms.SetHosts(h.Ctx, h.head, []string{"https://x.example/"}); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("no bare name: %v", err)
		}
	})
}
