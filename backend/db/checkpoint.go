package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// checkpointEvery is how many changes lie in the write-ahead log before they are copied into the file: some 1,000 pages,
// which is where SQLite itself would begin.
const checkpointEvery = 100

// checkpoints copies what the write-ahead log of an SQLite file holds into the file, beside the writer. SQLite would do it
// within a COMMIT, and each one that met it kept all its callers waiting for a thousand pages and their fsync.
//
// A pass that never meets a pause never empties the log, since the writer goes on behind it. So the writer's own
// connection has a threshold too (writerPragmas), four times as high: it finds little left to copy, and begins the log anew.
type checkpoints struct {
	pool *sql.DB
	due  chan struct{}
	done chan struct{}

	mu      sync.Mutex // held during a pass: SQLite refuses a second one at once
	changes int        // since the last pass; the committer's own
}

func newCheckpoints(pool *sql.DB) *checkpoints {
	c := &checkpoints{pool: pool, due: make(chan struct{}, 1), done: make(chan struct{})}
	go c.loop()
	return c
}

// committed counts changes, and asks for a pass when it is time. It never waits.
func (c *checkpoints) committed(changes int) {
	if c.changes += changes; c.changes < checkpointEvery {
		return
	}
	c.changes = 0
	select {
	case c.due <- struct{}{}:
	default: // one is under way, and another will follow it
	}
}

func (c *checkpoints) loop() {
	defer close(c.done)
	for range c.due {
		// What fails here stays in the log, where it is as durable, and the writer's own threshold comes next: SQLite
		// passes over such a fault too.
		_ = c.pass(context.Background(), "PASSIVE")
	}
}

// empty copies everything and cuts the log to nothing.
func (c *checkpoints) empty(ctx context.Context) error {
	return c.pass(ctx, "TRUNCATE")
}

func (c *checkpoints) pass(ctx context.Context, mode string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var busy, pages, moved int
	if err := c.pool.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("checkpoint of the write-ahead log: %w", err)
	}
	if busy != 0 {
		return errors.New("checkpoint of the write-ahead log: a reader needs it")
	}
	return nil
}

// close waits for a pass under way. Nothing may be committed any more.
func (c *checkpoints) close() {
	close(c.due)
	<-c.done
}
