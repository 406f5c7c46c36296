package testkit

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/db"
)

// Attacker holds the database past this program, with every right and without its triggers, checks and foreign keys.
type Attacker struct {
	tb      testing.TB
	pool    *sql.DB
	dialect db.Dialect
}

// Attack takes triggers and constraints away and gives whoever did so.
func (e *Env) Attack(tb testing.TB) *Attacker {
	tb.Helper()
	a := &Attacker{tb: tb, dialect: e.DB.Dialect()}
	driver, address := "sqlite", "file:"+e.Options.File+"?_pragma=busy_timeout(5000)"
	if a.dialect == db.Postgres {
		driver, address = "pgx", superuserDSN(tb, e.Options.Runtime)
	}
	var err error
	if a.pool, err = sql.Open(driver, address); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = a.pool.Close() })
	a.pool.SetMaxOpenConns(1)
	if a.dialect == db.Postgres {
		a.Exec(dropConstraints)
		return a
	}
	a.Exec("PRAGMA ignore_check_constraints = ON")
	for _, trigger := range a.column("SELECT name FROM sqlite_master WHERE type = 'trigger'") {
		a.Exec("DROP TRIGGER " + trigger)
	}
	return a
}

const dropConstraints = `DO $$ DECLARE c record; BEGIN
	FOR c IN SELECT conrelid::regclass AS name, conname FROM pg_constraint WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.name, c.conname);
	END LOOP;
	FOR c IN SELECT tgrelid::regclass AS name, tgname AS conname FROM pg_trigger WHERE NOT tgisinternal LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', c.conname, c.name);
	END LOOP;
END $$`

func superuserDSN(tb testing.TB, runtime string) string {
	tb.Helper()
	server, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil {
		tb.Fatal(err)
	}
	database, err := url.Parse(runtime)
	if err != nil {
		tb.Fatal(err)
	}
	server.Path = database.Path
	return server.String()
}

// Exec runs a statement with ? for its values, and ends the test when it fails.
func (a *Attacker) Exec(statement string, values ...any) {
	a.tb.Helper()
	if _, err := a.pool.ExecContext(context.Background(), a.numbered(statement), values...); err != nil {
		a.tb.Fatalf("%s: %v", statement, err)
	}
}

// numbered gives PostgreSQL its kind of places.
func (a *Attacker) numbered(statement string) string {
	if a.dialect != db.Postgres {
		return statement
	}
	parts := strings.Split(statement, "?")
	for i := range parts[:len(parts)-1] {
		parts[i] += fmt.Sprintf("$%d", i+1)
	}
	return strings.Join(parts, "")
}

func (a *Attacker) column(query string, values ...any) (texts []string) {
	a.tb.Helper()
	rows, err := a.pool.QueryContext(context.Background(), a.numbered(query), values...)
	if err != nil {
		a.tb.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			a.tb.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		a.tb.Fatal(err)
	}
	return texts
}

// Record is one row, by its columns.
type Record map[string]any

// Rows gives all rows of a table, ordered by the columns.
func (a *Attacker) Rows(table, order string) (records []Record) {
	a.tb.Helper()
	rows, err := a.pool.QueryContext(context.Background(), "SELECT * FROM "+table+" ORDER BY "+order)
	if err != nil {
		a.tb.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		a.tb.Fatal(err)
	}
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			a.tb.Fatal(err)
		}
		record := Record{}
		for i, column := range columns {
			record[column] = values[i]
		}
		records = append(records, record)
	}
	if err := rows.Err(); err != nil {
		a.tb.Fatal(err)
	}
	return records
}

// Put inserts a row.
func (a *Attacker) Put(table string, record Record) {
	a.tb.Helper()
	columns := slices.Sorted(maps.Keys(record))
	values := make([]any, len(columns))
	for i, column := range columns {
		values[i] = record[column]
	}
	a.Exec("INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES ("+
		strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")+")", values...)
}

// Set changes one column of the row with these keys.
func (a *Attacker) Set(table string, record Record, keys []string, column string, value any) {
	a.tb.Helper()
	condition, values := where(record, keys)
	a.Exec("UPDATE "+table+" SET "+column+" = ? WHERE "+condition, append([]any{value}, values...)...)
}

// Take deletes the row with these keys.
func (a *Attacker) Take(table string, record Record, keys []string) {
	a.tb.Helper()
	condition, values := where(record, keys)
	a.Exec("DELETE FROM "+table+" WHERE "+condition, values...)
}

func where(record Record, keys []string) (condition string, values []any) {
	conditions := make([]string, len(keys))
	for i, key := range keys {
		conditions[i] = key + " = ?"
		values = append(values, record[key])
	}
	return strings.Join(conditions, " AND "), values
}

// Other is a value that the column could hold and does not.
func Other(column string, value any) any {
	switch value := value.(type) {
	case bool:
		return !value
	case int64:
		if column == "prevented" || column == "disputed" || column == "protected" {
			return 1 - value // how SQLite keeps yes and no
		}
		return value + 1_000_000 // beyond what any other row has
	case []byte:
		return append([]byte{^value[0]}, value[1:]...)
	case string:
		switch {
		case strings.HasSuffix(column, "_on"):
			return "2031-02-03"
		case column == "blocks":
			return `[{"id":"p1","kind":"point","text":"Anderes"}]`
		case column == "ages":
			return `{"BesideFrom":3,"AloneFrom":4}`
		}
		return value + "x"
	}
	return nil
}

// Nullable reports whether the column may hold NULL.
func (a *Attacker) Nullable(table, column string) bool {
	a.tb.Helper()
	query := `SELECT CASE WHEN "notnull" = 0 THEN 'YES' ELSE 'NO' END FROM pragma_table_info(?) WHERE name = ?`
	if a.dialect == db.Postgres {
		query = "SELECT is_nullable FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ? AND column_name = ?"
	}
	return slices.Equal(a.column(query, table, column), []string{"YES"})
}

// Alter changes every column of a row in turn, one at a time, to every sort of value that it could hold and does not,
// and back again. Between the two it calls seen.
func (a *Attacker) Alter(table string, record Record, keys []string, seen func(column string)) {
	a.tb.Helper()
	for _, column := range slices.Sorted(maps.Keys(record)) {
		var others []any
		if record[column] != nil {
			others = append(others, Other(column, record[column]))
		}
		if a.Nullable(table, column) {
			switch {
			case record[column] != nil:
				others = append(others, nil)
			case strings.HasSuffix(column, "_at"), column == "edition":
				others = append(others, int64(7))
			default:
				others = append(others, Other(column, ""))
			}
		}
		for _, other := range others {
			a.Set(table, record, keys, column, other)
			seen(column)
			changed := maps.Clone(record)
			changed[column] = other
			a.Set(table, changed, keys, column, record[column])
		}
	}
}
