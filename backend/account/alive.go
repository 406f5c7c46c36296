package account

import (
	"sync"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
)

const (
	aliveFor  = time.Second // how late an end on another instance may be noticed here
	aliveMost = 4096        // sessions remembered
)

// aliveCache remembers for a second which sessions were alive, so that a page that asks ten things at once costs one
// read. What ends in this process is forgotten at once.
type aliveCache struct {
	clock func() time.Time

	mu    sync.Mutex
	known map[id.Session]aliveEntry
	ends  uint64 // counts calls of forget: an answer read before one of them must not be remembered after it
}

type aliveEntry struct {
	actor authz.Actor
	until time.Time
}

func newAliveCache(clock func() time.Time) *aliveCache {
	return &aliveCache{clock: clock, known: map[id.Session]aliveEntry{}}
}

// ask gives the session's actor when it is alive; read is called when that is not known. Only what lives is remembered.
func (c *aliveCache) ask(session id.Session, read func() (authz.Actor, bool, error)) (authz.Actor, bool, error) {
	now := c.clock()
	c.mu.Lock()
	entry, known := c.known[session]
	ends := c.ends
	c.mu.Unlock()
	if known && now.Before(entry.until) && !now.Add(aliveFor).Before(entry.until) {
		return entry.actor, true, nil
	}
	actor, alive, err := read()
	if err != nil || !alive {
		return authz.Actor{}, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends == ends {
		c.makeRoom(now)
		c.known[session] = aliveEntry{actor: actor, until: now.Add(aliveFor)}
	}
	return actor, true, nil
}

func (c *aliveCache) forget(session id.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, session)
	c.ends++
}

func (c *aliveCache) makeRoom(now time.Time) {
	if len(c.known) < aliveMost {
		return
	}
	for session, entry := range c.known {
		if !now.Before(entry.until) {
			delete(c.known, session)
		}
	}
	if len(c.known) >= aliveMost {
		clear(c.known)
	}
}
