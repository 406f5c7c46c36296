package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
	"einverstanden/backend/testkit"
)

const topic outbox.Topic = "test.done"

// worked collects what handlers were given.
type worked struct {
	mu       sync.Mutex
	payloads []string
	outcome  func(job outbox.Claimed) error
}

func (w *worked) handle(_ context.Context, job outbox.Claimed) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.payloads = append(w.payloads, string(job.Payload))
	if w.outcome != nil {
		return w.outcome(job)
	}
	return nil
}

func (w *worked) want(t *testing.T, payloads ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got, want := strings.Join(w.payloads, " "), strings.Join(payloads, " "); got != want {
		t.Fatalf("worked on %s, want %s", got, want)
	}
}

func newWorker(t *testing.T, env *testkit.Env, handler outbox.Handler) *outbox.Worker {
	t.Helper()
	w := outbox.NewWorker(env.DB, env.Jobs(t), env.Clock.Now, slog.New(slog.DiscardHandler)).WithJitter(func() float64 { return 0.5 })
	w.Handle(topic, handler)
	return w
}

func jobOf(payload any) outbox.Job { return outbox.Job{Topic: topic, Payload: payload} }

func once(t *testing.T, w *outbox.Worker, want int) {
	t.Helper()
	if done, err := w.Once(t.Context()); err != nil || done != want {
		t.Fatalf("%d jobs worked on, %v; want %d", done, err, want)
	}
}

const school id.School = "musterstadt"

func TestJobsAreDoneOnceInTheirSchool(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		later := jobOf("later")
		later.RunAt = env.Clock.Now().Add(time.Hour)
		if err := enqueue(env, env.InSchool(school), jobOf("a"), jobOf("b"), later, recorded("of no handler")); err != nil {
			t.Fatal(err)
		}
		var done worked
		w := newWorker(t, env, func(ctx context.Context, job outbox.Claimed) error {
			if in, ok := db.SchoolOf(ctx); !ok || in != school {
				t.Errorf("handled in %q", in)
			}
			return done.handle(ctx, job)
		})
		once(t, w, 2)
		once(t, w, 0)
		done.want(t, `"a"`, `"b"`)
		env.Clock.Advance(time.Hour)
		once(t, w, 1)
		done.want(t, `"a"`, `"b"`, `"later"`)
	})
}

// Two instances at once, each with several hands, do every job once.
func TestInstancesShareTheWork(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		const jobs = 120
		var all []outbox.Job
		for i := range jobs {
			all = append(all, jobOf(i))
		}
		if err := enqueue(env, env.InSchool(school), all...); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		times := map[string]int{}
		finished := make(chan struct{})
		handler := func(_ context.Context, job outbox.Claimed) error {
			mu.Lock()
			defer mu.Unlock()
			times[string(job.Payload)]++
			if len(times) == jobs {
				select {
				case <-finished:
				default:
					close(finished)
				}
			}
			return nil
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for range 2 {
			w := newWorker(t, env, handler)
			running.Go(func() { w.Run(ctx) })
		}
		select {
		case <-finished:
		case <-time.After(20 * time.Second):
			t.Error("jobs were left")
		}
		stop()
		running.Wait()
		for payload, n := range times {
			if n != 1 {
				t.Errorf("job %s was done %d times", payload, n)
			}
		}
	})
}

// A worker that runs is woken by the commit, not by its poll: the clock stands still, and the test would wait for the poll.
func TestACommitWakesTheWorker(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		seen := make(chan struct{}, 2)
		w := newWorker(t, env, func(context.Context, outbox.Claimed) error {
			seen <- struct{}{}
			return nil
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.Run(ctx)
		}()
		for range 2 {
			if err := enqueue(env, env.InSchool(school), jobOf("now")); err != nil {
				t.Fatal(err)
			}
			select {
			case <-seen:
			case <-time.After(12 * time.Second):
				t.Fatal("not woken")
			}
		}
		stop()
		<-ended
	})
}

