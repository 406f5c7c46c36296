package evidence

import (
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type checkpointRow struct {
	SchoolID id.School
	Size     int64
	Note     string
	SignedAt int64
}

func (checkpointRow) TableName() string { return "checkpoint" }

// peekHead reads the head without keeping it from others; the zero one for a log that has not begun.
func peekHead(tx *db.Tx) (logHead, error) {
	var heads []logHead
	err := tx.G().Table("log_head").Where("school_id = ?", tx.School).Find(&heads).Error
	if err != nil || len(heads) == 0 {
		return logHead{}, err
	}
	return heads[0], nil
}

// lastCheckpoint reads the newest checkpoint; the zero one when there is none.
func lastCheckpoint(tx *db.Tx) (checkpointRow, error) {
	var rows []checkpointRow
	err := tx.G().Where("school_id = ?", tx.School).Order("size DESC").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return checkpointRow{}, err
	}
	return rows[0], nil
}

func insertCheckpoint(tx *db.Tx, row checkpointRow) error {
	return tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
}

func checkpointOf(tx *db.Tx, size int64) (checkpointRow, error) {
	var row checkpointRow
	err := tx.G().Where("school_id = ? AND size = ?", tx.School, size).Take(&row).Error
	return row, err
}

type receiptRow struct {
	SchoolID    id.School
	StatementID id.Statement
	Size        int64
}

func (receiptRow) TableName() string { return "receipt" }

// sizeOf gives the size of the checkpoint that was chosen for a statement's receipt; 0 when none was.
func sizeOf(tx *db.Tx, statement id.Statement) (int64, error) {
	var rows []receiptRow
	err := tx.G().Where("school_id = ? AND statement_id = ?", tx.School, statement).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].Size, nil
}

// chooseSize keeps the first choice: a receipt is the same each time it is asked for.
func chooseSize(tx *db.Tx, statement id.Statement, size int64) error {
	return tx.G().Clauses(clause.OnConflict{DoNothing: true}).
		Create(&receiptRow{SchoolID: tx.School, StatementID: statement, Size: size}).Error
}
