package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// queue keeps SQLite's writer busy, lets changes line up one by one, and then has them run.
type queue struct {
	env     *testkit.Env
	release chan struct{}
	group   sync.WaitGroup
	waiting int
}

func newQueue(env *testkit.Env, ctx context.Context) *queue {
	q := &queue{env: env, release: make(chan struct{})}
	began := make(chan struct{})
	q.group.Go(func() {
		_ = env.DB.WriteUnaudited(ctx, func(*db.Tx) error {
			close(began)
			<-q.release
			return nil
		})
	})
	<-began
	return q
}

func (q *queue) add(ctx context.Context, change func(tx *db.Tx) error) {
	q.group.Go(func() { _ = q.env.DB.WriteUnaudited(ctx, change) })
	for q.waiting++; q.env.DB.Waiting() < q.waiting; {
		runtime.Gosched()
	}
}

func (q *queue) run() {
	close(q.release)
	q.group.Wait()
}

func onSQLite(t *testing.T, test func(t *testing.T, env *testkit.Env)) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		if env.DB.Dialect() == db.SQLite { // PostgreSQL has no queue: each change has a transaction of its own
			test(t, env)
		}
	})
}

func TestPeopleGoBeforeTheBackground(t *testing.T) {
	onSQLite(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		q := newQueue(env, ctx)
		var order []string
		note := func(name string) func(*db.Tx) error {
			return func(*db.Tx) error {
				order = append(order, name) // the writer is one goroutine
				return nil
			}
		}
		for range 40 {
			q.add(db.InBackground(ctx), note("background"))
		}
		for range 70 {
			q.add(ctx, note("people"))
		}
		q.run()
		// Three commits take all of the people and two of the background each; what is left has the queue to itself.
		if want := "32 people, 2 background, 32 people, 2 background, 6 people, 36 background"; runsOf(order) != want {
			t.Errorf("%s\nwant %s", runsOf(order), want)
		}
	})
}

// runsOf counts what comes in a row.
func runsOf(order []string) string {
	var runs []string
	for len(order) > 0 {
		end := slices.IndexFunc(order, func(name string) bool { return name != order[0] })
		if end < 0 {
			end = len(order)
		}
		runs = append(runs, fmt.Sprintf("%d %s", end, order[0]))
		order = order[end:]
	}
	return strings.Join(runs, ", ")
}

func TestAGroupKnowsWhatOneOfItRead(t *testing.T) {
	onSQLite(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		q := newQueue(env, ctx)
		type key struct{}
		reads, broken := 0, errors.New("broken")
		var known []int
		look := func(after func(*db.Tx) error) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				value, err := db.OnceAGroup(tx, key{}, func() (int, error) { reads++; return reads, nil })
				known = append(known, value)
				return errors.Join(err, after(tx))
			}
		}
		fine := func(*db.Tx) error { return nil }
		q.add(ctx, look(fine))
		q.add(ctx, look(fine))
		q.add(ctx, look(func(*db.Tx) error { return broken })) // may have read what it wrote, and that is undone
		q.add(ctx, look(fine))
		q.add(ctx, look(func(tx *db.Tx) error { tx.Forget(key{}); return nil }))
		q.add(ctx, look(fine))
		q.run()
		if want := []int{1, 1, 1, 2, 2, 3}; !slices.Equal(known, want) {
			t.Errorf("known %v, want %v", known, want)
		}
		known = nil
		if err := env.DB.WriteUnaudited(ctx, look(fine)); err != nil || known[0] != 4 {
			t.Errorf("another commit knows %v (%v)", known, err)
		}
	})
}
