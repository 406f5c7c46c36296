package db_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// road is a right of way with somebody of people on it.
type road struct {
	*db.RightOfWay
	t     *testing.T
	leave func()
}

func newRoad(t *testing.T, longest time.Duration) *road {
	t.Helper()
	r := &road{RightOfWay: db.NewRightOfWay(longest), t: t}
	r.leave = r.pass()
	return r
}

// pass is a transaction of people, which never waits.
func (r *road) pass() (leave func()) {
	r.t.Helper()
	leave, err := r.Enter(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return leave
}

// queue has one of the background come, and gives what it got in the end. It returns when it waits.
func (r *road) queue(ctx context.Context) (entered <-chan error) {
	result, before := make(chan error, 1), r.Waiting()
	go func() {
		_, err := r.Enter(db.InBackground(ctx))
		result <- err
	}()
	for r.Waiting() == before {
		runtime.Gosched()
	}
	return result
}

func TestTheBackgroundGoesWhenNobodyElseIsUnderWay(t *testing.T) {
	r := newRoad(t, time.Hour)
	first, second := r.queue(t.Context()), r.queue(t.Context())
	r.leave()
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
	if _, err := r.Enter(db.InBackground(t.Context())); err != nil || r.Waiting() != 0 {
		t.Errorf("%v, %d wait", err, r.Waiting())
	}
}

func TestOneOfTheBackgroundFollowsSixteenOfPeople(t *testing.T) {
	r := newRoad(t, time.Hour)
	first := r.queue(t.Context())
	second := r.queue(t.Context())
	for n := 2; n < db.PeopleBetween; n++ { // the road began with one
		r.pass()()
	}
	if r.Waiting() != 2 {
		t.Fatalf("%d wait before their turn", r.Waiting())
	}
	r.pass()()
	if err := <-first; err != nil || r.Waiting() != 1 {
		t.Errorf("%v, %d wait", err, r.Waiting())
	}
	for range db.PeopleBetween {
		r.pass()()
	}
	if err := <-second; err != nil || r.Waiting() != 0 {
		t.Errorf("%v, %d wait", err, r.Waiting())
	}
}

func TestTheBackgroundWaitsNoLongerThanItMust(t *testing.T) {
	r := newRoad(t, time.Millisecond)
	if _, err := r.Enter(db.InBackground(t.Context())); err != nil || r.Waiting() != 0 {
		t.Errorf("%v, %d wait", err, r.Waiting())
	}
}

func TestTheBackgroundGivesUpWithItsContext(t *testing.T) {
	r := newRoad(t, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	entered := r.queue(ctx)
	cancel()
	if err := <-entered; !errors.Is(err, context.Canceled) || r.Waiting() != 0 {
		t.Errorf("%v, %d wait", err, r.Waiting())
	}
}

// A read of the background stands aside for a read of somebody, and both see their school.
func TestTheBackgroundReadsAfterPeopleOnPostgres(t *testing.T) {
	env := testkit.NewPostgres(t)
	ctx := addSchool(t, env)
	var order []string
	done := make(chan error, 1)
	err := env.DB.Read(ctx, func(*db.Tx) error {
		go func() {
			done <- env.DB.Read(db.InBackground(ctx), func(*db.Tx) error {
				order = append(order, "background")
				return nil
			})
		}()
		for env.DB.BackgroundWaiting() == 0 {
			runtime.Gosched()
		}
		order = append(order, "people")
		return nil
	})
	if err := errors.Join(err, <-done); err != nil || len(order) != 2 || order[0] != "people" {
		t.Errorf("%v, %v", order, err)
	}
}
