package reminder

import (
	"slices"

	"einverstanden/backend/calendar"
)

// NominalDays are the days of an ask's steps where every day is open.
func NominalDays(a Ask) (on []calendar.Date) {
	var steps []planned
	for _, w := range wishes(a.AskedOn, a.Due) {
		steps = append(steps, w.planned)
	}
	slices.SortStableFunc(steps, func(x, y planned) int { return x.day.Compare(y.day) })
	for _, p := range merged(steps) {
		on = append(on, p.day)
	}
	return on
}

// SlipOn is the day from which an ask belongs on the slip list.
func SlipOn(a Ask, c Calendar) calendar.Date { return c.days().slipOn(a) }

// IsAwkward reports whether a last day lies in holidays or shortly after.
func IsAwkward(due calendar.Date, c Calendar) bool { return c.days().isAwkward(due) }
