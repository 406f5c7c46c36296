package db

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

const defaultPool = 24

func openPostgres(options Options) (*DB, error) {
	// pgx caches statements for each connection; GORM's PrepareStmt would parse them anew in every transaction.
	g, err := gorm.Open(postgres.New(postgres.Config{DriverName: options.Driver, DSN: options.Runtime}), gormConfig())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pool, err := g.DB()
	if err != nil {
		return nil, err
	}
	size := options.Pool
	if size == 0 {
		size = defaultPool
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	d := &DB{
		dialect: Postgres, clock: options.Clock, options: options, readers: g, writer: g, bells: newBells(),
		way: newRightOfWay(longestWaiting),
	}
	d.close = sync.OnceValue(d.closeAll)
	return d, nil
}

// outsideTables have no row level security: what must be found before a school is known, and goose's own.
var outsideTables = map[string]bool{"directory": true, "attempt": true, "ceremony": true, "goose_db_version": true}

// Check refuses a PostgreSQL role that could bypass row level security, and a schema in which a table is not guarded.
// On SQLite there is nothing to check: the schema itself admits one school only.
func (d *DB) Check(ctx context.Context) error {
	if d.dialect != Postgres {
		return nil
	}
	return toFault(d.readers.WithContext(ctx).Connection(func(g *gorm.DB) error {
		var role struct {
			Name          string
			Super, Bypass bool
		}
		err := g.Raw(`SELECT rolname AS name, rolsuper AS super, rolbypassrls AS bypass FROM pg_roles WHERE rolname = current_user`).
			Scan(&role).Error
		if err != nil {
			return err
		}
		if role.Super || role.Bypass {
			return fmt.Errorf("the database role %s passes row level security: use a role with NOSUPERUSER and NOBYPASSRLS", role.Name)
		}
		return checkTables(g)
	}))
}

func checkTables(g *gorm.DB) error {
	var tables []struct {
		Name  string
		Force bool
		Mine  bool
	}
	err := g.Raw(`SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS force,
			pg_get_userbyid(c.relowner) = current_user AS mine
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')`).Scan(&tables).Error
	if err != nil {
		return err
	}
	for _, table := range tables {
		if table.Mine {
			return fmt.Errorf("the runtime role owns table %s: run migrations under a role of its own", table.Name)
		}
		if !table.Force && !outsideTables[table.Name] {
			return fmt.Errorf("table %s is without forced row level security", table.Name)
		}
	}
	return nil
}
