package meeting_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// weekly is a series of four lessons from tomorrow on, of which the third is excepted.
func (c *classroom) weekly(env *testkit.Env) []meeting.Meeting {
	c.t.Helper()
	plan := c.lesson()
	plan.StartsAt = env.Clock.Now().Add(24 * time.Hour)
	day := calendar.Today(plan.StartsAt, time.UTC)
	plan.Weekly = &meeting.Weekly{Until: day.AddDays(28), Except: []calendar.Date{day.AddDays(14)}}
	c.plan(plan)
	return c.listed(c.teacher, env)
}

func (c *classroom) listed(actor authz.Actor, env *testkit.Env) []meeting.Meeting {
	c.t.Helper()
	listed, err := c.meetings.List(c.Ctx, actor, env.Clock.Now(), env.Clock.Now().AddDate(1, 0, 0), meeting.Page{Limit: 100})
	if err != nil {
		c.t.Fatal(err)
	}
	return listed.Meetings
}

func (c *classroom) exec(statement string, values ...any) {
	c.t.Helper()
	c.Write(func(tx *db.Tx) error { return tx.G().Exec(statement, values...).Error })
}

func (c *classroom) count(query string, values ...any) (n int64) {
	c.t.Helper()
	c.Read(func(tx *db.Tx) error { return tx.G().Raw(query, values...).Scan(&n).Error })
	return n
}

func TestASeriesIsPlannedMovedAndCancelled(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		series := c.weekly(env)
		if len(series) != 4 || series[0].Series == "" || series[3].Series != series[0].Series {
			t.Fatalf("planned %+v", series)
		}
		if c.count("SELECT count(*) FROM outbox WHERE topic = 'meeting.planned'") != 1 || c.count("SELECT count(*) FROM audit WHERE action = 'meeting.planned'") != 4 {
			t.Error("one notice and a trace of each meeting were to be left")
		}
		moved, err := c.meetings.Move(c.Ctx, c.teacher, series[1].ID, series[1].StartsAt.Add(2*time.Hour), 0)
		if err != nil || !moved.StartsAt.Equal(series[1].StartsAt.Add(2*time.Hour)) || moved.EndsAt.Sub(moved.StartsAt) != 45*time.Minute || moved.Series != series[0].Series {
			t.Errorf("moved to %+v, %v", moved, err)
		}
		if n, err := c.meetings.Cancel(c.Ctx, c.teacher, series[0].ID, false); n != 1 || err != nil {
			t.Errorf("cancelled %d, %v", n, err)
		}
		if n, err := c.meetings.Cancel(c.Ctx, c.teacher, series[2].ID, true); n != 2 || err != nil {
			t.Errorf("cancelled %d of this and the following, %v", n, err)
		}
		if left := c.listed(c.teacher, env); len(left) != 1 || left[0].ID != series[1].ID {
			t.Errorf("left %+v", left)
		}
		if _, err := c.meetings.Cancel(c.Ctx, c.teacher, series[0].ID, false); !fault.Has(err, fault.NothingHere) {
			t.Errorf("cancelled twice: %v", err)
		}
		var payloads []string
		c.Read(func(tx *db.Tx) error {
			return tx.G().Table("outbox").Where("topic <> 'meeting.planned'").Order("id").Pluck("payload", &payloads).Error
		})
		by, at := c.teacher.Account, env.Clock.Now()
		want := []meeting.News{
			{Meeting: series[1].ID, At: at, By: by, Was: series[1].StartsAt}, {Meeting: series[0].ID, At: at, By: by},
			{Meeting: series[2].ID, Series: series[0].Series, At: at, By: by},
		}
		told := make([]meeting.News, len(payloads))
		for i, payload := range payloads {
			if err := json.Unmarshal([]byte(payload), &told[i]); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(told, want) {
			t.Errorf("told %+v, want %+v", told, want)
		}
	})
}

