package db

import (
	"context"
	"slices"
	"sync"
	"time"
)

// rightOfWay lets people's transactions go before the background's where no queue orders them (PostgreSQL): both want the
// same processors, and a rush of decisions leaves jobs of which each asks as much again. While people's are under way, one
// of the background follows every sixteen of them, as SQLite's writer takes two along with a group of 32, and each goes
// after a second at the latest: work gets done while people are busy all day.
type rightOfWay struct {
	longest time.Duration // that one of the background waits

	mu      sync.Mutex
	people  int             // transactions under way
	passed  int             // of people, since the last of the background
	waiting []chan struct{} // of the background, the oldest first
}

const (
	peopleBetween  = groupSize / backgroundShare
	longestWaiting = time.Second
)

func newRightOfWay(longest time.Duration) *rightOfWay { return &rightOfWay{longest: longest} }

// enter waits for the turn of a transaction; leave ends it. Only the background ever waits, and no longer than ctx lasts.
func (r *rightOfWay) enter(ctx context.Context) (leave func(), err error) {
	if r == nil {
		return func() {}, nil
	}
	if isBackground(ctx) {
		return func() {}, r.wait(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.people++
	r.passed++
	if r.passed >= peopleBetween && len(r.waiting) > 0 {
		r.release(1)
	}
	return r.leave, nil
}

func (r *rightOfWay) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.people--; r.people == 0 {
		r.release(len(r.waiting))
	}
}

func (r *rightOfWay) release(most int) {
	for _, turn := range r.waiting[:most] {
		close(turn)
	}
	r.waiting = r.waiting[most:]
	r.passed = 0
}

func (r *rightOfWay) wait(ctx context.Context) error {
	turn := r.queue()
	if turn == nil {
		return nil
	}
	late := time.NewTimer(r.longest)
	defer late.Stop()
	select {
	case <-turn:
		return nil
	case <-late.C:
		r.drop(turn)
		return nil
	case <-ctx.Done():
		r.drop(turn)
		return ctx.Err()
	}
}

// queue gives the channel that is closed at the turn; nil where it is now.
func (r *rightOfWay) queue() chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.people == 0 || r.passed >= peopleBetween && len(r.waiting) == 0 {
		r.passed = 0
		return nil
	}
	turn := make(chan struct{})
	r.waiting = append(r.waiting, turn)
	return turn
}

func (r *rightOfWay) drop(turn chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, func(other chan struct{}) bool { return other == turn })
}
