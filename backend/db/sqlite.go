package db

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver "sqlite": pure Go, so that one binary runs everywhere
)

// Pragmas of every connection. busy_timeout comes first, because the others may meet a lock. A signed decision must
// outlive a power cut, hence FULL; secure_delete and trusted_schema serve erasure and hostile files.
const pragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
	"&_pragma=secure_delete(1)&_pragma=trusted_schema(0)&_pragma=cache_size(-16000)"

func openSQLite(options Options) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(options.File), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	// One connection is the committer's, the other serves migrations.
	writer, err := openSQLitePool(options.File, "&_txlock=immediate", 2, false)
	if err != nil {
		return nil, err
	}
	readers, err := openSQLitePool(options.File, "&mode=ro&_pragma=query_only(1)", max(4, runtime.NumCPU()), true)
	if err != nil {
		return nil, errors.Join(err, closePool(writer))
	}
	commits, err := newCommitter(writer, options.Clock)
	if err != nil {
		return nil, errors.Join(err, closePool(readers), closePool(writer))
	}
	return &DB{
		dialect: SQLite, clock: options.Clock, options: options, readers: readers, writer: writer, commits: commits,
	}, nil
}

func openSQLitePool(file, extra string, connections int, prepare bool) (*gorm.DB, error) {
	dsn := "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + pragmas + extra
	g, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}), gormConfig(prepare))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
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
func gormConfig(prepare bool) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
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
