package reminder

import (
	"slices"

	"einverstanden/backend/calendar"
)

// Step is one message of the cadence of an ask.
type Step string

// The steps. S is the day of asking, D the last day to answer.
const (
	Announcement Step = "announcement" // S-2, by mail; asks nothing and is not counted
	First        Step = "first"        // S
	Second       Step = "second"       // S+3
	Middle       Step = "middle"       // S+7, from 14 days on D-7
	Before       Step = "before"       // D-3, names the last day
	Last         Step = "last"         // D-1
	Manual       Step = "manual"       // by the office, in the place of the next automatic one
	Slip         Step = "slip"         // printed; not counted
)

const (
	mostReminders = 5  // an ask, First included
	longAsk       = 14 // days from S to D: from here on the middle step counts back from D
	shortAsk      = 7  // fewer: only First, Before, Last
	apart         = 2  // days between two steps of one ask; a nearer one merges into the later
	announceDays  = 2
)

// counts reports whether the step is one of the five.
func (s Step) counts() bool { return s != Announcement && s != Slip }

// planned is a step on the day on which it goes out.
type planned struct {
	step Step
	day  calendar.Date
	full bool // by all channels; otherwise by push, and by mail where there is none
}

// wish is a step as the cadence names it, before holidays.
type wish struct {
	planned
	waits bool // for the next open day; otherwise it moves to an earlier one
}

func wishes(asked, due calendar.Date) []wish {
	days, hasDue := asked.DaysUntil(due)
	all := []wish{{planned{First, asked, true}, true}}
	if !hasDue || days >= shortAsk {
		middle := asked.AddDays(7)
		if hasDue && days >= longAsk {
			middle = due.AddDays(-7)
		}
		all = append(all, wish{planned{Second, asked.AddDays(3), false}, true}, wish{planned{Middle, middle, true}, true})
	}
	if hasDue {
		all = append(all, wish{planned{Before, due.AddDays(-3), true}, false}, wish{planned{Last, due.AddDays(-1), false}, false})
	}
	return slices.DeleteFunc(all, func(w wish) bool {
		return w.step != First && (!w.day.After(asked) || hasDue && !w.day.Before(due))
	})
}

// cadence is the steps of an ask in the order of their days, on open days alone and never past the last day to answer.
func (d days) cadence(a Ask) []planned {
	var steps []planned
	for _, w := range wishes(a.AskedOn, a.Due) {
		p := w.planned
		if w.waits {
			p.day = d.openFrom(p.day, a.Due)
		} else {
			p.day = d.openUntil(p.day, a.Due)
		}
		if p.day.IsZero() || p.day.After(a.Due) && !a.Due.IsZero() {
			continue
		}
		steps = append(steps, p)
	}
	slices.SortStableFunc(steps, func(x, y planned) int { return x.day.Compare(y.day) })
	return merged(steps)
}

// merged goes back from the last step: one that is nearer than two days to the next kept one merges into it, with the
// fuller set of channels. First always stays, and takes what fell on its day or before it.
func merged(steps []planned) []planned {
	first := slices.IndexFunc(steps, func(p planned) bool { return p.step == First })
	if first < 0 {
		return nil // nothing is open from the day of asking to the last day
	}
	steps = slices.DeleteFunc(slices.Clone(steps), func(p planned) bool { return p.step != First && !p.day.After(steps[first].day) })
	var kept []planned // the latest first
	for _, step := range slices.Backward(steps) {
		if n := len(kept); n > 0 && step.step != First {
			if gap, _ := step.day.DaysUntil(kept[n-1].day); gap < apart {
				kept[n-1].full = kept[n-1].full || step.full
				continue
			}
		}
		kept = append(kept, step)
	}
	slices.Reverse(kept)
	return kept
}

// slipOn is the day from which an ask without an answer belongs on the slip list: the fifth school day before the last
// day to answer; for a short ask three days before it. Without a last day the slip follows when the cadence is over.
func (d days) slipOn(a Ask) calendar.Date {
	days, hasDue := a.AskedOn.DaysUntil(a.Due)
	switch {
	case !hasDue:
		return a.AskedOn.AddDays(longAsk)
	case days < shortAsk:
		return a.Due.AddDays(-3)
	}
	return d.school.Before(a.Due, 5)
}
