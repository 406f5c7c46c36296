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

func insert(tx *db.Tx, rows []row) error { return tx.G().CreateInBatches(rows, db.RowsAtOnce).Error }
