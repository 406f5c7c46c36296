package conference

import (
	"sync"
	"time"
)

const (
	patience = 3                // failures in a row
	rest     = 15 * time.Second // for which a server is then left alone
)

// breaker leaves a server alone that keeps failing. After its rest one call tries it; the others go on resting until
// that one has come back.
type breaker struct {
	mu     sync.Mutex
	failed int
	until  time.Time
}

// allows reports whether a call may go out now; if not, when it is worth trying again.
func (b *breaker) allows(now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed < patience {
		return 0, true
	}
	if now.Before(b.until) {
		return b.until.Sub(now), false
	}
	b.until = now.Add(rest) // this call tries it
	return 0, true
}

// hears how a call went: whether anybody answered who can be talked with. It gives how long the server rests from now on.
func (b *breaker) hears(now time.Time, answered bool) (resting time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if answered {
		b.failed = 0
		return 0
	}
	b.failed++
	b.until = now.Add(rest)
	if b.failed < patience {
		return 0
	}
	return rest
}
