package meeting

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
)

const (
	backlog          = 4 // changes that a slow reader may be behind before it gets a whole snapshot instead
	streamsPerPerson = 5
)

// Live keeps open rosters true. For each meeting that somebody looks at there is one board; a change is computed once
// for the board and handed to all who look at it.
type Live struct {
	meetings *Service
	hub      *signal.Hub
	clock    func() time.Time
	log      *slog.Logger

	mu     sync.Mutex
	boards map[boardKey]*board
	people map[id.Account][]*Stream
	stop   context.CancelFunc
	ctx    context.Context
}

type boardKey struct {
	school  id.School
	meeting id.Meeting
}

// NewLive needs the clock for the school's midnight, when modes may change by time alone.
func NewLive(meetings *Service, hub *signal.Hub, clock func() time.Time, log *slog.Logger) *Live {
	ctx, stop := context.WithCancel(context.Background())
	return &Live{
		meetings: meetings, hub: hub, clock: clock, log: log, ctx: ctx, stop: stop,
		boards: map[boardKey]*board{}, people: map[id.Account][]*Stream{},
	}
}

// Close ends all boards.
func (l *Live) Close() { l.stop() }

// Change is what is new on a roster: rows that are new or differ, and pupils that are gone. Cache holds the encoded
// form, so that it is made once for all who look.
type Change struct {
	AsOf  time.Time
	Rows  []Row
	Gone  []id.Pupil
	Room  *RoomState // nil: as before
	Cache func(encode func(*Change) []byte) []byte
}

// Stream is one open roster.
type Stream struct {
	live    *Live
	board   *board
	account id.Account
	changes chan *Change
	resync  bool // guarded by board.mu: changes were dropped, a snapshot is due
	closed  chan struct{}
	once    sync.Once
}

// Open begins to follow a meeting that the actor may see. The first thing to send is Snapshot.
func (l *Live) Open(ctx context.Context, actor authz.Actor, meeting id.Meeting) (*Stream, error) {
	roster, err := l.meetings.Roster(ctx, actor, meeting)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := boardKey{actor.School, meeting}
	b := l.boards[key]
	if b == nil {
		b = newBoard(l, key, roster)
		l.boards[key] = b
		go b.follow()
	}
	stream := &Stream{
		live: l, board: b, account: actor.Account, changes: make(chan *Change, backlog), closed: make(chan struct{}),
	}
	b.join(stream)
	l.limit(actor.Account, stream)
	return stream, nil
}

// limit closes the oldest stream of somebody who opens too many.
func (l *Live) limit(account id.Account, stream *Stream) {
	open := append(l.people[account], stream)
	if len(open) > streamsPerPerson {
		open[0].once.Do(func() { close(open[0].closed) })
		open = open[1:]
	}
	l.people[account] = open
}

// Close ends the stream. It may be called more than once.
func (s *Stream) Close() {
	s.once.Do(func() { close(s.closed) })
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	s.live.people[s.account] = slices.DeleteFunc(s.live.people[s.account], func(o *Stream) bool { return o == s })
	if len(s.live.people[s.account]) == 0 {
		delete(s.live.people, s.account)
	}
	if s.board.leave(s) && s.live.boards[s.board.key] == s.board {
		delete(s.live.boards, s.board.key)
		s.board.stop()
	}
}

// Closed is closed when the stream has to end: somebody opened too many.
func (s *Stream) Closed() <-chan struct{} { return s.closed }

// Changes gives what is new. After a nil the reader was too slow, and Snapshot tells the whole state.
func (s *Stream) Changes() <-chan *Change { return s.changes }

// Snapshot is the whole state as the board knows it now.
func (s *Stream) Snapshot() Roster {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	s.resync = false
	return s.board.snapshot()
}

// board is the one live copy of a meeting's roster.
type board struct {
	live    *Live
	key     boardKey
	meeting Meeting
	sub     *signal.Subscription
	ctx     context.Context
	stop    context.CancelFunc

	mu      sync.Mutex
	asOf    time.Time
	rows    map[id.Pupil]Row
	room    RoomState
	streams map[*Stream]struct{}
}

func newBoard(l *Live, key boardKey, roster Roster) *board {
	ctx, stop := context.WithCancel(db.InSchool(l.ctx, key.school))
	b := &board{
		live: l, key: key, meeting: roster.Meeting, sub: l.hub.Subscribe(key.school), ctx: ctx, stop: stop,
		asOf: roster.AsOf, rows: map[id.Pupil]Row{}, room: roster.Room, streams: map[*Stream]struct{}{},
	}
	for _, row := range roster.Rows {
		b.rows[row.Pupil] = row
	}
	return b
}

func (b *board) join(s *Stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streams[s] = struct{}{}
}

// leave reports whether nobody looks any more.
func (b *board) leave(s *Stream) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.streams, s)
	return len(b.streams) == 0
}

