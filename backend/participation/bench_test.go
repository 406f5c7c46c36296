package participation_test

import (
	"fmt"
	"testing"

	"einverstanden/backend/participation"
)

// classOf30 is a roster as they are: most have answered, some limit, some are silent, one is sanctioned.
func classOf30() []participation.Facts {
	class := make([]participation.Facts, 30)
	for i := range class {
		w := newWorld().answers(mother, video)
		switch i % 5 {
		case 1:
			w.answers(father, audio)
		case 2:
			w.withdraws(father, audio).answers(father, video)
		case 3:
			w.answers(father, none)
		case 4:
			w.facts.Sanctions = []participation.Sanction{{ID: fmt.Sprint(i), Measure: participation.AudioOnly}}
		}
		class[i] = w.facts
	}
	return class
}

// BenchmarkDecide30 is what a roster costs.
func BenchmarkDecide30(b *testing.B) {
	class := classOf30()
	b.ReportAllocs()
	for b.Loop() {
		for i := range class {
			participation.Decide(class[i])
		}
	}
}

// A pupil without any reason costs no allocation, one with reasons one: the slice that names them.
func TestDecideAllocatesForReasonsAlone(t *testing.T) {
	for _, tt := range []struct {
		name string
		w    *world
		want float64
	}{
		{"video", newWorld().answers(mother, video).answers(father, video), 0},
		{"a conflict", newWorld().answers(mother, video).answers(father, none), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := testing.AllocsPerRun(100, func() { participation.Decide(tt.w.facts) })
			if got > tt.want {
				t.Errorf("%v allocations, want %v", got, tt.want)
			}
		})
	}
}
