package meeting_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/meeting"
	"einverstanden/backend/testkit"
)

var morning = meeting.DistanceDay{From: 8 * time.Hour, Length: 270 * time.Minute, Title: "Distanztag"}

func (c *classroom) head() authz.Actor {
	c.t.Helper()
	head := c.newTeacher()
	head.Role = authz.Head
	return head
}

func statesOf(done meeting.Distance) map[string]meeting.ClassState {
	states := map[string]meeting.ClassState{}
	for _, class := range done.Classes {
		states[class.Class.Name] = class.State
	}
	return states
}

func TestADistanceDayGivesEveryClassALessonOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		meets, lonely := c.Class("7c"), c.Class("7d")
		c.Class("7e") // nobody is in it
		c.Pupil("Jan", "Fremd", "2014-01-01", meets)
		c.Pupil("Ole", "Fremd", "2014-02-01", lonely)
		c.group("Band", c.lena)
		other := c.newTeacher(meets)
		lesson := c.lesson()
		lesson.Class, lesson.StartsAt = meets.ID, env.Clock.Now().Add(24*time.Hour)
		if _, err := c.meetings.Plan(c.Ctx, other, lesson); err != nil {
			t.Fatal(err)
		}
		before := c.lesson()
		before.Room.Name = "Klasse 7b"
		c.plan(before)
		head := c.head()
		preview, err := c.meetings.PreviewDistanceDay(c.Ctx, head, morning)
		if err != nil || preview.Day != calendar.MustParse("2026-11-25") || preview.StartsAt.UTC().Format(time.RFC3339) != "2026-11-25T07:00:00Z" {
			t.Fatalf("preview %+v, %v", preview, err)
		}
		want := map[string]meeting.ClassState{"7b": meeting.ClassPlanned, "7c": meeting.ClassMeets, "7d": meeting.NoTeacher, "7e": meeting.NoPupils}
		wantStates(t, "preview", preview, want)
		key := func(value string) context.Context {
			return idempotency.With(c.Ctx, idempotency.Key{Actor: string(head.Account), Route: "POST /distance-days", Value: value})
		}
		want["7b"] = meeting.ClassMade
		for range 2 { // the same key, the same reply
			done, err := c.meetings.DeclareDistanceDay(key("first"), head, morning)
			if err != nil || done.Classes[0].Teacher != c.teacher.Account || done.Classes[0].Room.Name != "Klasse 7b" {
				t.Fatalf("done %+v, %v", done, err)
			}
			wantStates(t, "done", done, want)
		}
		roster, err := c.meetings.Roster(c.Ctx, c.teacher, mustDistance(t, c, head).Classes[0].Meeting)
		if err != nil || len(roster.Rows) != 2 {
			t.Errorf("roster %+v, %v", roster, err)
		}
		if err := c.Service.GiveClass(c.Ctx, c.Staff(authz.Office), lonely.ID, other.Account); err != nil {
			t.Fatal(err)
		}
		again, err := c.meetings.DeclareDistanceDay(key("second"), head, morning)
		if err != nil {
			t.Fatal(err)
		}
		want["7b"], want["7d"] = meeting.ClassMeets, meeting.ClassMade
		wantStates(t, "again", again, want)
		if n := c.count("SELECT count(*) FROM meeting WHERE title = 'Distanztag'"); n != 2 {
			t.Errorf("%d meetings", n)
		}
	})
}

func mustDistance(t *testing.T, c *classroom, head authz.Actor) meeting.Distance {
	t.Helper()
	found, err := c.meetings.PreviewDistanceDay(c.Ctx, head, morning)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func wantStates(t *testing.T, when string, got meeting.Distance, want map[string]meeting.ClassState) {
	t.Helper()
	states := statesOf(got)
	for name, state := range want {
		if states[name] != state {
			t.Errorf("%s: %s is %s, want %s", when, name, states[name], state)
		}
	}
	if len(states) != len(want) {
		t.Errorf("%s: %v", when, states)
	}
}

func TestTwoWhoDeclareADistanceDayAtOnceMakeNothingTwice(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		var group sync.WaitGroup
		for range 6 {
			head := c.head()
			group.Go(func() {
				if _, err := c.meetings.DeclareDistanceDay(c.Ctx, head, morning); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := c.count("SELECT count(*) FROM meeting"); n != 1 {
			t.Errorf("%d meetings", n)
		}
	})
}

func TestADistanceDayThatCannotBe(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		head := c.head()
		for name, change := range map[string]func(*meeting.DistanceDay){
			"yesterday":   func(d *meeting.DistanceDay) { d.Day = c.Today().AddDays(-1) },
			"next summer": func(d *meeting.DistanceDay) { d.Day = c.Today().AddDays(200) },
			"over":        func(d *meeting.DistanceDay) { d.Day, d.Length = c.Today(), time.Hour },
			"at 25:00":    func(d *meeting.DistanceDay) { d.From = 25 * time.Hour },
			"endless":     func(d *meeting.DistanceDay) { d.Length = 9 * time.Hour },
			"no title":    func(d *meeting.DistanceDay) { d.Title = " " },
		} {
			day := morning
			change(&day)
			if _, err := c.meetings.DeclareDistanceDay(c.Ctx, head, day); !fault.Has(err, fault.InvalidInput) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := c.meetings.DeclareDistanceDay(c.Ctx, c.teacher, morning); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("by a teacher: %v", err)
		}
		env.Clock.Set(time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)) // a Friday
		if day := mustDistance(t, c, head).Day; day != calendar.MustParse("2026-11-30") {
			t.Errorf("after a Friday comes %s", day)
		}
		c.Write(func(tx *db.Tx) error {
			tx.MarkAudited()
			return tx.G().Exec("UPDATE account SET disabled_at = 1 WHERE id = ?", c.teacher.Account).Error
		})
		wantStates(t, "with a teacher who is gone", mustDistance(t, c, head), map[string]meeting.ClassState{"7b": meeting.NoTeacher})
	})
}
