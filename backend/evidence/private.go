package evidence

import (
	"crypto/rand"
	"errors"

	"einverstanden/backend/calendar"
	"einverstanden/backend/proof"
)

// NewPrivate begins the part of a statement that a shared copy leaves out, with a fresh blind.
func NewPrivate(birth calendar.Date) (proof.Private, error) {
	blind := make([]byte, proof.BlindSize)
	_, err := rand.Read(blind)
	return proof.Private{BirthDate: birth, Blind: blind}, err
}

// belongs refuses a private part that the statement does not name: a mistake in the program.
func belongs(private *proof.Private, s proof.Statement) error {
	wanted := s.PrivateSHA256()
	if private == nil {
		if wanted != "" {
			return errors.New("the private part of the statement is missing")
		}
		return nil
	}
	hash, err := proof.HashOf(private)
	if err == nil && hash != wanted {
		err = errors.New("the statement names another private part")
	}
	return err
}