// A teacher who is ill calls nothing off.
func TestOfficeAndHeadChangeAnyMeetingOnRecord(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		series := c.weekly(env)
		office, head, dpo := c.Staff(authz.Office), c.Staff(authz.Head), c.Staff(authz.DPO)
		moved, err := c.meetings.Move(c.Ctx, office, series[0].ID, series[0].StartsAt.Add(time.Hour), 0)
		if err != nil || !moved.StartsAt.Equal(series[0].StartsAt.Add(time.Hour)) || moved.Responsible != c.teacher.Account {
			t.Errorf("the office moved %+v, %v", moved, err)
		}
		if n, err := c.meetings.Cancel(c.Ctx, head, series[1].ID, true); n != 3 || err != nil {
			t.Errorf("the head cancelled %d, %v", n, err)
		}
		for action, by := range map[string]authz.Actor{"meeting.moved": office, "meeting.cancelled": head} {
			if n := c.count("SELECT count(*) FROM audit WHERE action = ? AND actor = ?", action, by.Account); n == 0 {
				t.Errorf("%s is not on record", action)
			}
		}
		if _, err := c.meetings.Cancel(c.Ctx, dpo, moved.ID, false); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("a data protection officer cancels: %v", err)
		}
		env.Clock.Set(moved.StartsAt)
		if _, err := c.meetings.Cancel(c.Ctx, office, moved.ID, false); !fault.Has(err, fault.MeetingBegun) {
			t.Errorf("the office cancels what runs: %v", err)
		}
	})
}

// IServ: "Jetzt" in two taps leads into the room that the teacher has kept, unless it is spent or no longer allowed.
func TestAMeetingWithoutARoomIsInTheTeachersStandingOne(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		first := c.plan(c.lesson())
		if first.Room.IsIServ() {
			t.Errorf("before there is one: %+v", first.Room)
		}
		if err := c.meetings.SetRoom(c.Ctx, c.teacher, first.ID, meeting.Room{URL: roomLink}, true); err != nil {
			t.Fatal(err)
		}
		if now := c.plan(c.lesson()); now.Room.URL != roomLink {
			t.Errorf("begun now in %+v", now.Room)
		}
		named := c.lesson()
		named.Room.Name = "Aula"
		if now := c.plan(named); now.Room.URL != "" || now.Room.Name != "Aula" {
			t.Errorf("a room that is named is not taken: %+v", now.Room)
		}
		colleague := c.newTeacher(c.class)
		if theirs, err := c.meetings.Plan(c.Ctx, colleague, c.lesson()); err != nil || theirs.Room.IsIServ() {
			t.Errorf("a colleague begins in %+v, %v", theirs.Room, err)
		}
		c.exec("UPDATE school SET room_hosts = '[\"andere.example\"]'")
		if now := c.plan(c.lesson()); now.Room.IsIServ() {
			t.Errorf("off the school's list: %+v", now.Room)
		}
		c.exec("UPDATE school SET room_hosts = '[\"schule.example\"]'")
		c.exec("INSERT INTO spent_room (school_id, link, spent_at) VALUES (?, ?, 1)", c.ID, roomLink)
		if now := c.plan(c.lesson()); now.Room.IsIServ() {
			t.Errorf("in a room that is spent: %+v", now.Room)
		}
	})
}

func TestOnlyItsTeacherChangesAMeetingAndOnlyBeforeItBegins(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		series := c.weekly(env)
		colleague, stranger := c.newTeacher(c.class), c.newTeacher()
		for name, test := range map[string]struct {
			actor authz.Actor
			code  fault.Code
		}{"a colleague": {colleague, fault.NotAllowedHere}, "a stranger": {stranger, fault.NothingHere}} {
			if _, err := c.meetings.Cancel(c.Ctx, test.actor, series[0].ID, false); !fault.Has(err, test.code) {
				t.Errorf("%s cancels: %v", name, err)
			}
			if _, err := c.meetings.Move(c.Ctx, test.actor, series[0].ID, series[0].StartsAt.Add(time.Hour), 0); !fault.Has(err, test.code) {
				t.Errorf("%s moves: %v", name, err)
			}
		}
		for name, to := range map[string]time.Time{"into the past": env.Clock.Now().Add(-time.Minute), "years ahead": env.Clock.Now().AddDate(2, 0, 0)} {
			if _, err := c.meetings.Move(c.Ctx, c.teacher, series[0].ID, to, 0); !fault.Has(err, fault.InvalidInput) {
				t.Errorf("moved %s: %v", name, err)
			}
		}
		env.Clock.Set(series[0].StartsAt)
		if _, err := c.meetings.Cancel(c.Ctx, c.teacher, series[0].ID, false); !fault.Has(err, fault.MeetingBegun) {
			t.Errorf("cancelled while it ran: %v", err)
		}
	})
}

