package meeting_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/sanction"
	"einverstanden/backend/testkit"
)

// entrance is one life before a door: what happened so far, as whoever did it would tell it.
type entrance struct {
	*classroom
	t         *rapid.T
	lena      authz.Actor
	m         meeting.Meeting
	sanctions *sanction.Service
	holds     *hold.Service

	mother    participation.Mode // her last answer
	own       []participation.Mode
	imposed   map[id.Sanction]participation.Mode
	placed    []id.Hold
	read      bool
	isOff     bool
	addresses []meeting.Address

	in, refused int // of those who followed an address
}

// mode is how Lena may take part, told a second time in a few words: the strictest of all that was said.
func (e *entrance) mode() participation.Mode {
	mode := e.mother
	for _, own := range e.own {
		mode = min(mode, own)
	}
	for _, measure := range e.imposed {
		mode = min(mode, measure)
	}
	if len(e.placed) > 0 {
		mode = participation.None
	}
	return mode
}

func (e *entrance) must(err error) {
	if err != nil {
		e.t.Fatal(err)
	}
}

// refusal is the code that the door answers now with, or nothing.
func (e *entrance) refusal() fault.Code {
	now := e.Clock.Now()
	switch {
	case e.isOff:
		return fault.MeetingCancelled
	case !now.Before(e.m.EndsAt):
		return fault.MeetingOver
	case now.Before(e.m.StartsAt.Add(-10 * time.Minute)):
		return fault.TooEarly
	case e.mode() == participation.None:
		return fault.ModeNone
	case !e.read:
		return fault.RulesNotRead
	}
	return ""
}

func (e *entrance) happenings() map[string]func(*rapid.T) {
	head := e.Staff(authz.Head)
	reaches := rapid.SampledFrom([]participation.Mode{participation.Audio, participation.None})
	return map[string]func(*rapid.T){
		"the mother answers": func(t *rapid.T) {
			e.mother = rapid.SampledFrom([]participation.Mode{participation.Video, participation.Audio, participation.None}).Draw(t, "answer")
			e.answer(e.mother)
		},
		"a sanction": func(t *rapid.T) {
			measure := rapid.SampledFrom([]sanction.Measure{sanction.AudioOnly, sanction.Excluded}).Draw(t, "measure")
			made, err := e.sanctions.Impose(e.Ctx, head, sanction.New{
				Pupil: e.classroom.lena.ID, Kind: sanction.Educational, Measure: measure, RuleKey: "TALK_RULES", NotedOn: e.Today(), From: e.Today(), Until: e.Today().AddDays(9),
			})
			e.must(err)
			e.imposed[made] = map[sanction.Measure]participation.Mode{sanction.AudioOnly: participation.Audio}[measure]
		},
		"a sanction's end": func(*rapid.T) {
			for made := range e.imposed {
				e.must(e.sanctions.End(e.Ctx, head, made))
				delete(e.imposed, made)
				return
			}
		},
		"a hold": func(*rapid.T) {
			made, err := e.holds.Place(e.Ctx, head, e.classroom.lena.ID, hold.Restriction)
			e.must(err)
			e.placed = append(e.placed, made)
		},
		"a hold settled": func(*rapid.T) {
			if len(e.placed) > 0 {
				e.must(e.holds.Settle(e.Ctx, head, e.placed[0]))
				e.placed = e.placed[1:]
			}
		},
		"an own limit": func(t *rapid.T) {
			reach := reaches.Draw(t, "reach")
			if err := e.meetings.LimitOneself(e.Ctx, e.lena, e.m.ID, reach); err == nil {
				e.own = append(e.own, reach)
			}
		},
		"an own limit taken back": func(*rapid.T) {
			if err := e.meetings.LiftOwnLimit(e.Ctx, e.lena, e.m.ID); err == nil {
				e.own = nil
			}
		},
		"reading": func(*rapid.T) {
			e.reads(e.lena, e.m.ID)
			e.read = true
		},
		"time": func(t *rapid.T) {
			e.Clock.Advance(time.Duration(rapid.IntRange(1, 8*60).Draw(t, "seconds")) * time.Second)
		},
		"calling it off": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
				e.cancel(e.m.ID)
				e.isOff = true
			}
		},
		"a tap": func(*rapid.T) {
			joined, err := e.meetings.Join(e.Ctx, e.lena, e.m.ID)
			want := e.refusal()
			switch {
			case want == "" && err != nil:
				e.t.Fatalf("who may join is refused: %v", err)
			case want != "" && !fault.Has(err, want):
				e.t.Fatalf("got %v, want %s", err, want)
			case want != "":
				return
			case joined.Mode != e.mode():
				e.t.Fatalf("joined by %v, may by %v", joined.Mode, e.mode())
			}
			e.addresses = append(e.addresses, joined.Address)
			e.enter(joined.Address, true)
		},
		"an address of before": func(t *rapid.T) {
			if len(e.addresses) > 0 {
				e.enter(rapid.SampledFrom(e.addresses).Draw(t, "address"), false)
			}
		},
		"a tap that is followed later": func(*rapid.T) {
			if joined, err := e.meetings.Join(e.Ctx, e.lena, e.m.ID); err == nil {
				e.addresses = append(e.addresses, joined.Address)
			}
		},
	}
}

