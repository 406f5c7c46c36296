package meeting_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// classroom is a school with class 7b, its teacher, two pupils and a guardian each.
type classroom struct {
	*testkit.School
	t         *testing.T
	meetings  *meeting.Service
	planned   int
	rules     *rules.Service
	consents  *consent.Service
	live      *meeting.Live
	class     school.Class
	teacher   authz.Actor
	lena, ben school.Pupil
	vera      school.Guardian
}

func newClassroom(t *testing.T, env *testkit.Env) *classroom {
	t.Helper()
	s := env.NewSchool(t)
	c := &classroom{School: s, t: t}
	c.consents = consent.NewService(env.DB, env.Vault, s.Log, s.Service, s.Hub)
	c.rules = rules.NewService(env.DB, s.Service, s.Hub)
	c.meetings = meeting.NewService(env.DB, s.Service, standing.NewService(env.DB, c.consents, s.Service), c.rules, s.Hub)
	if err := c.rules.Ready(s.Ctx); err != nil {
		t.Fatal(err)
	}
	c.live = meeting.NewLive(c.meetings, s.Hub, env.Clock.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(c.live.Close)
	c.class = s.Class("7b")
	c.lena, c.ben = s.Pupil("Lena", "Brückner", "2014-03-12", c.class), s.Pupil("Ben", "Arndt", "2014-05-01", c.class)
	c.vera = s.Guardian("Vera", "Brückner", c.lena)
	c.teacher = c.newTeacher(c.class)
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
		"languages": {"de": {"title": "T", "blocks": [{"id": "p1", "kind": "point", "text": "Text"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.consents.Publish(s.Ctx, s.Staff(authz.Head), draft, s.Today()); err != nil {
		t.Fatal(err)
	}
	return c
}

// newTeacher makes an account row, because meetings refer to it, and gives it the classes.
func (c *classroom) newTeacher(classes ...school.Class) authz.Actor {
	c.t.Helper()
	teacher := c.Staff(authz.Teacher)
	c.Write(func(tx *db.Tx) error {
		return tx.G().Exec("INSERT INTO account (school_id, id, profile, language, created_at) VALUES (?, ?, ?, 'de', 0)",
			tx.School, teacher.Account, []byte("x")).Error
	})
	for _, class := range classes {
		if err := c.Service.GiveClass(c.Ctx, c.Staff(authz.Office), class.ID, teacher.Account); err != nil {
			c.t.Fatal(err)
		}
	}
	return teacher
}

func (c *classroom) lesson() meeting.Plan {
	return meeting.Plan{Title: "Mathematik", Kind: participation.Lesson, Class: c.class.ID, Length: 45 * time.Minute}
}

func (c *classroom) plan(plan meeting.Plan) meeting.Meeting {
	c.t.Helper()
	if c.planned++; c.planned > 1 && plan.Title == c.lesson().Title { // the same lesson twice is refused
		plan.Title += fmt.Sprint(" ", c.planned)
	}
	planned, err := c.meetings.Plan(c.Ctx, c.teacher, plan)
	if err != nil {
		c.t.Fatal(err)
	}
	return planned
}

func (c *classroom) answer(answer participation.Mode) {
	c.t.Helper()
	actor := c.As(id.GuardianOf(c.vera.ID))
	in := consent.AnswerInput{Pupil: c.lena.ID, Answer: answer, Language: consent.German}
	c.Read(func(tx *db.Tx) error {
		sheet, err := c.consents.Sheet(tx, actor, c.lena.ID, consent.German)
		in.Version, in.TextSHA256, in.After = sheet.Version.ID, sheet.German.SHA256, sheet.After
		return err
	})
	if answer > participation.None {
		in.Signature = &consent.Signature{Kind: string(consent.TypedSignature), Name: "Vera Brückner"}
	}
	if _, err := c.consents.Answer(c.Ctx, actor, in); err != nil {
		c.t.Fatal(err)
	}
}

func TestNowMakesARunningMeetingOfTheWholeClass(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		m := c.plan(c.lesson())
		if !m.Runs(env.Clock.Now()) || m.Basis != participation.Consent {
			t.Errorf("got %+v", m)
		}
		roster, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID)
		if err != nil || len(roster.Rows) != 2 || roster.Rows[0].Name.Family != "Arndt" || roster.Rows[1].Mode != participation.None {
			t.Errorf("got %+v, %v", roster.Rows, err)
		}
	})
}

func TestAForeignClassDoesNotExist(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		m := c.plan(c.lesson())
		other := c.newTeacher(c.Class("7c"))
		if _, err := c.meetings.Plan(c.Ctx, other, c.lesson()); !fault.Has(err, fault.NothingHere) {
			t.Errorf("plan: %v", err)
		}
		if _, err := c.meetings.Roster(c.Ctx, other, m.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("roster: %v", err)
		}
		if _, err := c.meetings.Modes(c.Ctx, other, c.class.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("modes: %v", err)
		}
		if _, err := c.live.Open(c.Ctx, other, m.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("stream: %v", err)
		}
	})
}

