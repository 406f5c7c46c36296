package school

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func findPeople(tx *db.Tx) (pupilIDs []id.Pupil, guardianIDs []id.Guardian, err error) {
	if err = pupils(tx).Table("pupil").Order("id").Pluck("id", &pupilIDs).Error; err != nil {
		return nil, nil, err
	}
	err = guardians(tx).Table("guardian").Order("id").Pluck("id", &guardianIDs).Error
	return pupilIDs, guardianIDs, err
}

func isKnown(tx *db.Tx, person id.Person) (bool, error) {
	query := guardians(tx).Table("guardian")
	if person.Kind == id.PupilPerson {
		query = pupils(tx).Table("pupil")
	}
	var n int64
	err := query.Where("id = ?", person.ID).Count(&n).Error
	return n == 1, err
}

func findEveryGuardianshipOf(tx *db.Tx, guardian id.Guardian) (rows []guardianshipRow, err error) {
	err = tx.G().Where("school_id = ? AND guardian_id = ?", tx.School, guardian).Find(&rows).Error
	return rows, err
}

func erasePupil(tx *db.Tx, pupil string) error {
	for _, links := range []any{&guardianshipRow{}, &membershipRow{}, &schoolingRow{}} {
		if err := tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, pupil).Delete(links).Error; err != nil {
			return err
		}
	}
	return db.MustAffect(tx.G().Table("pupil").Where("school_id = ? AND id = ? AND erased_at IS NULL", tx.School, pupil).
		Updates(map[string]any{"profile": []byte{}, "import_hash": nil, "erased_at": tx.Now.UnixMicro()}))
}

func eraseGuardian(tx *db.Tx, guardian string) error {
	if err := tx.G().Where("school_id = ? AND guardian_id = ?", tx.School, guardian).Delete(&guardianshipRow{}).Error; err != nil {
		return err
	}
	return db.MustAffect(tx.G().Table("guardian").Where("school_id = ? AND id = ? AND erased_at IS NULL", tx.School, guardian).
		Updates(map[string]any{
			"profile": []byte{}, "email_hash": nil, "language": defaultLanguage, "erased_at": tx.Now.UnixMicro(),
		}))
}
