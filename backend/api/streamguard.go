package api

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// streamGuard asks again, for all open streams at once, whether their sessions live and may see their meetings: signing
// out ends open rosters, and so does losing the class. Asking for each stream by itself cost more than the streams.
type streamGuard struct {
	server *Server

	mu      sync.Mutex
	streams map[*rosterWriter]struct{}
	running bool
}

func newStreamGuard(s *Server) *streamGuard {
	return &streamGuard{server: s, streams: map[*rosterWriter]struct{}{}}
}

// watch closes the stream's revoked channel when its right is gone. The stream calls leave when it ends.
func (g *streamGuard) watch(w *rosterWriter) (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.streams[w] = struct{}{}
	if !g.running {
		g.running = true
		go g.run(g.server.checkEvery)
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.streams, w)
	}
}

func (g *streamGuard) run(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-g.server.closed:
			return
		case <-tick.C:
		}
		open := g.open()
		if open == nil {
			return
		}
		var checks sync.WaitGroup
		for watched, streams := range open { // at once: a slow school must not make the others late
			checks.Go(func() { g.check(watched, streams) })
		}
		checks.Wait()
	}
}

// watchedMeeting names a meeting within its school.
type watchedMeeting struct {
	school  id.School
	meeting id.Meeting
}

// open gives the streams by what they show. Where there are none it is nil, and the guard rests until the next one.
func (g *streamGuard) open() map[watchedMeeting][]*rosterWriter {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running = len(g.streams) > 0; !g.running {
		return nil
	}
	streams := map[watchedMeeting][]*rosterWriter{}
	for w := range g.streams {
		watched := watchedMeeting{w.actor.School, w.meeting}
		streams[watched] = append(streams[watched], w)
	}
	return streams
}

// check ends the streams whose right is gone. A database that does not answer ends them all, and so does a panic, which
// would end the process: for then nobody knows what has changed.
func (g *streamGuard) check(watched watchedMeeting, streams []*rosterWriter) {
	allowed := map[authz.Actor]bool{}
	defer func() {
		if r := recover(); r != nil {
			g.server.log.Error("panic while checking the rights of open rosters", "meeting", watched.meeting, "panic", r)
			clear(allowed)
		}
		for _, w := range streams {
			if !allowed[w.actor] {
				w.revoke()
			}
		}
	}()
	ctx, cancel := context.WithTimeout(db.InSchool(context.Background(), watched.school), 3*time.Second)
	defer cancel()
	found, err := g.allowed(ctx, watched.meeting, streams)
	if err != nil {
		g.server.log.Warn("open rosters end: their rights cannot be checked", "meeting", watched.meeting, "err", err)
		return
	}
	for _, actor := range found {
		allowed[actor] = true
	}
}

func (g *streamGuard) allowed(ctx context.Context, meeting id.Meeting, streams []*rosterWriter) ([]authz.Actor, error) {
	sessions, programs := map[id.Session]authz.Actor{}, map[credential]authz.Actor{}
	for _, w := range streams {
		if w.who.program {
			programs[w.who] = w.actor
		} else {
			sessions[w.actor.Session] = w.actor
		}
	}
	alive, err := g.server.Accounts.StillSignedIn(ctx, slices.Collect(maps.Values(sessions)))
	if err != nil {
		return nil, err
	}
	for who, actor := range programs {
		switch now, err := g.server.authenticate(ctx, who); {
		case err == nil && now == actor:
			alive = append(alive, actor)
		case err != nil && !fault.Has(err, fault.NotSignedIn):
			return nil, err
		}
	}
	return g.server.Meetings.WhoMaySee(ctx, meeting, alive)
}
