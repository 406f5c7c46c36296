package evidence

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// Receipt builds the receipt of a statement from the rows; whoever may have it is the caller's to know. texts are the
// canonical JSON of the form's texts: as shown, then the German one; shared leaves out what a copy for others leaves out.
// The first call chooses the checkpoint, which is kept, so that every later call gives the same bytes. No receipt goes
// out that does not verify: LogBroken. NothingHere is for no statement and for one that was erased.
func (n *Notary) Receipt(ctx context.Context, statement id.Statement, texts [][]byte, shared bool) (file []byte, err error) {
	size, err := n.sizeFor(ctx, statement)
	if err != nil {
		return nil, err
	}
	key, err := n.Key(ctx)
	if err != nil {
		return nil, err
	}
	var receipt proof.Receipt
	err = n.db.Read(ctx, func(tx *db.Tx) error {
		receipt, err = n.build(tx, statement, size)
		return err
	})
	if err != nil {
		return nil, err
	}
	receipt.Key = key.String()
	for _, text := range texts {
		receipt.Texts = append(receipt.Texts, text)
	}
	if shared {
		receipt = receipt.Shared()
	}
	if file, err = receipt.Encode(); err != nil {
		return nil, err
	}
	return file, n.check(statement, file)
}

// check reads a receipt as its holder will.
func (n *Notary) check(statement id.Statement, file []byte) error {
	var broken []string // what is unknown (the clock was set back) the holder will see, and is no reason to refuse
	for _, claim := range proof.Verify(file, proof.Against{}).Claims {
		if claim.State == proof.Fails {
			broken = append(broken, string(claim.ID))
		}
	}
	if len(broken) == 0 {
		return nil
	}
	n.report.Error("EVIDENCE ALARM: a receipt does not verify", "statement", statement, "claims", broken)
	return fault.Wrap(fault.LogBroken, fmt.Errorf("receipt of %s: %v do not hold", statement, broken))
}

// sizeFor gives the size of the checkpoint for the statement's receipt, and chooses it when none was chosen yet.
func (n *Notary) sizeFor(ctx context.Context, statement id.Statement) (size int64, err error) {
	var leaf int64
	err = n.db.Read(ctx, func(tx *db.Tx) error {
		sealed, err := findSealed(tx, statement)
		if err != nil {
			return err
		}
		leaf = sealed.LeafSeq
		size, err = sizeOf(tx, statement)
		return err
	})
	if err != nil || size > 0 {
		return size, err
	}
	signed, err := n.Sign(ctx, leaf+1)
	if err != nil {
		return 0, err
	}
	err = n.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if err := chooseSize(tx, statement, signed.Size); err != nil {
			return err
		}
		size, err = sizeOf(tx, statement) // another call may have chosen before
		return err
	})
	return size, err
}

func (n *Notary) build(tx *db.Tx, statement id.Statement, size int64) (proof.Receipt, error) {
	sealed, err := findSealed(tx, statement)
	if err != nil {
		return proof.Receipt{}, err
	}
	var receipt proof.Receipt
	if receipt.Statement, err = n.vault.Open(place(tx.School, "body", statement), sealed.Body); err != nil {
		return receipt, err
	}
	if receipt.Salt, err = n.vault.Open(place(tx.School, "salt", statement), sealed.Salt); err != nil {
		return receipt, err
	}
	if receipt.Private, err = n.log.Private(tx, statement); err != nil {
		return receipt, err
	}
	if receipt.Leaf, err = findRecord(tx, sealed.LeafSeq); err != nil {
		return receipt, err
	}
	path, err := tlog.ProveRecord(size, sealed.LeafSeq, n.log.Hashes(tx))
	if err != nil {
		return receipt, err
	}
	receipt.Inclusion = proof.HashesOf(path)
	checkpoint, err := checkpointOf(tx, size)
	receipt.Checkpoint = checkpoint.Note
	return receipt, err
}

// Publish gives the newest checkpoint of the context's school, which anyone may have. With from, the size of an older
// checkpoint, it holds the proof that the older log is its beginning. NothingHere is for a log that has not begun.
func (n *Notary) Publish(ctx context.Context, from int64) (published proof.Published, err error) {
	key, err := n.Key(ctx)
	if err != nil {
		return published, err
	}
	published.Key = key.String()
	err = n.db.Read(ctx, func(tx *db.Tx) error {
		last, err := lastCheckpoint(tx)
		if err != nil {
			return err
		}
		if last.Size == 0 {
			return fault.New(fault.NothingHere)
		}
		published.Checkpoint = last.Note
		if from <= 0 || from >= last.Size {
			return nil
		}
		path, err := tlog.ProveTree(last.Size, from, n.log.Hashes(tx))
		published.From, published.Consistency = from, proof.HashesOf(path)
		return err
	})
	return published, err
}

// State is how a school's log stands.
type State struct {
	Leaves int64
	Last   Signed // the newest checkpoint; zero before the first
	Key    proof.Key
	Alarm  *Alarm // signing has stopped
}

// State tells how the log of the context's school stands.
func (n *Notary) State(ctx context.Context) (state State, err error) {
	if state.Key, err = n.Key(ctx); err != nil {
		return state, err
	}
	err = n.db.Read(ctx, func(tx *db.Tx) error {
		head, err := peekHead(tx)
		if err != nil {
			return err
		}
		state.Leaves = head.Size
		row, err := lastCheckpoint(tx)
		if err != nil || row.Size == 0 {
			return err
		}
		state.Last = Signed{proof.Checkpoint{Size: row.Size, At: time.UnixMicro(row.SignedAt).UTC()}, row.Note}
		return nil
	})
	school, _ := db.SchoolOf(ctx)
	if alarm, found := n.AlarmOf(school); found {
		state.Alarm = &alarm
	}
	return state, err
}

// Proven is a leaf with its path to a checkpoint.
type Proven struct {
	Record     []byte
	Path       tlog.RecordProof
	Checkpoint string // signed note
	Key        proof.Key
}

// Prove shows a leaf under the newest checkpoint, signing one when none covers it. NothingHere beyond the log's end.
func (n *Notary) Prove(ctx context.Context, leaf int64) (found Proven, err error) {
	err = n.db.Read(ctx, func(tx *db.Tx) error {
		found.Record, err = findRecord(tx, leaf)
		return err
	})
	if err != nil {
		return found, err
	}
	signed, err := n.Sign(ctx, leaf+1)
	if err != nil {
		return found, err
	}
	if found.Key, err = n.Key(ctx); err != nil {
		return found, err
	}
	found.Checkpoint = signed.Note
	err = n.db.Read(ctx, func(tx *db.Tx) error {
		found.Path, err = tlog.ProveRecord(signed.Size, leaf, n.log.Hashes(tx))
		return err
	})
	return found, err
}

// StatementAt gives the statement of a leaf; NothingHere when there is none or it was erased.
func (n *Notary) StatementAt(tx *db.Tx, leaf int64) (id.Statement, error) {
	rows, err := findByLeaf(tx, leaf)
	if err == nil && len(rows) == 0 {
		err = fault.New(fault.NothingHere)
	}
	if err != nil {
		return "", err
	}
	return rows[0].ID, nil
}
