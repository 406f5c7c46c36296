// Package signal owns "something changed": which pupils' standing may differ from a moment ago. A signal carries no
// data; whoever hears one reads again. Within one process it goes through memory after the commit, between PostgreSQL
// instances by NOTIFY on commit, and after a lost connection or another process's write everything counts as changed.
package signal

import (
	"sync"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// Change names what changed. An empty Pupil means: anything in that school; an empty School: anything at all.
type Change struct {
	School id.School
	Pupil  id.Pupil
}

// Hub passes changes on to listeners. The zero value is not ready; use NewHub.
type Hub struct {
	mu        sync.RWMutex
	listeners map[*listener]struct{}
}

type listener struct {
	school id.School
	ready  chan struct{} // holds at most one token
	mu     sync.Mutex
	heard  map[id.Pupil]struct{} // the empty key stands for everybody
}

// NewHub makes a hub without listeners.
func NewHub() *Hub { return &Hub{listeners: map[*listener]struct{}{}} }

// Touch tells, once tx is committed, that the pupil's standing may have changed.
func (h *Hub) Touch(tx *db.Tx, pupil id.Pupil) error {
	change := Change{School: tx.School, Pupil: pupil}
	tx.AfterCommit(func() { h.Publish(change) })
	return notify(tx, change)
}

// Publish wakes every listener that the change concerns. It never blocks: a listener that is busy finds all changes
// collected when it looks again.
func (h *Hub) Publish(change Change) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for l := range h.listeners {
		if change.School == "" || l.school == change.School {
			l.add(change.Pupil)
		}
	}
}

func (l *listener) add(pupil id.Pupil) {
	l.mu.Lock()
	l.heard[pupil] = struct{}{}
	l.mu.Unlock()
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

// Subscription hears the changes of one school until closed.
type Subscription struct {
	hub *Hub
	l   *listener
}

// Subscribe begins to listen to one school.
func (h *Hub) Subscribe(school id.School) *Subscription {
	l := &listener{school: school, ready: make(chan struct{}, 1), heard: map[id.Pupil]struct{}{}}
	h.mu.Lock()
	h.listeners[l] = struct{}{}
	h.mu.Unlock()
	return &Subscription{hub: h, l: l}
}

// Ready has a token whenever Take has something to give; now and then it has one when Take has nothing left.
func (s *Subscription) Ready() <-chan struct{} { return s.l.ready }

// Take gives the pupils that changed since the last call; all is true when anything may have changed.
func (s *Subscription) Take() (pupils []id.Pupil, all bool) {
	s.l.mu.Lock()
	heard := s.l.heard
	s.l.heard = map[id.Pupil]struct{}{}
	s.l.mu.Unlock()
	for pupil := range heard {
		if pupil == "" {
			return nil, true
		}
		pupils = append(pupils, pupil)
	}
	return pupils, false
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	delete(s.hub.listeners, s.l)
	s.hub.mu.Unlock()
}
