package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver "sqlite": pure Go, so that one binary runs everywhere
)

// Pragmas of every connection. busy_timeout comes first, because the others may meet a lock. A signed decision must
// outlive a power cut, hence FULL; secure_delete and trusted_schema serve erasure and hostile files.
const pragmas = readPragmas + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
	"&_pragma=secure_delete(1)"

// readPragmas change nothing in the file, so that a copy in any journal mode opens.
const readPragmas = "_pragma=busy_timeout(5000)&_pragma=trusted_schema(0)&_pragma=cache_size(-16000)"

// writerPragmas: checkpoints copies the write-ahead log; the writer helps when a rush leaves no pause (at 4,000 pages of
// 4 KiB).
const writerPragmas = "&_txlock=immediate&_pragma=wal_autocheckpoint(4000)"

func openSQLite(options Options) (*DB, error) {
	if options.ReadOnly {
		return openSQLiteToRead(options)
	}
	if err := os.MkdirAll(filepath.Dir(options.File), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	// One connection is the committer's, the others serve migrations and checkpoints.
	writer, err := openSQLitePool(options, pragmas+writerPragmas, 3)
	if err != nil {
		return nil, err
	}
	// One connection stays free for readiness, which must not wait behind readers.
	connections := max(4, runtime.NumCPU())
	pool, err := openSQLitePool(options, pragmas+readOnly, connections+1)
	if err != nil {
		return nil, errors.Join(err, closePool(writer))
	}
	d := &DB{dialect: SQLite, clock: options.Clock, options: options, readers: pool, writer: writer, bells: newBells()}
	d.close = sync.OnceValue(d.closeAll)
	if d.views, err = newReaders(pool, connections); err == nil {
		d.commits, err = newCommitter(writer, options.Clock, d.bells)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// readOnly is what a connection that only reads adds to the pragmas.
const readOnly = "&mode=ro&_pragma=query_only(1)"

// openSQLiteToRead opens a file without a writer. What would write meets SQLite's refusal.
func openSQLiteToRead(options Options) (*DB, error) {
	connections := max(4, runtime.NumCPU())
	pool, err := openSQLitePool(options, readPragmas+readOnly, connections+1)
	if err != nil {
		return nil, err
	}
	d := &DB{dialect: SQLite, clock: options.Clock, options: options, readers: pool, writer: pool}
	d.close = sync.OnceValue(d.closeAll)
	if d.views, err = newReaders(pool, connections); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func openSQLitePool(options Options, settings string, connections int) (*gorm.DB, error) {
	dsn := "file:" + (&url.URL{Path: options.File}).EscapedPath() + "?" + settings
	driver := cmp.Or(options.Driver, "sqlite")
	g, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: driver, DSN: dsn}), gormConfig())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", options.File, err)
	}
	pool, err := g.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxLifetime(0)
	return g, pool.Ping()
}

// gormConfig is the same for both dialects: no transaction of GORM's own around single statements, values never in
// the log, UTC.
func gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		NowFunc:                func() time.Time { return time.Unix(0, 0).UTC() }, // rows carry the transaction's Now
		Logger:                 logger.Discard,
	}
}

// Lock takes the lock file beside an SQLite database, so that a second server on it is refused. Closing the DB, or
// the death of the process, releases it. On PostgreSQL it does nothing.
func (d *DB) Lock() error {
	if d.dialect != SQLite {
		return nil
	}
	file, err := os.OpenFile(d.options.File+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the lock file: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("another server is running on %s", d.options.File), file.Close())
	}
	d.unlock = file.Close
	return nil
}

// DataVersion changes whenever another process has committed to the SQLite file. On PostgreSQL it is always 0:
// there NOTIFY tells.
func (d *DB) DataVersion(ctx context.Context) (int64, error) {
	if d.dialect != SQLite {
		return 0, nil
	}
	var version int64
	err := d.Outside(ctx, func(tx *Tx) error { // on the writer's connection, to which its own commits are no news
		return tx.G().Raw("PRAGMA data_version").Scan(&version).Error
	})
	return version, err
}

// EmptyWAL copies what the write-ahead log of an SQLite file holds into the file and cuts the log to nothing, so that
// what was erased is in neither. It fails while a reader needs the log; calling it again later does no harm. On
// PostgreSQL it does nothing: there the server's own log ages out (decision 0020).
func (d *DB) EmptyWAL(ctx context.Context) error {
	if d.dialect != SQLite {
		return nil
	}
	if d.commits == nil {
		return errReadOnly
	}
	return d.commits.checkpoints.empty(ctx)
}
