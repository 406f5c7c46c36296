package meeting

import (
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Weekly repeats a meeting every week, at the same time of day in the school's zone.
type Weekly struct {
	Until  calendar.Date   // the last day it may be on; unknown: the end of the school year
	Except []calendar.Date // days on which there is none, holidays for instance
}

// occurrences are the beginnings, the first one's day among them unless it is excepted. A series ends with its school
// year (31 July), so it has 53 at most. A time of day that the clocks jump over is as much later as they jump.
func (w Weekly) occurrences(first time.Time, zone *time.Location) ([]time.Time, error) {
	local := first.In(zone)
	day := calendar.Today(first, zone)
	end := calendar.SchoolYearOf(day).Period().Until
	until := w.Until
	if until.IsZero() {
		until = end
	}
	if until.Before(day) || until.After(end) {
		return nil, fault.InvalidField("weekly.until", fault.FieldInvalid)
	}
	var starts []time.Time
	for ; !day.After(until); day = day.AddDays(7) {
		if !slices.Contains(w.Except, day) {
			starts = append(starts, time.Date(day.Year(), day.Month(), day.Day(),
				local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), zone))
		}
	}
	if len(starts) == 0 {
		return nil, fault.InvalidField("weekly.except", fault.FieldInvalid)
	}
	return starts, nil
}

// occurrence is a meeting that is about to be made.
type occurrence struct {
	id     id.Meeting
	starts time.Time
}

// mustBeFree refuses a time at which the teacher has a meeting of the whole class already; one of the given id is the one
// that moves.
func mustBeFree(tx *db.Tx, teacher id.Account, class id.Class, moving id.Meeting, length time.Duration, occurrences []occurrence) error {
	last := occurrences[len(occurrences)-1].starts.Add(length)
	known, err := findOfTeacher(tx, teacher, class, occurrences[0].starts, last)
	for _, row := range known {
		for _, one := range occurrences {
			if row.ID != moving && row.StartsAt < one.starts.Add(length).UnixMicro() && row.EndsAt > one.starts.UnixMicro() {
				return fault.InvalidField("startsAt", fault.MeetingOverlaps)
			}
		}
	}
	return err
}

// occurrences gives what the plan makes: one meeting, or those of a series, which has an id of its own.
func (p Plan) occurrences(first id.Meeting, zone *time.Location) (series id.Series, made []occurrence, err error) {
	starts := []time.Time{p.StartsAt}
	if p.Weekly != nil {
		series = id.New[id.Series]()
		if starts, err = p.Weekly.occurrences(p.StartsAt, zone); err != nil {
			return "", nil, err
		}
	}
	for i, at := range starts {
		one := occurrence{id: first, starts: at}
		if i > 0 {
			one.id = id.New[id.Meeting]()
		}
		made = append(made, one)
	}
	return series, made, nil
}
