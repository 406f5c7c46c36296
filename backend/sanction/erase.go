package sanction

import (
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// MustKeep refuses to let somebody be erased while a sanction against one of the pupils has not ended: it can still be
// contested (abuse X24).
func (s *Service) MustKeep(tx *db.Tx, _ id.Person, pupils []id.Pupil) error {
	today, err := s.schools.Today(tx)
	if err != nil {
		return err
	}
	sanctions, err := list(tx, pupils)
	if err != nil {
		return err
	}
	for _, pupil := range pupils {
		for _, one := range sanctions[pupil] {
			if one.EndedAt.IsZero() && !one.Period.Until.Before(today) {
				return fault.New(fault.KeptForSanction)
			}
		}
	}
	return nil
}

// Erase deletes the sanctions of a pupil who is erased.
func (s *Service) Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	if person.Kind != id.PupilPerson {
		return nil
	}
	return deleteOf(tx, id.Pupil(person.ID))
}