// enter follows an address: whoever gets in gets in by no more than the mode of this moment, and at once always does.
func (e *entrance) enter(address meeting.Address, fresh bool) {
	room := &openRoom{}
	e.meetings.WithRooms(room)
	_, _, err := e.meetings.Enter(e.Ctx, e.lena, address)
	switch {
	case fresh && err != nil:
		e.t.Fatalf("a fresh address leads nowhere: %v", err)
	case err != nil:
		e.refused++
		return
	case e.refusal() != "":
		e.t.Fatalf("let in although %s", e.refusal())
	case len(room.in) != 1 || room.in[0].Mode != e.mode() || room.in[0].Name != "Lena B.":
		e.t.Fatalf("let in as %+v, may by %v", room.in, e.mode())
	}
	e.in++
}

// openRoom lets everybody in who is led to it.
type openRoom struct{ in []meeting.Entrant }

func (r *openRoom) Enter(_ context.Context, _ meeting.Meeting, who meeting.Entrant) (string, error) {
	r.in = append(r.in, who)
	return roomLink, nil
}

// Over random lives nobody is let in above the mode of the moment, and nobody who may join is refused.
func TestNobodyComesInAboveItsModeAndNobodyWhoMayIsRefused(t *testing.T) {
	env := testkit.NewSQLite(t)
	c := newClassroom(t, env)
	in, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		c.lena = c.Pupil("Lena", "Brückner", "2014-03-12", c.class) // another child each time
		c.vera = c.Guardian("Vera", "Brückner", c.lena)
		c.exec("UPDATE meeting SET cancelled_at = 1 WHERE cancelled_at IS NULL") // and another meeting
		plan := c.linked()
		plan.StartsAt = env.Clock.Now().Add(time.Duration(rapid.IntRange(0, 12).Draw(rt, "minutes ahead")) * time.Minute)
		e := &entrance{
			classroom: c, t: rt, lena: c.As(id.PupilOf(c.lena.ID)), m: c.plan(plan),
			sanctions: sanction.NewService(env.DB, c.Log, c.Service, c.rules, c.Hub), holds: hold.NewService(env.DB, c.Log, c.Service, c.Hub),
			imposed: map[id.Sanction]participation.Mode{},
		}
		happenings := e.happenings()
		if rapid.Bool().Draw(rt, "ready") {
			happenings["the mother answers"](rt)
			happenings["reading"](rt)
		}
		names := []string{"a tap", "a tap", "a tap", "an address of before", "an address of before"}
		for name := range happenings {
			names = append(names, name)
		}
		slices.Sort(names)
		for range 12 {
			happenings[rapid.SampledFrom(names).Draw(rt, "happens")](rt)
		}
		in, refused = in+e.in, refused+e.refused
	})
	if in == 0 || refused == 0 {
		t.Errorf("%d came in and %d were refused: this proves nothing", in, refused)
	}
}
