package meeting_test

import (
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

func TestALessonRunsForItsTeacherUntilItsEnd(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		m := c.plan(c.lesson())
		colleague, stranger := c.newTeacher(c.class), c.newTeacher()
		ends := func(of authz.Actor, at time.Time) (end time.Time) {
			c.Read(func(tx *db.Tx) (err error) {
				end, err = c.meetings.LessonEnd(tx, of.Account, at)
				return err
			})
			return end
		}
		for name, want := range map[string]struct {
			of  authz.Actor
			at  time.Time
			end time.Time
		}{
			"at its beginning":           {c.teacher, m.StartsAt, m.EndsAt},
			"before its end":             {c.teacher, m.EndsAt.Add(-time.Microsecond), m.EndsAt},
			"at its end":                 {c.teacher, m.EndsAt, time.Time{}},
			"before its beginning":       {c.teacher, m.StartsAt.Add(-time.Microsecond), time.Time{}},
			"of a class of theirs":       {colleague, m.StartsAt, m.EndsAt},
			"of a class that is not":     {stranger, m.StartsAt, time.Time{}},
			"of nobody's class (a head)": {c.Staff(authz.Head), m.StartsAt, time.Time{}},
		} {
			if got := ends(want.of, want.at); !got.Equal(want.end) {
				t.Errorf("%s: %s, want %s", name, got, want.end)
			}
		}
		c.Write(func(tx *db.Tx) error {
			tx.MarkAudited()
			return tx.G().Exec("UPDATE meeting SET cancelled_at = 1").Error
		})
		if got := ends(c.teacher, m.StartsAt); !got.IsZero() {
			t.Errorf("a lesson that was called off ends at %s", got)
		}
	})
}
