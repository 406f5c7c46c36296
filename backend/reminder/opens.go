package reminder

import (
	"time"

	"einverstanden/backend/calendar"
)

// Opens is the first instant, this one or later, at which somebody may be told of what is not urgent: in the hours in which
// reminders go out too, by the wall clock, the person's own hours first.
func (c Calendar) Opens(now time.Time, own Hours) time.Time {
	d := c.days()
	day := calendar.Today(now, d.zone)
	for {
		day = d.openFrom(day, calendar.Date{})
		if day.IsZero() {
			return now // no day is open for months: better than never
		}
		hours := own.hoursOn(day)
		at := d.at(day, hours.From)
		if at.Before(now) {
			at = now
		}
		if calendar.Today(at, d.zone) == day && d.clockOf(at) < hours.Until {
			return at
		}
		day = day.AddDays(1)
	}
}
