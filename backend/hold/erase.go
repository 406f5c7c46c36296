package hold

import (
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// MustKeep refuses to let somebody be erased while a hold on one of the pupils is in force: whoever asked for a
// restriction may need the data (GDPR Art. 18(1)(c)).
func MustKeep(tx *db.Tx, _ id.Person, pupils []id.Pupil) error {
	holds, err := list(tx, pupils)
	if err != nil {
		return err
	}
	for _, pupil := range pupils {
		for _, h := range holds[pupil] {
			if h.SettledAt.IsZero() {
				return fault.New(fault.KeptForHold)
			}
		}
	}
	return nil
}

// Erase deletes the holds of a pupil who is erased.
func Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	if person.Kind != id.PupilPerson {
		return nil
	}
	return deleteOf(tx, id.Pupil(person.ID))
}
