package account

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type passkeyRow struct {
	SchoolID       id.School
	ID             id.Passkey
	AccountID      id.Account
	CredentialHash string
	Body           []byte
	CreatedAt      int64
	UsedAt         *int64
}

func (passkeyRow) TableName() string { return "passkey" }

func insertPasskey(tx *db.Tx, p Passkey, hash string, body []byte) error {
	return tx.G().Create(&passkeyRow{
		SchoolID: tx.School, ID: p.ID, AccountID: p.Account, CredentialHash: hash, Body: body, CreatedAt: tx.Now.UnixMicro(),
	}).Error
}

func findPasskeys(tx *db.Tx, account id.Account) (rows []passkeyRow, err error) {
	err = tx.G().Where("school_id = ? AND account_id = ?", tx.School, account).Order("id").Find(&rows).Error
	return rows, err
}

// usePasskey keeps the counter, and when it was used; NothingHere when it was removed meanwhile.
func usePasskey(tx *db.Tx, passkey id.Passkey, body []byte) error {
	return db.MustAffect(tx.G().Table("passkey").Where("school_id = ? AND id = ?", tx.School, passkey).
		Updates(map[string]any{"body": body, "used_at": tx.Now.UnixMicro()}))
}

func deletePasskey(tx *db.Tx, account id.Account, passkey id.Passkey) error {
	return db.MustAffect(tx.G().Exec("DELETE FROM passkey WHERE school_id = ? AND account_id = ? AND id = ?", tx.School, account, passkey))
}

func countPasskeys(tx *db.Tx, account id.Account) (n int64, err error) {
	err = tx.G().Table("passkey").Where("school_id = ? AND account_id = ?", tx.School, account).Count(&n).Error
	return n, err
}

type passkeyUserRow struct {
	SchoolID   id.School
	AccountID  id.Account
	HandleHash string
	Handle     []byte
}

func (passkeyUserRow) TableName() string { return "passkey_user" }

// passkeyUser is the zero row for an account that has never had a passkey.
func passkeyUser(tx *db.Tx, account id.Account) (row passkeyUserRow, err error) {
	err = tx.G().Where("school_id = ? AND account_id = ?", tx.School, account).Limit(1).Find(&row).Error
	return row, err
}

func passkeyUserByHandle(tx *db.Tx, handleHash string) (row passkeyUserRow, err error) {
	err = tx.G().Where("school_id = ? AND handle_hash = ?", tx.School, handleHash).Limit(1).Find(&row).Error
	return row, err
}

func insertPasskeyUser(tx *db.Tx, row passkeyUserRow) error { return tx.G().Create(&row).Error }
