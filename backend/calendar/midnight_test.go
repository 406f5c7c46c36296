package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
)

func TestTodayIsTheDayInTheSchoolsZone(t *testing.T) {
	for _, tt := range []struct{ instant, want string }{
		{"2026-01-15T22:59:59Z", "2026-01-15"}, // winter: one hour ahead of UTC
		{"2026-01-15T23:00:00Z", "2026-01-16"},
		{"2026-07-15T21:59:59Z", "2026-07-15"}, // summer: two
		{"2026-07-15T22:00:00Z", "2026-07-16"},
	} {
		if got := calendar.Today(instant(t, tt.instant), berlin(t)).String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.instant, got, tt.want)
		}
	}
}

func TestNextMidnight(t *testing.T) {
	for _, tt := range []struct{ name, zone, instant, want string }{
		{"winter", "Europe/Berlin", "2026-01-15T12:00:00Z", "2026-01-15T23:00:00Z"},
		{"exactly midnight: the next one", "Europe/Berlin", "2026-01-15T23:00:00Z", "2026-01-16T23:00:00Z"},
		{"a nanosecond before", "Europe/Berlin", "2026-01-15T22:59:59.999999999Z", "2026-01-15T23:00:00Z"},
		{"the day of 23 hours", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"the day of 25 hours", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"no midnight: clocks go forward from 00:00", "Africa/Cairo", "2025-04-24T12:00:00Z", "2025-04-24T22:00:00Z"},
		{"two midnights: clocks go back from 01:00", "America/Havana", "2025-11-01T12:00:00Z", "2025-11-02T04:00:00Z"},
		{"clocks go back from 24:00", "Africa/Cairo", "2025-10-30T12:00:00Z", "2025-10-30T22:00:00Z"},
		{"a day left out", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-30T10:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := calendar.NextMidnight(instant(t, tt.instant), zone(t, tt.zone))
			if !got.Equal(instant(t, tt.want)) {
				t.Errorf("got %s, want %s", got.UTC().Format(time.RFC3339), tt.want)
			}
		})
	}
}

func TestADayLastsFromItsStartToTheNextMidnight(t *testing.T) {
	school := berlin(t)
	rapid.Check(t, func(t *rapid.T) {
		d := someDay().Draw(t, "day")
		start := d.StartIn(school)
		end := calendar.NextMidnight(start, school)
		if calendar.Today(start, school) != d || calendar.Today(start.Add(-time.Nanosecond), school) != d.AddDays(-1) {
			t.Fatalf("%s does not begin at %s", d, start)
		}
		if calendar.Today(end, school) != d.AddDays(1) || calendar.Today(end.Add(-time.Nanosecond), school) != d {
			t.Fatalf("%s does not end at %s", d, end)
		}
	})
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
