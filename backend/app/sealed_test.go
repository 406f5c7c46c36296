package app

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

// unsealed are the columns of bytes that hold nothing sealed: hashes, and leaves, which tell nothing.
var unsealed = []vault.Column{
	{Table: "leaf", Column: "record"}, {Table: "tlog_hash", Column: "hash"}, {Table: "log_head", Column: "edge"},
	{Table: "ceremony", Column: "state"}, // sealed, but over after minutes, long before a key is retired
}

// A sealed column that is not listed would be lost with the key of its time.
func TestEveryColumnOfBytesIsListedAsSealedOrNot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		var have []vault.Column
		query := `SELECT m.name AS "table", c.name AS "column" FROM sqlite_schema m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND lower(c.type) = 'blob'`
		if env.DB.Dialect() == db.Postgres {
			query = `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
				WHERE table_schema = current_schema() AND data_type = 'bytea'`
		}
		err := env.DB.ReadOutside(context.Background(), func(tx *db.Tx) error { return tx.G().Raw(query).Scan(&have).Error })
		if err != nil {
			t.Fatal(err)
		}
		listed := slices.Concat(unsealed, Sealed())
		same := func(a vault.Column) func(vault.Column) bool {
			return func(b vault.Column) bool { return a.Table == b.Table && a.Column == b.Column }
		}
		for _, column := range have {
			if !slices.ContainsFunc(listed, same(column)) {
				t.Errorf("%s.%s holds bytes: name it in its package's Sealed, and the package in app.Sealed", column.Table, column.Column)
			}
		}
		for _, column := range listed {
			if !slices.ContainsFunc(have, same(column)) {
				t.Errorf("%s.%s is listed and does not exist", column.Table, column.Column)
			}
		}
	})
}

// Settled point 9: decisions and statements are append-only. A rotation alone may exchange a sealed value, for one under
// another key and of the same length.
func TestOnlyARotationChangesStatementsAndDecisions(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for table, sealed := range map[string][]string{"statement": {"body", "salt", "private"}, "decision": nil} {
			for _, column := range testkit.ColumnsOf(t, env, table) {
				if !slices.Contains(sealed, column) {
					h.wantAppendOnly(table, column+" = "+column, column)
				}
			}
			for _, column := range sealed {
				h.checkSealedColumn(vault.Column{Table: table, Column: column, Row: "id"})
			}
		}
	})
}

func (h *house) checkSealedColumn(column vault.Column) {
	h.t.Helper()
	for place, was := range h.values(column) {
		changed := func(change func([]byte) []byte) []byte { return change(bytes.Clone(was)) }
		for name, value := range map[string][]byte{
			"nothing":               nil,
			"no seal":               changed(func(b []byte) []byte { b[0] = 2; b[1] ^= 1; return b }),
			"another under a key":   changed(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }),
			"a shorter one":         changed(func(b []byte) []byte { b[1] ^= 1; return b[:len(b)-1] }),
			"a longer one":          changed(func(b []byte) []byte { b[1] ^= 1; return append(b, 0) }),
			"shorter than a prefix": {1, 2},
		} {
			h.wantAppendOnly(column.Table, column.Column+" = ? WHERE id = ?", column.Column+" becomes "+name, value, place.Row)
		}
		fresh := changed(func(b []byte) []byte { b[1] ^= 1; return b })
		if column.Column == "private" { // some statements have none
			h.wantAppendOnly(column.Table, column.Column+" = ? WHERE "+column.Column+" IS NULL", column.Column+" appears", fresh)
		}
		h.must(h.update(column.Table, column.Column+" = ? WHERE id = ?", fresh, place.Row))
		return
	}
}

func (h *house) update(table, set string, values ...any) error {
	return h.DB.WriteUnaudited(h.school, func(tx *db.Tx) error { return tx.G().Exec("UPDATE "+table+" SET "+set, values...).Error })
}

func (h *house) wantAppendOnly(table, set, what string, values ...any) {
	h.t.Helper()
	if err := h.update(table, set, values...); !errors.Is(err, db.ErrAppendOnly) {
		h.t.Errorf("%s, %s: got %v", table, what, err)
	}
}
