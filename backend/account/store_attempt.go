package account

import "einverstanden/backend/db"

// attemptKey is the key of one row of counted tries.
type attemptKey struct {
	Hash string
	Hour int64 // hours since 1970
}

const selectAttempt = `SELECT failures FROM attempt WHERE key_hash = ? AND hour = ?`

const upsertAttempt = `INSERT INTO attempt (key_hash, hour, failures) VALUES (?, ?, 1)
	ON CONFLICT (key_hash, hour) DO UPDATE SET failures = attempt.failures + 1 RETURNING failures`

// raiseAttempt counts one more and locks the row until the end of the transaction.
func raiseAttempt(tx *db.Tx, key attemptKey) (failures int64, err error) {
	err = tx.G().Raw(upsertAttempt, key.Hash, key.Hour).Scan(&failures).Error
	return failures, err
}

// attemptsOf is 0 for a row that does not exist.
func attemptsOf(tx *db.Tx, key attemptKey) (failures int64, err error) {
	err = tx.G().Raw(selectAttempt, key.Hash, key.Hour).Scan(&failures).Error
	return failures, err
}

// lowerAttempt may find nothing: the hour may be over and its rows deleted.
func lowerAttempt(tx *db.Tx, key attemptKey) error {
	return tx.G().Exec("UPDATE attempt SET failures = failures - 1 WHERE key_hash = ? AND hour = ? AND failures > 0",
		key.Hash, key.Hour).Error
}

func deleteAttemptsBefore(tx *db.Tx, hour int64) error {
	return tx.G().Exec("DELETE FROM attempt WHERE hour < ?", hour).Error
}
