package db

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"einverstanden/backend/fault"
)

const (
	groupSize = 32  // closures that share one COMMIT
	queueSize = 512 // waiting closures; more are turned away at once
	// backgroundShare is how many closures of the background go along with a group: few enough that nobody notices, and
	// never none, so that work gets done while people are busy all day.
	backgroundShare = 2
)

// committer is the one writer of an SQLite file. It collects what is waiting into one transaction.
//
// It works under its own context: SQLite answers an interrupted INSERT by rolling back the whole transaction, so one
// caller's deadline would undo the others' changes. A closure whose caller has gone before its turn is not run.
type committer struct {
	writer *gorm.DB      // how queries are built; its pool lends the connection
	conn   *preparedConn // where they run; the loop's own
	clock  func() time.Time
	bells  *bells

	checkpoints *checkpoints

	queue  chan *pending // of people
	behind chan *pending // of the background

	mu     sync.RWMutex
	closed bool
	done   chan struct{}
}

type pending struct {
	work
	alone bool
	after []func()
	err   error
	ready chan struct{}
}

func newCommitter(writer *gorm.DB, clock func() time.Time, bells *bells) (*committer, error) {
	pool, err := writer.DB()
	if err != nil {
		return nil, err
	}
	conn, err := newPreparedConn(context.Background(), pool)
	if err != nil {
		return nil, err
	}
	c := &committer{
		writer: writer, conn: conn, clock: clock, bells: bells, checkpoints: newCheckpoints(pool),
		queue: make(chan *pending, queueSize), behind: make(chan *pending, queueSize), done: make(chan struct{}),
	}
	go c.loop()
	return c, nil
}

// submit waits until the change is durable or refused. It does not return early when the caller's context ends
// while its closure is running: the caller would not know whether the change stands.
func (c *committer) submit(w work, alone bool) error {
	p := &pending{work: w, alone: alone, ready: make(chan struct{})}
	if err := c.enqueue(p); err != nil {
		return err
	}
	<-p.ready
	if p.err != nil {
		return toFault(p.err)
	}
	runAll(p.after)
	return nil
}

func (c *committer) enqueue(p *pending) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return fault.New(fault.DatabaseUnavailable).After(time.Second)
	}
	queue := c.behind
	if p.ofPeople() {
		queue = c.queue
	}
	select {
	case queue <- p:
		return nil
	default:
		return fault.New(fault.DatabaseUnavailable).After(time.Second)
	}
}

// close waits for what is queued, then gives the connection back.
func (c *committer) close() error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.queue)
		close(c.behind)
	}
	c.mu.Unlock()
	<-c.done
	c.checkpoints.close()
	return c.conn.Close()
}

func (c *committer) loop() {
	defer close(c.done)
	var next *pending // did not fit the group before
	for {
		first := next
		if first == nil {
			if first = c.wait(); first == nil {
				return
			}
		}
		var group []*pending
		group, next = c.gather(first)
		c.commit(group)
		if next == nil && !slices.ContainsFunc(group, (*pending).ofPeople) {
			next = c.breathe()
		}
	}
}

// breathe leaves the file alone for a moment, unless somebody waits: SQLite has no queue between processes, so that a
// command beside a server that is busy with its background would look for a gap in vain until its patience ends.
func (c *committer) breathe() *pending {
	select {
	case p := <-c.queue: // nil from a closed one
		return p
	case <-time.After(time.Millisecond):
		return nil
	}
}

func (p *pending) ofPeople() bool { return !isBackground(p.ctx) }

// wait gives the next closure, people's first; nil when both queues are closed and empty.
func (c *committer) wait() *pending {
	if p := take(c.queue); p != nil {
		return p
	}
	queue, behind := c.queue, c.behind
	for queue != nil || behind != nil {
		var p *pending
		var open bool
		select {
		case p, open = <-queue:
			if !open {
				queue = nil
			}
		case p, open = <-behind:
			if !open {
				behind = nil
			}
		}
		if open {
			return p
		}
	}
	return nil
}

// take gives what is waiting already; nil when there is nothing.
func take(queue <-chan *pending) *pending {
	select {
	case p := <-queue: // nil from a closed one
		return p
	default:
		return nil
	}
}

// gather takes what is waiting already; it never waits for more. A change that wants to be alone ends the group.
func (c *committer) gather(first *pending) (group []*pending, next *pending) {
	group = []*pending{first}
	if first.alone {
		return group, nil
	}
	for _, from := range []struct {
		queue <-chan *pending
		most  int
	}{{c.queue, groupSize - 1}, {c.behind, backgroundShare}} {
		for range from.most {
			p := take(from.queue)
			if p == nil {
				break
			}
			if p.alone {
				return group, p
			}
			group = append(group, p)
		}
	}
	return group, nil
}

// commit runs the group in one transaction and tells each caller its outcome.
func (c *committer) commit(group []*pending) {
	known := map[any]any{}
	err := c.transact(func(g *gorm.DB) error {
		for _, p := range group {
			if err := c.runOne(g, p, known); err != nil {
				return err
			}
		}
		return nil
	})
	for _, p := range group {
		if err != nil && p.err == nil {
			p.err = fmt.Errorf("commit: %w", err)
		}
		close(p.ready)
	}
	c.checkpoints.committed(len(group))
}

func (c *committer) transact(do func(*gorm.DB) error) error {
	g := c.writer.Session(&gorm.Session{NewDB: true, Context: context.Background()})
	g.Statement.ConnPool = c.conn
	// Deferred transactions that read and then write fail at once with SQLITE_BUSY_SNAPSHOT; immediate ones wait.
	err := exec(c.conn, "BEGIN IMMEDIATE")
	if err == nil {
		err = do(g)
	}
	if err == nil {
		err = exec(c.conn, "COMMIT")
	}
	if err != nil {
		_ = exec(c.conn, "ROLLBACK") // refused where SQLite has rolled back already: then there is nothing to do
	}
	return err
}

// runOne runs one closure in its savepoint. The error it returns is one that the whole group shares; the closure's
// own lies in p.err. What it knows ends with it when it fails: it may have read what it wrote itself.
func (c *committer) runOne(g *gorm.DB, p *pending, known map[any]any) error {
	if p.err = p.ctx.Err(); p.err != nil {
		return nil
	}
	conn := g.Statement.ConnPool
	if err := exec(conn, "SAVEPOINT one"); err != nil {
		return err
	}
	p.after, p.err = c.guarded(g, p, known)
	if p.err == nil {
		return exec(conn, "RELEASE one")
	}
	clear(known)
	if err := exec(conn, "ROLLBACK TO one"); err != nil {
		// SQLite has already rolled everything back (a full disk, an I/O error): nobody's change stands.
		return errors.Join(p.err, err)
	}
	return exec(conn, "RELEASE one")
}

func (c *committer) guarded(g *gorm.DB, p *pending, known map[any]any) (after []func(), err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("db: panic in a change: %v\n%s", r, debug.Stack())
		}
	}()
	ctx := context.WithoutCancel(p.ctx)
	return p.in(g.WithContext(ctx), SQLite, c.clock(), c.bells, known)
}

func exec(conn gorm.ConnPool, statement string) error {
	_, err := conn.ExecContext(context.Background(), statement)
	return err
}
