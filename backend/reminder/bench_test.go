package reminder_test

import (
	"fmt"
	"runtime"
	"testing"

	"einverstanden/backend/id"
	"einverstanden/backend/reminder"
)

// BenchmarkPlan100000 plans one run for 100,000 guardians with one to three asks each; scripts/bench reminders reads it.
func BenchmarkPlan100000(b *testing.B) {
	now := at("2026-11-10 09:00")
	recipients := make([]reminder.Recipient, 100_000)
	for i := range recipients {
		r := reminder.Recipient{Person: id.GuardianOf(id.Guardian(fmt.Sprint("guardian ", i))), Reach: reminder.Reach{Push: i%4 == 0, Mail: i%9 > 0}}
		for n := range 1 + i%3 {
			a := ask(fmt.Sprint("ask ", i, " ", n), "2026-11-02", "")
			a.Due = a.AskedOn.AddDays(10 + i%20)
			a.Sent = []reminder.Sent{{Step: reminder.First, At: at("2026-11-02 17:00"), Mail: true}}
			r.Asks = append(r.Asks, a)
		}
		recipients[i] = r
	}
	b.ReportAllocs()
	for b.Loop() {
		planned := 0
		for _, r := range recipients {
			if reminder.Plan(r, nw, now).Reason == "" {
				planned++
			}
		}
		if planned == 0 {
			b.Fatal("nobody is reminded")
		}
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapInuse)/(1<<20), "MiB-heap")
	runtime.KeepAlive(recipients)
}
