package account

import (
	"time"

	"einverstanden/backend/db"
)

type ceremonyRow struct {
	KeyHash   string
	State     []byte
	ExpiresAt int64
}

func (ceremonyRow) TableName() string { return "ceremony" }

func insertCeremony(tx *db.Tx, row ceremonyRow) error { return tx.G().Create(&row).Error }

// takeCeremony deletes the row and gives its state, in one statement; nil when there is none, or it is too old.
func takeCeremony(tx *db.Tx, keyHash string) (state []byte, err error) {
	var rows []ceremonyRow
	err = tx.G().Raw("DELETE FROM ceremony WHERE key_hash = ? AND expires_at > ? RETURNING key_hash, state, expires_at",
		keyHash, tx.Now.UnixMicro()).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].State, nil
}

func deleteCeremoniesBefore(tx *db.Tx, now time.Time) error {
	return tx.G().Exec("DELETE FROM ceremony WHERE expires_at <= ?", now.UnixMicro()).Error
}
