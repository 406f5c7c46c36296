package calendar_test

import (
	"testing"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
)

func TestDayOfAge(t *testing.T) {
	for _, tt := range []struct {
		name, birth string
		age         int
		want        string
	}{
		{"an ordinary day", "2008-05-17", 18, "2026-05-17"},
		{"birth itself", "2008-05-17", 0, "2008-05-17"},
		{"29 February in a common year is 1 March", "2008-02-29", 18, "2026-03-01"},
		{"29 February in a leap year", "2008-02-29", 16, "2024-02-29"},
		{"29 February in 2100, which is none", "2096-02-29", 4, "2100-03-01"},
		{"28 February stays", "2007-02-28", 17, "2024-02-28"},
		{"1 March stays", "2008-03-01", 18, "2026-03-01"},
		{"31 December", "2008-12-31", 18, "2026-12-31"},
		{"beyond the calendar", "9990-01-01", 18, ""},
		{"a negative age", "2008-05-17", -1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := calendar.DayOfAge(day(tt.birth), tt.age).String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if !calendar.DayOfAge(calendar.Date{}, 18).IsZero() {
		t.Error("whose birth is unknown reaches no age on a known day")
	}
}

func TestAgeOn(t *testing.T) {
	for _, tt := range []struct {
		name, birth, on string
		want            int
	}{
		{"the day of birth", "2008-05-17", "2008-05-17", 0},
		{"the eve of the birthday", "2008-05-17", "2026-05-16", 17},
		{"the birthday", "2008-05-17", "2026-05-17", 18},
		{"born 29 February, 28 February", "2008-02-29", "2026-02-28", 17},
		{"born 29 February, 1 March", "2008-02-29", "2026-03-01", 18},
		{"born 29 February, in a leap year", "2008-02-29", "2024-02-29", 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := calendar.AgeOn(day(tt.birth), day(tt.on)); !ok || got != tt.want {
				t.Errorf("got %d, %t, want %d", got, ok, tt.want)
			}
		})
	}
	for name, days := range map[string][2]calendar.Date{
		"birth unknown": {{}, day("2026-01-01")},
		"day unknown":   {day("2026-01-01"), {}},
		"yet to come":   {day("2026-01-02"), day("2026-01-01")},
	} {
		if age, ok := calendar.AgeOn(days[0], days[1]); ok || age != 0 {
			t.Errorf("%s: got %d, %t", name, age, ok)
		}
	}
}

func TestAnAgeBeginsOnItsDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := someDay().Draw(t, "birth")
		age := rapid.IntRange(1, 30).Draw(t, "age")
		reached := calendar.DayOfAge(birth, age)
		if got, _ := calendar.AgeOn(birth, reached); got != age {
			t.Fatalf("born %s: %d on %s, want %d", birth, got, reached, age)
		}
		if got, _ := calendar.AgeOn(birth, reached.AddDays(-1)); got != age-1 {
			t.Fatalf("born %s: %d on the eve of %s, want %d", birth, got, reached, age-1)
		}
	})
}

func TestAddYearsGoesBackToo(t *testing.T) {
	if got := day("2024-02-29").AddYears(-1); got != day("2023-03-01") {
		t.Errorf("got %s", got)
	}
	if got := day("2024-02-28").AddYears(-1); got != day("2023-02-28") {
		t.Errorf("got %s", got)
	}
	if !day("2024-01-01").AddYears(1 << 62).IsZero() {
		t.Error("beyond the calendar is unknown")
	}
}
