package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Dialect names the database in use.
type Dialect string

// The two dialects; their names are those of the folders in migrations.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// StatementTimeout bounds the SQL of one Read or Write; a request as a whole has 10 s.
const StatementTimeout = 3 * time.Second

// RowsAtOnce is how many rows one INSERT writes, or ids one query names, at most: PostgreSQL takes 65,535 values in a
// statement, SQLite 32,766.
const RowsAtOnce = 500

// Options say which database to open. Exactly one of File and Runtime is set.
type Options struct {
	File    string // SQLite: path of the file, made when missing
	Runtime string // PostgreSQL: DSN of the runtime role
	Owner   string // PostgreSQL: DSN of the owner of the tables, for migrations alone
	Pool    int    // PostgreSQL: connections of the runtime pool; 0 means 24
	Driver  string // name of the database/sql driver; empty means our own choice. The benchmark records through it
	Clock   func() time.Time
	// ReadOnly opens no writer: every change fails, and an SQLite file that is missing is not made.
	ReadOnly bool
}

// DB is the open database. It is safe for use by many goroutines.
type DB struct {
	dialect Dialect
	clock   func() time.Time
	options Options
	readers *gorm.DB
	writer  *gorm.DB
	views   *readers   // SQLite only
	commits *committer // SQLite only
	unlock  func() error
	close   func() error
	bells   *bells
	way     *rightOfWay // PostgreSQL only; nil lets everybody pass
}

// Open connects; it neither migrates nor checks. A PostgreSQL server that is down is not an error here.
func Open(options Options) (*DB, error) {
	switch {
	case options.Clock == nil:
		return nil, errors.New("db: no clock")
	case options.File != "" && options.Runtime != "":
		return nil, errors.New("db: both a file and a server are given")
	case options.File != "":
		return openSQLite(options)
	case options.Runtime != "":
		return openPostgres(options)
	}
	return nil, errors.New("db: neither a file nor a server is given")
}

// Dialect tells which database this is.
func (d *DB) Dialect() Dialect { return d.dialect }

// Close waits for changes under way, then closes readers and writer.
func (d *DB) Close() error { return d.close() }

func (d *DB) closeAll() error {
	var errs []error
	if d.commits != nil {
		errs = append(errs, d.commits.close())
	}
	if d.views != nil {
		errs = append(errs, d.views.close())
	}
	errs = append(errs, closePool(d.readers))
	if d.writer != d.readers {
		errs = append(errs, closePool(d.writer))
	}
	if d.unlock != nil {
		errs = append(errs, d.unlock())
	}
	return errors.Join(errs...)
}

func closePool(g *gorm.DB) error {
	pool, err := g.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	pool, err := d.readers.DB()
	if err != nil {
		return err
	}
	return toFault(pool.PingContext(ctx))
}

// Read runs f on a consistent view of the context's school.
func (d *DB) Read(ctx context.Context, f func(*Tx) error) error {
	school, ok := SchoolOf(ctx)
	if !ok {
		return ErrNoSchool
	}
	return d.read(ctx, work{school: school, unaudited: true, run: f})
}

// Write runs f as one change to the context's school and returns after it is durable. f may run more than once.
func (d *DB) Write(ctx context.Context, f func(*Tx) error) error {
	return d.write(ctx, f, false)
}

// WriteUnaudited is Write for what needs no trace of its own: sessions, claimed jobs, counters, plans,
// values sealed anew.
func (d *DB) WriteUnaudited(ctx context.Context, f func(*Tx) error) error {
	return d.write(ctx, f, true)
}

// WriteAlone is Write for long changes (import, migration of data): on SQLite it shares its commit with nobody, so
// that others neither wait inside it nor fail with it.
func (d *DB) WriteAlone(ctx context.Context, f func(*Tx) error) error {
	school, ok := SchoolOf(ctx)
	if !ok {
		return ErrNoSchool
	}
	w := work{ctx: ctx, school: school, run: f}
	if d.options.ReadOnly {
		return errReadOnly
	}
	if d.commits != nil {
		return d.commits.submit(w, true)
	}
	w.run = func(tx *Tx) error {
		if err := tx.G().Exec(planAnew).Error; err != nil {
			return err
		}
		return f(tx)
	}
	return d.writePostgres(ctx, w)
}

// ReadLong is Read for a look at everything at once, which takes longer than StatementTimeout: it ends with ctx alone.
// While it lasts, the database keeps what others overwrite (SQLite its write-ahead log, PostgreSQL old rows), so no
// request may come here.
func (d *DB) ReadLong(ctx context.Context, f func(*Tx) error) error {
	school, ok := SchoolOf(ctx)
	if !ok {
		return ErrNoSchool
	}
	return d.view(ctx, work{school: school, unaudited: true, run: f})
}

