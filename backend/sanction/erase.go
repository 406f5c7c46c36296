package sanction

import (
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// MustKeep refuses to let somebody be erased while a sanction against one of the pupils has not ended, or an objection
// waits for its answer: it can still be contested (abuse X24).
func (s *Service) MustKeep(tx *db.Tx, person id.Person, pupils []id.Pupil) error {
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
	contested, err := isContested(tx, person, pupils)
	if err == nil && contested {
		err = fault.New(fault.KeptForSanction)
	}
	return err
}

// Erase deletes the objections of somebody who is erased, and the sanctions of a pupil.
func (s *Service) Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	if err := deleteObjectionsOf(tx, person); err != nil {
		return err
	}
	if person.Kind != id.PupilPerson {
		return nil
	}
	return deleteOf(tx, id.Pupil(person.ID))
}
