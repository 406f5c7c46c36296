package school

import (
	"strings"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// Full is the name as it is written, given name first. It is no String: people must not be printed by accident.
func (n Name) Full() string { return strings.TrimSpace(n.Given + " " + n.Family) }

// Identity is how a statement names a pupil: as the school knows it on that day. Evidence must not change when
// somebody marries or moves to another class.
type Identity struct {
	Names     proof.Names
	BirthDate calendar.Date // zero: unknown
}

// Identity gives a pupil's names of today. A pupil that does not exist has none.
func (s *Service) Identity(tx *db.Tx, pupil id.Pupil) (Identity, error) {
	known, err := s.Pupils(tx, []id.Pupil{pupil})
	if err != nil {
		return Identity{}, err
	}
	return s.IdentityOf(tx, known[pupil])
}

// IdentityOf is Identity for a pupil that was read already.
func (s *Service) IdentityOf(tx *db.Tx, pupil Pupil) (Identity, error) {
	settings, err := s.SettingsInClear(tx)
	if err != nil {
		return Identity{}, err
	}
	classes, err := s.ClassNamesOf(tx, []id.Pupil{pupil.ID}, settings.Today(tx.Now))
	return Identity{
		Names:     proof.Names{School: settings.Name, Pupil: pupil.Full(), Class: classes[pupil.ID].Name},
		BirthDate: pupil.BirthDate,
	}, err
}
