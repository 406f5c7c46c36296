package account

// White box: the moment between reading a session and remembering it cannot be held from outside.

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
)

func TestTheCacheRemembersForASecond(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	c := newAliveCache(func() time.Time { return now })
	reads := 0
	ask := func() bool {
		actor, alive, err := c.ask("s", func() (authz.Actor, bool, error) { reads++; return authz.Actor{Session: "s"}, true, nil })
		return alive && err == nil && actor.Session == "s"
	}
	for _, step := range []struct {
		move time.Duration
		want int
	}{{0, 1}, {0, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {-time.Hour, 3}, {0, 3}} {
		now = now.Add(step.move)
		if !ask() || reads != step.want {
			t.Fatalf("after %s: %d reads, want %d", step.move, reads, step.want)
		}
	}
	c.forget("s")
	if !ask() || reads != 4 {
		t.Fatalf("forgotten: %d reads", reads)
	}
}

func TestWhatEndsWhileItIsReadIsNotRemembered(t *testing.T) {
	now := time.Unix(0, 0)
	c := newAliveCache(func() time.Time { return now })
	_, _, err := c.ask("s", func() (authz.Actor, bool, error) {
		c.forget("s") // signed out after the read, before the answer is remembered
		return authz.Actor{}, true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, alive, err := c.ask("s", func() (authz.Actor, bool, error) { return authz.Actor{}, false, nil }); alive || err != nil {
		t.Fatalf("alive %v, %v", alive, err)
	}
}

func TestFaultsAndEndsAreNotRemembered(t *testing.T) {
	now := time.Unix(0, 0)
	c := newAliveCache(func() time.Time { return now })
	broken := errors.New("broken")
	if _, _, err := c.ask("s", func() (authz.Actor, bool, error) { return authz.Actor{}, true, broken }); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if _, alive, _ := c.ask("s", func() (authz.Actor, bool, error) { return authz.Actor{}, false, nil }); alive {
		t.Fatal("an ended session lives")
	}
	if _, alive, _ := c.ask("s", func() (authz.Actor, bool, error) { return authz.Actor{}, true, nil }); !alive {
		t.Fatal("the end was remembered")
	}
}

func TestTheCacheStaysSmall(t *testing.T) {
	now := time.Unix(0, 0)
	c := newAliveCache(func() time.Time { return now })
	for i := range 3 * aliveMost {
		if i == 2*aliveMost {
			now = now.Add(aliveFor)
		}
		session := id.Session(strconv.Itoa(i))
		if _, _, err := c.ask(session, func() (authz.Actor, bool, error) { return authz.Actor{}, true, nil }); err != nil {
			t.Fatal(err)
		}
		if len(c.known) > aliveMost {
			t.Fatalf("%d sessions are remembered", len(c.known))
		}
	}
}