func TestBadPlansNameTheField(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		stranger := c.Pupil("Jan", "Fremd", "2014-01-01", c.Class("7c"))
		for name, change := range map[string]func(*meeting.Plan){
			"no title":                 func(p *meeting.Plan) { p.Title = "  " },
			"endless":                  func(p *meeting.Plan) { p.Length = 9 * time.Hour },
			"long ago":                 func(p *meeting.Plan) { p.StartsAt = env.Clock.Now().Add(-48 * time.Hour) },
			"pupil of another class":   func(p *meeting.Plan) { p.Pupils = []id.Pupil{stranger.ID} }, // X31
			"one to one with two":      func(p *meeting.Plan) { p.Kind, p.Pupils = participation.OneToOne, []id.Pupil{c.lena.ID, c.ben.ID} },
			"small group of nobody":    func(p *meeting.Plan) { p.Kind = participation.SmallGroup },
			"room is a script":         func(p *meeting.Plan) { p.Room.URL = "javascript:alert(1)" }, // X18
			"room on a foreign host":   func(p *meeting.Plan) { p.Room.URL = "https://evil.example/room" },
			"room with user info":      func(p *meeting.Plan) { p.Room.URL = "https://schule.example@evil.example/" },
			"room host only a subpart": func(p *meeting.Plan) { p.Room.URL = "https://schule.example.evil.example/" },
		} {
			plan := c.lesson()
			change(&plan)
			if _, err := c.meetings.Plan(c.Ctx, c.teacher, plan); !fault.Has(err, fault.InvalidInput) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		empty := c.Class("8a")
		if err := c.Service.GiveClass(c.Ctx, c.Staff(authz.Office), empty.ID, c.teacher.Account); err != nil {
			t.Fatal(err)
		}
		plan := c.lesson()
		plan.Class = empty.ID
		if _, err := c.meetings.Plan(c.Ctx, c.teacher, plan); err == nil || !strings.Contains(err.Error(), "[pupils:") {
			t.Errorf("a class of nobody: got %v", err)
		}
		good := c.lesson()
		good.Room.URL = "https://schule.example/iserv/videoconference/room/abc"
		c.plan(good)
	})
}

func TestTheBasisIsFixedWhenTheMeetingIsMade(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t, func(settings *school.Settings) { settings.LessonBasis = "statute" })
		c := &classroom{School: s, t: t}
		c.consents = consent.NewService(env.DB, env.Vault, s.Log, s.Service, s.Hub)
		c.meetings = meeting.NewService(env.DB, s.Service, standing.NewService(env.DB, c.consents, s.Service), rules.NewService(env.DB, s.Service, s.Hub), s.Hub)
		c.class = s.Class("7b")
		c.lena = s.Pupil("Lena", "Brückner", "2014-03-12", c.class)
		c.teacher = c.newTeacher(c.class)
		m := c.plan(c.lesson())
		if m.Basis != participation.Statute {
			t.Fatalf("basis %s", m.Basis)
		}
		roster, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID)
		if err != nil || roster.Rows[0].Mode != participation.Audio {
			t.Errorf("without an answer a lesson by statute is by sound: %+v, %v", roster.Rows, err)
		}
		group := c.lesson()
		group.Kind, group.Pupils = participation.SmallGroup, []id.Pupil{c.lena.ID}
		if m := c.plan(group); m.Basis != participation.Consent {
			t.Errorf("only lessons may be by statute, this is %s", m.Basis)
		}
	})
}

