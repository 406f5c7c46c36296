package outbox_test

import (
	"errors"
	"testing"
	"time"

	"einverstanden/backend/outbox"
)

func TestOfTwoOutcomesTheSooner(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	early, late := outbox.Until(noon), outbox.Until(noon.Add(time.Hour))
	failed, plain := outbox.After("smtp_451", time.Minute, nil), errors.New("plain")
	for _, tt := range []struct{ a, b, want error }{
		{nil, nil, nil}, {early, nil, early}, {early, late, early}, {early, failed, failed}, {early, plain, plain}, {failed, nil, failed},
	} {
		for _, pair := range [][2]error{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := outbox.Soonest(pair[0], pair[1]); !errors.Is(got, tt.want) || errors.Is(got, late) {
				t.Errorf("%v and %v: %v", pair[0], pair[1], got)
			}
		}
	}
	if both := outbox.Soonest(failed, plain); !errors.Is(both, failed) || !errors.Is(both, plain) {
		t.Errorf("%v", both)
	}
}
