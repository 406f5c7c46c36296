package account

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

const selectAllStaff = `SELECT account.*, account_role.role FROM account
	JOIN account_role ON account_role.school_id = account.school_id AND account_role.account_id = account.id
	WHERE account.school_id = ? AND account_role.role IN ?`

// allStaff includes disabled accounts.
func allStaff(tx *db.Tx) (rows []accountRoleRow, err error) {
	err = tx.G().Raw(selectAllStaff, tx.School, staffRoles).Scan(&rows).Error
	return rows, err
}

// staffByID is an account, disabled or not, with the role that it comes as; the zero row when there is none.
func staffByID(tx *db.Tx, account id.Account) (accountRoleRow, error) {
	var rows []accountRoleRow
	err := tx.G().Raw(selectAllStaff+" AND account.id = ?", tx.School, staffRoles, account).Scan(&rows).Error
	best, _ := firstRole(rows)
	return best, err
}

// accountByEmail is an account, disabled or not; the zero row when there is none.
func accountByEmail(tx *db.Tx, emailHash string) (row accountRow, err error) {
	err = tx.G().Where("school_id = ? AND email_hash = ?", tx.School, emailHash).Limit(1).Find(&row).Error
	return row, err
}

// lastSeen is when an account last signed in or had its access token renewed.
func lastSeen(tx *db.Tx) (map[id.Account]time.Time, error) {
	var rows []struct {
		AccountID id.Account
		Seen      int64
	}
	err := tx.G().Raw(`SELECT account_id, max(coalesce(rotated_at, created_at)) AS seen FROM session WHERE school_id = ? GROUP BY account_id`,
		tx.School).Scan(&rows).Error
	seen := make(map[id.Account]time.Time, len(rows))
	for _, row := range rows {
		seen[row.AccountID] = time.UnixMicro(row.Seen).UTC()
	}
	return seen, err
}

func withSecondFactor(tx *db.Tx) (map[id.Account]bool, error) {
	var accounts []id.Account
	err := tx.G().Raw(`SELECT account_id FROM totp WHERE school_id = ? AND confirmed_at IS NOT NULL
		UNION SELECT account_id FROM passkey WHERE school_id = ?`, tx.School, tx.School).Scan(&accounts).Error
	secured := make(map[id.Account]bool, len(accounts))
	for _, account := range accounts {
		secured[account] = true
	}
	return secured, err
}

const headsOf = `school_id = ? AND disabled_at IS NULL AND id IN
	(SELECT account_id FROM account_role WHERE school_id = ? AND role = 'head')`

// lockHeads makes changes of accounts wait for each other. On SQLite there is one writer anyway.
func lockHeads(tx *db.Tx) error {
	var heads []id.Account
	return tx.G().Table("account").Where(headsOf, tx.School, tx.School).Order("id").
		Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Pluck("id", &heads).Error
}

func countOtherHeads(tx *db.Tx, account id.Account) (others int64, err error) {
	err = tx.G().Table("account").Where(headsOf+" AND id <> ?", tx.School, tx.School, account).Count(&others).Error
	return others, err
}

// replaceRole leaves the roles of families alone: a teacher may be a guardian too.
func replaceRole(tx *db.Tx, account id.Account, role authz.Role) error {
	err := tx.G().Exec("DELETE FROM account_role WHERE school_id = ? AND account_id = ? AND role IN ?", tx.School, account, staffRoles).Error
	if err != nil {
		return err
	}
	return tx.G().Exec("INSERT INTO account_role (school_id, account_id, role) VALUES (?, ?, ?)", tx.School, account, role).Error
}

func setDisabled(tx *db.Tx, account id.Account, at *int64) error {
	return db.MustAffect(tx.G().Table("account").Where("school_id = ? AND id = ?", tx.School, account).
		Updates(map[string]any{"disabled_at": at}))
}

func noteFactorReset(tx *db.Tx, account id.Account) error {
	return db.MustAffect(tx.G().Table("account").Where("school_id = ? AND id = ?", tx.School, account).
		Updates(map[string]any{"factor_reset_at": tx.Now.UnixMicro()}))
}

func deletePasskeys(tx *db.Tx, account id.Account) error {
	return tx.G().Where("school_id = ? AND account_id = ?", tx.School, account).Delete(&passkeyRow{}).Error
}