// An instance that dies in the middle leaves its lease behind. Nobody takes the job before it ends; then it is done once
// more, and what the dead one still says afterwards changes nothing.
func TestAJobOfADeadInstanceIsDoneOnceMore(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		if err := enqueue(env, env.InSchool(school), jobOf("a"), jobOf("b")); err != nil {
			t.Fatal(err)
		}
		var done worked
		second := newWorker(t, env, done.handle)
		claimed, goOn := make(chan struct{}, 2), make(chan struct{})
		first := newWorker(t, env, func(context.Context, outbox.Claimed) error {
			claimed <- struct{}{}
			<-goOn
			return errors.New("said too late")
		})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = first.Once(context.WithoutCancel(t.Context()))
		}()
		<-claimed
		once(t, second, 0)
		env.Clock.Advance(outbox.Lease)
		once(t, second, 2)
		done.want(t, `"a"`, `"b"`)
		close(goOn)
		<-ended
		env.Clock.Advance(24 * time.Hour)
		once(t, second, 0)
		for _, row := range jobs(t, env, env.InSchool(school)) {
			if row.DoneAt == 0 || row.LastError != nil {
				t.Errorf("left as %+v", row)
			}
		}
	})
}

func TestAFailedJobComesAgainWithGrowingGaps(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		if err := enqueue(env, env.InSchool(school), jobOf("a")); err != nil {
			t.Fatal(err)
		}
		failing := worked{outcome: func(job outbox.Claimed) error {
			if job.Attempts == 3 {
				return outbox.After("greylisted", time.Hour, nil)
			}
			return errors.New("to the log alone")
		}}
		w := newWorker(t, env, failing.handle)
		start := env.Clock.Now()
		var gaps []string
		for range 4 {
			once(t, w, 1)
			row := jobs(t, env, env.InSchool(school))[0]
			due := time.UnixMicro(row.RunAt)
			gaps = append(gaps, due.Sub(env.Clock.Now()).String()+" "+*row.LastError)
			env.Clock.Set(due.Add(-time.Microsecond))
			once(t, w, 0)
			env.Clock.Set(due)
		}
		const want = "30s error, 1m0s error, 1h0m0s greylisted, 4m0s error"
		if got := strings.Join(gaps, ", "); got != want {
			t.Errorf("came again after %s, want %s", got, want)
		}
		for range 8 {
			once(t, w, 1)
			env.Clock.Advance(5 * time.Hour)
		}
		once(t, w, 0)
		if passed := env.Clock.Now().Sub(start); passed < 20*time.Hour {
			t.Errorf("given up after %s", passed)
		}
		wantDead(t, env, school, "test.done 12 error")
	})
}

func wantDead(t *testing.T, env *testkit.Env, in id.School, want ...string) (found []outbox.Dead) {
	t.Helper()
	var got []string
	err := env.DB.Read(env.InSchool(in), func(tx *db.Tx) (err error) {
		found, err = outbox.DeadLetters(tx)
		return err
	})
	for _, dead := range found {
		got = append(got, fmt.Sprint(dead.Topic, " ", dead.Attempts, " ", dead.Reason))
	}
	if err != nil || strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Fatalf("given up: %q, %v; want %q", got, err, want)
	}
	return found
}

// What is given up at once stays for the office, which may have it tried again.
func TestWhatIsGivenUpMayBeTriedAgain(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		if err := enqueue(env, s.Ctx, jobOf("a")); err != nil {
			t.Fatal(err)
		}
		answer := outbox.Permanent("mailbox_unknown")
		w := newWorker(t, env, func(context.Context, outbox.Claimed) error { return answer })
		once(t, w, 1)
		env.Clock.Advance(48 * time.Hour)
		once(t, w, 0)
		dead := wantDead(t, env, s.ID, "test.done 1 mailbox_unknown")
		retry := func(tx *db.Tx) error { return outbox.Retry(tx, "office", dead[0].ID) }
		if err := env.DB.Write(s.Ctx, retry); err != nil {
			t.Fatal(err)
		}
		answer = nil
		once(t, w, 1)
		wantDead(t, env, s.ID)
		if err := env.DB.Write(s.Ctx, retry); !fault.Has(err, fault.NothingHere) {
			t.Errorf("tried again what is done: %v", err)
		}
	})
}

