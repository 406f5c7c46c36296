package evidence_test

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
)

// BenchmarkInspect walks a log of a million leaves on SQLite. Bench: at most 60 s on two cores, in constant memory. Run
// it with -benchtime 1x; making the log takes longer than walking it.
func BenchmarkInspect(b *testing.B) {
	for _, size := range []int64{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d leaves", size), func(b *testing.B) {
			h := newHouse(b, testkit.NewSQLite(b))
			h.fill(b, size)
			heap := watchHeap(b)
			for b.Loop() {
				begun := time.Now()
				err := h.DB.ReadLong(h.ctx, func(tx *db.Tx) error {
					counts, err := h.log.Inspect(tx, evidence.Inspection{Found: func(f evidence.Finding) error { return fmt.Errorf("%s", f) }})
					if counts.Statements != size {
						b.Errorf("walked %+v", counts)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(size)/time.Since(begun).Seconds(), "leaves/s")
			}
			b.ReportMetric(heap()/(1<<20), "MiB-heap")
		})
	}
}

// fill appends decisions that differ in their ids.
func (h *house) fill(tb testing.TB, count int64) {
	tb.Helper()
	const mark = "0193-decision"
	template := answer("")
	body, err := template.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	at := template.RecordedAt().UnixMicro()
	err = h.DB.WriteAlone(h.ctx, func(tx *db.Tx) error {
		tx.MarkAudited()
		return h.log.Fill(tx, count, func(leaf int64) (evidence.Kept, error) {
			own := bytes.Replace(body, []byte(mark), fmt.Appendf(nil, "0193-%032d", leaf), 1)
			return evidence.Kept{Statement: proof.Statement{Kind: proof.KindDecision, Declaration: template.Declaration, Server: template.Server},
				Body: own, Private: template.private, At: at}, nil
		})
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// watchHeap gives, when it is called, the most that the heap has held since.
func watchHeap(tb testing.TB) (peak func() float64) {
	tb.Helper()
	var most uint64
	done := make(chan struct{})
	var group sync.WaitGroup
	runtime.GC()
	group.Go(func() {
		var stats runtime.MemStats
		for ticker := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-done:
				ticker.Stop()
				return
			case <-ticker.C:
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapInuse)
			}
		}
	})
	return func() float64 {
		close(done)
		group.Wait()
		return float64(most)
	}
}
