package calendar

import (
	"cmp"
	"errors"
	"time"
)

// ErrDate is the fault of every text that is no civil day between 0001-01-01 and 9999-12-31.
var ErrDate = errors.New("calendar: not a date of the form YYYY-MM-DD")

// The years that four digits can write.
const (
	firstYear = 1
	lastYear  = 9999
)

// Date is one civil day of the Gregorian calendar. Its zero value is the unknown day. Dates are comparable
// with == and may be keys of maps.
type Date struct {
	year  int16
	month uint8
	day   uint8
}

// On makes a date; a day that does not exist (31 February, the year 10000) gives the unknown day.
func On(year int, month time.Month, day int) Date {
	if year < firstYear || year > lastYear || month < time.January || month > time.December ||
		day < 1 || day > daysIn(year, month) {
		return Date{}
	}
	return Date{year: int16(year), month: uint8(month), day: uint8(day)} //nolint:gosec // bounded above
}

// Today is the day that the instant falls on in the zone, which must not be nil.
func Today(instant time.Time, zone *time.Location) Date {
	return On(instant.In(zone).Date())
}

// Year is 1 to 9999, 0 for the unknown day.
func (d Date) Year() int { return int(d.year) }

// Month is January to December, 0 for the unknown day.
func (d Date) Month() time.Month { return time.Month(d.month) }

// Day is the day of the month, 0 for the unknown day.
func (d Date) Day() int { return int(d.day) }

// IsZero reports whether the day is unknown. It makes the JSON option omitzero leave unknown days out.
func (d Date) IsZero() bool { return d == Date{} }

// Compare orders days in time: -1, 0 or +1. The unknown day sorts before every other.
func (d Date) Compare(other Date) int {
	return cmp.Or(
		cmp.Compare(d.year, other.year),
		cmp.Compare(d.month, other.month),
		cmp.Compare(d.day, other.day),
	)
}

// Before reports whether both days are known and d is the earlier.
func (d Date) Before(other Date) bool {
	return !d.IsZero() && !other.IsZero() && d.Compare(other) < 0
}

// After reports whether both days are known and d is the later.
func (d Date) After(other Date) bool {
	return !d.IsZero() && !other.IsZero() && d.Compare(other) > 0
}

// AddDays is the day n days later, or earlier when n is negative. It is unknown when d is, and beyond the
// years that a date can write.
func (d Date) AddDays(n int) Date {
	const longest = (lastYear + 1) * 366 // further than this lies outside in any case, and must not overflow
	if d.IsZero() || n > longest || n < -longest {
		return Date{}
	}
	return On(d.midnightUTC().AddDate(0, 0, n).Date())
}

// DaysUntil counts the days from d to the other day, negative when that is earlier; ok is false when either
// is unknown.
func (d Date) DaysUntil(other Date) (days int, ok bool) {
	if d.IsZero() || other.IsZero() {
		return 0, false
	}
	return int(other.midnightUTC().Sub(d.midnightUTC()) / (24 * time.Hour)), true
}

// Weekday is that of a known day; ok is false for the unknown day.
func (d Date) Weekday() (weekday time.Weekday, ok bool) {
	if d.IsZero() {
		return 0, false
	}
	return d.midnightUTC().Weekday(), true
}

// StartIn is the first instant of the day in the zone. That is 00:00 except where the clocks jump over
// midnight. The unknown day gives the zero instant.
func (d Date) StartIn(zone *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return firstInstant(time.Date(d.Year(), d.Month(), d.Day()-1, 0, 0, 0, 0, zone), d, zone)
}

func (d Date) midnightUTC() time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, time.UTC)
}

func daysIn(year int, month time.Month) int {
	// The day before the first of the next month.
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func isLeap(year int) bool { return daysIn(year, time.February) == 29 }
