package testkit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"einverstanden/backend/db"
	"einverstanden/migrations"
)

// NewPostgres is an Env on an empty PostgreSQL database, entered as the plain runtime role. It may have served an earlier
// test of this process: emptying one takes a tenth of the time of copying the template.
func NewPostgres(tb testing.TB) *Env {
	tb.Helper()
	name := spares.take()
	if name == "" {
		name = "test_" + randomName()
		mustExec(tb, adminPool(tb), fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, postgresTemplate(tb)))
	}
	tb.Cleanup(func() {
		if !tb.Failed() && emptied(tb, name) {
			spares.give(name)
			return
		}
		mustExec(tb, adminPool(tb), fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
	})
	return open(tb, PostgresOptions(tb, name))
}

// spares are databases as empty as the template. Those that are left at the end go with the server.
var spares spareDatabases

type spareDatabases struct {
	mu    sync.Mutex
	names []string
}

func (s *spareDatabases) take() (name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.names) - 1; last >= 0 {
		name, s.names = s.names[last], s.names[:last]
	}
	return name
}

func (s *spareDatabases) give(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = append(s.names, name)
}

// emptied ends what still holds the database and deletes every row. It reports false, and changes nothing, where a test
// has changed the schema.
func emptied(tb testing.TB, name string) bool {
	tb.Helper()
	pool, err := sql.Open("pgx", adminDSN(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	defer pool.Close()
	mustExec(tb, pool, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	if schemaOf(tb, pool) != templateSchema {
		return false
	}
	mustExec(tb, pool, deleteRows)
	return true
}

const deleteRows = `DO $$ DECLARE one regclass; BEGIN
	SET LOCAL session_replication_role = replica; -- neither foreign keys nor triggers look
	FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'goose_db_version' LOOP
		EXECUTE 'DELETE FROM ' || one;
	END LOOP;
END $$`

// schemaOf is a hash of what a test could change: tables, columns, constraints, policies, triggers, functions, rights and
// settings.
func schemaOf(tb testing.TB, pool *sql.DB) (hash string) {
	tb.Helper()
	err := pool.QueryRowContext(context.Background(), `SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
		SELECT concat_ws(' ', 'table', relname, relkind, relrowsecurity, relforcerowsecurity, relowner, relacl) FROM pg_class WHERE relnamespace = 'public'::regnamespace
		UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attname, atttypid, attnotnull) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
			WHERE relnamespace = 'public'::regnamespace AND attnum > 0
		UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT concat_ws(' ', 'policy', polrelid::regclass, polname, pg_get_expr(polqual, polrelid)) FROM pg_policy
		UNION ALL SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT concat_ws(' ', 'function', proname, md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT concat_ws(' ', 'setting', setconfig) FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
	) AS parts (part)`).Scan(&hash)
	if err != nil {
		tb.Fatal(err)
	}
	return hash
}

// PostgresOptions open the named database under the runtime and owner roles.
func PostgresOptions(tb testing.TB, database string) db.Options {
	tb.Helper()
	return db.Options{
		Runtime: dsn(tb, "einverstanden_rt", database), Owner: dsn(tb, "einverstanden_owner", database), Pool: 6,
	}
}

const postgresVariable = "EINVERSTANDEN_TEST_POSTGRES"

// postgresTemplate is the name of a migrated database. Packages test in parallel processes: the first makes it for all,
// the others wait.
func postgresTemplate(tb testing.TB) string {
	tb.Helper()
	templateOnce.Do(func() {
		admin := adminPool(tb)
		templateName = "template_" + schemaVersion(tb)
		mustExec(tb, admin, "SELECT pg_advisory_lock(7151)")
		defer mustExec(tb, admin, "SELECT pg_advisory_unlock(7151)")
		var exists bool
		err := admin.QueryRowContext(context.Background(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", templateName).Scan(&exists)
		if err != nil {
			tb.Fatal(err)
		}
		if !exists {
			makeTemplate(tb, admin)
		}
		templateSchema = schemaInTemplate(tb)
	})
	return templateName
}

// makeTemplate names the database last: a process that dies on the way leaves none that is half made.
func makeTemplate(tb testing.TB, admin *sql.DB) {
	tb.Helper()
	making := "making_" + randomName()
	mustExec(tb, admin, makeRoles)
	mustExec(tb, admin, fmt.Sprintf("CREATE DATABASE %s OWNER einverstanden_owner", making))
	options := PostgresOptions(tb, making)
	options.Clock = time.Now
	d, err := db.Open(options)
	if err == nil {
		err = errors.Join(d.Migrate(context.Background()), d.Close())
	}
	if err != nil {
		tb.Fatal(err)
	}
	mustExec(tb, admin, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", making, templateName))
}

// schemaInTemplate looks at a copy: nothing may be connected to a template while others copy it.
func schemaInTemplate(tb testing.TB) string {
	tb.Helper()
	name := "test_" + randomName()
	mustExec(tb, adminPool(tb), fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, templateName))
	pool, err := sql.Open("pgx", adminDSN(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	defer pool.Close()
	spares.give(name)
	return schemaOf(tb, pool)
}

// schemaVersion tells the templates of different states of the program apart.
func schemaVersion(tb testing.TB) string {
	tb.Helper()
	sum := sha256.New()
	err := fs.WalkDir(migrations.Files, "postgres", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := migrations.Files.ReadFile(path)
		sum.Write(content)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

const makeRoles = `DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'einverstanden_owner') THEN
		CREATE ROLE einverstanden_owner LOGIN NOSUPERUSER NOBYPASSRLS;
		CREATE ROLE einverstanden_rt LOGIN NOSUPERUSER NOBYPASSRLS;
		CREATE ROLE einverstanden_jobs LOGIN NOSUPERUSER NOBYPASSRLS;
	END IF;
END $$`

var (
	templateOnce   sync.Once
	templateName   string
	templateSchema string
	adminOnce      sync.Once
	admin          *sql.DB
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
	address, err := url.Parse(adminDSN(tb, database))
	if err != nil {
		tb.Fatal(err)
	}
	address.User = url.User(role)
	return address.String()
}

// adminDSN is the named database for the superuser.
func adminDSN(tb testing.TB, database string) string {
	tb.Helper()
	address, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil {
		tb.Fatal(err)
	}
	address.Path = "/" + database
	return address.String()
}
