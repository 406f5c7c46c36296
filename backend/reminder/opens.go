package reminder

import (
	"time"

	"einverstanden/backend/calendar"
)

// Opens is the first instant, this one or later, at which somebody may be told of what is not urgent: in the hours in which
// reminders go out too, by the wall clock, the person's own hours first. Where no day is open for months it is now: better
// than never.
func (c Calendar) Opens(now time.Time, own Hours) time.Time {
	at, ok := c.days().opens(now, own, calendar.Date{})
	if !ok {
		return now
	}
	return at
}

// opens is when messages about something with the last day may go out again: now, or later. ok is false where nothing is
// open for long.
func (d days) opens(now time.Time, own Hours, due calendar.Date) (at time.Time, ok bool) {
	day := calendar.Today(now, d.zone)
	for {
		day = d.openFrom(day, due)
		if day.IsZero() {
			return time.Time{}, false
		}
		hours := own.hoursOn(day)
		at := d.at(day, hours.From)
		if at.Before(now) {
			at = now
		}
		if calendar.Today(at, d.zone) == day && d.clockOf(at) < hours.Until {
			return at, true
		}
		day = day.AddDays(1)
	}
}
