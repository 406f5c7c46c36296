package calendar

import (
	"fmt"
	"time"
)

// SchoolYear is a German school year, 1 August to 31 July, named by the calendar year in which it begins
// (Hamburger Abkommen § 1; SchulG NRW § 7). The zero value is the unknown school year.
type SchoolYear int

// SchoolYearOf is the school year that a day falls in; unknown for the unknown day.
func SchoolYearOf(day Date) SchoolYear {
	if day.Month() >= time.August {
		return SchoolYear(day.Year())
	}
	return SchoolYear(max(day.Year()-1, 0))
}

// Period is its days. The unknown school year gives a period without days.
func (y SchoolYear) Period() Period {
	from, until := On(int(y), time.August, 1), On(int(y)+1, time.July, 31)
	if from.IsZero() || until.IsZero() {
		return noDays
	}
	return Period{From: from, Until: until}
}

// noDays is a period that is closed on both sides and holds nothing; the zero Period would hold every day.
var noDays = Period{From: On(firstYear, time.January, 2), Until: On(firstYear, time.January, 1)}

// Next is the school year after this one.
func (y SchoolYear) Next() SchoolYear { return y + 1 }

// String is the label that schools use, for instance 2026/27; empty for the unknown school year.
func (y SchoolYear) String() string {
	if y <= 0 {
		return ""
	}
	return fmt.Sprintf("%d/%02d", int(y), (int(y)+1)%100)
}

// HalfYearOf is the half of the school year that a day falls in: 1 August to 31 January, or 1 February to 31 July. Of
// the unknown day it is a period without days.
func HalfYearOf(day Date) Period {
	year := int(SchoolYearOf(day))
	turn := On(year+1, time.February, 1)
	whole := SchoolYear(year).Period()
	switch {
	case day.IsZero() || turn.IsZero() || whole.IsEmpty():
		return noDays
	case day.Before(turn):
		return Period{From: whole.From, Until: turn.AddDays(-1)}
	}
	return Period{From: turn, Until: whole.Until}
}
