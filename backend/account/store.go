package account

import (
	"gorm.io/gorm/clause"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

type accountRow struct {
	SchoolID      id.School
	ID            id.Account
	Profile       []byte
	EmailHash     *string
	PasswordHash  *string
	Language      string
	CreatedAt     int64
	DisabledAt    *int64
	FactorResetAt *int64 // when somebody else took the second factor away; nil once a new one stands
}

func (accountRow) TableName() string { return "account" }

// accountRoleRow is an account with one of its roles.
type accountRoleRow struct {
	Account accountRow `gorm:"embedded"`
	Role    authz.Role
}

// directoryKind says what a row of the directory finds its school by.
type directoryKind string

const (
	directoryLetter     directoryKind = "letter"
	directoryStaffEmail directoryKind = "staff_email"
	directoryPasskey    directoryKind = "passkey_handle"
	directoryOIDC       directoryKind = "oidc_issuer"
)

func insertAccount(tx *db.Tx, row accountRow, role authz.Role) error {
	if err := tx.G().Create(&row).Error; err != nil {
		return err
	}
	return tx.G().Exec("INSERT INTO account_role (school_id, account_id, role) VALUES (?, ?, ?)", row.SchoolID, row.ID, role).Error
}

func insertDirectory(tx *db.Tx, kind directoryKind, keyHashes ...string) error {
	rows := make([]map[string]any, len(keyHashes))
	for i, keyHash := range keyHashes {
		rows[i] = map[string]any{"kind": kind, "key_hash": keyHash, "school_id": tx.School}
	}
	return tx.G().Table("directory").CreateInBatches(rows, batchSize).Error
}

// schoolsOf finds the schools that know the key, in the order of their ids.
func schoolsOf(tx *db.Tx, kind directoryKind, keyHash string) (schools []id.School, err error) {
	err = tx.G().Table("directory").Where("kind = ? AND key_hash = ?", kind, keyHash).Order("school_id").
		Pluck("school_id", &schools).Error
	return schools, err
}

// takenKeys are those of the keys that the directory knows.
func takenKeys(tx *db.Tx, kind directoryKind, keyHashes []string) (taken []string, err error) {
	err = tx.G().Table("directory").Where("kind = ? AND key_hash IN ?", kind, keyHashes).Pluck("key_hash", &taken).Error
	return taken, err
}

const selectStaff = `SELECT account.*, account_role.role FROM account
	JOIN account_role ON account_role.school_id = account.school_id AND account_role.account_id = account.id
	WHERE account.school_id = ? AND account.disabled_at IS NULL AND account_role.role IN ?`

func staffAccounts(tx *db.Tx) (rows []accountRoleRow, err error) {
	err = tx.G().Raw(selectStaff, tx.School, staffRoles).Scan(&rows).Error
	return rows, err
}

// accountsByEmail are the roles of the one staff account with the address, or nothing.
func accountsByEmail(tx *db.Tx, emailHash string) (rows []accountRoleRow, err error) {
	err = tx.G().Raw(selectStaff+" AND account.email_hash = ?", tx.School, staffRoles, emailHash).Scan(&rows).Error
	return rows, err
}

func accountsByID(tx *db.Tx, accounts []id.Account) (rows []accountRow, err error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	err = tx.G().Where("school_id = ? AND id IN ?", tx.School, accounts).Find(&rows).Error
	return rows, err
}

func updateLanguage(tx *db.Tx, account id.Account, tag string) error {
	return db.MustAffect(tx.G().Table("account").Where("school_id = ? AND id = ?", tx.School, account).
		Updates(map[string]any{"language": tag}))
}

const selectByPerson = `SELECT account.* FROM account
	JOIN account_person ON account_person.school_id = account.school_id AND account_person.account_id = account.id
	WHERE account.school_id = ? AND account_person.person_kind = ? AND account_person.person_id = ?`

// accountOfPerson finds the account that the person has joined; without one it is the zero row.
func accountOfPerson(tx *db.Tx, person id.Person) (row accountRow, err error) {
	err = tx.G().Raw(selectByPerson, tx.School, person.Kind, person.ID).Scan(&row).Error
	return row, err
}

// joinedPersons are those of all accounts that are not disabled.
func joinedPersons(tx *db.Tx) (persons []id.Person, err error) {
	err = tx.G().Raw(`SELECT account_person.person_kind AS kind, account_person.person_id AS id FROM account_person
		JOIN account ON account.school_id = account_person.school_id AND account.id = account_person.account_id
		WHERE account_person.school_id = ? AND account.disabled_at IS NULL ORDER BY 1, 2`, tx.School).Scan(&persons).Error
	return persons, err
}

// joinPerson has the transaction run again when another one has joined the person in the meantime.
func joinPerson(tx *db.Tx, account id.Account, person id.Person) error {
	result := tx.G().Table("account_person").Clauses(clause.OnConflict{DoNothing: true}).Create(map[string]any{
		"school_id": tx.School, "account_id": account, "person_kind": person.Kind, "person_id": person.ID,
	})
	if err := db.MustAffect(result); fault.Has(err, fault.NothingHere) {
		return db.ErrAgain
	} else if err != nil {
		return err
	}
	return nil
}

// rolesOf are the roles of an account.
func rolesOf(tx *db.Tx, account id.Account) (roles []authz.Role, err error) {
	err = tx.G().Table("account_role").Where("school_id = ? AND account_id = ?", tx.School, account).Order("role").Pluck("role", &roles).Error
	return roles, err
}

// personsOf are the persons that have joined an account.
func personsOf(tx *db.Tx, account id.Account, kind id.PersonKind) (persons []string, err error) {
	err = tx.G().Table("account_person").Where("school_id = ? AND account_id = ? AND person_kind = ?", tx.School, account, kind).
		Order("person_id").Pluck("person_id", &persons).Error
	return persons, err
}

func setPassword(tx *db.Tx, account id.Account, hash string) error {
	return db.MustAffect(tx.G().Table("account").Where("school_id = ? AND id = ?", tx.School, account).
		Updates(map[string]any{"password_hash": hash}))
}
