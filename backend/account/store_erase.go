package account

import (
	"slices"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func letterNosOf(tx *db.Tx, person id.Person) (numbers []string, err error) {
	err = tx.G().Table("letter").Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).
		Pluck("letter_no", &numbers).Error
	return numbers, err
}

// deleteLetters needs the keys under which the directory finds the letters.
func deleteLetters(tx *db.Tx, person id.Person, keys []string) error {
	for some := range slices.Chunk(keys, batchSize) {
		err := tx.G().Exec("DELETE FROM directory WHERE kind = ? AND school_id = ? AND key_hash IN ?", directoryLetter, tx.School, some).Error
		if err != nil {
			return err
		}
	}
	return tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).
		Delete(&letterRow{}).Error
}

// leavePerson parts the account from the person, and gives the sessions that it deleted. The role goes with the last
// person of its kind.
func leavePerson(tx *db.Tx, account id.Account, person id.Person) (ended []id.Session, err error) {
	err = tx.G().Raw("DELETE FROM session WHERE school_id = ? AND account_id = ? AND person_kind = ? AND person_id = ? RETURNING id",
		tx.School, account, person.Kind, person.ID).Scan(&ended).Error
	if err != nil {
		return nil, err
	}
	err = tx.G().Exec("DELETE FROM account_person WHERE school_id = ? AND account_id = ? AND person_kind = ? AND person_id = ?",
		tx.School, account, person.Kind, person.ID).Error
	if err != nil {
		return nil, err
	}
	var others int64
	err = tx.G().Table("account_person").Where("school_id = ? AND account_id = ? AND person_kind = ?", tx.School, account, person.Kind).
		Count(&others).Error
	if err != nil || others > 0 {
		return ended, err
	}
	err = tx.G().Exec("DELETE FROM account_role WHERE school_id = ? AND account_id = ? AND role = ?",
		tx.School, account, authz.Role(person.Kind)).Error // a person's role is called like its kind
	return ended, err
}

// deleteUnusedAccount tells whether the account had no role left.
func deleteUnusedAccount(tx *db.Tx, account id.Account) (deleted bool, err error) {
	var roles int64
	err = tx.G().Table("account_role").Where("school_id = ? AND account_id = ?", tx.School, account).Count(&roles).Error
	if err != nil || roles > 0 {
		return false, err
	}
	handles := tx.G().Table("passkey_user").Select("handle_hash").Where("school_id = ? AND account_id = ?", tx.School, account)
	err = tx.G().Exec("DELETE FROM directory WHERE kind = ? AND school_id = ? AND key_hash IN (?)", directoryPasskey, tx.School, handles).Error
	if err != nil {
		return false, err
	}
	for _, table := range []string{"session", "passkey", "passkey_user", "totp", "recovery_code", "invitation"} {
		if err := tx.G().Exec("DELETE FROM "+table+" WHERE school_id = ? AND account_id = ?", tx.School, account).Error; err != nil {
			return false, err
		}
	}
	if err := deleteAPITokensBy(tx, account); err != nil {
		return false, err
	}
	return true, db.MustAffect(tx.G().Where("school_id = ? AND id = ?", tx.School, account).Delete(&accountRow{}))
}
