package meeting_test

import (
	"slices"
	"testing"
	"time"

	"einverstanden/backend/fault"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/testkit"
)

func TestATeachersLimitHoldsInItsMeetingAloneUntilItIsLifted(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		limits := meeting.NewLimits(c.meetings, c.Hub)
		c.answer(participation.Video)
		now, later := c.plan(c.lesson()), c.plan(c.lesson())
		mode := func(m meeting.Meeting) participation.Mode {
			t.Helper()
			roster, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			return roster.Rows[slices.IndexFunc(roster.Rows, func(r meeting.Row) bool { return r.Pupil == c.lena.ID })].Mode
		}
		for _, reach := range []participation.Mode{participation.None, participation.Audio} { // the later in place of the earlier
			if err := limits.Set(c.Ctx, c.teacher, now.ID, meeting.Limit{Pupil: c.lena.ID, Reach: reach}); err != nil {
				t.Fatal(err)
			}
			if mode(now) != reach || mode(later) != participation.Video {
				t.Errorf("limited to %s: %s here, %s there", reach, mode(now), mode(later))
			}
		}
		if listed, err := limits.List(c.Ctx, c.teacher, now.ID); err != nil || !slices.Equal(listed, []meeting.Limit{{Pupil: c.lena.ID, Reach: participation.Audio}}) {
			t.Errorf("listed %v, %v", listed, err)
		}
		for range 2 { // the second time there is none
			if err := limits.Lift(c.Ctx, c.teacher, now.ID, c.lena.ID); err != nil || mode(now) != participation.Video {
				t.Errorf("lifted: %s, %v", mode(now), err)
			}
		}
		c.refuseLimits(limits, now)
	})
}

func (c *classroom) refuseLimits(limits *meeting.Limits, m meeting.Meeting) {
	c.t.Helper()
	audio := meeting.Limit{Pupil: c.lena.ID, Reach: participation.Audio}
	if err := limits.Set(c.Ctx, c.teacher, m.ID, meeting.Limit{Pupil: c.lena.ID, Reach: participation.Video}); !fault.Has(err, fault.InvalidInput) {
		c.t.Errorf("a limit to video: %v", err)
	}
	if err := limits.Set(c.Ctx, c.newTeacher(), m.ID, audio); !fault.Has(err, fault.NothingHere) {
		c.t.Errorf("another teacher's meeting: %v", err)
	}
	stranger := c.Pupil("Jan", "Fremd", "2014-02-02", c.Class("7c"))
	if err := limits.Set(c.Ctx, c.teacher, m.ID, meeting.Limit{Pupil: stranger.ID, Reach: participation.Audio}); !fault.Has(err, fault.NothingHere) {
		c.t.Errorf("a pupil of another class: %v", err)
	}
	c.Clock.Advance(46 * time.Minute)
	if err := limits.Set(c.Ctx, c.teacher, m.ID, audio); !fault.Has(err, fault.AlreadyDone) {
		c.t.Errorf("after its end: %v", err)
	}
}
