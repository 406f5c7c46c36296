package school

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// The table letter is package account's. Here letters are only made void, because that must happen in the transaction
// that ends a guardianship, and nothing above may be called from here.

func findOpenLetters(tx *db.Tx, person id.Person) (letters []id.Letter, err error) {
	err = tx.G().Table("letter").
		Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).
		Where("used_at IS NULL AND void_at IS NULL").Order("id").Pluck("id", &letters).Error
	return letters, err
}

func voidLetter(tx *db.Tx, letter id.Letter) error {
	return db.MustAffect(tx.G().Table("letter").Where("school_id = ? AND id = ? AND void_at IS NULL", tx.School, letter).
		Update("void_at", tx.Now.UnixMicro()))
}
