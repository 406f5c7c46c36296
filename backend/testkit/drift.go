package testkit

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"einverstanden/backend/db"
)

// CheckRows compares row structs with the migrated schema of both databases: each must have exactly the columns of its
// table. Packages hand over their private rows through an export_test.go.
func CheckRows(t *testing.T, rows ...any) {
	t.Helper()
	EachDB(t, func(t *testing.T, env *Env) {
		for _, row := range rows {
			parsed, err := schema.Parse(row, &sync.Map{}, schema.NamingStrategy{})
			if err != nil {
				t.Fatal(err)
			}
			have := slices.Sorted(slices.Values(parsed.DBNames))
			if want := ColumnsOf(t, env, parsed.Table); !slices.Equal(have, want) {
				t.Errorf("%T has %s\ntable %s has %s", row, strings.Join(have, " "), parsed.Table, strings.Join(want, " "))
			}
		}
	})
}

// ColumnsOf names the columns of a table, sorted.
func ColumnsOf(t *testing.T, env *Env, table string) (columns []string) {
	t.Helper()
	query := "SELECT name FROM pragma_table_info(?)"
	if env.DB.Dialect() == db.Postgres {
		query = "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ?"
	}
	err := env.DB.ReadOutside(context.Background(), func(tx *db.Tx) error { return tx.G().Raw(query, table).Scan(&columns).Error })
	if err != nil {
		t.Fatal(err)
	}
	if len(columns) == 0 {
		t.Fatalf("there is no table %s", table)
	}
	slices.Sort(columns)
	return columns
}
