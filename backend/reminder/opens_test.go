package reminder_test

import (
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/reminder"
)

// The hours of what is not urgent, in a place without school holidays: Hessen has no public holiday on these days but
// those named.
func TestWhatIsNotUrgentWaitsForTheNextOpenHour(t *testing.T) {
	hessen := reminder.Calendar{Days: calendar.NewSchoolDays(calendar.Hessen, nil), Zone: berlin}
	evening := reminder.Hours{From: 20 * 60, Until: 22 * 60}
	for _, tt := range []struct {
		now, want string
		own       reminder.Hours
	}{
		{now: "2026-11-24 08:00", want: "2026-11-24 08:00"}, // a Tuesday
		{now: "2026-11-24 18:59", want: "2026-11-24 18:59"},
		{now: "2026-11-24 19:00", want: "2026-11-25 08:00"},
		{now: "2026-11-24 03:12", want: "2026-11-24 08:00"},
		{now: "2026-11-27 22:00", want: "2026-11-30 08:00"}, // from Friday to Monday
		{now: "2026-11-28 12:00", want: "2026-11-30 08:00"},
		{now: "2026-12-24 20:00", want: "2026-12-28 08:00"}, // both days of Christmas, then a Sunday
		{now: "2027-03-25 20:00", want: "2027-03-30 08:00"}, // from Good Friday to Easter Monday, the clock change between
		{now: "2027-03-26 12:00", want: "2027-03-30 08:00"},
		{now: "2026-10-23 20:00", want: "2026-10-26 08:00"}, // back to normal time
		{now: "2026-11-24 12:00", want: "2026-11-24 20:00", own: evening},
		{now: "2026-11-24 21:59", want: "2026-11-24 21:59", own: evening},
		{now: "2026-11-24 22:00", want: "2026-11-25 20:00", own: evening},
	} {
		if got := hessen.Opens(at(tt.now), tt.own); !got.Equal(at(tt.want)) {
			t.Errorf("at %s: %s, want %s", tt.now, got.In(berlin), tt.want)
		}
	}
}