// planAnew has PostgreSQL plan each statement for the tables as they are. Long changes come to young databases: a plan
// that was kept from when a table was empty reads all of it for every row that is looked up (30,000 letters: 50 s, not 6).
const planAnew = "SET LOCAL plan_cache_mode = force_custom_plan"

func (d *DB) write(ctx context.Context, f func(*Tx) error, unaudited bool) error {
	school, ok := SchoolOf(ctx)
	if !ok {
		return ErrNoSchool
	}
	return d.submit(ctx, work{ctx: ctx, school: school, unaudited: unaudited, run: f})
}

// Outside runs f in a transaction of no school. On PostgreSQL it sees the tables without row level security only.
func (d *DB) Outside(ctx context.Context, f func(*Tx) error) error {
	return d.submit(ctx, work{ctx: ctx, unaudited: true, run: f})
}

// ReadOutside is Outside for looking only.
func (d *DB) ReadOutside(ctx context.Context, f func(*Tx) error) error {
	return d.read(ctx, work{unaudited: true, run: f})
}

func (d *DB) submit(ctx context.Context, w work) error {
	if d.options.ReadOnly {
		return errReadOnly
	}
	if d.commits != nil {
		return d.commits.submit(w, false)
	}
	return d.writePostgres(ctx, w)
}

func (d *DB) read(ctx context.Context, w work) error {
	leave, err := d.way.enter(ctx)
	if err != nil {
		return toFault(err)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, StatementTimeout)
	defer cancel()
	return d.view(ctx, w)
}

// view runs the work on one view of the database.
func (d *DB) view(ctx context.Context, w work) error {
	look := func(g *gorm.DB) error {
		if err := d.enter(ctx, g, w.school); err != nil {
			return err
		}
		_, err := w.in(g, d.dialect, d.clock(), d.bells, nil)
		return err
	}
	if d.views != nil {
		return toFault(d.views.read(ctx, look))
	}
	return toFault(d.readers.WithContext(ctx).Transaction(look, readView))
}

// readView makes all queries of a transaction see the same: a standing's facts come from several tables.
var readView = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}

// enter lets row level security see the school for the rest of the transaction.
func (d *DB) enter(ctx context.Context, g *gorm.DB, school id.School) error {
	if d.dialect != Postgres || school == "" {
		return nil
	}
	_, err := g.Statement.ConnPool.ExecContext(ctx, "select set_config('app.school_id', $1, true)", string(school))
	return err
}

const retries = 4

// writePostgres is one transaction a call, run again on a serialization failure or a deadlock.
func (d *DB) writePostgres(ctx context.Context, w work) error {
	leave, err := d.way.enter(ctx)
	if err != nil {
		return toFault(err)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, StatementTimeout)
	defer cancel()
	for try := 1; ; try++ {
		var after []func()
		err := d.writer.WithContext(ctx).Transaction(func(g *gorm.DB) error {
			err := d.enter(ctx, g, w.school)
			if err == nil {
				after, err = w.in(g, d.dialect, d.clock(), d.bells, nil)
			}
			return err
		})
		if err == nil {
			runAll(after)
			return nil
		}
		if try == retries || !mayRetry(err) {
			return toFault(err)
		}
	}
}

func runAll(fs []func()) {
	for _, f := range fs {
		f()
	}
}

// Schools lists the schools of this deployment, by the directory.
func (d *DB) Schools(ctx context.Context) ([]id.School, error) {
	var schools []id.School
	err := d.ReadOutside(ctx, func(tx *Tx) error {
		return tx.G().Table("directory").Where("kind = ?", "school").Order("school_id").Pluck("school_id", &schools).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list schools: %w", err)
	}
	return schools, nil
}

// InDirectory reports whether the directory holds the kind and key for any school.
func (d *DB) InDirectory(ctx context.Context, kind, keyHash string) (found bool, err error) {
	err = d.ReadOutside(ctx, func(tx *Tx) error {
		var n int64
		err := tx.G().Table("directory").Where("kind = ? AND key_hash = ?", kind, keyHash).Count(&n).Error
		found = n > 0
		return err
	})
	return found, err
}

// AddToDirectory lets what is known by its keyed hash be found before its school is known.
func (d *DB) AddToDirectory(ctx context.Context, kind, keyHash string, school id.School) error {
	return d.Outside(ctx, func(tx *Tx) error {
		return tx.G().Table("directory").Create(map[string]any{"kind": kind, "key_hash": keyHash, "school_id": school}).Error
	})
}

// MustAffect is for store.go files: an UPDATE or DELETE that met no row is "not found", which GORM calls success.
func MustAffect(result *gorm.DB) error {
	if result.Error != nil {
		return result.Error
	}
	if result.RowsAffected == 0 {
		return fault.New(fault.NothingHere)
	}
	return nil
}
