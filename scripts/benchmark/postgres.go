package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"einverstanden/backend/db"
)

const (
	postgresVariable = "EINVERSTANDEN_TEST_POSTGRES"
	baseDatabase     = "bench_base"
)

// server is the PostgreSQL server that scripts/bench started, entered as its superuser.
type server struct {
	address *url.URL
	admin   *sql.DB
}

func openServer(ctx context.Context) (*server, error) {
	raw := os.Getenv(postgresVariable)
	if raw == "" {
		return nil, errors.New(postgresVariable + " is not set: run scripts/bench, which starts a server")
	}
	address, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", postgresVariable, err)
	}
	admin, err := sql.Open("pgx", raw)
	if err != nil {
		return nil, err
	}
	s := &server{address, admin}
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + baseDatabase, "DROP ROLE IF EXISTS einverstanden_owner, einverstanden_rt, einverstanden_jobs",
		"CREATE ROLE einverstanden_owner LOGIN NOSUPERUSER NOBYPASSRLS", "CREATE ROLE einverstanden_rt LOGIN NOSUPERUSER NOBYPASSRLS",
		"CREATE ROLE einverstanden_jobs LOGIN NOSUPERUSER NOBYPASSRLS", "CREATE DATABASE " + baseDatabase + " OWNER einverstanden_owner",
	} {
		if _, err := admin.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", statement, err), admin.Close())
		}
	}
	return s, nil
}

// dsn names a database, entered under a role.
func (s *server) dsn(role, database string) string {
	address := *s.address
	address.User, address.Path = url.User(role), "/"+database
	return address.String()
}

// options open a database as the program does: under the runtime role, which row level security binds.
func (s *server) options(database string) db.Options {
	return db.Options{Runtime: s.dsn("einverstanden_rt", database), Owner: s.dsn("einverstanden_owner", database)}
}

// fresh makes a copy of the base database under the name and writes it out, so that no checkpoint falls into a run.
func (s *server) fresh(ctx context.Context, name string) error {
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name + " TEMPLATE " + baseDatabase, "CHECKPOINT",
	} {
		if _, err := s.admin.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// in runs do on a database as superuser.
func (s *server) in(ctx context.Context, database string, do func(*sql.DB) error) error {
	pool, err := sql.Open("pgx", s.dsn(s.address.User.Username(), database))
	if err != nil {
		return err
	}
	return errors.Join(do(pool), pool.Close())
}

const postgresClients = 8

// measurePostgres compares decisions over HTTP by 8 clients with pgbench, which runs the statements recorded from such
// decisions. Both begin with copies of one database in which every guardian has decided three times.
func measurePostgres(ctx context.Context, folder, pgbench string) (figures []figure, err error) {
	s, err := openServer(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.admin.Close()) }()
	w, err := newWorld(ctx, s.options(baseDatabase), folder)
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, w)
	if err != nil {
		return nil, err
	}
	scripts, err := scriptsOf(recorded)
	if err != nil {
		return nil, err
	}
	var ratios, speeds, theirs, waits []float64
	for range runs {
		ours, err := s.decide(ctx, w)
		if err != nil {
			return nil, err
		}
		plain, err := s.replay(ctx, pgbench, folder, scripts)
		if err != nil {
			return nil, err
		}
		ratios, speeds = append(ratios, ours.perSecond()/plain), append(speeds, ours.perSecond())
		theirs, waits = append(theirs, plain), append(waits, ours.percentile(0.99))
	}
	return []figure{
		{name: "decisions over HTTP, 8 clients", value: middle(speeds), unit: "/s"},
		{name: "a decision's 99th percentile", value: middle(waits), unit: "ms"},
		{name: "pgbench with the same statements, 8 clients", value: middle(theirs), unit: "/s"},
		{name: "of pgbench with the same statements", value: middle(ratios), limit: 0.45},
	}, nil
}

// record lets every guardian decide three times in the base database and gives what passed the driver.
func (s *server) record(ctx context.Context, w *world) ([]transaction, error) {
	inner, err := driverOf("pgx")
	if err != nil {
		return nil, err
	}
	recorded := register("pgx-recorded", inner)
	options := s.options(baseDatabase)
	options.Driver = "pgx-recorded"
	w.config.DatabaseListen, w.config.DatabaseJobs = options.Runtime, s.dsn("einverstanden_jobs", baseDatabase)
	stop, err := w.serve(options)
	if err != nil {
		return nil, err
	}
	_, err = w.decide(postgresClients, 3)
	if err := errors.Join(err, stop()); err != nil {
		return nil, err
	}
	w.setMark()
	return recorded.take(), s.in(ctx, baseDatabase, func(pool *sql.DB) error {
		_, err := pool.ExecContext(ctx, "VACUUM ANALYZE")
		return err
	})
}

func (s *server) decide(ctx context.Context, w *world) (outcome, error) {
	if err := s.fresh(ctx, "bench_ours"); err != nil {
		return outcome{}, err
	}
	options := s.options("bench_ours")
	w.config.DatabaseListen, w.config.DatabaseJobs = options.Runtime, s.dsn("einverstanden_jobs", "bench_ours")
	stop, err := w.serve(options)
	if err != nil {
		return outcome{}, err
	}
	w.rewind()
	measured, err := w.decide(postgresClients, rounds)
	return measured, errors.Join(err, stop())
}
