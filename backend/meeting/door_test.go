package meeting_test

import (
	"context"
	"errors"
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
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/testkit"
)

const roomLink = "https://schule.example/iserv/videoconference/room/abc"

// linked is a lesson that begins in an hour, in a room with a link.
func (c *classroom) linked() meeting.Plan {
	plan := c.lesson()
	plan.Room.URL, plan.StartsAt = roomLink, c.Clock.Now().Add(time.Hour)
	return plan
}

// reads lets the pupil read the rules and answer right.
func (c *classroom) reads(actor authz.Actor, at id.Meeting) {
	c.t.Helper()
	own, err := c.meetings.OwnRules(c.Ctx, actor, at, "")
	if err != nil {
		c.t.Fatal(err)
	}
	var given []rules.Given
	for _, q := range own.Questions {
		given = append(given, rules.Given{Question: q.ID, Answer: q.Right})
	}
	if err := c.meetings.Acknowledge(c.Ctx, actor, at, own.Version.ID, given); err != nil {
		c.t.Fatal(err)
	}
}

func (c *classroom) mustJoin(actor authz.Actor, at id.Meeting) meeting.Joined {
	c.t.Helper()
	joined, err := c.meetings.Join(c.Ctx, actor, at)
	if err != nil {
		c.t.Fatal(err)
	}
	return joined
}

// atTheDoor is Lena before a meeting that runs, who may come in.
func atTheDoor(t *testing.T, env *testkit.Env, room meeting.Room) (c *classroom, lena authz.Actor, m meeting.Meeting) {
	t.Helper()
	c = newClassroom(t, env)
	c.answer(participation.Video)
	lena = c.As(id.PupilOf(c.lena.ID))
	plan := c.lesson()
	plan.Room = room
	m = c.plan(plan)
	c.reads(lena, m.ID)
	return c, lena, m
}

func (c *classroom) wantRefused(code fault.Code, err error) {
	c.t.Helper()
	if !fault.Has(err, code) {
		c.t.Errorf("got %v, want %s", err, code)
	}
}

func (c *classroom) refusedJoin(code fault.Code, actor authz.Actor, at id.Meeting) {
	c.t.Helper()
	_, err := c.meetings.Join(c.Ctx, actor, at)
	c.wantRefused(code, err)
}

func (c *classroom) refusedEntry(code fault.Code, actor authz.Actor, address meeting.Address) {
	c.t.Helper()
	_, _, err := c.meetings.Enter(c.Ctx, actor, address)
	c.wantRefused(code, err)
}

func (c *classroom) cancel(m id.Meeting) {
	c.t.Helper()
	c.Write(func(tx *db.Tx) error {
		return tx.G().Exec("UPDATE meeting SET cancelled_at = 1 WHERE id = ?", m).Error
	})
}

