package db

import (
	"context"
	"database/sql"
	"errors"
)

// preparedConn is one SQLite connection that keeps its statements parsed across transactions: parsing them anew took
// a fifth of a decision's time. database/sql does so for a pool only outside transactions, hence the connection of
// its own; gorm takes it for a pool. It is for one goroutine, and no result set may be open while its own statement
// runs again.
type preparedConn struct {
	*sql.Conn
	kept map[string]*sql.Stmt
}

const (
	keptStatements = 256
	keptLength     = 4096 // bytes; longer ones are bulk inserts, hardly ever the same twice
)

func newPreparedConn(ctx context.Context, pool *sql.DB) (*preparedConn, error) {
	conn, err := pool.Conn(ctx)
	return &preparedConn{Conn: conn, kept: map[string]*sql.Stmt{}}, err
}

// ExecContext runs a statement that gives no rows.
func (p *preparedConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := p.statement(ctx, query) //nolint:sqlclosecheck // kept; forget closes it
	switch {
	case err != nil:
		return nil, err
	case statement == nil:
		return p.Conn.ExecContext(ctx, query, args...)
	}
	return statement.ExecContext(ctx, args...)
}

// QueryContext runs a statement that gives rows.
func (p *preparedConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := p.statement(ctx, query) //nolint:sqlclosecheck // kept; forget closes it
	switch {
	case err != nil:
		return nil, err
	case statement == nil:
		return p.Conn.QueryContext(ctx, query, args...)
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext is never kept: its one row may still be open when the caller goes on.
func (p *preparedConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.Conn.QueryRowContext(ctx, query, args...)
}

// statement is the parsed query; nil when it is not worth keeping.
func (p *preparedConn) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if len(query) > keptLength {
		return nil, nil
	}
	if kept, ok := p.kept[query]; ok {
		return kept, nil
	}
	if len(p.kept) == keptStatements {
		if err := p.forget(); err != nil {
			return nil, err
		}
	}
	statement, err := p.PrepareContext(ctx, query)
	if err == nil {
		p.kept[query] = statement
	}
	return statement, err
}

// forget closes every kept statement.
func (p *preparedConn) forget() error {
	var errs []error
	for _, statement := range p.kept {
		errs = append(errs, statement.Close())
	}
	clear(p.kept)
	return errors.Join(errs...)
}

// Close gives the connection back to its pool.
func (p *preparedConn) Close() error { return errors.Join(p.forget(), p.Conn.Close()) }