// A class cannot be with its teacher twice at a time; groups of it can be planned side by side, which is told.
func TestWhatOverlapsIsRefusedForTheWholeClassAndToldOfSome(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		plan := c.lesson()
		plan.StartsAt = env.Clock.Now().Add(time.Hour)
		first := c.plan(plan)
		if _, err := c.meetings.Plan(c.Ctx, c.teacher, plan); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("the same once more: %v", err)
		}
		plan.Title = "Deutsch"
		refused := func(name string, change func(*meeting.Plan)) {
			t.Helper()
			other := plan
			change(&other)
			if _, err := c.meetings.Plan(c.Ctx, c.teacher, other); err == nil || !strings.Contains(err.Error(), "startsAt: meeting_overlaps") {
				t.Errorf("%s: %v", name, err)
			}
		}
		refused("at the same time", func(*meeting.Plan) {})
		refused("into its beginning", func(p *meeting.Plan) { p.StartsAt = p.StartsAt.Add(time.Minute - p.Length) })
		refused("into its end", func(p *meeting.Plan) { p.StartsAt = p.StartsAt.Add(p.Length - time.Minute) })
		refused("around it", func(p *meeting.Plan) { p.StartsAt, p.Length = p.StartsAt.Add(-time.Minute), 2*time.Hour })
		refused("the second of a series", func(p *meeting.Plan) {
			p.StartsAt, p.Weekly = p.StartsAt.AddDate(0, 0, -7), &meeting.Weekly{}
			env.Clock.Advance(-8 * 24 * time.Hour)
		})
		env.Clock.Advance(8 * 24 * time.Hour)
		before := plan
		before.Title, before.StartsAt = "Davor", plan.StartsAt.Add(-plan.Length)
		if _, err := c.meetings.Move(c.Ctx, c.teacher, c.plan(before).ID, first.StartsAt, 0); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("moved onto another: %v", err)
		}
		if _, err := c.meetings.Move(c.Ctx, c.teacher, first.ID, first.StartsAt.Add(time.Minute), 0); err != nil {
			t.Errorf("moved onto itself: %v", err)
		}
		if colleague, err := c.meetings.Plan(c.Ctx, c.newTeacher(c.class), plan); err != nil {
			t.Errorf("of a colleague: %+v, %v", colleague, err)
		}
		plan.Kind, plan.Pupils = participation.SmallGroup, []id.Pupil{c.lena.ID}
		overlapping := c.plan(plan)
		if n, err := c.meetings.Overlaps(c.Ctx, overlapping); n != 1 || err != nil {
			t.Errorf("overlaps %d, %v", n, err)
		}
		plan.StartsAt = plan.StartsAt.Add(plan.Length + time.Minute)
		if n, err := c.meetings.Overlaps(c.Ctx, c.plan(plan)); n != 0 || err != nil {
			t.Errorf("one after the other overlap %d times, %v", n, err)
		}
	})
}

func (c *classroom) group(name string, pupils ...school.Pupil) school.Class {
	c.t.Helper()
	office := c.Staff(authz.Office)
	group, err := c.Service.MakeGroup(c.Ctx, office, name)
	if err != nil {
		c.t.Fatal(err)
	}
	var ids []id.Pupil
	for _, pupil := range pupils {
		ids = append(ids, pupil.ID)
	}
	if err := c.Service.SetMembers(c.Ctx, office, group.ID, ids); err != nil {
		c.t.Fatal(err)
	}
	return group
}

// Abuse X31: pupils may be chosen from one's own classes and groups, and from nowhere else; what colleagues plan with
// chosen pupils is not seen through a class that is shared.
func TestX31OnlyPupilsOfOnesOwnClassesAndGroupsMayBeChosen(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		other := c.Class("7c")
		jan, ole := c.Pupil("Jan", "Fremd", "2014-01-01", other), c.Pupil("Ole", "Fremd", "2014-02-01", other)
		band := c.group("Band", c.lena, jan)
		if err := c.Service.GiveClass(c.Ctx, c.Staff(authz.Office), band.ID, c.teacher.Account); err != nil {
			t.Fatal(err)
		}
		chosen := func(pupils ...id.Pupil) meeting.Plan {
			plan := c.lesson()
			plan.Kind, plan.Pupils = participation.SmallGroup, pupils
			return plan
		}
		if _, err := c.meetings.Plan(c.Ctx, c.teacher, chosen(c.ben.ID, ole.ID)); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("a pupil of neither: %v", err)
		}
		foreign := c.lesson()
		foreign.Class = other.ID
		if _, err := c.meetings.Plan(c.Ctx, c.teacher, foreign); !fault.Has(err, fault.NothingHere) {
			t.Errorf("a foreign class: %v", err)
		}
		mixed := c.plan(chosen(c.ben.ID, jan.ID)) // of the class, and of the group
		colleague := c.newTeacher(c.class)
		if _, err := c.meetings.Roster(c.Ctx, colleague, mixed.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("a colleague of one class reads the modes of another: %v", err)
		}
		if got := c.listed(colleague, env); len(got) != 0 {
			t.Errorf("a colleague is listed %+v", got)
		}
		whole := c.lesson()
		whole.Class, whole.Title = band.ID, "Bandprobe"
		roster, err := c.meetings.Roster(c.Ctx, c.teacher, c.plan(whole).ID)
		if err != nil || len(roster.Rows) != 2 {
			t.Errorf("the group's roster: %+v, %v", roster.Rows, err)
		}
		if err := c.Service.SetMembers(c.Ctx, c.Staff(authz.Office), band.ID, []id.Pupil{c.lena.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.meetings.Plan(c.Ctx, c.teacher, chosen(jan.ID)); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("a pupil who has left the group: %v", err)
		}
	})
}

