package api

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"einverstanden/backend/fault"
)

// work is a class of work. Each has places of its own, so that a flood of one leaves the others their share; decision
// 21 says how they give way to each other.
type work int

// The classes, in the order in which they matter.
const (
	withdrawing work = iota // withdrawals and answers of no: whatever makes a mode stricter
	signingIn               // sign-in, fresh tokens, sign-out: the way to all others
	deciding                // whatever else writes
	reading
	streaming // a stream holds its place while it is open
	files     // letters, class lists, receipts of strangers: long work that can be done again
	works     // their number
)

func (w work) String() string {
	return [works]string{"withdrawing", "signing in", "deciding", "reading", "streaming", "files"}[w]
}

// capacity is how much of a class is done at once, how much may wait for a place and for how long, and when whoever is
// turned away had better come again.
type capacity struct {
	places, queue int
	wait, again   time.Duration
}

// capacities: reading asks the processors most, writing waits for the disk, where many commits go together. A queue is
// for those who come in the same moment, not for a load that lasts: who is refused had better know at once.
func capacities() [works]capacity {
	processors := runtime.GOMAXPROCS(0)
	return [works]capacity{
		withdrawing: {places: 16, queue: 512, wait: 5 * time.Second, again: time.Second},
		signingIn:   {places: 16, queue: 128, wait: time.Second, again: 2 * time.Second},
		deciding:    {places: 32, queue: 128, wait: time.Second, again: 2 * time.Second},
		reading:     {places: 8 * processors, queue: 32 * processors, wait: time.Second, again: 2 * time.Second},
		streaming:   {places: 2000, again: 5 * time.Second},
		files:       {places: max(2, processors), queue: 8, wait: time.Second, again: 10 * time.Second},
	}
}

// lenders are whose places withdrawing takes when its own are taken, what matters least first. A stream's place stands
// for an open connection, not for work under way.
var lenders = []work{files, reading, deciding, signingIn}

// load gives out the places. Withdrawing takes any free place, and while it waits nobody else gets one: so it is refused
// only when every other class is refused too.
type load struct {
	mu    sync.Mutex
	pools [works]pool
}

type pool struct {
	capacity
	taken   int
	waiting []*waiter
}

// waiter is told whose place it was given.
type waiter struct{ given chan work }

func newLoad(all [works]capacity) *load {
	l := &load{}
	for w := range works {
		l.pools[w].capacity = all[w]
	}
	return l
}

// slot is the right to work. It is left once, whoever leaves it first.
type slot struct {
	load *load
	of   work
	once sync.Once
	kept bool // what is done outlives the handler, and leaves the place itself
}

func (p *slot) leave() { p.once.Do(func() { p.load.release(p.of) }) }

// enter gives a place, at once or after a wait, or refuses with fault.Overloaded.
func (l *load) enter(ctx context.Context, w work) (*slot, error) {
	of, waiter := l.take(w)
	if waiter != nil {
		of = l.await(ctx, w, waiter)
	}
	if of == works {
		return nil, fault.New(fault.Overloaded).After(l.pools[w].again)
	}
	return &slot{load: l, of: of}, nil
}

// take gives whose place was free, or a place in the queue, or the number of classes when neither is left.
func (l *load) take(w work) (work, *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if of := l.free(w); of != works {
		l.pools[of].taken++
		return of, nil
	}
	p := &l.pools[w]
	if len(p.waiting) >= p.queue || w != withdrawing && l.withdrawalWaits() {
		return works, nil
	}
	waiter := &waiter{given: make(chan work, 1)}
	p.waiting = append(p.waiting, waiter)
	return works, waiter
}

func (l *load) withdrawalWaits() bool { return len(l.pools[withdrawing].waiting) > 0 }

func (l *load) free(w work) work {
	candidates := []work{w}
	if w == withdrawing {
		candidates = append(candidates, lenders...)
	} else if l.withdrawalWaits() {
		return works
	}
	for _, of := range candidates {
		if p := &l.pools[of]; p.taken < p.places {
			return of
		}
	}
	return works
}

func (l *load) await(ctx context.Context, w work, waiter *waiter) work {
	patience := time.NewTimer(l.pools[w].wait)
	defer patience.Stop()
	select {
	case of := <-waiter.given:
		return of
	case <-patience.C:
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.pools[w]
	if at := slices.Index(p.waiting, waiter); at >= 0 {
		p.waiting = slices.Delete(p.waiting, at, at+1)
		return works
	}
	return <-waiter.given // it was given a place just now
}

// release hands the place to whoever waits for it: withdrawing first, then its own class.
func (l *load) release(of work) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := &l.pools[of]
	if l.withdrawalWaits() && (of == withdrawing || slices.Contains(lenders, of)) {
		next = &l.pools[withdrawing]
	}
	if len(next.waiting) == 0 {
		l.pools[of].taken--
		return
	}
	next.waiting[0].given <- of
	next.waiting = slices.Delete(next.waiting, 0, 1)
}
