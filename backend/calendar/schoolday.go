package calendar

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// The school holidays that ship with the program, a file a Land: DE-NW.ics.
//
//go:embed holidays/*.ics
var shipped embed.FS

// SchoolDays knows on which days a Land's schools teach. It is safe for use by many goroutines. SchoolDaysOf gives one.
type SchoolDays struct {
	land      Land
	vacations []Period
	years     sync.Map // int → *yearDays
}

// yearDays are the days of one year on which nobody is taught though no Sunday makes them free, by month and day.
type yearDays [13][32]bool

var known sync.Map // Land → *SchoolDays

// SchoolDaysOf are those of a Land, with the school holidays that ship with the program. For a Land or a year without a
// file only weekends and public holidays are free.
func SchoolDaysOf(land Land) *SchoolDays {
	if days, ok := known.Load(land); ok {
		return days.(*SchoolDays)
	}
	days, _ := known.LoadOrStore(land, NewSchoolDays(land, shippedFor(land)))
	return days.(*SchoolDays)
}

// NewSchoolDays is SchoolDaysOf with other school holidays.
func NewSchoolDays(land Land, vacations []Period) *SchoolDays {
	return &SchoolDays{land: land, vacations: vacations}
}

func shippedFor(land Land) []Period {
	if !land.IsKnown() {
		return nil
	}
	file, err := shipped.ReadFile("holidays/DE-" + string(land) + ".ics")
	if err != nil {
		return nil // none for this Land
	}
	vacations, err := ReadHolidays(strings.NewReader(string(file)))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", land, err)) // cannot be: a test reads every file
	}
	return vacations
}

// IsSchoolDay reports whether lessons are given on a known day: from Monday to Friday, but on public holidays and in
// school holidays.
func (s *SchoolDays) IsSchoolDay(day Date) bool {
	weekday, ok := day.Weekday()
	return ok && weekday != time.Saturday && weekday != time.Sunday && !s.IsFree(day)
}

// IsFree reports whether a day is a public holiday or lies in the school holidays; weekends alone do not make it free.
func (s *SchoolDays) IsFree(day Date) bool {
	if day.IsZero() {
		return false
	}
	year, ok := s.years.Load(day.Year())
	if !ok {
		year, _ = s.years.LoadOrStore(day.Year(), s.year(day.Year()))
	}
	return year.(*yearDays)[day.Month()][day.Day()]
}

func (s *SchoolDays) year(year int) *yearDays {
	days := &yearDays{}
	for _, day := range PublicHolidays(s.land, year) {
		days[day.Month()][day.Day()] = true
	}
	for _, vacation := range s.vacations {
		for day := vacation.From; !day.After(vacation.Until) && !day.IsZero(); day = day.AddDays(1) {
			if day.Year() == year {
				days[day.Month()][day.Day()] = true
			}
		}
	}
	return days
}

// KnownUntil is the last day of the school holidays that are known; unknown when none are, and then weekends and public
// holidays alone are free.
func (s *SchoolDays) KnownUntil() (last Date) {
	for _, vacation := range s.vacations {
		if last.IsZero() || vacation.Until.After(last) {
			last = vacation.Until
		}
	}
	return last
}

// Vacations are the school holidays that are known, in the order of their list.
func (s *SchoolDays) Vacations() []Period { return slices.Clone(s.vacations) }

// furthest is how far a school day is looked for: longer than any holidays.
const furthest = 100 // days

// Before is the n-th school day before a day; unknown when there is none near.
func (s *SchoolDays) Before(day Date, n int) Date {
	for range furthest {
		if n <= 0 {
			return day
		}
		day = day.AddDays(-1)
		if s.IsSchoolDay(day) {
			n--
		}
	}
	return Date{}
}
