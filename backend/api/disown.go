package api

import (
	"context"

	"einverstanden/backend/account"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
)

func (s *Server) disownLetter(ctx context.Context, in *letterInput) (*empty, error) {
	birthDate, err := dateOf(in.Body.BirthDate)
	if err != nil {
		return nil, fault.InvalidField("birthDate", fault.FieldInvalid)
	}
	setAside := func(tx *db.Tx, d account.Disowned) error {
		return s.Consents.SetAside(tx, d.Letter, d.Person, d.Sessions)
	}
	return nil, s.Accounts.DisownLetter(ctx, in.Body.LetterNo, in.Body.Secret, birthDate, in.device.device(), setAside)
}
