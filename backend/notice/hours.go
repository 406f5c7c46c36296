package notice

import (
	"time"

	"einverstanden/backend/calendar"
)

// hours are those of the day in which somebody is told of meetings, on school days, by the school's clock on the wall.
type hours struct{ from, to int }

var (
	pupilHours   = hours{7, 19}
	teacherHours = hours{7, 18}
)

const (
	// nearly is how near a meeting is that is told of at any hour: whoever is not told would miss it.
	nearly = 12 * time.Hour
	// furthest is how far an hour is looked for: longer than any holidays.
	furthest = 100 // days
)

// hold gives when something about a meeting that begins at the instant is told: now, or when the hours begin again, but at
// the latest when it is near.
func (h hours) hold(now, begins time.Time, zone *time.Location, days *calendar.SchoolDays) time.Time {
	at := h.next(now, zone, days)
	if latest := begins.Add(-nearly); at.After(latest) {
		at = latest
	}
	if at.Before(now) {
		return now
	}
	return at.UTC()
}

// next is the first instant from now on that lies in the hours of a school day.
func (h hours) next(now time.Time, zone *time.Location, days *calendar.SchoolDays) time.Time {
	today := calendar.Today(now, zone)
	for day, n := today, 0; n < furthest; day, n = day.AddDays(1), n+1 {
		if !days.IsSchoolDay(day) {
			continue
		}
		begins, ends := clockOn(day, h.from, zone), clockOn(day, h.to, zone)
		switch {
		case now.Before(begins):
			return begins
		case now.Before(ends):
			return now
		}
	}
	return now.AddDate(0, 0, furthest)
}

// has reports whether the instant's time of day lies in the hours; both ends do.
func (h hours) has(at time.Time, zone *time.Location) bool {
	day := calendar.Today(at, zone)
	return !at.Before(clockOn(day, h.from, zone)) && !at.After(clockOn(day, h.to, zone))
}

// clockOn is when the clock on the wall shows the full hour.
func clockOn(day calendar.Date, hour int, zone *time.Location) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, zone)
}
