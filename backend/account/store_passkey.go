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
