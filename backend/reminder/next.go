package reminder

import (
	"slices"
	"time"

	"einverstanden/backend/calendar"
)

// The caps of a person over all children and matters. No school can raise them.
const (
	mostAWeek  = 3
	weekDays   = 7
	hoursApart = 20 * time.Hour
)

// nextOf finds the next step of one ask that can go out at or after an instant.
func (p planner) nextOf(a Ask, from time.Time) (step, bool) {
	if a.Settled != "" || a.isOverOn(calendar.Today(from, p.zone)) || countOf(a) >= mostReminders {
		return step{}, false
	}
	if p.recipient.Wanted {
		if a.AskedOn.After(calendar.Today(from, p.zone)) {
			return step{}, false
		}
		return p.onOpenDay(a, planned{step: Manual, day: calendar.Today(from, p.zone), full: true}, from)
	}
	if announced, ok := p.announcement(a, from); ok {
		return announced, true
	}
	waiting := p.waiting(a)
	for len(waiting) > 0 {
		candidate, ok := p.onOpenDay(a, waiting[0], from)
		if !ok {
			return step{}, false
		}
		day := calendar.Today(candidate.at, p.zone)
		rest := waiting[1:]
		for len(rest) > 0 && p.collapses(waiting[0], day, rest[0]) { // missed: the later one goes, with the fuller channels
			rest[0].full = rest[0].full || candidate.full
			if waiting[0].step == First {
				rest[0].step = First // it has never been told: this stays the message that always goes
			}
			waiting, rest = rest, rest[1:]
		}
		if waiting[0].step == candidate.step && waiting[0].day == candidate.day {
			return candidate, true
		}
	}
	return step{}, false
}

// collapses reports whether a step that goes out on a day merges into the one after it: that is due as well, or the step
// comes late and is too near to it.
func (p planner) collapses(s planned, day calendar.Date, after planned) bool {
	gap, _ := day.DaysUntil(after.day)
	return gap <= 0 || gap < apart && day.After(s.day) && s.step != First
}

// onOpenDay puts a step on the first moment that is open and no earlier than its day and from.
func (p planner) onOpenDay(a Ask, s planned, from time.Time) (step, bool) {
	own := p.recipient.Preferences.Hours
	day := calendar.Today(from, p.zone)
	if s.day.After(day) {
		day = s.day
	}
	for {
		if day = p.openFrom(day, a.Due); day.IsZero() || !a.Due.IsZero() && day.After(a.Due) {
			return step{}, false
		}
		at := p.at(day, p.moment(p.recipient.Person.ID, own, day))
		if at.Before(from) {
			at = from
		}
		if calendar.Today(at, p.zone) == day && p.clockOf(at) < own.hoursOn(day).Until {
			return step{ask: a.ID, planned: s, at: at}, true
		}
		day = day.AddDays(1)
	}
}

// announcement is the mail two days before somebody is asked.
func (p planner) announcement(a Ask, from time.Time) (step, bool) {
	told := slices.ContainsFunc(a.Sent, func(s Sent) bool { return s.Step == Announcement })
	if told || !p.recipient.Reach.Mail || !calendar.Today(from, p.zone).Before(a.AskedOn) {
		return step{}, false
	}
	announced, ok := p.onOpenDay(a, planned{step: Announcement, day: a.AskedOn.AddDays(-announceDays), full: true}, from)
	return announced, ok && calendar.Today(announced.at, p.zone).Before(a.AskedOn)
}

func countOf(a Ask) (n int) {
	for _, sent := range a.Sent {
		if sent.Step.counts() {
			n++
		}
	}
	return n
}

// waiting are the steps that nothing has gone out for. What went out late took along what it had missed; what the office
// sent took along the next one.
func (p planner) waiting(a Ask) []planned {
	steps := p.cadence(a)
	for _, sent := range a.Sent {
		if !sent.Step.counts() {
			continue
		}
		day := calendar.Today(sent.At, p.zone)
		gone := slices.IndexFunc(steps, func(s planned) bool { return s.step == sent.Step }) + 1
		for gone < len(steps) && !steps[gone].day.After(day) {
			gone++
		}
		if sent.Step == Manual && gone == 0 && len(steps) > 0 {
			gone = 1 // nothing was due: it took the next one's place
		}
		steps = steps[gone:]
	}
	return steps
}

// free is when the caps allow a message, for an instant at which they do not; zero when they do.
func (p planner) free(at time.Time) time.Time {
	var free time.Time
	later := func(t time.Time) {
		if t.After(at) && t.After(free) {
			free = t
		}
	}
	week := p.recent(at)
	for _, sent := range week {
		later(sent.Add(hoursApart))
		later(calendar.Today(sent, p.zone).AddDays(1).StartIn(p.zone))
	}
	if len(week) >= mostAWeek {
		later(calendar.Today(week[len(week)-mostAWeek], p.zone).AddDays(weekDays).StartIn(p.zone))
	}
	return free
}

// recent are the messages of the seven days that end with the instant's.
func (p planner) recent(at time.Time) []time.Time {
	since := calendar.Today(at, p.zone).AddDays(1 - weekDays)
	first := slices.IndexFunc(p.sent, func(t time.Time) bool { return !calendar.Today(t, p.zone).Before(since) })
	if first < 0 {
		return nil
	}
	return p.sent[first:]
}
