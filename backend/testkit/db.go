// Package testkit owns what tests share: a fresh database of each kind, a fixed clock, keys, and makers of schools and
// people. It is imported by tests alone.
package testkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

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

// NewPostgres is an Env on a fresh PostgreSQL database, entered as the plain runtime role.
func NewPostgres(tb testing.TB) *Env {
	tb.Helper()
	template := postgresTemplate(tb)
	name := "test_" + randomName()
	admin := adminPool(tb)
	mustExec(tb, admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template))
	tb.Cleanup(func() { mustExec(tb, admin, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)) })
	return open(tb, PostgresOptions(tb, name))
}

// PostgresOptions open the named database under the runtime and owner roles.
func PostgresOptions(tb testing.TB, database string) db.Options {
	tb.Helper()
	return db.Options{
		Runtime: dsn(tb, "einverstanden_rt", database), Owner: dsn(tb, "einverstanden_owner", database), Pool: 6,
	}
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

const postgresVariable = "EINVERSTANDEN_TEST_POSTGRES"

// postgresTemplate is the name of a migrated database, made once a process.
func postgresTemplate(tb testing.TB) string {
	tb.Helper()
	admin := adminPool(tb)
	postgresOnce.Do(func() {
		postgresName = "template_" + randomName()
		// Packages test in parallel processes: one makes the roles, the others wait.
		for _, statement := range []string{
			"BEGIN", "SELECT pg_advisory_xact_lock(7151)", makeRoles, "COMMIT",
			fmt.Sprintf("CREATE DATABASE %s OWNER einverstanden_owner", postgresName),
		} {
			mustExec(tb, admin, statement)
		}
		options := PostgresOptions(tb, postgresName)
		options.Clock = time.Now
		d, err := db.Open(options)
		if err == nil {
			err = errors.Join(d.Migrate(context.Background()), d.Close())
		}
		if err != nil {
			tb.Fatal(err)
		}
	})
	return postgresName
}

const makeRoles = `DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'einverstanden_owner') THEN
		CREATE ROLE einverstanden_owner LOGIN NOSUPERUSER NOBYPASSRLS;
		CREATE ROLE einverstanden_rt LOGIN NOSUPERUSER NOBYPASSRLS;
		CREATE ROLE einverstanden_jobs LOGIN NOSUPERUSER NOBYPASSRLS;
	END IF;
END $$`

var (
	postgresOnce sync.Once
	postgresName string
	adminOnce    sync.Once
	admin        *sql.DB
)

// adminPool is one superuser connection a process; transactions by hand need it to be a single one.
func adminPool(tb testing.TB) *sql.DB {
	tb.Helper()
	address := os.Getenv(postgresVariable)
	if address == "" {
		tb.Fatalf("%s is not set: run the tests through scripts/test, which starts PostgreSQL", postgresVariable)
	}
	adminOnce.Do(func() {
		var err error
		if admin, err = sql.Open("pgx", address); err != nil {
			tb.Fatal(err)
		}
		admin.SetMaxOpenConns(1)
	})
	return admin
}

// AdminExec runs a statement as superuser on the server, for tests of roles and faults.
func AdminExec(tb testing.TB, statement string) {
	tb.Helper()
	mustExec(tb, adminPool(tb), statement)
}

func mustExec(tb testing.TB, pool *sql.DB, statement string) {
	tb.Helper()
	if _, err := pool.ExecContext(context.Background(), statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

func dsn(tb testing.TB, role, database string) string {
	tb.Helper()
	address, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil {
		tb.Fatal(err)
	}
	address.User = url.User(role)
	address.Path = "/" + database
	return address.String()
}

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
