package meeting

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// Erase takes a pupil who is erased out of every meeting, with the limits that it set itself and those that teachers set.
func Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	if person.Kind != id.PupilPerson {
		return nil
	}
	return deletePupil(tx, id.Pupil(person.ID))
}
