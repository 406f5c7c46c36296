package sanction_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
	"einverstanden/backend/sanction"
)

// Never earlier than a year after the end, and never later than two.
func TestNothingIsForgottenWithinAYear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		over := calendar.Today(time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "over"), 0), time.UTC)
		kept := sanction.KeptUntil(over)
		if kept.Before(over.AddYears(1).AddDays(-1)) || kept.After(over.AddYears(2)) || kept.Month() != time.July || kept.Day() != 31 {
			t.Fatalf("over on %s, kept until %s", over, kept)
		}
	})
}
