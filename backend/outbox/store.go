package outbox

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type row struct {
	SchoolID   id.School
	ID         id.Job
	Topic      Topic
	DedupKey   *string
	Payload    string
	RunAt      int64
	Attempts   int64
	LeaseUntil int64
	LeaseBy    *string
	DoneAt     int64
	LastError  *string
}

func (row) TableName() string { return "outbox" }

func insert(tx *db.Tx, r row) error { return tx.G().Create(&r).Error }
