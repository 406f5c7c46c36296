package reminder

import (
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/id"
)

// LogRow is a step that went out, as the log keeps it.
type LogRow struct {
	Ask    id.Ask
	Person id.Person
	Sent
}

// Recipients puts together who is planned for, from what is read from the database; rows about asks that do not wait count
// for a week, as when they are read.
func Recipients(waiting []consent.Waiting, log []LogRow, contacts map[id.Person]Contact, wanted map[id.Person]bool, now time.Time) []Recipient {
	g := gathered{waiting: waiting, contacts: contacts, wanted: wanted}
	for _, row := range log {
		waits := slices.ContainsFunc(waiting, func(w consent.Waiting) bool { return w.ID == row.Ask })
		if waits || !row.At.Before(now.Add(-weekBack)) {
			g.log = append(g.log, reminderRow{
				AskID: row.Ask, PersonKind: row.Person.Kind, PersonID: row.Person.ID, Step: row.Step, Push: row.Push, Mail: row.Mail, At: row.At.UnixMicro(),
			})
		}
	}
	return g.recipients()
}

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
