package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// gcPercent lets garbage grow to four times of what lives before it is collected: what lives is small, and at Go's own
// 100 collecting took a seventh of the processor while many decided at once. What that costs in memory goes back when it
// is quiet. GOGC overrules it.
const gcPercent = 400

const (
	quietFor = 30 * time.Second // without work, until memory goes back
	quiet    = 2 << 20          // bytes allocated in that time by what runs by itself, at most
	worth    = 8 << 20          // bytes allocated since memory last went back, at least
)

// keepSmall gives memory back to the system whenever a time of work is over, until ctx ends: the machine may be a small
// one that does other things, too.
func (a *App) keepSmall(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if err := rest(); err != nil {
		a.log.Warn("the memory of the start is not given back", "err", err)
	}
	look := time.NewTicker(quietFor)
	defer look.Stop()
	rested := allocated()
	before := rested
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		now := allocated()
		if now-before < quiet && now-rested > worth {
			if err := rest(); err != nil {
				a.log.Warn("memory that nobody needs is not given back", "err", err)
			}
			now = allocated()
			rested = now
		}
		before = now
	}
}

// allocated is how many bytes the program ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
