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

// Part is the part of a statement that a shared copy leaves out, ready to be named by its hash and sealed. The zero Part
// is that of kinds which have none.
type Part struct {
	SHA256    string // hex; what the statement names
	canonical []byte
}

// NewPart finishes a private part: it must not change afterwards.
func NewPart(private proof.Private) (Part, error) {
	canonical, err := proof.Canonical(private)
	if err != nil {
		return Part{}, err
	}
	return Part{SHA256: proof.SHA256Hex(canonical), canonical: canonical}, nil
}

// belongs refuses a part that the statement does not name: a mistake in the program.
func (p Part) belongs(s proof.Statement) error {
	switch p.SHA256 {
	case s.PrivateSHA256():
		return nil
	case "":
		return errors.New("the private part of the statement is missing")
	}
	return errors.New("the statement names another private part")
}
