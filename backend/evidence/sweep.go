package evidence

import (
	"fmt"

	"einverstanden/backend/db"
	"einverstanden/backend/proof"
)

// Sweep finds the statements that are picked, as a Search finds those that concern people. It is for one goroutine.
type Sweep struct {
	next  int64 // the first leaf that was not looked at
	picks func(proof.Statement) bool
	found []erasable
}

// NewSweep begins a sweep for what picks holds of.
func NewSweep(picks func(proof.Statement) bool) *Sweep { return &Sweep{picks: picks} }

// AdvanceSweep looks at a part of the log; more says that there is another one.
func (l *Log) AdvanceSweep(tx *db.Tx, sweep *Sweep) (more bool, err error) {
	return l.readOn(tx, &sweep.next, func(at erasable, statement proof.Statement) {
		if sweep.picks(statement) {
			sweep.found = append(sweep.found, at)
		}
	})
}

// EraseSwept deletes the statements of the sweep with salt and private part, as Erase does those of a person; what the
// sweep has not looked at yet is looked at here, under the lock on the head. It appends the statement of the erasure,
// which names the leaves and nobody.
func (l *Log) EraseSwept(tx *db.Tx, sweep *Sweep, reason string, server proof.ErasureServer) (Entry, error) {
	if _, err := lockHead(tx); err != nil {
		return Entry{}, err
	}
	for more := true; more; {
		var err error
		if more, err = l.AdvanceSweep(tx, sweep); err != nil {
			return Entry{}, fmt.Errorf("erase statements: %w", err)
		}
	}
	erased, err := deleteStatements(tx, sweep.found)
	if err != nil {
		return Entry{}, fmt.Errorf("erase statements: %w", err)
	}
	leaves := make([]int64, len(erased))
	for i, one := range erased {
		leaves[i] = one.leaf
	}
	if err := insertErased(tx, erased); err != nil {
		return Entry{}, err
	}
	return l.Append(tx, proof.Statement{
		Kind: proof.KindErasure, Declaration: &proof.ErasureDeclared{Leaves: leaves, Reason: reason}, Server: &server,
	}, Part{})
}