func TestASubstituteSeesTheMeetingForItsTimeAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		plan := c.lesson()
		plan.StartsAt = env.Clock.Now().Add(2 * time.Hour)
		m := c.plan(plan)
		talk := c.lesson()
		talk.Kind, talk.Pupils, talk.StartsAt = participation.OneToOne, []id.Pupil{c.lena.ID}, plan.StartsAt
		talkID, later := c.plan(talk).ID, c.weekly(env)[2].ID
		substitute, third := c.newTeacher(), c.newTeacher()
		open, err := c.meetings.OpenToSubstitutes(c.Ctx, substitute)
		if err != nil || len(open) != 1 || open[0].ID != m.ID {
			t.Fatalf("open %+v, %v", open, err)
		}
		for name, meeting := range map[string]id.Meeting{"a talk between two": talkID, "one of another day": later} {
			if _, err := c.meetings.TakeOver(c.Ctx, substitute, meeting); !fault.Has(err, fault.NothingHere) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 2 {
			if taken, err := c.meetings.TakeOver(c.Ctx, substitute, m.ID); err != nil || taken.Substitute != substitute.Account {
				t.Fatalf("taken %+v, %v", taken, err)
			}
		}
		if n := c.count("SELECT count(*) FROM audit WHERE action = 'meeting.substituted'"); n != 1 {
			t.Errorf("%d entries", n)
		}
		if _, err := c.meetings.TakeOver(c.Ctx, third, m.ID); !fault.Has(err, fault.SubstituteThere) {
			t.Errorf("a third: %v", err)
		}
		for at, sees := range map[time.Duration]bool{-30*time.Minute - time.Microsecond: false, -30 * time.Minute: true, 45*time.Minute - time.Microsecond: true, 45 * time.Minute: false} {
			env.Clock.Set(m.StartsAt.Add(at))
			_, err := c.meetings.Roster(c.Ctx, substitute, m.ID)
			listed := slices.ContainsFunc(c.listed(substitute, env), func(l meeting.Meeting) bool { return l.ID == m.ID })
			if sees != (err == nil) || sees != listed {
				t.Errorf("%s: %v, listed %t", at, err, listed)
			}
			if _, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID); err != nil {
				t.Errorf("%s: the responsible teacher: %v", at, err)
			}
		}
		if err := c.meetings.GiveBack(c.Ctx, third, m.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("given back by a third: %v", err)
		}
		env.Clock.Set(m.StartsAt)
		if err := c.meetings.GiveBack(c.Ctx, substitute, m.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := c.meetings.Roster(c.Ctx, substitute, m.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("seen after it was given back: %v", err)
		}
	})
}

// X10: a teacher who plans a meeting for a later day learns nothing of when a mode may change: modes are today's alone.
func TestX10AMeetingOfALaterDayShowsTodaysModes(t *testing.T) {
	env := testkit.NewSQLite(t)
	c := newClassroom(t, env)
	c.answer(participation.Video)
	_, err := sanction.NewService(env.DB, c.Log, c.Service, c.rules, c.Hub).Impose(c.Ctx, c.Staff(authz.Head), sanction.New{
		Pupil: c.lena.ID, Kind: sanction.Educational, Measure: sanction.AudioOnly, RuleKey: "FRIENDLY",
		NotedOn: c.Today(), From: c.Today(), Until: c.Today().AddDays(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	plan := c.lesson()
	plan.StartsAt = env.Clock.Now().AddDate(0, 0, 3)
	m := c.plan(plan)
	if row := c.rowOf(m, c.lena.ID); row.Mode != participation.Audio {
		t.Errorf("the mode of a day to come is told: %s", row.Mode)
	}
	env.Clock.Set(m.StartsAt)
	if row := c.rowOf(m, c.lena.ID); row.Mode != participation.Video {
		t.Errorf("on that day: %s", row.Mode)
	}
}
