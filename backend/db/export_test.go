package db

import (
	"context"
	"time"
)

// Waiting is how many changes wait in SQLite's two queues.
func (d *DB) Waiting() int { return len(d.commits.queue) + len(d.commits.behind) }

// BackgroundWaiting is how many transactions of the background wait on PostgreSQL.
func (d *DB) BackgroundWaiting() int { return d.way.Waiting() }

// RightOfWay is what orders transactions on PostgreSQL.
type RightOfWay = rightOfWay

// NewRightOfWay lets the background wait no longer than so.
func NewRightOfWay(longest time.Duration) *RightOfWay { return newRightOfWay(longest) }

// Enter waits for the turn of a transaction.
func (r *rightOfWay) Enter(ctx context.Context) (leave func(), err error) { return r.enter(ctx) }

// Waiting is how many transactions of the background wait.
func (r *rightOfWay) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}

// PeopleBetween is how many of people's transactions one of the background follows.
const PeopleBetween = peopleBetween
