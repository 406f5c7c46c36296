package db_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// More statements than are kept, and some too long to keep, all give their own answer, again and again.
func TestKeptStatementsNeverAnswerForOthers(t *testing.T) {
	env := testkit.NewSQLite(t)
	for round := range 2 {
		for i := range 600 {
			query := fmt.Sprintf("SELECT %d + ?", i)
			if i%100 == 0 {
				query += " /*" + strings.Repeat("long", 2000) + "*/"
			}
			err := env.DB.Outside(t.Context(), func(tx *db.Tx) error {
				var got int
				if err := tx.G().Raw(query, round).Scan(&got).Error; err != nil {
					return err
				}
				if got != i+round {
					return fmt.Errorf("%s gave %d", query[:12], got)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A statement that was parsed before a column came sees the column afterwards, and one that failed works again.
func TestKeptStatementsSurviveNewColumnsAndErrors(t *testing.T) {
	env := testkit.NewSQLite(t)
	broken := errors.New("broken")
	run := func(fail error, statements ...string) (rows []map[string]any, err error) {
		err = env.DB.Outside(t.Context(), func(tx *db.Tx) error {
			for _, statement := range statements {
				if err := tx.G().Exec(statement).Error; err != nil {
					return err
				}
			}
			rows = nil
			if err := tx.G().Raw("SELECT * FROM kept ORDER BY a").Scan(&rows).Error; err != nil {
				return err
			}
			return fail
		})
		return rows, err
	}
	const insert = "INSERT INTO kept (a) VALUES (1)"
	if rows, err := run(nil, "CREATE TABLE kept (a integer UNIQUE)", insert); err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	if _, err := run(nil, insert); !db.Violated(err, db.ErrUnique) {
		t.Fatalf("twice: %v", err)
	}
	if _, err := run(broken, "DELETE FROM kept"); !errors.Is(err, broken) {
		t.Fatalf("%v", err)
	}
	rows, err := run(nil, "ALTER TABLE kept ADD COLUMN b text DEFAULT 'new'")
	if err != nil || len(rows) != 1 || rows[0]["b"] != "new" {
		t.Errorf("%v, %v; want the row that was not deleted, with its new column", rows, err)
	}
}
