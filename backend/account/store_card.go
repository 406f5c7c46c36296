package account

import (
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type cardRow struct {
	SchoolID id.School
	ID       id.Card
	PupilID  id.Pupil
	KeyHash  string
	PINHash  string `gorm:"column:pin_hash"`
	Failures int64  // wrong PINs over all devices that no right one has forgiven
	IssuedBy string
	IssuedAt int64
	VoidAt   *int64
}

func (cardRow) TableName() string { return "pupil_card" }

type pinFailureRow struct {
	SchoolID   id.School
	CardID     id.Card
	DeviceHash string
	Failures   int64
	LastAt     int64
}

func (pinFailureRow) TableName() string { return "pin_failure" }

func insertCards(tx *db.Tx, rows []cardRow) error {
	return tx.G().CreateInBatches(rows, batchSize).Error
}

// voidCards also forgets who tried the PINs of the cards.
func voidCards(tx *db.Tx, pupils []id.Pupil) error {
	err := tx.G().Exec(`DELETE FROM pin_failure WHERE school_id = ? AND card_id IN
		(SELECT id FROM pupil_card WHERE school_id = ? AND pupil_id IN ?)`, tx.School, tx.School, pupils).Error
	if err != nil {
		return err
	}
	return tx.G().Table("pupil_card").Where("school_id = ? AND pupil_id IN ? AND void_at IS NULL", tx.School, pupils).
		Updates(map[string]any{"void_at": tx.Now.UnixMicro()}).Error
}

func openCards(tx *db.Tx, pupils []id.Pupil) (rows []cardRow, err error) {
	if len(pupils) == 0 {
		return nil, nil
	}
	err = tx.G().Where("school_id = ? AND pupil_id IN ? AND void_at IS NULL", tx.School, pupils).Find(&rows).Error
	return rows, err
}

// cardByKey is a card, void or not; the zero row when there is none.
func cardByKey(tx *db.Tx, keyHash string) (row cardRow, err error) {
	err = tx.G().Where("school_id = ? AND key_hash = ?", tx.School, keyHash).Limit(1).Find(&row).Error
	return row, err
}

// lockOpenCard makes tries of one card wait for each other; without an open card it is the zero row.
func lockOpenCard(tx *db.Tx, pupil id.Pupil) (row cardRow, err error) {
	err = tx.G().Where("school_id = ? AND pupil_id = ? AND void_at IS NULL", tx.School, pupil).
		Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Limit(1).Find(&row).Error
	return row, err
}

func failureOf(tx *db.Tx, card id.Card, device string) (row pinFailureRow, err error) {
	err = tx.G().Where("school_id = ? AND card_id = ? AND device_hash = ?", tx.School, card, device).Limit(1).Find(&row).Error
	return row, err
}

const upsertFailure = `INSERT INTO pin_failure (school_id, card_id, device_hash, failures, last_at) VALUES (?, ?, ?, 1, ?)
	ON CONFLICT (school_id, card_id, device_hash) DO UPDATE SET failures = pin_failure.failures + 1, last_at = excluded.last_at`

func raiseFailures(tx *db.Tx, card id.Card, device string) error {
	if err := tx.G().Exec(upsertFailure, tx.School, card, device, tx.Now.UnixMicro()).Error; err != nil {
		return err
	}
	return addFailures(tx, card, 1)
}

// lowerFailures may find nothing: the device may have been forgiven meanwhile.
func lowerFailures(tx *db.Tx, card id.Card, device string) error {
	result := tx.G().Exec("UPDATE pin_failure SET failures = failures - 1 WHERE school_id = ? AND card_id = ? AND device_hash = ? AND failures > 0",
		tx.School, card, device)
	if result.Error != nil || result.RowsAffected == 0 {
		return result.Error
	}
	return addFailures(tx, card, -1)
}

// forgivePINs takes the device's failures back.
func forgivePINs(tx *db.Tx, card id.Card, device string) error {
	row, err := failureOf(tx, card, device)
	if err != nil || row.CardID == "" {
		return err
	}
	if err := tx.G().Where("school_id = ? AND card_id = ? AND device_hash = ?", tx.School, card, device).Delete(&pinFailureRow{}).Error; err != nil {
		return err
	}
	return addFailures(tx, card, -row.Failures)
}

func addFailures(tx *db.Tx, card id.Card, more int64) error {
	return db.MustAffect(tx.G().Exec("UPDATE pupil_card SET failures = failures + ? WHERE school_id = ? AND id = ?", more, tx.School, card))
}

func deleteCards(tx *db.Tx, pupil id.Pupil) error {
	err := tx.G().Exec(`DELETE FROM pin_failure WHERE school_id = ? AND card_id IN
		(SELECT id FROM pupil_card WHERE school_id = ? AND pupil_id = ?)`, tx.School, tx.School, pupil).Error
	if err != nil {
		return err
	}
	return tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, pupil).Delete(&cardRow{}).Error
}
