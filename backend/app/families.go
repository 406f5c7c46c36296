package app

import (
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// families answers for package school what account must know of a family.
type families struct{ schools *school.Service }

// BirthDates are those of the children of a guardian, or a pupil's own.
func (f families) BirthDates(tx *db.Tx, person id.Person) ([]calendar.Date, error) {
	pupils := []id.Pupil{id.Pupil(person.ID)}
	if person.Kind == id.GuardianPerson {
		day, err := f.schools.Today(tx)
		if err != nil {
			return nil, err
		}
		if pupils, err = f.schools.ChildrenOf(tx, id.Guardian(person.ID), day); err != nil {
			return nil, err
		}
	}
	known, err := f.schools.Pupils(tx, pupils)
	dates := make([]calendar.Date, 0, len(known))
	for _, pupil := range known {
		dates = append(dates, pupil.BirthDate)
	}
	return dates, err
}

// credentials are the passkeys with which an account may sign declarations.
func (a *App) credentials(tx *db.Tx, owner id.Account) ([]consent.Credential, error) {
	passkeys, err := a.Accounts.PasskeysOf(tx, owner)
	credentials := make([]consent.Credential, len(passkeys))
	for i, passkey := range passkeys {
		credentials[i] = consent.Credential{ID: passkey.Credential, PublicKey: passkey.PublicKey}
	}
	return credentials, err
}