// next waits for a change of the stream; how long is the machine's business, so the limit is generous.
func next(t *testing.T, stream *meeting.Stream) *meeting.Change {
	t.Helper()
	select {
	case change := <-stream.Changes():
		return change
	case <-time.After(30 * time.Second):
		t.Fatal("no change came")
		return nil
	}
}

func TestAnOpenRosterHearsOfADecision(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		m := c.plan(c.lesson())
		first, err := c.live.Open(c.Ctx, c.teacher, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer first.Close()
		second, err := c.live.Open(c.Ctx, c.teacher, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		if rows := first.Snapshot().Rows; len(rows) != 2 {
			t.Fatalf("snapshot %+v", rows)
		}
		c.answer(participation.Video)
		for _, stream := range []*meeting.Stream{first, second} {
			change := next(t, stream)
			if len(change.Rows) != 1 || change.Rows[0].Pupil != c.lena.ID || change.Rows[0].Mode != participation.Video {
				t.Errorf("got %+v", change)
			}
		}
		c.answer(participation.None)
		if change := next(t, first); change.Rows[0].Mode != participation.None {
			t.Errorf("got %+v", change)
		}
	})
}

func TestAPupilThatLeavesIsGoneFromTheRoster(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		m := c.plan(c.lesson())
		stream, err := c.live.Open(c.Ctx, c.teacher, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		yesterday := c.Today().AddDays(-1)
		c.Write(func(tx *db.Tx) error {
			all, err := c.Service.AllMemberships(tx)
			if err != nil {
				return err
			}
			left := all[c.ben.ID][0]
			left.Period.Until = yesterday
			if err := c.Service.ChangeMembership(tx, left); err != nil {
				return err
			}
			return c.Hub.Touch(tx, c.ben.ID)
		})
		change := next(t, stream)
		if len(change.Gone) != 1 || change.Gone[0] != c.ben.ID {
			t.Errorf("got %+v", change)
		}
	})
}

func TestASlowReaderGetsASnapshotInsteadOfABacklog(t *testing.T) {
	c := newClassroom(t, testkit.NewSQLite(t))
	m := c.plan(c.lesson())
	slow, err := c.live.Open(c.Ctx, c.teacher, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	quick, err := c.live.Open(c.Ctx, c.teacher, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer quick.Close()
	for i := range 6 { // more than the backlog holds
		c.answer([]participation.Mode{participation.Video, participation.Audio}[i%2])
		next(t, quick)
	}
	if change := next(t, slow); change != nil {
		t.Fatalf("the backlog is still there: %+v", change)
	}
	if rows := slow.Snapshot().Rows; rows[1].Mode != participation.Audio {
		t.Errorf("snapshot %+v", rows)
	}
	c.answer(participation.None)
	if change := next(t, slow); change == nil || change.Rows[0].Mode != participation.None {
		t.Errorf("after the snapshot changes go on: %+v", change)
	}
}

func TestTheSixthStreamOfAPersonClosesTheFirst(t *testing.T) {
	c := newClassroom(t, testkit.NewSQLite(t))
	m := c.plan(c.lesson())
	var streams []*meeting.Stream
	for range 6 {
		stream, err := c.live.Open(c.Ctx, c.teacher, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		streams = append(streams, stream)
	}
	<-streams[0].Closed()
	select {
	case <-streams[1].Closed():
		t.Error("the second was closed too")
	default:
	}
}

func TestMeetingsAreListedInPages(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		var want []id.Meeting
		for i := range 5 {
			plan := c.lesson()
			plan.StartsAt = env.Clock.Now().Add(time.Duration(i) * time.Hour)
			want = append(want, c.plan(plan).ID)
		}
		from, to := env.Clock.Now(), env.Clock.Now().Add(24*time.Hour)
		var got []id.Meeting
		page := meeting.Page{Limit: 2}
		for {
			listed, err := c.meetings.List(c.Ctx, c.teacher, from, to, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range listed.Meetings {
				got = append(got, m.ID)
			}
			if listed.Next == "" {
				break
			}
			page.After = listed.Next
		}
		if len(got) != len(want) {
			t.Fatalf("got %d meetings, want %d", len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("place %d: got %s, want %s", i, got[i], want[i])
			}
		}
	})
}