// What was done long ago is swept away, and nothing else.
func TestDoneJobsAreSwept(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := env.InSchool(school)
		if err := enqueue(env, ctx, jobOf("old"), recorded("waits")); err != nil {
			t.Fatal(err)
		}
		w := newWorker(t, env, (&worked{}).handle)
		once(t, w, 1)
		env.Clock.Advance(91 * 24 * time.Hour)
		if err := enqueue(env, ctx, jobOf("new")); err != nil {
			t.Fatal(err)
		}
		once(t, w, 1)
		if err := env.DB.WriteUnaudited(ctx, outbox.Sweep); err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, row := range jobs(t, env, ctx) {
			left = append(left, row.Payload)
		}
		if got := strings.Join(left, " "); got != `{"decision":"waits"} "new"` {
			t.Errorf("left: %s", got)
		}
	})
}

// Waiting for its time is no attempt.
func TestAJobMaySayThatItIsNotTimeYet(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		if err := enqueue(env, env.InSchool(school), jobOf("a")); err != nil {
			t.Fatal(err)
		}
		open := env.Clock.Now().Add(10 * time.Hour)
		var tries []int
		w := newWorker(t, env, func(_ context.Context, job outbox.Claimed) error {
			tries = append(tries, job.Attempts)
			if env.Clock.Now().Before(open) {
				return outbox.Until(open)
			}
			return nil
		})
		once(t, w, 1)
		env.Clock.Set(open)
		once(t, w, 1)
		if fmt.Sprint(tries) != "[1 1]" {
			t.Errorf("attempts %v", tries)
		}
	})
}

// A handler that panics, or that takes its process with it every time, ends as given up and does no other harm.
func TestAPanicIsAFailedAttempt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		if err := enqueue(env, env.InSchool(school), jobOf("a"), jobOf("b")); err != nil {
			t.Fatal(err)
		}
		var done worked
		w := newWorker(t, env, func(ctx context.Context, job outbox.Claimed) error {
			if string(job.Payload) == `"a"` {
				panic("broken")
			}
			return done.handle(ctx, job)
		})
		once(t, w, 2)
		done.want(t, `"b"`)
		killed := func(tx *db.Tx) error {
			return tx.G().Exec("UPDATE outbox SET attempts = 12, run_at = 0 WHERE done_at = 0").Error
		}
		if err := env.DB.WriteUnaudited(env.InSchool(school), killed); err != nil {
			t.Fatal(err)
		}
		once(t, w, 1)
		wantDead(t, env, school, "test.done 13 interrupted")
	})
}

// Every instance writes the job of the day; it exists once, and the next day there is another.
func TestPeriodicJobsAreOnePerKey(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		var done worked
		daily := outbox.Periodic{Topic: topic, Key: func(now time.Time) string { return now.Format(time.DateOnly) }}
		first, second := newWorker(t, env, done.handle), newWorker(t, env, done.handle)
		first.Every(daily)
		second.Every(daily)
		once(t, first, 1)
		once(t, second, 0)
		env.Clock.Advance(24 * time.Hour)
		once(t, second, 1)
		once(t, first, 0)
		var keys []string
		for _, row := range jobs(t, env, s.Ctx) {
			if row.Topic == string(topic) {
				keys = append(keys, *row.DedupKey)
			}
		}
		if got := strings.Join(keys, " "); got != "test.done:2026-11-24 test.done:2026-11-25" {
			t.Errorf("keys %s", got)
		}
	})
}
