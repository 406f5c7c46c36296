package app

import (
	"testing"
	"time"

	"einverstanden/backend/notify"
)

func TestWhatALockScreenAtNightIsNotFor(t *testing.T) {
	night := time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC)
	morning := night.Add(8 * time.Hour)
	for name, tt := range map[string]struct {
		kind   notify.Kind
		acted  time.Duration // before now
		lesson time.Duration // from now; 0: none
		want   time.Time
	}{
		"a receipt, just signed":                 {notify.Receipt, 0, 0, night.Add(time.Minute)},
		"a receipt that has waited its minute":   {notify.Receipt, time.Minute, 0, night},
		"a receipt, nine minutes later":          {notify.Receipt, 9 * time.Minute, 0, night.Add(-8 * time.Minute)},
		"a receipt, ten minutes later":           {notify.Receipt, 10 * time.Minute, 0, morning},
		"a change, no lesson":                    {notify.ModeChanged, 0, 0, morning},
		"a change, a lesson at eight":            {notify.ModeChanged, 0, 9 * time.Hour, night.Add(-3 * time.Hour)},
		"a change, a lesson in twelve hours":     {notify.ModeChanged, 0, 12 * time.Hour, night},
		"a change, a lesson in nineteen hours":   {notify.ModeChanged, 0, 19 * time.Hour, night.Add(7 * time.Hour)},
		"a change, a lesson the day after":       {notify.ModeChanged, 0, 34 * time.Hour, morning},
		"entered by the school":                  {notify.AnswerRecorded, 0, 0, morning},
		"an age that is near, found at night":    {notify.AgeNear, 0, 0, morning},
		"the day of an erasure, found at night":  {notify.RightsNews, 0, 0, morning},
		"declared invalid, and a lesson is near": {notify.AnswerInvalidated, 0, time.Hour, morning},
	} {
		a := around{now: night, opens: morning}
		if tt.lesson > 0 {
			a.lesson = night.Add(tt.lesson)
		}
		if got := holds[tt.kind](notify.Message{Kind: tt.kind, At: night.Add(-tt.acted)}, a); !got.Equal(tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
