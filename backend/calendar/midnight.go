package calendar

import (
	"sort"
	"time"
)

// NextMidnight is the first instant after the given one that belongs to a later civil day in the zone: the
// moment at which everything that depends on the day must be asked again. Nowhere does a civil day last
// longer than two days, so the search always ends.
func NextMidnight(instant time.Time, zone *time.Location) time.Time {
	today := Today(instant, zone)
	return firstAfter(instant, func(day Date) bool { return day.After(today) }, zone)
}

func firstInstant(from time.Time, day Date, zone *time.Location) time.Time {
	return firstAfter(from, func(d Date) bool { return !d.Before(day) }, zone)
}

// firstAfter finds the first whole second, no earlier than from and within 50 hours, whose civil day
// fulfils the condition. It searches instead of asking time.Date for 00:00, because that hour is missing
// where clocks are set forward at midnight, happens twice where they are set back from 01:00, and a whole
// day was left out when Samoa crossed the date line.
func firstAfter(from time.Time, reached func(Date) bool, zone *time.Location) time.Time {
	const within = 50 * 3600
	start := from.Truncate(time.Second)
	seconds := sort.Search(within, func(s int) bool {
		return reached(Today(start.Add(time.Duration(s)*time.Second), zone))
	})
	return start.Add(time.Duration(seconds) * time.Second).In(zone)
}
