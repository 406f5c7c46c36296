package evidence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/vault"
)

// Notary signs checkpoints of committed leaves, and hands out receipts with them. Before it signs, it checks that the
// log continues the last checkpoint that it signed, as the database has it and as a file outside the database has it;
// where it does not, it stops signing for that school and says so, at every attempt, until the log is in order again.
type Notary struct {
	db      *db.DB
	log     *Log
	vault   *vault.Vault
	witness Witness
	report  *slog.Logger

	mu     sync.Mutex // one signing at a time: checkpoints of one process come in order
	alarms map[id.School]Alarm
}

// Alarm is a failed check. Its cause names sizes and no person.
type Alarm struct {
	Since time.Time
	Cause string
}

// NewNotary needs the database, the log, the keys, and the folder of the witness.
func NewNotary(d *db.DB, log *Log, v *vault.Vault, witness Witness, report *slog.Logger) *Notary {
	return &Notary{db: d, log: log, vault: v, witness: witness, report: report, alarms: map[id.School]Alarm{}}
}

// freshFor is how old a checkpoint may grow while leaves come. It is half of what is promised (10 minutes), so that a
// slow round does not break the promise.
const freshFor = 5 * time.Minute

// every is how often Run looks for logs to sign.
const every = time.Minute

// Run signs for all schools until ctx ends.
func (n *Notary) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := n.Round(ctx); err != nil && ctx.Err() == nil {
			n.report.Error("checkpoints not signed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Round signs for every school whose last checkpoint has grown old while leaves came. One school's failure does not
// keep the others from theirs.
func (n *Notary) Round(ctx context.Context) error {
	schools, err := n.db.Schools(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, school := range schools {
		ctx := db.InSchool(ctx, school)
		due, err := n.isDue(ctx)
		if err == nil && due {
			_, err = n.Sign(ctx, 0)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (n *Notary) isDue(ctx context.Context) (due bool, err error) {
	err = n.db.Read(ctx, func(tx *db.Tx) error {
		head, err := peekHead(tx)
		if err != nil {
			return err
		}
		last, err := lastCheckpoint(tx)
		due = head.Size > last.Size && !tx.Now.Before(time.UnixMicro(last.SignedAt).Add(freshFor))
		return err
	})
	return due, err
}

// Signed is a checkpoint with its signed note.
type Signed struct {
	proof.Checkpoint
	Note string
}

// Sign gives a checkpoint of the context's school that covers at least so many leaves: the last one where it does, a
// fresh one otherwise; with 0 a fresh one whenever there are leaves that no checkpoint covers. LogBroken means that the
// log does not continue the last checkpoint.
func (n *Notary) Sign(ctx context.Context, atLeast int64) (Signed, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key, err := n.signer(ctx)
	if err != nil {
		return Signed{}, err
	}
	var last, made Signed
	var now time.Time
	err = n.db.Read(ctx, func(tx *db.Tx) error {
		now = tx.Now
		last, made, err = n.prepare(tx, key, atLeast)
		return err
	})
	if err != nil {
		return Signed{}, n.raise(ctx, now, err)
	}
	n.settle(ctx)
	if made.Size == last.Size {
		return last, nil
	}
	made.Note = key.Sign(made.Checkpoint)
	stands, err := n.keep(ctx, key, made)
	if err != nil {
		return Signed{}, n.raise(ctx, now, err)
	}
	return stands, n.witness.write(key.Key().Origin, stands.Note)
}

// prepare gives the last checkpoint, and the one to be signed; the same twice when there is nothing to sign.
func (n *Notary) prepare(tx *db.Tx, key proof.Signer, atLeast int64) (last, made Signed, err error) {
	head, err := peekHead(tx)
	if err != nil {
		return last, made, err
	}
	if last, err = openLast(tx, key.Key()); err != nil {
		return last, made, err
	}
	if atLeast > head.Size {
		return last, made, fmt.Errorf("a checkpoint of %d leaves was asked for, there are %d", atLeast, head.Size)
	}
	outside, err := n.witness.read(key.Key())
	if err != nil {
		return last, made, err
	}
	for _, older := range []proof.Checkpoint{last.Checkpoint, outside} {
		if err := n.continues(tx, head.Size, older); err != nil {
			return last, made, err
		}
	}
	if last.Size == head.Size || atLeast > 0 && last.Size >= atLeast {
		return last, last, nil
	}
	root, err := tlog.TreeHash(head.Size, n.log.Hashes(tx))
	made.Checkpoint = proof.Checkpoint{Origin: key.Key().Origin, Size: head.Size, Root: root, At: tx.Now}
	return last, made, err
}

// errBroken marks what must raise the alarm.
var errBroken = errors.New("the log does not continue a checkpoint that was signed")

// continues checks that the log of the size begins with the older one.
func (n *Notary) continues(tx *db.Tx, size int64, older proof.Checkpoint) error {
	if older.Size == 0 {
		return nil
	}
	if older.Size > size {
		return fmt.Errorf("%w: %d leaves are left of %d", errBroken, size, older.Size)
	}
	root, err := tlog.TreeHash(older.Size, n.log.Hashes(tx))
	if err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	if root != older.Root {
		return fmt.Errorf("%w: the first %d leaves are not those that were signed", errBroken, older.Size)
	}
	return nil
}

// openLast reads the newest checkpoint of the database; one that our own key did not sign raises the alarm.
func openLast(tx *db.Tx, key proof.Key) (Signed, error) {
	row, err := lastCheckpoint(tx)
	if err != nil || row.Size == 0 {
		return Signed{}, err
	}
	opened, err := key.Open(row.Note)
	if err != nil || opened.Size != row.Size {
		return Signed{}, fmt.Errorf("%w: the last one in the database, of %d leaves, is not ours", errBroken, row.Size)
	}
	return Signed{opened, row.Note}, nil
}

// keep writes the checkpoint, unless another instance has signed one that covers as much: then that one stands.
func (n *Notary) keep(ctx context.Context, key proof.Signer, made Signed) (stands Signed, err error) {
	err = n.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		stands = made
		last, err := openLast(tx, key.Key())
		if err != nil {
			return err
		}
		if last.Size >= made.Size {
			stands = last
			return nil
		}
		return insertCheckpoint(tx, checkpointRow{SchoolID: tx.School, Size: made.Size, Note: made.Note, SignedAt: made.At.UnixMicro()})
	})
	return stands, err
}

// raise turns a broken log into an alarm, once, and into what the caller may be told.
func (n *Notary) raise(ctx context.Context, now time.Time, err error) error {
	school, _ := db.SchoolOf(ctx)
	if !errors.Is(err, errBroken) {
		return err
	}
	if _, known := n.alarms[school]; !known {
		n.alarms[school] = Alarm{Since: now, Cause: err.Error()}
		n.report.Error("EVIDENCE ALARM: signing has stopped", "school", school, "cause", err.Error())
	}
	return fault.Wrap(fault.LogBroken, err)
}

// settle ends an alarm whose cause is gone: the operator has put the log back.
func (n *Notary) settle(ctx context.Context) {
	school, _ := db.SchoolOf(ctx)
	if _, known := n.alarms[school]; known {
		delete(n.alarms, school)
		n.report.Info("the log continues its checkpoints again", "school", school)
	}
}

// AlarmOf gives a school's alarm, if it has one.
func (n *Notary) AlarmOf(school id.School) (Alarm, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	alarm, found := n.alarms[school]
	return alarm, found
}

func (n *Notary) signer(ctx context.Context) (proof.Signer, error) {
	school, ok := db.SchoolOf(ctx)
	if !ok {
		return proof.Signer{}, db.ErrNoSchool
	}
	seed, err := n.vault.CheckpointSeed(school)
	if err != nil {
		return proof.Signer{}, err
	}
	return proof.NewSigner(proof.OriginOf(string(school)), seed)
}

// Key is the public key of the context's school.
func (n *Notary) Key(ctx context.Context) (proof.Key, error) {
	key, err := n.signer(ctx)
	if err != nil {
		return proof.Key{}, err
	}
	return key.Key(), nil
}
