package breach

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// Erase deletes the reports about a pupil who is erased. It goes before the sanctions and meetings they name.
func Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	if person.Kind != id.PupilPerson {
		return nil
	}
	return deleteOf(tx, id.Pupil(person.ID))
}
