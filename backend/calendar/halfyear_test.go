package calendar_test

import (
	"testing"

	"einverstanden/backend/calendar"
)

func TestHalvesOfTheSchoolYear(t *testing.T) {
	for day, want := range map[string][2]string{
		"2026-08-01": {"2026-08-01", "2027-01-31"},
		"2026-12-31": {"2026-08-01", "2027-01-31"},
		"2027-01-31": {"2026-08-01", "2027-01-31"},
		"2027-02-01": {"2027-02-01", "2027-07-31"},
		"2028-02-29": {"2028-02-01", "2028-07-31"},
		"2027-07-31": {"2027-02-01", "2027-07-31"},
	} {
		got := calendar.HalfYearOf(calendar.MustParse(day))
		if got.From.String() != want[0] || got.Until.String() != want[1] {
			t.Errorf("%s lies in %s to %s", day, got.From, got.Until)
		}
	}
	for _, day := range []calendar.Date{{}, calendar.MustParse("0001-01-01"), calendar.MustParse("9999-12-31")} {
		if got := calendar.HalfYearOf(day); !got.IsEmpty() {
			t.Errorf("%s lies in %s to %s", day, got.From, got.Until)
		}
	}
}
