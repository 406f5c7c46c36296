package reminder

import (
	"hash/fnv"
	"time"

	"einverstanden/backend/calendar"
)

// Clock is a time of day in minutes from midnight, by the wall clock of the school's zone.
type Clock int

// The hours in which messages go out unless the person chose others.
const (
	weekdayFrom   Clock = 8 * 60
	weekdayUntil  Clock = 19 * 60
	saturdayFrom  Clock = 10 * 60
	saturdayUntil Clock = 18 * 60
	preferred     Clock = 17 * 60
	spread              = 30 // minutes to either side of the preferred time
	midnight      Clock = 24 * 60
)

// Hours are the times of day in which a person wants messages, Until exclusive. The zero value is no wish.
type Hours struct{ From, Until Clock }

// IsValid reports whether the hours leave more than half an hour within one day.
func (h Hours) IsValid() bool { return h.From >= 0 && h.Until <= midnight && h.Until-h.From > spread }

// days knows on which days messages may go out.
type days struct {
	school *calendar.SchoolDays
	zone   *time.Location
}

// isOpen: Monday to Friday; Saturday where the last day to answer is at most the coming Monday; no Sundays, no public
// holidays, no school holidays.
func (d days) isOpen(day, due calendar.Date) bool {
	weekday, ok := day.Weekday()
	switch {
	case !ok || weekday == time.Sunday || d.school.IsFree(day):
		return false
	case weekday == time.Saturday:
		return !due.IsZero() && !due.Before(day) && !due.After(day.AddDays(2))
	}
	return true
}

// longestWait bounds the search for an open day: longer than any school holidays with the weekends around them.
const longestWait = 80 // days

// openFrom is the first open day that is not earlier; unknown when there is none near.
func (d days) openFrom(day, due calendar.Date) calendar.Date {
	for range longestWait {
		if d.isOpen(day, due) {
			return day
		}
		day = day.AddDays(1)
	}
	return calendar.Date{}
}

// openUntil is the last open day that is not later; unknown when there is none near.
func (d days) openUntil(day, due calendar.Date) calendar.Date {
	for range longestWait {
		if d.isOpen(day, due) {
			return day
		}
		day = day.AddDays(-1)
	}
	return calendar.Date{}
}

// hoursOn are the hours of a day for a person: its own where it has chosen some.
func (h Hours) hoursOn(day calendar.Date) Hours {
	if h.IsValid() {
		return h
	}
	if weekday, _ := day.Weekday(); weekday == time.Saturday {
		return Hours{saturdayFrom, saturdayUntil}
	}
	return Hours{weekdayFrom, weekdayUntil}
}

// moment is the time of a day at which a person is written to: about five in the afternoon, spread by person and day so
// that not everybody opens the app at once; for those whose own hours lie elsewhere soon after these begin.
func (d days) moment(person string, own Hours, day calendar.Date) Clock {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(person)) // a hash takes everything
	_, _ = hash.Write([]byte(day.String()))
	offset := Clock(hash.Sum32() % (2*spread + 1))
	hours := own.hoursOn(day)
	if at := preferred - spread + offset; at >= hours.From && at < hours.Until {
		return at
	}
	return hours.From + offset/2
}

// at is the instant of a wall-clock time. On the days of the clock changes it is the wall clock's, too.
func (d days) at(day calendar.Date, clock Clock) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), int(clock)/60, int(clock)%60, 0, 0, d.zone)
}

// clockOf is the wall clock at an instant; a begun minute counts.
func (d days) clockOf(instant time.Time) Clock {
	local := instant.In(d.zone)
	return Clock(local.Hour()*60 + local.Minute())
}
