package proof

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// later judges one more checkpoint of the log: whether it continues the one of the receipt.
func (v *verifier) later(content []byte) {
	published, err := ParsePublished(content)
	if err != nil {
		v.claim(ClaimLater, errors.New("not a checkpoint"))
		return
	}
	if !v.signed {
		v.note(ClaimLater, Unknown, "the receipt's own checkpoint does not hold")
		return
	}
	state, err := published.continues(v.report.About.Key, v.report.About.Checkpoint)
	if err != nil {
		v.claim(ClaimLater, err)
		return
	}
	v.note(ClaimLater, state, "")
}

// continues says whether the log of the older checkpoint is the beginning of this one. Unknown means that they do not
// contradict each other, and that no proof is at hand.
func (p Published) continues(key Key, older Checkpoint) (State, error) {
	newer, err := key.Open(p.Checkpoint)
	if err != nil {
		return Fails, err
	}
	first, second := older, newer
	if newer.Size < older.Size {
		first, second = newer, older
	}
	switch {
	case first.Size == second.Size && first.Root != second.Root:
		return Fails, fmt.Errorf("two logs of %d leaves that differ", first.Size)
	case first.Size == second.Size:
		return Holds, nil
	case p.From != 0 && p.From == older.Size && newer.Size > older.Size: // a proof outweighs what clocks say
		return Holds, CheckConsistency(p.Consistency, older, newer)
	case first.At.After(second.At.Add(overlap)):
		return Fails, fmt.Errorf("the log was shorter later: %d leaves after %d", first.Size, second.Size)
	}
	return Unknown, nil
}

// CheckConsistency checks that the older log is the beginning of the newer one (RFC 6962, section 2.1.2).
func CheckConsistency(hashes [][]byte, older, newer Checkpoint) error {
	proof, err := treeProof(hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return errors.New("the older log is not the beginning of this one: it was rewritten")
	}
	return nil
}
