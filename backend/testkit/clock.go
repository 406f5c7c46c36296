package testkit

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"
)

// Clock stands still until told to move, so that tests never sleep.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins at the instant.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now is the present instant.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves on by d (back, when d is negative).
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set jumps to the instant.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func randomName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead (crypto/rand)
	return hex.EncodeToString(b[:])
}
