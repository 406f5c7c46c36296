package consent

import (
	"slices"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// SetAside invalidates the yeses that were given in the person's name in sessions which that person disowns by a letter.
// Its limits stay, as those of every invalidation do. The caller has ended the sessions in this transaction.
func (s *Service) SetAside(tx *db.Tx, letter id.Letter, person id.Person, sessions []id.Session) error {
	// A yes that is on its way holds its pupil's lock: it is here before we look, or finds its session ended.
	if err := s.lockPupilsOf(tx, person); err != nil {
		return err
	}
	marks, values := db.Marks(sessions)
	given, err := listDecisions(tx, "decision.session_id IN "+marks, values...)
	if err != nil {
		return err
	}
	for _, d := range given {
		if d.Person != person || !d.IsYes() || d.Invalidated != nil {
			continue
		}
		if err := s.setAside(tx, letter, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) lockPupilsOf(tx *db.Tx, person id.Person) error {
	pupils := []id.Pupil{id.Pupil(person.ID)}
	if person.Kind == id.GuardianPerson {
		today, err := s.schools.Today(tx)
		if err != nil {
			return err
		}
		if pupils, err = s.schools.ChildrenOf(tx, id.Guardian(person.ID), today); err != nil {
			return err
		}
	}
	slices.Sort(pupils)
	for _, pupil := range pupils {
		if err := s.schools.LockPupil(tx, pupil); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) setAside(tx *db.Tx, letter id.Letter, d Decision) error {
	entry, err := s.log.Append(tx, proof.Statement{
		Kind:        proof.KindInvalidation,
		Declaration: &proof.InvalidationDeclared{Decision: d.ID, Reason: string(NotAuthentic), Letter: letter},
		Server:      &proof.ActServer{At: tx.Now},
	}, evidence.Part{})
	if err != nil {
		return err
	}
	if err := insertInvalidation(tx, d.ID, entry.Leaf, NotAuthentic, audit.System); err != nil {
		return err
	}
	return s.tellOfInvalidation(tx, d)
}
