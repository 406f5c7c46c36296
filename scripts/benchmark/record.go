package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// statement is one call of the driver.
type statement struct {
	sql   string
	args  []any
	query bool // gives rows
}

// transaction is what ran from its beginning to its end on one connection; beginning and end are not in it.
type transaction []statement

// recorder notes what passes a driver. SQLite's writer begins and ends by statements, PostgreSQL by calls of the driver.
type recorder struct {
	mu   sync.Mutex
	done []transaction
}

// take gives what was recorded since the last time.
func (r *recorder) take() []transaction {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := r.done
	r.done = nil
	return done
}

func (r *recorder) add(t transaction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = append(r.done, t)
}

// register makes a driver that records under the name.
func register(name string, inner driver.Driver) *recorder {
	r := &recorder{}
	sql.Register(name, recordingDriver{inner, r})
	return r
}

type recordingDriver struct {
	driver.Driver
	sink *recorder
}

func (d recordingDriver) Open(name string) (driver.Conn, error) {
	conn, err := d.Driver.Open(name)
	return &recordingConn{Conn: conn, sink: d.sink}, err
}

// recordingConn passes everything on; both drivers know the newer calls, so the old ones are never made.
type recordingConn struct {
	driver.Conn
	sink    *recorder
	current transaction
}

func (c *recordingConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.current = nil
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
	return recordingTx{tx, c}, err
}

func (c *recordingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	inner, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	return &recordingStmt{inner, c, query}, err
}

func (c *recordingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query, args, false)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *recordingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query, args, true)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *recordingConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

func (c *recordingConn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c *recordingConn) note(query string, named []driver.NamedValue, rows bool) {
	switch word, _, _ := strings.Cut(strings.ToUpper(query), " "); word {
	case "BEGIN":
		c.current = nil
		return
	case "COMMIT", "ROLLBACK": // a reader's view ends by the latter
		if len(c.current) > 0 {
			c.end()
		}
		return
	}
	args := make([]any, len(named))
	for i, value := range named {
		args[i] = kept(value.Value)
	}
	c.current = append(c.current, statement{query, args, rows})
}

// kept is the value itself, which the caller may change or reuse afterwards.
func kept(value any) any {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		return kept(v.Elem().Interface())
	}
	if bytes, ok := value.([]byte); ok && bytes != nil {
		return slices.Clone(bytes)
	} else if ok {
		return nil
	}
	return value
}

func (c *recordingConn) end() {
	c.sink.add(c.current)
	c.current = nil
}

type recordingTx struct {
	driver.Tx
	conn *recordingConn
}

func (t recordingTx) Commit() error {
	t.conn.end()
	return t.Tx.Commit()
}

type recordingStmt struct {
	driver.Stmt
	conn *recordingConn
	sql  string
}

func (s *recordingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.note(s.sql, args, false)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s *recordingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.note(s.sql, args, true)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}