func TestTheDoorDecidesAtTheTap(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		lena := c.As(id.PupilOf(c.lena.ID))
		m := c.plan(c.linked())
		called := c.linked()
		called.StartsAt = m.EndsAt
		off := c.plan(called)
		c.cancel(off.ID)

		c.refusedJoin(fault.MeetingCancelled, lena, off.ID)
		c.refusedJoin(fault.TooEarly, lena, m.ID)
		env.Clock.Set(m.StartsAt.Add(-10*time.Minute - time.Microsecond))
		c.refusedJoin(fault.TooEarly, lena, m.ID)
		env.Clock.Advance(time.Microsecond)
		c.refusedJoin(fault.ModeNone, lena, m.ID)
		c.answer(participation.Audio)
		c.refusedJoin(fault.RulesNotRead, lena, m.ID)
		c.reads(lena, m.ID)
		joined := c.mustJoin(lena, m.ID)
		if joined.Mode != participation.Audio || !joined.ExpiresAt.Equal(env.Clock.Now().Add(time.Minute)) {
			t.Errorf("joined %+v", joined)
		}
		if again := c.mustJoin(lena, m.ID); again.Address == joined.Address {
			t.Error("a second tap gives the same address")
		}
		room, of, err := c.meetings.Enter(c.Ctx, lena, joined.Address)
		if err != nil || room != roomLink || of != m.ID {
			t.Errorf("led to %q of %s: %v", room, of, err)
		}
		env.Clock.Set(m.EndsAt.Add(-time.Microsecond))
		c.mustJoin(lena, m.ID)
		env.Clock.Advance(time.Microsecond)
		c.refusedJoin(fault.MeetingOver, lena, m.ID)

		for name, actor := range map[string]authz.Actor{
			"a pupil of another class": c.As(id.PupilOf(c.Pupil("Jan", "Fremd", "2014-01-01", c.Class("7c")).ID)),
			"a guardian":               c.As(id.GuardianOf(c.vera.ID)),
			"the teacher":              c.teacher,
		} {
			if _, err := c.meetings.Join(c.Ctx, actor, m.ID); !fault.Has(err, fault.NothingHere) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// X19: what a classmate passes on, or somebody keeps, opens nothing.
func TestX19AnAddressLeadsItsPupilInOnceAndNobodyElse(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Video)
		lena, ben, elsewhere := c.As(id.PupilOf(c.lena.ID)), c.As(id.PupilOf(c.ben.ID)), c.As(id.PupilOf(c.lena.ID))
		plan := c.linked()
		plan.StartsAt = time.Time{}
		m := c.plan(plan)
		c.reads(lena, m.ID)
		tap := func() meeting.Address { return c.mustJoin(lena, m.ID).Address }

		address := tap()
		for _, actor := range []authz.Actor{ben, elsewhere, c.teacher, {}} {
			c.refusedEntry(fault.LinkNotYours, actor, address)
		}
		if _, _, err := c.meetings.Enter(c.Ctx, lena, address); err != nil {
			t.Errorf("who was refused has used it up: %v", err)
		}
		c.refusedEntry(fault.LinkUsed, lena, address)
		school, secret, _ := strings.Cut(string(address), ".")
		c.refusedEntry(fault.LinkExpired, lena, meeting.Address(school+".A"+secret[1:]))
		c.refusedEntry(fault.LinkNotYours, lena, meeting.Address("other."+secret))
		c.refusedEntry(fault.LinkNotYours, lena, "")

		address = tap()
		env.Clock.Advance(time.Minute)
		if _, _, err := c.meetings.Enter(c.Ctx, lena, address); err != nil {
			t.Errorf("a minute is not over: %v", err)
		}
		address = tap()
		env.Clock.Advance(time.Minute + time.Microsecond)
		c.refusedEntry(fault.LinkExpired, lena, address)

		address = tap()
		c.answer(participation.None)
		c.refusedEntry(fault.ModeNone, lena, address)
		c.answer(participation.Video)

		address = tap()
		sanctions := sanction.NewService(env.DB, c.Log, c.Service, c.rules, c.Hub)
		imposed, err := sanctions.Impose(c.Ctx, c.Staff(authz.Head), sanction.New{
			Pupil: c.lena.ID, Kind: sanction.Educational, Measure: sanction.Excluded, RuleKey: "NO_RECORDING", NotedOn: c.Today(), From: c.Today(), Until: c.Today(),
		})
		if err != nil {
			t.Fatal(err)
		}
		c.refusedEntry(fault.ModeNone, lena, address)
		if err := sanctions.End(c.Ctx, c.Staff(authz.Head), imposed); err != nil {
			t.Fatal(err)
		}

		env.Clock.Set(m.EndsAt.Add(-time.Second))
		address = tap()
		env.Clock.Set(m.EndsAt)
		c.refusedEntry(fault.MeetingOver, lena, address)
		env.Clock.Set(m.StartsAt)
		address = tap()
		c.cancel(m.ID)
		c.refusedEntry(fault.MeetingCancelled, lena, address)
	})
}

// broken is a room that cannot be entered until it is mended.
type broken struct{ err error }

func (b *broken) Enter(context.Context, meeting.Meeting, meeting.Entrant) (string, error) {
	return roomLink, b.err
}

func TestARoomThatFailsUsesUpNothingThatThePupilNeeds(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c, lena, m := atTheDoor(t, env, meeting.Room{})
		c.refusedEntry(fault.RoomNotReady, lena, c.mustJoin(lena, m.ID).Address) // no link and no name

		room := &broken{err: errors.New("no answer")}
		c.meetings.WithRooms(room)
		c.refusedEntry(fault.RoomNotReady, lena, c.mustJoin(lena, m.ID).Address)
		room.err = nil
		if got, _, err := c.meetings.Enter(c.Ctx, lena, c.mustJoin(lena, m.ID).Address); err != nil || got != roomLink {
			t.Errorf("after a new tap: %q, %v", got, err)
		}
	})
}

func TestOneAddressUsedTwiceAtOnceLetsOneIn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c, lena, m := atTheDoor(t, env, meeting.Room{URL: roomLink})
		address := c.mustJoin(lena, m.ID).Address
		answers := make(chan error)
		for range 8 {
			go func() {
				_, _, err := c.meetings.Enter(c.Ctx, lena, address)
				answers <- err
			}()
		}
		in := 0
		for range 8 {
			if err := <-answers; err == nil {
				in++
			} else if !fault.Has(err, fault.LinkUsed) {
				t.Error(err)
			}
		}
		if in != 1 {
			t.Errorf("%d came in by one address", in)
		}
	})
}

