package signal_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/signal"
	"einverstanden/backend/testkit"
)

const (
	mine   id.School = "musterstadt"
	theirs id.School = "nachbarort"
)

// patience bounds a wait that ends at once when all is well.
const patience = 20 * time.Second

// hear waits for a token and takes what changed, pupils in order.
func hear(t *testing.T, s *signal.Subscription) (pupils []id.Pupil, all bool) {
	t.Helper()
	select {
	case <-s.Ready():
	case <-time.After(patience):
		t.Fatal("nothing was heard")
	}
	pupils, all = s.Take()
	slices.Sort(pupils)
	return pupils, all
}

func wantPupils(t *testing.T, s *signal.Subscription, want ...id.Pupil) {
	t.Helper()
	if got, all := hear(t, s); all || !slices.Equal(got, want) {
		t.Fatalf("heard %v (all: %v), want %v", got, all, want)
	}
}

func wantAll(t *testing.T, s *signal.Subscription) {
	t.Helper()
	if got, all := hear(t, s); !all {
		t.Fatalf("heard %v, want everything", got)
	}
}

func wantSilence(t *testing.T, s *signal.Subscription) {
	t.Helper()
	select {
	case <-s.Ready():
		got, all := s.Take()
		t.Fatalf("heard %v (all: %v), want nothing", got, all)
	default:
	}
}

func subscribe(t *testing.T, h *signal.Hub, school id.School) *signal.Subscription {
	t.Helper()
	s := h.Subscribe(school)
	t.Cleanup(s.Close)
	return s
}

// touch changes the pupil in a transaction, which fails with the error given.
func touch(env *testkit.Env, h *signal.Hub, school id.School, pupil id.Pupil, fail error) error {
	return env.DB.WriteUnaudited(env.InSchool(school), func(tx *db.Tx) error {
		return errors.Join(h.Touch(tx, pupil), fail)
	})
}

func TestChangesAreCollectedWhileNobodyLooks(t *testing.T) {
	h := signal.NewHub()
	s := subscribe(t, h, mine)
	for _, pupil := range []id.Pupil{"lena", "emre", "lena"} {
		h.Publish(signal.Change{School: mine, Pupil: pupil})
	}
	wantPupils(t, s, "emre", "lena")
	wantSilence(t, s)
	h.Publish(signal.Change{School: mine, Pupil: "lena"})
	wantPupils(t, s, "lena")
}

func TestEveryListenerOfTheSchoolHears(t *testing.T) {
	h := signal.NewHub()
	first, second, other := subscribe(t, h, mine), subscribe(t, h, mine), subscribe(t, h, theirs)
	h.Publish(signal.Change{School: mine, Pupil: "lena"})
	wantPupils(t, first, "lena")
	wantPupils(t, second, "lena")
	wantSilence(t, other)
}

func TestAnythingMayHaveChanged(t *testing.T) {
	h := signal.NewHub()
	a, b := subscribe(t, h, mine), subscribe(t, h, theirs)
	h.Publish(signal.Change{School: mine, Pupil: "lena"})
	h.Publish(signal.Change{School: mine})
	wantAll(t, a) // one pupil more or less no longer matters
	wantSilence(t, b)
	h.Publish(signal.Change{})
	wantAll(t, a)
	wantAll(t, b)
}

func TestAClosedSubscriptionHearsNothing(t *testing.T) {
	h := signal.NewHub()
	s := h.Subscribe(mine)
	s.Close()
	s.Close()
	h.Publish(signal.Change{School: mine, Pupil: "lena"})
	wantSilence(t, s)
}

func TestATouchIsHeardAfterTheCommit(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := signal.NewHub()
		s := subscribe(t, h, mine)
		err := env.DB.WriteUnaudited(env.InSchool(mine), func(tx *db.Tx) error {
			err := h.Touch(tx, "lena")
			wantSilence(t, s)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wantPupils(t, s, "lena")
	})
}

func TestAFailedChangeIsNotHeard(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := signal.NewHub()
		s := subscribe(t, h, mine)
		broken := errors.New("broken")
		if err := touch(env, h, mine, "lena", broken); !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		wantSilence(t, s)
	})
}

// Nobody is missed and nobody waits, however writers, readers and new listeners meet.
func TestManyAtOnceMissNobody(t *testing.T) {
	h := signal.NewHub()
	s := subscribe(t, h, mine)
	const writers = 50
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			extra := h.Subscribe(mine)
			defer extra.Close()
			h.Publish(signal.Change{School: mine, Pupil: id.Pupil(fmt.Sprint(i))})
		})
	}
	heard := map[id.Pupil]bool{}
	for len(heard) < writers {
		pupils, all := hear(t, s)
		if all {
			t.Fatal("heard that everything changed")
		}
		for _, pupil := range pupils {
			heard[pupil] = true
		}
	}
	group.Wait()
}
