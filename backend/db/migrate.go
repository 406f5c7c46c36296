package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx" for goose
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"einverstanden/migrations"
)

// ErrNewer says that the database was migrated by a newer program than this one.
var ErrNewer = errors.New("db: the schema is newer than this program")

// Migrate brings the schema up to date. On PostgreSQL it works under the owner's DSN, which must reach the server
// directly; several instances may call it at once: one migrates, the others wait.
func (d *DB) Migrate(ctx context.Context) error {
	provider, done, err := d.provider()
	if err != nil {
		return err
	}
	defer done()
	if err := refuseNewer(ctx, provider); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Current reports whether every migration is applied; ErrNewer when the schema knows more than this program. It asks
// as the runtime role, so it can serve readiness checks.
func (d *DB) Current(ctx context.Context) (bool, error) {
	want, err := d.latest()
	if err != nil {
		return false, err
	}
	var have int64
	err = d.ReadOutside(ctx, func(tx *Tx) error {
		return tx.G().Raw("SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&have).Error
	})
	if err != nil {
		return false, err
	}
	if have > want {
		return false, ErrNewer
	}
	return have == want, nil
}

func (d *DB) latest() (int64, error) {
	files, err := fs.Glob(migrations.Files, string(d.dialect)+"/*.sql")
	if err != nil || len(files) == 0 {
		return 0, errors.Join(errors.New("db: no migrations"), err)
	}
	return goose.NumericComponent(files[len(files)-1])
}

func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have > want {
		return ErrNewer
	}
	return nil
}

// provider is goose over the right folder. done releases what was opened for it.
func (d *DB) provider() (_ *goose.Provider, done func(), err error) {
	files, err := fs.Sub(migrations.Files, string(d.dialect))
	if err != nil {
		return nil, nil, err
	}
	if d.dialect == SQLite {
		pool, err := d.writer.DB()
		if err != nil {
			return nil, nil, err
		}
		provider, err := goose.NewProvider(goose.DialectSQLite3, pool, files)
		return provider, func() {}, err
	}
	if d.options.Owner == "" {
		return nil, nil, errors.New("db: migrations need the owner's DSN")
	}
	pool, err := sql.Open("pgx", d.options.Owner)
	if err != nil {
		return nil, nil, err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	return provider, func() { _ = pool.Close() }, nil
}
