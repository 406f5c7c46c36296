package rules

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// Erase forgets what a pupil who is erased has read.
func Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	if person.Kind != id.PupilPerson {
		return nil
	}
	return deletePupil(tx, id.Pupil(person.ID))
}
