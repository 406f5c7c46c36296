package account

import (
	"errors"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
)

// Erase deletes how the person could come in: its letters, its card, its sessions, its link to the school's provider, and
// its account, unless that belongs to somebody else as well (a teacher who is a parent, a mother who once was a pupil).
// Sessions end at once.
func (s *Service) Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	if err := s.eraseLetters(tx, person); err != nil {
		return err
	}
	if person.Kind == id.PupilPerson {
		if err := errors.Join(deleteOIDCLinksOf(tx, id.Pupil(person.ID)), deleteCards(tx, id.Pupil(person.ID))); err != nil {
			return err
		}
	}
	account, err := accountOfPerson(tx, person)
	if err != nil || account.ID == "" {
		return err
	}
	ended, err := leavePerson(tx, account.ID, person)
	if err != nil {
		return err
	}
	if err := s.afterEnd(tx, ended); err != nil {
		return err
	}
	deleted, err := deleteUnusedAccount(tx, account.ID)
	if err != nil || !deleted {
		return err
	}
	return idempotency.Forget(tx, string(account.ID))
}

// eraseLetters frees their numbers, too.
func (s *Service) eraseLetters(tx *db.Tx, person id.Person) error {
	numbers, err := letterNosOf(tx, person)
	if err != nil {
		return err
	}
	keys := make([]string, len(numbers))
	for i, letterNo := range numbers {
		keys[i] = s.letterFingerprint(letterNo)
	}
	return deleteLetters(tx, person, keys)
}
