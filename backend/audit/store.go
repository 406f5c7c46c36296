package audit

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type row struct {
	SchoolID    id.School
	ID          id.Entry
	At          int64
	Actor       string
	Action      Action
	SubjectKind string
	SubjectID   string
}

func (row) TableName() string { return "audit" }

const rowsAtOnce = 500 // of one INSERT; SQLite takes 32,766 values a statement

func insert(tx *db.Tx, rows []row) error { return tx.G().CreateInBatches(rows, rowsAtOnce).Error }