func (b *board) snapshot() Roster {
	rows := make([]Row, 0, len(b.rows))
	for _, row := range b.rows {
		rows = append(rows, row)
	}
	school.SortByName(rows, func(r Row) school.Name { return r.Name })
	return Roster{Meeting: b.meeting, AsOf: b.asOf, Rows: rows, Room: b.room}
}

// follow keeps the board true until nobody looks: on every signal, and at the school's midnight. The first look closes
// the gap between the reading of the roster and the beginning of the subscription.
func (b *board) follow() {
	defer b.sub.Close()
	b.refresh(nil, true)
	for {
		midnight := time.NewTimer(b.untilMidnight())
		select {
		case <-b.ctx.Done():
			midnight.Stop()
			return
		case <-b.sub.Ready():
			b.refresh(b.sub.Take())
		case <-midnight.C:
			b.refresh(nil, true)
		}
		midnight.Stop()
	}
}

func (b *board) untilMidnight() time.Duration {
	now := b.live.clock()
	return max(calendar.NextMidnight(now, b.meeting.Zone).Sub(now), time.Second)
}

// refresh reads again what may have changed. When the database does not answer it tries again in a second: an open
// roster must not go on showing what is no longer true.
func (b *board) refresh(pupils []id.Pupil, all bool) {
	defer func() {
		if r := recover(); r != nil {
			b.live.log.Error("panic while refreshing a roster", "panic", r)
		}
	}()
	for {
		now, err := b.read(pupils, all)
		if err == nil {
			b.publish(now)
			b.keepShown(now)
			return
		}
		if b.ctx.Err() != nil || fault.Has(err, fault.NothingHere) { // called off: nobody may see it any more
			return
		}
		b.live.log.Warn("roster not refreshed", "meeting", b.key.meeting, "err", err)
		select {
		case <-b.ctx.Done():
			return
		case <-time.After(time.Second):
			all = true // more may have changed meanwhile
		}
	}
}

// reading is what a look at the database found: the rows of the pupils that were asked for, and who belongs in.
type reading struct {
	asOf    time.Time
	meeting Meeting
	members []id.Pupil
	rows    []Row
	room    RoomState
	above   map[id.Pupil]participation.Mode // rows that show more than is kept as shown
}

func (b *board) read(pupils []id.Pupil, all bool) (reading, error) {
	var now reading
	err := b.live.meetings.db.Read(b.ctx, func(tx *db.Tx) error {
		found, err := b.live.meetings.find(tx, b.key.meeting)
		if err != nil {
			return err
		}
		members, err := b.live.meetings.pupilsOf(tx, found)
		if err != nil {
			return err
		}
		wanted := members
		if !all {
			wanted = slices.DeleteFunc(slices.Clone(pupils), func(p id.Pupil) bool { return !slices.Contains(members, p) })
		}
		now = reading{asOf: tx.Now, meeting: found, members: members}
		if len(wanted) > 0 {
			if now.rows, err = b.live.meetings.rows(tx, found, wanted); err != nil {
				return err
			}
			seen, err := seenOf(tx, found.ID)
			if err != nil {
				return err
			}
			now.above = higher(now.rows, seen, found.Room.link())
		}
		now.room, err = b.live.meetings.State(tx, found)
		return err
	})
	return now, err
}

// keepShown remembers what the board of a running meeting shows. When that fails, the next reading tries again.
func (b *board) keepShown(now reading) {
	if !now.meeting.Runs(now.asOf) {
		return
	}
	if err := b.live.meetings.keepShown(b.ctx, now.meeting, now.rows, now.above); err != nil && b.ctx.Err() == nil {
		b.live.log.Warn("what a roster shows is not kept", "meeting", b.key.meeting, "err", err)
	}
}

// publish takes the reading over and hands out what differs.
func (b *board) publish(now reading) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asOf, b.meeting = now.asOf, now.meeting
	change := &Change{AsOf: now.asOf}
	if b.room != now.room {
		b.room = now.room
		change.Room = &now.room
	}
	for _, row := range now.rows {
		if b.rows[row.Pupil] != row {
			b.rows[row.Pupil] = row
			change.Rows = append(change.Rows, row)
		}
	}
	for pupil := range b.rows {
		if !slices.Contains(now.members, pupil) {
			delete(b.rows, pupil)
			change.Gone = append(change.Gone, pupil)
		}
	}
	if len(change.Rows)+len(change.Gone) == 0 && change.Room == nil {
		return
	}
	change.Cache = encodeOnce(change)
	for s := range b.streams {
		s.offer(change)
	}
}

func encodeOnce(change *Change) func(func(*Change) []byte) []byte {
	var once sync.Once
	var encoded []byte
	return func(encode func(*Change) []byte) []byte {
		once.Do(func() { encoded = encode(change) })
		return encoded
	}
}

// offer never blocks: a reader that is behind loses its backlog and gets a snapshot.
func (s *Stream) offer(change *Change) {
	if s.resync {
		return
	}
	select {
	case s.changes <- change:
		return
	default:
	}
	s.resync = true
	for len(s.changes) > 0 {
		select {
		case <-s.changes:
		default:
		}
	}
	s.changes <- nil
}
