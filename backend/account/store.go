package account

import (
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

type accountRow struct {
	SchoolID     id.School
	ID           id.Account
	Profile      []byte
	EmailHash    *string
	PasswordHash *string
	Language     string
	CreatedAt    int64
	DisabledAt   *int64
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

func staffAccounts(tx *db.Tx) ([]accountRoleRow, error) {
	return accountRoles(tx, func(g *gorm.DB) *gorm.DB { return g })
}

// accountsByEmail are the roles of the one staff account with the address, or nothing.
func accountsByEmail(tx *db.Tx, emailHash string) ([]accountRoleRow, error) {
	return accountRoles(tx, func(g *gorm.DB) *gorm.DB { return g.Where("account.email_hash = ?", emailHash) })
}

func accountRoles(tx *db.Tx, narrow func(*gorm.DB) *gorm.DB) (rows []accountRoleRow, err error) {
	g := tx.G().Table("account").Select("account.*, account_role.role").
		Joins("JOIN account_role ON account_role.school_id = account.school_id AND account_role.account_id = account.id").
		Where("account.school_id = ? AND account.disabled_at IS NULL AND account_role.role IN ?", tx.School, staffRoles)
	err = narrow(g).Find(&rows).Error
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

// accountOfPerson finds the account that the person has joined.
func accountOfPerson(tx *db.Tx, person id.Person) (row accountRow, found bool, err error) {
	err = tx.G().Table("account").Select("account.*").
		Joins("JOIN account_person ON account_person.school_id = account.school_id AND account_person.account_id = account.id").
		Where("account.school_id = ? AND account_person.person_kind = ? AND account_person.person_id = ?", tx.School, person.Kind, person.ID).
		Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return accountRow{}, false, nil
	}
	return row, err == nil, err
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
