package db_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

func TestStatementsInWordsOfTheirOwn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		ask := func(tx *db.Tx, keys ...string) ([]string, error) {
			marks, values := db.Marks(keys)
			return db.Query(tx, func(rows *sql.Rows) (key string, err error) { return key, rows.Scan(&key) },
				"SELECT key_hash FROM directory WHERE kind = ? AND key_hash IN "+marks+" ORDER BY key_hash", slices.Insert(values, 0, any("letter"))...)
		}
		err := env.DB.Outside(ctx, func(tx *db.Tx) error {
			var added int64
			for _, key := range []string{"a", "b", "c"} {
				n, err := db.Exec(tx, "INSERT INTO directory (kind, key_hash, school_id) VALUES (?, ?, 'musterstadt')", "letter", key)
				if err != nil {
					return err
				}
				added += n
			}
			some, err := ask(tx, "c", "a", "x")
			if err != nil {
				return err
			}
			none, err := ask(tx)
			if got := fmt.Sprint(added, some, none); got != "3 [a c] []" {
				t.Error(got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		broken := errors.New("broken")
		err = env.DB.ReadOutside(ctx, func(tx *db.Tx) error {
			return db.Each(tx, func(*sql.Rows) error { return broken }, "SELECT key_hash FROM directory WHERE kind = ?", "letter")
		})
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}
