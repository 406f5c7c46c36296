package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
)

var day = calendar.MustParse

func TestDaysThatDoNotExistAreUnknown(t *testing.T) {
	for _, tt := range []struct {
		name             string
		year, month, day int
	}{
		{"31 February", 2015, 2, 31},
		{"29 February in a common year", 2023, 2, 29},
		{"29 February 1900", 1900, 2, 29},
		{"month 13", 2024, 13, 1},
		{"month 0", 2024, 0, 1},
		{"day 0", 2024, 5, 0},
		{"year 0", 0, 1, 1},
		{"year 10000", 10000, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := calendar.On(tt.year, time.Month(tt.month), tt.day); !got.IsZero() {
				t.Errorf("got %s, want the unknown day", got)
			}
		})
	}
	if got := calendar.On(2000, time.February, 29); got.String() != "2000-02-29" {
		t.Errorf("29 February 2000 exists, got %q", got)
	}
}

func TestTheUnknownDayComparesWithNothing(t *testing.T) {
	var unknown calendar.Date
	known := day("2026-08-01")
	if unknown.Before(known) || unknown.After(known) || known.Before(unknown) || known.After(unknown) {
		t.Error("an unknown day is neither before nor after another")
	}
	if unknown.Compare(known) != -1 || known.Compare(unknown) != 1 || unknown.Compare(unknown) != 0 {
		t.Error("sorting needs a place for the unknown day: first")
	}
	if !unknown.AddDays(1).IsZero() || !unknown.AddYears(1).IsZero() {
		t.Error("a day counted from an unknown one is unknown")
	}
	if _, ok := unknown.DaysUntil(known); ok {
		t.Error("the distance from an unknown day is unknown")
	}
	if _, ok := unknown.Weekday(); ok {
		t.Error("the unknown day has no weekday")
	}
	if !unknown.StartIn(berlin(t)).IsZero() {
		t.Error("the unknown day has no first instant")
	}
}

func TestPartsOfADate(t *testing.T) {
	d := day("2026-11-23")
	if d.Year() != 2026 || d.Month() != time.November || d.Day() != 23 {
		t.Errorf("got %d %s %d", d.Year(), d.Month(), d.Day())
	}
	if weekday, ok := d.Weekday(); !ok || weekday != time.Monday {
		t.Errorf("got %s, want Monday", weekday)
	}
}

func TestAddDaysCrossesMonthsYearsAndLeapDays(t *testing.T) {
	for _, tt := range []struct {
		from string
		days int
		want string
	}{
		{"2024-02-28", 1, "2024-02-29"},
		{"2023-02-28", 1, "2023-03-01"},
		{"2026-12-31", 1, "2027-01-01"},
		{"2026-03-01", -1, "2026-02-28"},
		{"2026-03-28", 2, "2026-03-30"}, // over the change to summer time
		{"9999-12-31", 1, ""},
		{"0001-01-01", -1, ""},
		{"2026-01-01", 1 << 62, ""},
		{"2026-01-01", -(1 << 62), ""},
	} {
		if got := day(tt.from).AddDays(tt.days).String(); got != tt.want {
			t.Errorf("%s and %d days: got %q, want %q", tt.from, tt.days, got, tt.want)
		}
	}
}

func TestAddDaysAndDaysUntilAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := someDay().Draw(t, "from")
		n := rapid.IntRange(-20_000, 20_000).Draw(t, "days")
		to := from.AddDays(n)
		if got, ok := from.DaysUntil(to); !ok || got != n {
			t.Fatalf("%s to %s: got %d, want %d", from, to, got, n)
		}
		if from.Compare(to) != compare(0, n) {
			t.Fatalf("%s and %s are in the wrong order", from, to)
		}
	})
}

func compare(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// someDay draws days on which pupils and their guardians live.
func someDay() *rapid.Generator[calendar.Date] {
	return rapid.Custom(func(t *rapid.T) calendar.Date {
		return day("1930-01-01").AddDays(rapid.IntRange(0, 60_000).Draw(t, "day"))
	})
}

func berlin(t *testing.T) *time.Location { return zone(t, "Europe/Berlin") }

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}