func TestS15APupilLimitsItselfForOneMeetingAndTakesItBack(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Video)
		lena := c.As(id.PupilOf(c.lena.ID))
		plan := c.linked()
		plan.StartsAt = time.Time{}
		m, later := c.plan(plan), c.plan(c.linked())
		c.reads(lena, m.ID)
		modes := func() (here, there participation.Mode, own meeting.OwnMeeting) {
			t.Helper()
			roster, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			day := c.ownDay(c.lena.ID)
			return roster.Rows[1].Mode, day.Meetings[1].Mode, day.Meetings[0]
		}
		want := func(mode participation.Mode, limited bool) {
			t.Helper()
			here, there, own := modes()
			if here != mode || there != participation.Video || own.Mode != mode || own.Limited != limited || limited && own.OwnReach != mode {
				t.Errorf("roster %v, next meeting %v, own %+v; want %v", here, there, own, mode)
			}
		}
		want(participation.Video, false)
		limit := func(reach participation.Mode) {
			t.Helper()
			if err := c.meetings.LimitOneself(c.Ctx, lena, m.ID, reach); err != nil {
				t.Fatal(err)
			}
		}
		limit(participation.Audio)
		want(participation.Audio, true)
		if joined := c.mustJoin(lena, m.ID); joined.Mode != participation.Audio {
			t.Errorf("joined %+v", joined)
		}
		limit(participation.None)
		limit(participation.Audio) // raises nothing
		want(participation.None, true)
		c.refusedJoin(fault.ModeNone, lena, m.ID)
		if err := c.meetings.LiftOwnLimit(c.Ctx, lena, m.ID); err != nil {
			t.Fatal(err)
		}
		want(participation.Video, false)

		c.wantRefused(fault.InvalidInput, c.meetings.LimitOneself(c.Ctx, lena, m.ID, participation.Video))
		c.wantRefused(fault.NothingHere, c.meetings.LimitOneself(c.Ctx, c.teacher, m.ID, participation.None))
		c.cancel(later.ID)
		c.wantRefused(fault.MeetingCancelled, c.meetings.LimitOneself(c.Ctx, lena, later.ID, participation.None))
		env.Clock.Set(m.EndsAt)
		c.wantRefused(fault.MeetingOver, c.meetings.LiftOwnLimit(c.Ctx, lena, m.ID))
	})
}

func TestTheRosterTellsWhoHasReadTheRulesAndHearsOfIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Audio)
		lena := c.As(id.PupilOf(c.lena.ID))
		m := c.plan(c.lesson())
		stream, err := c.live.Open(c.Ctx, c.teacher, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		rows := stream.Snapshot().Rows
		if rows[0].Acknowledged != meeting.RulesNotNeeded || rows[1].Acknowledged != meeting.RulesDue || rows[1].Explain {
			t.Errorf("before: %+v", rows)
		}
		own, err := c.meetings.OwnRules(c.Ctx, lena, m.ID, "tr")
		if err != nil {
			t.Fatal(err)
		}
		var wrong []rules.Given
		for _, q := range own.Questions {
			for _, answer := range q.Answers {
				if answer.ID != q.Right {
					wrong = append(wrong, rules.Given{Question: q.ID, Answer: answer.ID})
				}
			}
		}
		if err := c.meetings.Acknowledge(c.Ctx, lena, m.ID, own.Version.ID, wrong); err != nil {
			t.Fatal(err)
		}
		if change := next(t, stream); len(change.Rows) != 1 || change.Rows[0].Acknowledged != meeting.RulesRead || !change.Rows[0].Explain {
			t.Errorf("after two wrong answers: %+v", change.Rows)
		}
		modes, err := c.meetings.Modes(c.Ctx, c.teacher, c.class.ID)
		if err != nil || modes.Rows[1].Acknowledged != "" || modes.Rows[1].Explain {
			t.Errorf("outside a meeting: %+v, %v", modes.Rows, err)
		}
		env.Clock.Set(calendar.NextMidnight(env.Clock.Now(), m.Zone))
		roster, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID)
		if err != nil || roster.Rows[1].Explain || roster.Rows[1].Acknowledged != meeting.RulesRead {
			t.Errorf("the next day: %+v, %v", roster.Rows, err)
		}
	})
}

func TestAddressesAreForgottenADayAfterTheMeeting(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c, lena, m := atTheDoor(t, env, meeting.Room{})
		c.mustJoin(lena, m.ID)
		count := func(want int64) {
			t.Helper()
			if err := c.meetings.ForgetAddresses(c.Ctx); err != nil {
				t.Fatal(err)
			}
			var found int64
			c.Read(func(tx *db.Tx) error { return tx.G().Table("join_address").Count(&found).Error })
			if found != want {
				t.Errorf("%d addresses, want %d", found, want)
			}
		}
		env.Clock.Set(m.EndsAt.Add(24 * time.Hour))
		count(1)
		env.Clock.Advance(time.Microsecond)
		count(0)
	})
}

func TestInAMeetingByStatuteRulesNeverCloseTheDoor(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		lena := c.As(id.PupilOf(c.lena.ID))
		m := c.plan(c.lesson())
		c.Write(func(tx *db.Tx) error {
			return tx.G().Exec("UPDATE meeting SET legal_basis = 'statute' WHERE id = ?", m.ID).Error
		})
		own, err := c.meetings.OwnRules(c.Ctx, lena, m.ID, "")
		if err != nil || own.Needed || len(own.Rules) != 6 {
			t.Errorf("the rules: %+v, %v", own, err)
		}
		if joined := c.mustJoin(lena, m.ID); joined.Mode != participation.Audio {
			t.Errorf("joined %+v", joined)
		}
		roster, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID)
		if err != nil || roster.Rows[1].Acknowledged != meeting.RulesNotNeeded {
			t.Errorf("on the roster: %+v, %v", roster.Rows, err)
		}
	})
}
