package outbox

import (
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// rowsAtOnce keeps a statement below the number of parameters that both databases take.
const rowsAtOnce = 500

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

// insert says DO NOTHING because on PostgreSQL a violated key would take the whole transaction with it. It names the
// columns: a clash of ids stays an error.
func insert(tx *db.Tx, rows []row) error {
	once := clause.OnConflict{Columns: []clause.Column{{Name: "school_id"}, {Name: "dedup_key"}}, DoNothing: true}
	return tx.G().Clauses(once).CreateInBatches(rows, rowsAtOnce).Error
}
