package school

import (
	"database/sql"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

const (
	listSize  = 500 // values of one IN list
	batchSize = 500 // rows of one INSERT; SQLite takes 32,766 values a statement
)

// queryLists asks once for every 500 ids, so for nearly every school once. The text ends where the list stands, and before
// it the school; values stand before both.
func queryLists[ID ~string, Row any](
	tx *db.Tx, ids []ID, text, order string, scan func(*sql.Rows) (Row, error), values ...any,
) (rows []Row, err error) {
	for list := range slices.Chunk(ids, listSize) {
		marks, listed := db.Marks(list)
		some, err := db.Query(tx, scan, text+marks+order, slices.Concat(values, []any{tx.School}, listed)...)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

func insertAll[Row any](tx *db.Tx, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.G().CreateInBatches(&rows, batchSize).Error
}

// onDay keeps the rows whose from_on and until_on hold the day.
func onDay(query *gorm.DB, day calendar.Date) *gorm.DB {
	return query.Where("from_on <= ? AND (until_on IS NULL OR until_on >= ?)", day, day)
}

// lockPupil makes changes to one pupil's facts wait for each other. On SQLite there is one writer anyway.
func lockPupil(tx *db.Tx, pupil id.Pupil) error {
	if tx.Dialect() == db.SQLite {
		return nil // there is one writer at a time
	}
	locked, err := db.Exec(tx, "SELECT 1 FROM pupil WHERE school_id = ? AND id = ? FOR UPDATE", tx.School, pupil)
	if err == nil && locked == 0 {
		err = fault.New(fault.NothingHere)
	}
	return err
}

// lockSchool keeps others from locking the school, but not from adding rows to it.
func lockSchool(tx *db.Tx) error {
	var locked struct{ SchoolID id.School }
	return tx.G().Table("school").Select("school_id").Where("school_id = ?", tx.School).
		Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&locked).Error
}

// Sealed are the columns that hold sealed values.
var Sealed = []vault.Column{
	{Table: "school", Column: "officers", Row: "school_id"},
	{Table: "pupil", Column: "profile", Row: "id"},
	{Table: "guardian", Column: "profile", Row: "id"},
}

func place(tx *db.Tx, table, column, row string) vault.Place {
	return vault.Place{School: tx.School, Table: table, Column: column, Row: row}
}
