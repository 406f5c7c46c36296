package consent

import (
	"gorm.io/gorm"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// decidedPair is somebody who has decided something for a pupil.
type decidedPair struct {
	PupilID    id.Pupil
	PersonKind id.PersonKind
	PersonID   string
}

func (p decidedPair) person() id.Person { return id.Person{Kind: p.PersonKind, ID: p.PersonID} }

func decidedPairs(tx *db.Tx) (pairs []decidedPair, err error) {
	err = tx.G().Table("decision").Distinct("pupil_id", "person_kind", "person_id").Where("school_id = ?", tx.School).
		Find(&pairs).Error
	return pairs, err
}

func eraseDecisions(tx *db.Tx, person id.Person) error {
	about := func() *gorm.DB {
		if person.Kind == id.PupilPerson { // a pupil decides for itself alone
			return tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, person.ID)
		}
		return tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID)
	}
	decisions := about().Table("decision").Select("id")
	for _, event := range []any{&invalidationRow{}, &confirmationRow{}} {
		if err := tx.G().Where("school_id = ? AND decision_id IN (?)", tx.School, decisions).Delete(event).Error; err != nil {
			return err
		}
	}
	for _, row := range []any{&decisionRow{}, &askRow{}} {
		if err := about().Delete(row).Error; err != nil {
			return err
		}
	}
	return nil
}
