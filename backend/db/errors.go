package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	sqlite "modernc.org/sqlite"

	"einverstanden/backend/fault"
)

// What a statement can violate, on either database. errors.Is finds them through every wrapping.
var (
	ErrUnique     = errors.New("db: unique key violated")
	ErrForeignKey = errors.New("db: foreign key violated")
	ErrCheck      = errors.New("db: check violated")
	ErrNotNull    = errors.New("db: value missing")
	ErrAppendOnly = errors.New("db: row is append-only")
	ErrAgain      = errors.New("db: run the change again") // a closure may return it to have its transaction repeated
	errGone       = errors.New("db: unreachable")
	errReadOnly   = errors.New("db: write through a reader")
)

// SQLSTATE codes of PostgreSQL and extended result codes of SQLite, side by side.
var (
	postgresErrors = map[string]error{
		"23505": ErrUnique, "23503": ErrForeignKey, "23514": ErrCheck, "23502": ErrNotNull, "P0001": ErrAppendOnly,
		"40001": ErrAgain, "40P01": ErrAgain, "25006": errReadOnly,
	}
	sqliteErrors = map[int]error{
		1555: ErrUnique, 2067: ErrUnique, 787: ErrForeignKey, 275: ErrCheck, 1299: ErrNotNull, 1811: ErrAppendOnly, 8: errReadOnly,
	}
)

// classify finds what kind of driver error err is, or nil.
func classify(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return classifyPostgres(pg.Code)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return classifySQLite(lite.Code())
	}
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &connect), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, net.ErrClosed):
		return errGone
	case errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded):
		return errGone
	case strings.Contains(err.Error(), "unexpected EOF"): // pgx when the server dies in the middle of an answer
		return errGone
	}
	return nil
}

func classifyPostgres(code string) error {
	if kind, ok := postgresErrors[code]; ok {
		return kind
	}
	switch code[:min(2, len(code))] {
	case "08", "53", "57", "58": // connection, resources, shutdown, system
		return errGone
	}
	return nil
}

func classifySQLite(code int) error {
	if kind, ok := sqliteErrors[code]; ok {
		return kind
	}
	switch code & 0xff {
	case 5, 6: // busy, locked
		return ErrAgain
	case 10, 13, 14: // I/O error, disk full, cannot open
		return errGone
	}
	return nil
}

func mayRetry(err error) bool { return errors.Is(err, ErrAgain) || errors.Is(classify(err), ErrAgain) }

// toFault gives driver errors their meaning: unreachable and overdue become faults that say when to try again,
// violations become the errors above, "no record" becomes NothingHere. Everything else passes unchanged.
func toFault(err error) error {
	var known *fault.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return fault.Wrap(fault.NothingHere, err)
	}
	switch kind := classify(err); {
	case errors.Is(kind, errGone), errors.Is(kind, ErrAgain), errors.Is(err, ErrAgain):
		return fault.Wrap(fault.DatabaseUnavailable, err).After(2 * time.Second)
	case kind != nil:
		return errors.Join(kind, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.Wrap(fault.TakesTooLong, err).After(2 * time.Second)
	}
	return err
}

// Violated gives a driver error inside a transaction its meaning, so that a closure can react to it (ErrUnique, …).
// On PostgreSQL the transaction is lost all the same.
func Violated(err, kind error) bool {
	return err != nil && (errors.Is(err, kind) || errors.Is(classify(err), kind))
}
