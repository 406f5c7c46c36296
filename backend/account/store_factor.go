package account

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type totpRow struct {
	SchoolID    id.School
	ID          id.TOTP
	AccountID   id.Account
	Secret      []byte
	MadeAt      int64
	ConfirmedAt *int64
	LastStep    int64 // of the latest code that was used
}

func (totpRow) TableName() string { return "totp" }

type recoveryCodeRow struct {
	SchoolID  id.School
	AccountID id.Account
	CodeHash  string
	MadeAt    int64
	UsedAt    *int64
}

func (recoveryCodeRow) TableName() string { return "recovery_code" }

func insertTOTP(tx *db.Tx, row totpRow) error { return tx.G().Create(&row).Error }

// confirmedTOTP is the secret that counts; without one it is the zero row.
func confirmedTOTP(tx *db.Tx, account id.Account) (row totpRow, err error) {
	err = tx.G().Where("school_id = ? AND account_id = ? AND confirmed_at IS NOT NULL", tx.School, account).Limit(1).Find(&row).Error
	return row, err
}

// pendingTOTP is the secret that waits for its first code; without one it is the zero row.
func pendingTOTP(tx *db.Tx, account id.Account) (row totpRow, err error) {
	err = tx.G().Where("school_id = ? AND account_id = ? AND confirmed_at IS NULL", tx.School, account).Order("id DESC").Limit(1).Find(&row).Error
	return row, err
}

// takeStep uses up the codes of the step and of all before it, and tells whether there was something to use up. Of many
// at once one is first: the others wait for its row and find it moved on.
func takeStep(tx *db.Tx, totp id.TOTP, step int64) (bool, error) {
	result := tx.G().Table("totp").Where("school_id = ? AND id = ? AND last_step < ?", tx.School, totp, step).
		Updates(map[string]any{"last_step": step})
	return result.RowsAffected == 1, result.Error
}

// setTOTP lets the pending secret count and removes all others of the account. When a parallel call was faster, the
// transaction runs again.
func setTOTP(tx *db.Tx, row totpRow, step int64) error {
	result := tx.G().Table("totp").Where("school_id = ? AND id = ? AND confirmed_at IS NULL", tx.School, row.ID).
		Updates(map[string]any{"confirmed_at": tx.Now.UnixMicro(), "last_step": step})
	if result.Error == nil && result.RowsAffected == 0 {
		return db.ErrAgain
	}
	if result.Error != nil {
		return result.Error
	}
	return tx.G().Where("school_id = ? AND account_id = ? AND id <> ?", tx.School, row.AccountID, row.ID).Delete(&totpRow{}).Error
}

func deletePendingTOTP(tx *db.Tx, account id.Account) error {
	return tx.G().Where("school_id = ? AND account_id = ? AND confirmed_at IS NULL", tx.School, account).Delete(&totpRow{}).Error
}

func deleteTOTP(tx *db.Tx, account id.Account) error {
	return tx.G().Where("school_id = ? AND account_id = ?", tx.School, account).Delete(&totpRow{}).Error
}

func insertRecoveryCodes(tx *db.Tx, account id.Account, hashes []string) error {
	rows := make([]recoveryCodeRow, len(hashes))
	for i, hash := range hashes {
		rows[i] = recoveryCodeRow{SchoolID: tx.School, AccountID: account, CodeHash: hash, MadeAt: tx.Now.UnixMicro()}
	}
	return tx.G().Create(&rows).Error
}

func deleteRecoveryCodes(tx *db.Tx, account id.Account) error {
	return tx.G().Where("school_id = ? AND account_id = ?", tx.School, account).Delete(&recoveryCodeRow{}).Error
}

func countRecoveryCodes(tx *db.Tx, account id.Account) (int, error) {
	var left int64
	err := tx.G().Model(&recoveryCodeRow{}).Where("school_id = ? AND account_id = ? AND used_at IS NULL", tx.School, account).Count(&left).Error
	return int(left), err
}

func useRecoveryCode(tx *db.Tx, account id.Account, hash string) (bool, error) {
	result := tx.G().Table("recovery_code").
		Where("school_id = ? AND account_id = ? AND code_hash = ? AND used_at IS NULL", tx.School, account, hash).
		Updates(map[string]any{"used_at": tx.Now.UnixMicro()})
	return result.RowsAffected == 1, result.Error
}

func clearFactorReset(tx *db.Tx, account id.Account) error {
	return tx.G().Table("account").Where("school_id = ? AND id = ?", tx.School, account).
		Updates(map[string]any{"factor_reset_at": nil}).Error
}
