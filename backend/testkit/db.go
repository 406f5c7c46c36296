// Package testkit owns what tests share: a fresh database of each kind, a fixed clock, keys, and makers of schools and
// people. It is imported by tests alone.
package testkit

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// Env is a fresh, migrated database with keys and a clock that stands still until it is told to move.
type Env struct {
	DB    *db.DB
	Vault *vault.Vault
	Clock *Clock
	// Options open the same database once more, for tests of what a second process sees.
	Options db.Options
}

// EachDB runs the test on SQLite and on PostgreSQL. Where PostgreSQL is missing the test fails: scripts/test starts
// one and says where in EINVERSTANDEN_TEST_POSTGRES.
func EachDB(t *testing.T, test func(t *testing.T, env *Env)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, NewSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, NewPostgres(t)) })
}

// NewSQLite is an Env on a fresh SQLite file.
func NewSQLite(tb testing.TB) *Env {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "school.db")
	if err := os.WriteFile(file, sqliteTemplate(tb), 0o600); err != nil {
		tb.Fatal(err)
	}
	return open(tb, db.Options{File: file})
}

func open(tb testing.TB, options db.Options) *Env {
	tb.Helper()
	clock := NewClock(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	options.Clock = clock.Now
	d, err := db.Open(options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return &Env{DB: d, Vault: NewVault(tb), Clock: clock, Options: options}
}

// InSchool is a context in the school.
func (e *Env) InSchool(school id.School) context.Context {
	return db.InSchool(context.Background(), school)
}

var vaultOnce = sync.OnceValues(func() (*vault.Vault, error) {
	folder, err := os.MkdirTemp("", "einverstanden-keys")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := vault.Create(folder); err != nil {
		return nil, err
	}
	return vault.Open(folder)
})

// NewVault gives the keys of this test process.
func NewVault(tb testing.TB) *vault.Vault {
	tb.Helper()
	v, err := vaultOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// sqliteTemplate is the content of a migrated file, made once a process.
func sqliteTemplate(tb testing.TB) []byte {
	tb.Helper()
	content, err := sqliteOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

var sqliteOnce = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "einverstanden-sqlite")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "template.db")
	d, err := db.Open(db.Options{File: file, Clock: time.Now})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(d.Migrate(context.Background()), d.Close()); err != nil {
		return nil, err
	}
	if _, err := os.Stat(file + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the template database was not closed")
	}
	return os.ReadFile(file)
})

// Jobs is the database as the outbox's worker claims from it: under the jobs role, or on SQLite the same.
func (e *Env) Jobs(tb testing.TB) *db.DB {
	tb.Helper()
	if e.DB.Dialect() == db.SQLite {
		return e.DB
	}
	address, err := url.Parse(e.Options.Runtime)
	if err != nil {
		tb.Fatal(err)
	}
	jobs, err := db.Open(db.Options{
		Runtime: dsn(tb, "einverstanden_jobs", strings.TrimPrefix(address.Path, "/")), Pool: 2, Clock: e.Options.Clock,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = jobs.Close() })
	return jobs
}
