package reminder

import (
	"cmp"
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
)

// Ask is one person asked about one pupil, as far as reminding needs it.
type Ask struct {
	ID      id.Ask
	Pupil   id.Pupil
	AskedOn calendar.Date // S
	Due     calendar.Date // D; unknown: no last day
	Settled Reason        // why nobody is to be reminded of it any more; empty: it is open
	Sent    []Sent        // what went out about it, the oldest first
}

// Sent is a step that went out.
type Sent struct {
	Step Step
	At   time.Time
	Push bool
	Mail bool
}

// Reach says by what a person can be reached now.
type Reach struct{ Push, Mail bool }

// Preferences are what the person wants; they win over everything but the caps.
type Preferences struct {
	Stopped bool  // "nicht mehr erinnern"
	Hours   Hours // instead of the usual ones
}

// Recipient is one person with everything it was asked for, children and matters together.
type Recipient struct {
	Person      id.Person
	Asks        []Ask
	Reach       Reach
	Preferences Preferences
	Wanted      bool // by the office: the next message is its own, in the place of the next automatic step
}

// Calendar is where and when the school is.
type Calendar struct {
	Days *calendar.SchoolDays
	Zone *time.Location
}

func (c Calendar) days() days { return days{school: c.Days, zone: c.Zone} }

// Reason says why there is no next message.
type Reason string

// The reasons. Those of one ask come from consent: what was answered, and who no longer is to be asked.
const (
	Answered        Reason = "answered"          // a no as well as a yes, and a withdrawal
	AnsweredByOther Reason = "answered_by_other" // and one answer is enough
	Superseded      Reason = "superseded"        // a newer version asks anew
	NoSay           Reason = "no_say"            // guardian removed, or the pupil has left
	Over            Reason = "over"              // the last day is past
	Exhausted       Reason = "exhausted"         // five are enough, or no step is left
	Stopped         Reason = "stopped"           // the person wants none
	NoChannel       Reason = "no_channel"        // a slip goes instead
	NotYet          Reason = "not_yet"           // the office wants it, but nobody has been asked
)

// Message is one ask's part in a message.
type Message struct {
	Ask  id.Ask
	Step Step
}

// Next is the next message to a person, or why there is none. With NoChannel, At and Messages say what would go out.
type Next struct {
	Reason   Reason // empty: there is one
	At       time.Time
	Push     bool
	Mail     bool
	Messages []Message
}

// Plan finds the next message to a person: all children in one, within caps, quiet hours and holidays. It depends on
// nothing but its arguments, so whoever sends plans again right before, with what is true then.
func Plan(r Recipient, c Calendar, now time.Time) Next {
	p := planner{days: c.days(), recipient: r, sent: messagesOf(r)}
	if reason := p.whyNot(c, now); reason != "" {
		return Next{Reason: reason}
	}
	if r.Wanted && !p.hasBegun(now) {
		return Next{Reason: NotYet}
	}
	if !r.Reach.Push && !r.Reach.Mail {
		p.recipient.Reach.Mail = true
		next := p.next(now)
		if next.Reason == "" {
			next.Reason, next.Mail = NoChannel, false
		}
		return next
	}
	return p.next(now)
}

// Remind is Plan for a message that the office wants now: it waits for quiet hours, holidays and caps alone, and takes
// the place of the next automatic step.
func Remind(r Recipient, c Calendar, now time.Time) Next {
	r.Wanted = true
	return Plan(r, c, now)
}

type planner struct {
	days
	recipient Recipient
	sent      []time.Time // when messages went to the person, each once, the oldest first
}

// hasBegun reports whether something that the person has been asked is open.
func (p planner) hasBegun(now time.Time) bool {
	today := calendar.Today(now, p.zone)
	return slices.ContainsFunc(p.recipient.Asks, func(a Ask) bool { return a.isOpenOn(today) && !a.isOverOn(today) })
}

func (a Ask) isOverOn(today calendar.Date) bool { return !a.Due.IsZero() && a.Due.Before(today) }

// messagesOf are the instants at which something went to the person; printed slips and settled asks are part of it where
// they took a place in its week.
func messagesOf(r Recipient) (times []time.Time) {
	for _, ask := range r.Asks {
		for _, sent := range ask.Sent {
			if sent.Push || sent.Mail {
				times = append(times, sent.At)
			}
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}

// whyNot is the reason that holds for all of the person's asks together.
func (p planner) whyNot(c Calendar, now time.Time) Reason {
	today := calendar.Today(now, c.Zone)
	reason := Answered
	for _, ask := range p.recipient.Asks {
		switch {
		case ask.Settled != "":
			reason = ask.Settled
		case ask.isOverOn(today):
			reason = Over
		default:
			if p.recipient.Preferences.Stopped {
				return Stopped
			}
			return ""
		}
	}
	return reason
}

// step is what an ask wants next.
type step struct {
	ask id.Ask
	planned
	at time.Time
}

// next looks for the first time that all caps allow. Steps that had to wait merge, as missed ones do.
func (p planner) next(now time.Time) Next {
	for from := now; ; {
		steps := p.wanted(from)
		if len(steps) == 0 {
			return Next{Reason: Exhausted}
		}
		at := steps[0].at
		free := p.free(at)
		if free.IsZero() {
			return p.message(at, steps)
		}
		if first := p.byMailAlone(at, steps); first.Mail {
			return first
		}
		from = free
	}
}

// wanted are the next steps of all asks, the earliest first.
func (p planner) wanted(from time.Time) (steps []step) {
	for _, ask := range p.recipient.Asks {
		if wanted, ok := p.nextOf(ask, from); ok {
			steps = append(steps, wanted)
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ask, b.ask)) })
	return steps
}

// message takes all asks whose step falls on the same day.
func (p planner) message(at time.Time, steps []step) Next {
	next, full := Next{At: at}, false
	day := calendar.Today(at, p.zone)
	for _, step := range steps {
		if calendar.Today(step.at, p.zone) == day && p.reaches(step) {
			next.Messages = append(next.Messages, Message{step.ask, step.step})
			full = full || step.full
		}
	}
	reach := p.recipient.Reach
	onlyAnnounced := !slices.ContainsFunc(next.Messages, func(m Message) bool { return m.Step != Announcement })
	next.Push = reach.Push && !onlyAnnounced
	next.Mail = reach.Mail && (full || !reach.Push || onlyAnnounced)
	return next
}

// byMailAlone is the first message of asks for which the day's place is taken: it goes all the same, without push.
func (p planner) byMailAlone(at time.Time, steps []step) Next {
	day := calendar.Today(at, p.zone)
	next := Next{At: at}
	for _, step := range steps {
		if step.step == First && calendar.Today(step.at, p.zone) == day {
			next.Messages = append(next.Messages, Message{step.ask, step.step})
		}
	}
	next.Mail = p.recipient.Reach.Mail && len(next.Messages) > 0 && !p.recipient.Wanted
	return next
}

// reaches reports whether there is a channel for the step: announcements go by mail alone.
func (p planner) reaches(s step) bool { return s.step != Announcement || p.recipient.Reach.Mail }
