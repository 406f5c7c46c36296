package notify

import (
	"errors"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// Erase deletes where the person could be reached, how it wanted to be told, and what it was told.
func (s *Service) Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	row, err := findAddress(tx, person)
	if err != nil {
		return err
	}
	return errors.Join(
		deleteConfirmation(tx, row.AddressHash), deleteOf[addressRow](tx, person), deleteOf[settingRow](tx, person), deleteOf[messageRow](tx, person),
		deleteOf[bounceRow](tx, person))
}
