package meeting_test

import (
	"slices"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/testkit"
)

// X19 and X21: the same pupil twice, and somebody whom nobody let in.
func TestX19X21WhoIsThereIsComparedWithWhoWasLetIn(t *testing.T) {
	lena, ben := meeting.Entry{Ref: "l", Pupil: "lena"}, meeting.Entry{Ref: "b", Pupil: "ben"}
	with := func(e meeting.Entry, copies int, camera bool) meeting.Entry {
		e.Copies, e.Camera = copies, camera
		return e
	}
	in := func(ref string) meeting.Attendee { return meeting.Attendee{Ref: ref} }
	for name, row := range map[string]struct {
		entries   []meeting.Entry
		there     []meeting.Attendee
		changed   []meeting.Entry
		strangers int
	}{
		"nobody":             {nil, nil, nil, 0},
		"let in, not there":  {[]meeting.Entry{lena}, nil, nil, 0},
		"comes":              {[]meeting.Entry{lena, ben}, []meeting.Attendee{in("l")}, []meeting.Entry{with(lena, 1, false)}, 0},
		"stays":              {[]meeting.Entry{with(lena, 1, true)}, []meeting.Attendee{{Ref: "l", Camera: true}}, nil, 0},
		"camera on":          {[]meeting.Entry{with(lena, 1, false)}, []meeting.Attendee{{Ref: "l", Camera: true}}, []meeting.Entry{with(lena, 1, true)}, 0},
		"twice, camera once": {[]meeting.Entry{lena}, []meeting.Attendee{in("l"), {Ref: "l", Camera: true}}, []meeting.Entry{with(lena, 2, true)}, 0},
		"one of two goes":    {[]meeting.Entry{with(lena, 2, true)}, []meeting.Attendee{in("l")}, []meeting.Entry{with(lena, 1, false)}, 0},
		"goes":               {[]meeting.Entry{with(lena, 1, true), ben}, nil, []meeting.Entry{with(lena, 0, false)}, 0},
		"strangers":          {[]meeting.Entry{lena}, []meeting.Attendee{in("w_1"), in("w_2"), in("l")}, []meeting.Entry{with(lena, 1, false)}, 2},
		"a stranger twice":   {nil, []meeting.Attendee{in("w_1"), in("w_1")}, nil, 2},
		"nameless":           {[]meeting.Entry{lena}, []meeting.Attendee{in("")}, nil, 1},
		"comes while one goes": {[]meeting.Entry{with(lena, 1, false), ben}, []meeting.Attendee{in("b")},
			[]meeting.Entry{with(lena, 0, false), with(ben, 1, false)}, 0},
	} {
		changed, strangers := meeting.Reconcile(row.entries, row.there)
		if !slices.Equal(changed, row.changed) || strangers != row.strangers {
			t.Errorf("%s: %+v and %d, want %+v and %d", name, changed, strangers, row.changed, row.strangers)
		}
	}
}

func (c *classroom) letIn(m meeting.Meeting, pupil id.Pupil, mode participation.Mode) (ref string) {
	c.t.Helper()
	c.Write(func(tx *db.Tx) (err error) {
		if ref, err = meeting.LetIn(tx, m, pupil, mode); err != nil {
			return err
		}
		return c.meetings.TouchPupil(tx, pupil)
	})
	return ref
}

func (c *classroom) rowOf(m meeting.Meeting, pupil id.Pupil) meeting.Row {
	c.t.Helper()
	roster, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, row := range roster.Rows {
		if row.Pupil == pupil {
			return row
		}
	}
	c.t.Fatalf("%s is on no roster", pupil)
	return meeting.Row{}
}

