package push

import (
	"sync"
	"time"
)

const (
	longestPause  = time.Hour
	firstPause    = 2 * time.Minute // where a service says no time; it doubles
	refusalsAlone = 5               // in a row that stop a host
	refusalsOf    = 3               // at least that many browsers
	trusted       = time.Hour       // how long a service that took a message counts as taking ours
	clockMayDrift = time.Minute
)

// What does not hurry goes to one service in a rush of a school, and then at a pace: everybody who taps loads our pages.
// The outbox has few hands, so that nobody waits for a turn longer than they need.
const (
	rush  = 3000
	every = time.Second / 200
)

// Count says what became of messages to one service.
type Count struct{ Accepted, Gone, Throttled, Failed int }

// hosts remembers for each push service whether it takes messages now. It is of this process alone: each finds out anew.
type hosts struct {
	clock func() time.Time

	mu    sync.Mutex
	known map[string]*host
}

type host struct {
	until      time.Time // nothing is sent before
	next       time.Time // when the next turn would be if there had been no rush
	pause      time.Duration
	refused    int
	refusedBy  map[[32]byte]bool // endpoints, hashed
	accepted   time.Time
	clockWrong bool
	count      Count
}

// change is what an operator is told.
type change struct {
	stopped  bool
	clockOff time.Duration
}

func newHosts(clock func() time.Time) *hosts { return &hosts{clock: clock, known: map[string]*host{}} }

func (h *hosts) pausedFor(name string) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.known[name]; known != nil {
		return max(0, known.until.Sub(h.clock()))
	}
	return 0
}

// turn takes the next turn at a service, and gives how long it is until then.
func (h *hosts) turn(name string) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, now := h.host(name), h.clock()
	if known.next.Before(now) {
		known.next = now
	}
	wait := known.next.Sub(now) - (rush-1)*every
	known.next = known.next.Add(every)
	return max(0, wait)
}

func (h *hosts) host(name string) *host {
	known := h.known[name]
	if known == nil {
		known = &host{refusedBy: map[[32]byte]bool{}}
		h.known[name] = known
	}
	return known
}

// note takes in an outcome. A refusal of our key may be about one browser; five in a row from three browsers are about
// us, and then nothing is sent to that service for an hour and nothing deleted.
func (h *hosts) note(o *Outcome, endpoint [32]byte) (told change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock()
	known := h.host(o.Host)
	if o.Status != 0 {
		wrong := o.date.Abs() > clockMayDrift
		if wrong && !known.clockWrong {
			told.clockOff = o.date
		}
		known.clockWrong = wrong
	}
	known.count.add(o.Verdict)
	o.Deletable = !known.accepted.IsZero() && now.Sub(known.accepted) <= trusted
	switch o.Verdict {
	case Accepted:
		known.accepted, known.pause, known.refused = now, 0, 0
		clear(known.refusedBy)
	case Throttled:
		if o.Again == 0 {
			known.pause = min(max(2*known.pause, firstPause), longestPause)
			o.Again = known.pause
		}
		known.until = now.Add(o.Again)
	case Unauthorized:
		known.refused++
		known.refusedBy[endpoint] = true
		if known.refused >= refusalsAlone && len(known.refusedBy) >= refusalsOf {
			known.until, told.stopped = now.Add(longestPause), true
			known.refused = refusalsAlone - 1 // after the hour one try decides
		}
	case Gone, Mismatched, Refused, TooLarge, Busy, Unreachable, Paused:
	}
	return told
}

func (c *Count) add(v Verdict) {
	switch v {
	case Accepted:
		c.Accepted++
	case Gone:
		c.Gone++
	case Throttled:
		c.Throttled++
	default:
		c.Failed++
	}
}

func (h *hosts) counts() map[string]Count {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[string]Count, len(h.known))
	for name, known := range h.known {
		all[name] = known.count
	}
	return all
}
