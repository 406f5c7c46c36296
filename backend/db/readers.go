package db

import (
	"context"
	"errors"

	"gorm.io/gorm"
)

// readers are SQLite's reading connections. Each keeps its statements parsed: database/sql would parse them anew in
// every transaction, which took a third of a read's time.
type readers struct {
	builder *gorm.DB // how queries are built; its pool lends the connections
	free    chan *preparedConn
	opened  int
}

func newReaders(builder *gorm.DB, connections int) (*readers, error) {
	pool, err := builder.DB()
	if err != nil {
		return nil, err
	}
	r := &readers{builder: builder, free: make(chan *preparedConn, connections)}
	for range connections {
		conn, err := newPreparedConn(context.Background(), pool)
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		r.free <- conn
		r.opened++
	}
	return r, nil
}

// read runs do on one view of the database, which no later change moves. It waits for a free connection until ctx ends.
func (r *readers) read(ctx context.Context, do func(*gorm.DB) error) error {
	var conn *preparedConn
	select {
	case conn = <-r.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { r.free <- conn }()
	if err := exec(conn, "BEGIN"); err != nil {
		return err
	}
	defer func() { _ = exec(conn, "ROLLBACK") }() // nothing was written: it only ends the view
	g := r.builder.Session(&gorm.Session{NewDB: true, Context: ctx})
	g.Statement.ConnPool = conn
	return do(g)
}

// close waits for the reads under way.
func (r *readers) close() error {
	var errs []error
	for range r.opened {
		errs = append(errs, (<-r.free).Close())
	}
	return errors.Join(errs...)
}
