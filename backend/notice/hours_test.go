package notice

import (
	"testing"
	"time"

	"einverstanden/backend/calendar"
)

// In the package, because the hours are nobody else's business.

// When somebody is told of a meeting that begins at an instant: by the clock on the wall, on school days, and at any hour
// where it is near.
func TestHoursHoldWhatIsToldAtNight(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	days := calendar.SchoolDaysOf(calendar.NordrheinWestfalen)
	const layout = "2006-01-02 15:04"
	for _, c := range []struct{ name, now, begins, pupil, teacher string }{
		{"in the morning", "2026-11-24 10:00", "2026-11-25 08:00", "2026-11-24 10:00", "2026-11-24 10:00"},
		{"at the first minute", "2026-11-24 07:00", "2026-11-27 08:00", "2026-11-24 07:00", "2026-11-24 07:00"},
		{"before it", "2026-11-24 06:59", "2026-11-27 08:00", "2026-11-24 07:00", "2026-11-24 07:00"},
		{"in the evening, for the next week", "2026-11-24 18:30", "2026-12-01 08:00", "2026-11-24 18:30", "2026-11-25 07:00"},
		{"at night, for the next morning", "2026-11-24 22:00", "2026-11-25 08:00", "2026-11-24 22:00", "2026-11-24 22:00"},
		{"on Sunday, for Monday: when it is near", "2026-11-29 12:00", "2026-11-30 08:00", "2026-11-29 20:00", "2026-11-29 20:00"},
		{"on Saturday, for Tuesday: Monday morning", "2026-11-28 12:00", "2026-12-01 08:00", "2026-11-30 07:00", "2026-11-30 07:00"},
		{"over the spring change of clocks", "2027-03-19 19:30", "2027-04-07 08:00", "2027-04-05 07:00", "2027-04-05 07:00"},
		{"in the holidays, for the first day", "2026-12-28 12:00", "2027-01-07 08:00", "2027-01-06 20:00", "2027-01-06 20:00"},
		{"what has begun", "2026-11-24 22:00", "2026-11-24 21:55", "2026-11-24 22:00", "2026-11-24 22:00"},
	} {
		at := func(text string) time.Time {
			parsed, err := time.ParseInLocation(layout, text, zone)
			if err != nil {
				t.Fatal(err)
			}
			return parsed
		}
		for who, h := range map[string]struct {
			hours
			want string
		}{"pupil": {pupilHours, c.pupil}, "teacher": {teacherHours, c.teacher}} {
			if got := h.hold(at(c.now), at(c.begins), zone, days).In(zone).Format(layout); got != h.want {
				t.Errorf("%s: a %s is told at %s, want %s", c.name, who, got, h.want)
			}
		}
	}
}

// The half hour before a lesson counts from 07:00 to 18:00, both included.
func TestTeachersAreRemindedInTheirHours(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for clock, want := range map[string]bool{"06:59": false, "07:00": true, "12:30": true, "18:00": true, "18:01": false} {
		at, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-24 "+clock, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := teacherHours.has(at, zone); got != want {
			t.Errorf("%s: %t", clock, got)
		}
	}
}
