package db

import (
	"database/sql"
	"strconv"
	"strings"
)

// Query, Each and Exec run statements in the caller's own words, for store.go files, where every decision or every roster
// passes: building them with GORM took a fifth of the time of SQLite's writer. Placeholders are ? on both databases; Marks writes those of
// a list.

// Query gives the rows of a statement, each as scan makes it.
func Query[T any](tx *Tx, scan func(*sql.Rows) (T, error), text string, values ...any) (found []T, err error) {
	err = Each(tx, func(rows *sql.Rows) error {
		one, err := scan(rows)
		found = append(found, one)
		return err
	}, text, values...)
	return found, err
}

// Each calls do for each row of a statement, until it fails. Until the last row no other statement may run in tx.
func Each(tx *Tx, do func(*sql.Rows) error, text string, values ...any) error {
	rows, err := tx.g.Statement.ConnPool.QueryContext(tx.g.Statement.Context, tx.placed(text), values...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Exec runs a statement without rows and tells how many it changed.
func Exec(tx *Tx, text string, values ...any) (changed int64, err error) {
	result, err := tx.g.Statement.ConnPool.ExecContext(tx.g.Statement.Context, tx.placed(text), values...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Marks are the placeholders of a list, in parentheses, and its values. An empty list holds NULL, which nothing is.
func Marks[T any](list []T) (marks string, values []any) {
	if len(list) == 0 {
		return "(NULL)", nil
	}
	values = make([]any, len(list))
	for i, value := range list {
		values[i] = value
	}
	return "(" + strings.TrimSuffix(strings.Repeat("?, ", len(list)), ", ") + ")", values
}

// placed numbers the placeholders where the database wants it. A ? is always one: our statements hold no text.
func (t *Tx) placed(text string) string {
	if t.dialect != Postgres {
		return text
	}
	var numbered strings.Builder
	numbered.Grow(len(text) + 32)
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		numbered.WriteString(before)
		if !found {
			return numbered.String()
		}
		numbered.WriteByte('$')
		numbered.WriteString(strconv.Itoa(n))
		text = after
	}
}
