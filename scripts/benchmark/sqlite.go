package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"einverstanden/backend/db"
)

const runs = 3 // of each pair; the middle ratio counts

// driverOf is the driver behind a registered name.
func driverOf(name string) (driver.Driver, error) {
	pool, err := sql.Open(name, "")
	if err != nil {
		return nil, err
	}
	return pool.Driver(), pool.Close()
}

// newSQLiteWorld fills a database and gives the path of the file, which nothing has open.
func newSQLiteWorld(ctx context.Context, folder string) (*world, string, error) {
	file := filepath.Join(folder, "base.db")
	w, err := newWorld(ctx, db.Options{File: file}, folder)
	return w, file, err
}

// copyFile makes a fresh copy of the closed database.
func copyFile(base, name string) (string, error) {
	to := filepath.Join(filepath.Dir(base), name)
	for _, ending := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(to + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	from, err := os.Open(base) //nolint:gosec // a file of our own
	if err != nil {
		return "", err
	}
	defer from.Close()
	target, err := os.Create(to) //nolint:gosec // a file of our own
	if err != nil {
		return "", err
	}
	_, err = io.Copy(target, from)
	return to, errors.Join(err, target.Sync(), target.Close())
}

// measureSQLite compares decisions over HTTP by 32 clients with their own statements, recorded from a run of the same
// decisions: grouped into the same transactions, on one connection, nothing else in the process.
func measureSQLite(ctx context.Context, folder string) ([]figure, error) {
	inner, err := driverOf("sqlite")
	if err != nil {
		return nil, err
	}
	recorded := register("sqlite-recorded", inner)
	w, base, err := newSQLiteWorld(ctx, folder)
	if err != nil {
		return nil, err
	}
	if _, err = decideOn(w, base, "sqlite-recorded", 32); err != nil {
		return nil, err
	}
	changes := recorded.take()
	var plain, kept, waits, speeds []float64
	for range runs {
		ours, err := decideOn(w, base, "", 32)
		if err != nil {
			return nil, err
		}
		for _, prepare := range []bool{false, true} {
			took, err := replayOn(ctx, base, changes, prepare)
			if err != nil {
				return nil, err
			}
			ratio := took.Seconds() / ours.took.Seconds()
			if prepare {
				kept = append(kept, ratio)
			} else {
				plain = append(plain, ratio)
			}
		}
		waits, speeds = append(waits, ours.percentile(0.99)), append(speeds, ours.perSecond())
	}
	return []figure{
		{name: "decisions over HTTP, 32 clients", value: middle(speeds), unit: "/s"},
		{name: "of the same statements through database/sql", value: middle(plain), limit: 0.7},
		{name: "of the same statements, each kept prepared", value: middle(kept)},
		{name: "a decision's 99th percentile", value: middle(waits), unit: "ms", limit: 25, atMost: true},
	}, nil
}

func middle(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func writes(t transaction) bool {
	return slices.ContainsFunc(t, func(s statement) bool { return !s.query })
}

func decideOn(w *world, base, driver string, clients int) (outcome, error) {
	file, err := copyFile(base, "ours.db")
	if err != nil {
		return outcome{}, err
	}
	stop, err := w.serve(db.Options{File: file, Driver: driver})
	if err != nil {
		return outcome{}, err
	}
	w.rewind()
	measured, err := w.decide(clients, rounds)
	return measured, errors.Join(err, stop())
}

// The pragmas are those of package db.
const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)" +
	"&_pragma=trusted_schema(0)&_pragma=cache_size(-16000)"

func replayOn(ctx context.Context, base string, changes []transaction, prepare bool) (took time.Duration, err error) {
	file, err := copyFile(base, "plain.db")
	if err != nil {
		return 0, err
	}
	pool, err := sql.Open("sqlite", "file:"+file+pragmas)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	p := player{conn: conn, prepare: prepare, kept: map[string]*sql.Stmt{}}
	began := time.Now()
	for _, change := range changes {
		if err := p.play(ctx, change); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// player runs recorded transactions again.
type player struct {
	conn    *sql.Conn
	prepare bool
	kept    map[string]*sql.Stmt
}

func (p *player) play(ctx context.Context, change transaction) error {
	begin, end := "BEGIN", "ROLLBACK" // as package db does
	if writes(change) {
		begin, end = "BEGIN IMMEDIATE", "COMMIT"
	}
	if _, err := p.conn.ExecContext(ctx, begin); err != nil {
		return err
	}
	for _, s := range change {
		if err := p.run(ctx, s); err != nil {
			return err
		}
	}
	_, err := p.conn.ExecContext(ctx, end)
	return err
}

func (p *player) run(ctx context.Context, s statement) error {
	if !p.prepare {
		if !s.query {
			_, err := p.conn.ExecContext(ctx, s.sql, s.args...)
			return err
		}
		return drain(p.conn.QueryContext(ctx, s.sql, s.args...))
	}
	prepared, ok := p.kept[s.sql]
	if !ok {
		var err error
		if prepared, err = p.conn.PrepareContext(ctx, s.sql); err != nil {
			return err
		}
		p.kept[s.sql] = prepared
	}
	if !s.query {
		_, err := prepared.ExecContext(ctx, s.args...)
		return err
	}
	return drain(prepared.QueryContext(ctx, s.args...))
}

// drain reads every row into place, as whoever asked would.
func drain(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return err
		}
	}
	return rows.Err()
}