func TestTheDoorTellsTheRosterAndADayLaterNobodyKnows(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Audio)
		m := c.plan(c.lesson())
		first := c.letIn(m, c.lena.ID, participation.Audio)
		env.Clock.Set(env.Clock.Now().Add(time.Minute))
		if again := c.letIn(m, c.lena.ID, participation.Audio); again != first {
			t.Errorf("who comes again is called %s, before %s", again, first)
		}
		if row := c.rowOf(m, c.lena.ID); !row.EnteredAt.Equal(env.Clock.Now()) || row.Present || row.Stricter {
			t.Errorf("let in: %+v", row)
		}
		c.Write(func(tx *db.Tx) error {
			return meeting.KeepPresence(tx, m.ID, []meeting.Entry{{Ref: first, Copies: 2, Camera: true}})
		})
		if row := c.rowOf(m, c.lena.ID); !row.Present || !row.Twice || !row.Camera {
			t.Errorf("in twice, with a camera that should be off: %+v", row)
		}
		c.answer(participation.Video)
		if row := c.rowOf(m, c.lena.ID); row.Camera {
			t.Errorf("a camera that may be on is flagged: %+v", row)
		}
		due := func() (ended []id.Meeting) {
			c.Read(func(tx *db.Tx) (err error) {
				ended, err = meeting.Ended(tx)
				return err
			})
			return ended
		}
		env.Clock.Set(m.EndsAt.Add(meeting.ForgetAfter))
		if ended := due(); len(ended) != 0 {
			t.Errorf("too early: %v", ended)
		}
		env.Clock.Set(m.EndsAt.Add(meeting.ForgetAfter + time.Second))
		if ended := due(); !slices.Equal(ended, []id.Meeting{m.ID}) {
			t.Errorf("due are %v", ended)
		}
		c.Write(func(tx *db.Tx) error { return meeting.Forget(tx, m.ID) })
		if row := c.rowOf(m, c.lena.ID); !row.EnteredAt.IsZero() || row.Present || len(due()) != 0 {
			t.Errorf("a day later: %+v", row)
		}
	})
}

// A mode that became stricter stays marked on every device until somebody has said "seen".
func TestAStricterModeStaysMarkedUntilItWasSeen(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Video)
		m := c.plan(c.lesson())
		first := c.watch(m.ID)
		c.waitKept(m, c.lena.ID)
		first.Close()
		c.answer(participation.Audio) // nobody looks
		if row := c.rowOf(m, c.lena.ID); !row.Stricter {
			t.Errorf("not marked: %+v", row)
		}
		if row := c.rowOf(m, c.ben.ID); row.Stricter {
			t.Errorf("marked without a change: %+v", row)
		}
		stranger := c.newTeacher()
		if err := c.meetings.Seen(c.Ctx, stranger, m.ID, c.lena.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("somebody else's roster: %v", err)
		}
		if err := c.meetings.Seen(c.Ctx, c.teacher, m.ID, id.New[id.Pupil]()); !fault.Has(err, fault.NothingHere) {
			t.Errorf("nobody of the roster: %v", err)
		}
		second := c.watch(m.ID)
		defer second.Close()
		if err := c.meetings.Seen(c.Ctx, c.teacher, m.ID, c.lena.ID); err != nil {
			t.Fatal(err)
		}
		for change := range second.Changes() { // the other tablet hears of the tap
			if change != nil && len(change.Rows) == 1 && change.Rows[0].Pupil == c.lena.ID && !change.Rows[0].Stricter {
				break
			}
		}
		c.answer(participation.None)
		if row := c.rowOf(m, c.lena.ID); !row.Stricter {
			t.Errorf("a second change is not marked: %+v", row)
		}
	})
}

func (c *classroom) watch(m id.Meeting) *meeting.Stream {
	c.t.Helper()
	stream, err := c.live.Open(c.Ctx, c.teacher, m)
	if err != nil {
		c.t.Fatal(err)
	}
	return stream
}

// waitKept waits until the board has kept what it shows.
func (c *classroom) waitKept(m meeting.Meeting, pupil id.Pupil) {
	c.t.Helper()
	c.until(func(tx *db.Tx) (bool, error) {
		var kept int64
		err := tx.G().Table("roster_seen").Where("meeting_id = ? AND pupil_id = ?", m.ID, pupil).Count(&kept).Error
		return kept > 0, err
	})
}

