package proposal

import (
	"slices"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// MustKeep refuses to let somebody be erased while something about one of the pupils waits.
func MustKeep(tx *db.Tx, _ id.Person, pupils []id.Pupil) error {
	waits, err := Open(tx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(waits, func(p Proposal) bool { return slices.Contains(pupils, p.Pupil) }) {
		return fault.New(fault.KeptForProposal)
	}
	return nil
}

// Erase deletes what was once proposed about the pupils. Its bodies are sealed and may name anybody of the family.
func Erase(tx *db.Tx, _ id.Person, pupils []id.Pupil) error { return deleteClosed(tx, pupils) }
