package meeting_test

import (
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/testkit"
)

func (c *classroom) ownDay(pupil id.Pupil) meeting.OwnDay {
	c.t.Helper()
	own, err := c.meetings.OwnDay(c.Ctx, c.As(id.PupilOf(pupil)))
	if err != nil {
		c.t.Fatal(err)
	}
	return own
}

func TestAPupilSeesItsOwnMeetingsOfAWeekWithModesForTodayAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Audio)
		other := c.Class("7c")
		c.Pupil("Jan", "Fremd", "2014-01-01", other)
		now := env.Clock.Now()
		talk := c.lesson()
		talk.Title, talk.Kind, talk.Pupils, talk.StartsAt = "Gespräch", participation.OneToOne, []id.Pupil{c.ben.ID}, now.Add(time.Hour)
		c.plan(talk)
		for title, start := range map[string]time.Time{"heute": now, "morgen": now.AddDate(0, 0, 1), "zu weit": now.AddDate(0, 0, 8)} {
			plan := c.lesson()
			plan.Title, plan.StartsAt = title, start
			c.plan(plan)
		}
		foreign := c.lesson()
		foreign.Class = other.ID
		if _, err := c.meetings.Plan(c.Ctx, c.newTeacher(other), foreign); err != nil {
			t.Fatal(err)
		}
		own := c.ownDay(c.lena.ID)
		if own.Name.Given != "Lena" || own.Class.Name != "7b" || own.Mode != participation.Audio || len(own.Meetings) != 2 {
			t.Fatalf("Lena sees %+v", own)
		}
		today, tomorrow := own.Meetings[0], own.Meetings[1]
		if today.Title != "heute" || !today.Today || today.Mode != participation.Audio || tomorrow.Title != "morgen" || tomorrow.Today {
			t.Errorf("Lena sees %+v and %+v", today, tomorrow)
		}
		if meetings := c.ownDay(c.ben.ID).Meetings; len(meetings) != 3 || meetings[1].Title != "Gespräch" {
			t.Errorf("Ben sees %+v", meetings)
		}
		for _, actor := range []authz.Actor{c.As(id.GuardianOf(c.vera.ID)), c.teacher, c.As(id.PupilOf(id.New[id.Pupil]()))} {
			if _, err := c.meetings.OwnDay(c.Ctx, actor); !fault.Has(err, fault.NothingHere) {
				t.Errorf("%s has a day: %v", actor.Role, err)
			}
		}
	})
}

func TestX8TheFirstEndOfAPupilsMeetings(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		now := env.Clock.Now()
		first, second := c.lesson(), c.lesson()
		second.StartsAt = now.Add(2 * time.Hour)
		m, n := c.plan(first), c.plan(second)
		for _, row := range []struct {
			after, want time.Time
		}{{now, m.EndsAt}, {m.EndsAt.Add(-time.Microsecond), m.EndsAt}, {m.EndsAt, n.EndsAt}, {n.EndsAt, time.Time{}}} {
			c.Read(func(tx *db.Tx) error {
				end, err := c.meetings.FirstEndFor(tx, c.lena.ID, row.after)
				if !end.Equal(row.want) {
					t.Errorf("after %s the first end is %s, want %s", row.after, end, row.want)
				}
				return err
			})
		}
		for after, want := range map[time.Time]time.Time{m.StartsAt.Add(-time.Microsecond): m.StartsAt, m.StartsAt: n.StartsAt, n.StartsAt: {}} {
			c.Read(func(tx *db.Tx) error {
				start, err := c.meetings.NextStartFor(tx, c.lena.ID, after)
				if !start.Equal(want) {
					t.Errorf("after %s the next start is %s, want %s", after, start, want)
				}
				return err
			})
		}
	})
}

func TestX22TheDoorIsOpenFromHalfAnHourBeforeAMeetingUntilItsEndOnSchoolDays(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		start := env.Clock.Now().Add(24 * time.Hour) // a Wednesday
		saturday := start.AddDate(0, 0, 3)
		holiday := start.AddDate(0, 0, 28) // the first Wednesday of the Christmas holidays
		plan := c.lesson()
		plan.StartsAt = start
		m := c.plan(plan)
		for _, free := range []time.Time{saturday, holiday} {
			plan.StartsAt = free
			c.plan(plan)
		}
		for at, want := range map[time.Time]bool{
			start.Add(-30*time.Minute - time.Microsecond): false,
			start.Add(-30 * time.Minute):                  true,
			start:                                         true,
			m.EndsAt.Add(-time.Microsecond):               true,
			m.EndsAt:                                      false,
			saturday:                                      false,
			holiday:                                       false,
		} {
			env.Clock.Set(at)
			c.Read(func(tx *db.Tx) error {
				open, err := c.meetings.IsDoorOpen(tx, c.class.ID)
				if open != want {
					t.Errorf("%s at %s: open is %v", at.Weekday(), at, open)
				}
				return err
			})
		}
		env.Clock.Set(start)
		c.Write(func(tx *db.Tx) error {
			tx.MarkAudited()
			return tx.G().Exec("UPDATE meeting SET cancelled_at = 1").Error
		})
		c.Read(func(tx *db.Tx) error {
			open, err := c.meetings.IsDoorOpen(tx, c.class.ID)
			if open {
				t.Error("a meeting that was called off opens the door")
			}
			return err
		})
	})
}