func (c *classroom) until(holds func(*db.Tx) (bool, error)) {
	c.t.Helper()
	for done := false; !done; {
		select {
		case <-c.t.Context().Done():
			c.t.Fatal("never")
		default:
		}
		c.Read(func(tx *db.Tx) (err error) {
			done, err = holds(tx)
			return err
		})
	}
}

// Limits stated openly: an IServ link lasts, so that a room is spent once a child must stay out that knows it. A pupil's
// own wish spends nothing.
func TestARoomIsSpentOnceAChildMustStayOut(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Video)
		plan := c.lesson()
		plan.Room.URL = "https://schule.example/iserv/videoconference/alt"
		m := c.plan(plan)
		old, fresh := plan.Room, meeting.Room{URL: "https://schule.example/iserv/videoconference/neu"}
		if err := c.meetings.SetRoom(c.Ctx, c.teacher, m.ID, old, true); err != nil {
			t.Fatal(err)
		}
		stream := c.watch(m.ID)
		defer stream.Close()
		c.waitKept(m, c.lena.ID)
		c.Write(func(tx *db.Tx) error {
			err := tx.G().Exec("INSERT INTO own_limit (school_id, id, pupil_id, meeting_id, reach, set_at) VALUES (?, 'x', ?, ?, 'none', 0)",
				tx.School, c.lena.ID, m.ID).Error
			if err != nil {
				return err
			}
			return c.meetings.TouchPupil(tx, c.lena.ID)
		})
		wait := func(holds func(*meeting.Change) bool) {
			for change := range stream.Changes() {
				if change != nil && holds(change) {
					return
				}
			}
		}
		wait(func(change *meeting.Change) bool {
			return len(change.Rows) == 1 && change.Rows[0].Mode == participation.None
		})
		if view := c.room(m); view.State.Spent || !c.rowOf(m, c.lena.ID).Stricter {
			t.Errorf("a pupil's own wish: %+v", view.State)
		}
		c.answer(participation.None)
		c.Write(func(tx *db.Tx) error { return c.meetings.TouchPupil(tx, c.lena.ID) })
		wait(func(change *meeting.Change) bool { return change.Room != nil && change.Room.Spent })
		if view := c.room(m); !view.State.Spent || view.Standing != old {
			t.Errorf("after a no: %+v", view)
		}
		c.Read(func(tx *db.Tx) error {
			standing, err := c.meetings.StandingRoom(tx, c.teacher.Account)
			if standing != (meeting.Room{}) {
				t.Errorf("a spent room goes on standing: %+v", standing)
			}
			return err
		})
		err := c.meetings.SetRoom(c.Ctx, c.teacher, m.ID, old, false)
		if !fault.Has(err, fault.InvalidInput) || err.Error() != fault.InvalidField("room.url", fault.RoomSpent).Error() {
			t.Errorf("the spent link again: %v", err)
		}
		if err := c.meetings.SetRoom(c.Ctx, c.teacher, m.ID, fresh, false); err != nil {
			t.Fatal(err)
		}
		wait(func(change *meeting.Change) bool { return change.Room != nil && !change.Room.Spent })
		// That the child may come again is shown after everything that the board made of the new link: it never knew that one.
		c.Write(func(tx *db.Tx) error {
			return tx.G().Exec("DELETE FROM own_limit WHERE school_id = ? AND id = 'x'", tx.School).Error
		})
		c.answer(participation.Video)
		c.Write(func(tx *db.Tx) error { return c.meetings.TouchPupil(tx, c.lena.ID) })
		wait(func(change *meeting.Change) bool {
			return len(change.Rows) == 1 && change.Rows[0].Mode == participation.Video
		})
		if view := c.room(m); view.State.Spent || view.Meeting.Room.URL != fresh.URL {
			t.Errorf("with a new link: %+v", view)
		}
	})
}

func (c *classroom) room(m meeting.Meeting) meeting.RoomView {
	c.t.Helper()
	view, err := c.meetings.Room(c.Ctx, c.teacher, m.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	return view
}
