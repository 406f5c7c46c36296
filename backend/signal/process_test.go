package signal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/signal"
	"einverstanden/backend/testkit"
)

var quiet = slog.New(slog.DiscardHandler)

// background runs f until the test ends, and fails the test when f does not end with its context.
func background(t *testing.T, f func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("it went on after its context had ended")
		}
	})
}

// listening is a second instance's subscription, once its hub is connected.
func listening(t *testing.T, env *testkit.Env) *signal.Subscription {
	t.Helper()
	second := signal.NewHub()
	s := subscribe(t, second, mine)
	background(t, func(ctx context.Context) { second.Listen(ctx, env.Options.Runtime, quiet) })
	wantAll(t, s) // a new connection may have missed anything
	return s
}

func TestPostgresTellsOtherInstances(t *testing.T) {
	env := testkit.NewPostgres(t)
	first := signal.NewHub()
	s := listening(t, env)
	for _, pupil := range []id.Pupil{"lena", "emre"} {
		if err := touch(env, first, mine, pupil, nil); err != nil {
			t.Fatal(err)
		}
		wantPupils(t, s, pupil)
	}
}

// Notices come in the order of the commits: had the failed change been told, it would be heard with the next or before.
func TestPostgresDoesNotTellAFailedChange(t *testing.T) {
	env := testkit.NewPostgres(t)
	first := signal.NewHub()
	s := listening(t, env)
	broken := errors.New("broken")
	if err := touch(env, first, mine, "lena", broken); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if err := touch(env, first, mine, "emre", nil); err != nil {
		t.Fatal(err)
	}
	wantPupils(t, s, "emre")
}

func TestPostgresKeepsSchoolsApart(t *testing.T) {
	env := testkit.NewPostgres(t)
	first, second := signal.NewHub(), signal.NewHub()
	a, b := subscribe(t, second, mine), subscribe(t, second, theirs)
	background(t, func(ctx context.Context) { second.Listen(ctx, env.Options.Runtime, quiet) })
	wantAll(t, a)
	wantAll(t, b)
	for school, pupil := range map[id.School]id.Pupil{mine: "lena", theirs: "emre"} {
		if err := touch(env, first, school, pupil, nil); err != nil {
			t.Fatal(err)
		}
	}
	wantPupils(t, a, "lena")
	wantPupils(t, b, "emre")
}

// What was told while the line was down is lost, so that everything counts as changed when it is back.
func TestALostConnectionCountsAsAnyChange(t *testing.T) {
	env := testkit.NewPostgres(t)
	s := listening(t, env)
	address, err := url.Parse(env.Options.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	testkit.AdminExec(t, fmt.Sprintf(
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s' AND query LIKE 'listen %%'`, path.Base(address.Path)))
	wantAll(t, s)
	if err := touch(env, signal.NewHub(), mine, "lena", nil); err != nil {
		t.Fatal(err)
	}
	wantPupils(t, s, "lena")
}

// complaints gives a log and a channel that has a token once something was logged.
func complaints() (*slog.Logger, <-chan struct{}) {
	logged := make(chan struct{}, 1)
	return slog.New(onRecord{logged}), logged
}

type onRecord struct{ logged chan<- struct{} }

func (h onRecord) Enabled(context.Context, slog.Level) bool { return true }
func (h onRecord) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h onRecord) WithGroup(string) slog.Handler            { return h }
func (h onRecord) Handle(context.Context, slog.Record) error {
	select {
	case h.logged <- struct{}{}:
	default:
	}
	return nil
}

func wantComplaint(t *testing.T, logged <-chan struct{}) {
	t.Helper()
	select {
	case <-logged:
	case <-time.After(patience):
		t.Fatal("nothing was logged")
	}
}

// A server that cannot be reached is tried again until the context ends, and never counts as heard.
func TestListeningToNobodyIsLogged(t *testing.T) {
	h := signal.NewHub()
	s := subscribe(t, h, mine)
	log, logged := complaints()
	background(t, func(ctx context.Context) { h.Listen(ctx, "postgres://nobody@127.0.0.1:1/none", log) })
	wantComplaint(t, logged)
	wantComplaint(t, logged) // tried again
	wantSilence(t, s)
}

func TestSQLiteNoticesAnotherProcess(t *testing.T) {
	env := testkit.NewSQLite(t)
	h := signal.NewHub()
	s := subscribe(t, h, mine)
	background(t, func(ctx context.Context) { h.Watch(ctx, env.DB, quiet) })
	wantAll(t, s) // the first look

	other, err := db.Open(env.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, hash := range []string{"first", "second"} {
		err := other.Outside(context.Background(), func(tx *db.Tx) error {
			return tx.G().Exec("INSERT INTO directory (kind, key_hash, school_id) VALUES ('letter', ?, 'musterstadt')", hash).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, s)
	}
}

// Looking at a database that is closed is logged, and ends with the context.
func TestWatchingAClosedFileIsLogged(t *testing.T) {
	env := testkit.NewSQLite(t)
	closed, err := db.Open(env.Options)
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	h := signal.NewHub()
	s := subscribe(t, h, mine)
	log, logged := complaints()
	background(t, func(ctx context.Context) { h.Watch(ctx, closed, log) })
	wantComplaint(t, logged)
	wantSilence(t, s)
}
