package evidence

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/db"
	"einverstanden/backend/proof"
)

// Inspection re-reads a school's whole log: every leaf, hash and statement against each other, the head, the checkpoints
// that are kept and those that are given, and, through Rows, what the statements made in the domains' tables. It changes
// nothing. Its memory does not grow with the log, but for the numbers of erased leaves.
//
// It cannot see that the log was rewritten consistently by whoever holds database and keys: only something Outside can.
type Inspection struct {
	Key     *proof.Key // the school's; nil: signatures are not judged
	Outside []Outside
	Rows    []Rows
	Found   Found
}

// Counts are how much an inspection has looked at.
type Counts struct {
	Leaves      int64
	Statements  int64 // that stand and that their leaves vouch for
	Erased      int64
	Checkpoints int64 // kept in the database
	Outside     int64 // given, and compared
	Findings    int64
}

const (
	window    = 1000 // leaves of a batch
	mostStray = 100  // rows beyond the log that are named one by one
)

// walk is one inspection under way.
type walk struct {
	Inspection
	log    *Log
	tx     *db.Tx
	key    *proof.Key
	origin string
	counts Counts

	size       int64 // leaves to walk
	edge       edge
	torn       bool  // leaves are missing together with their hashes: no hash behind them can be computed
	last       int64 // instant of the leaf before
	outside    []witness
	withoutRow map[int64]bool // leaves whose statement is missing and that no erasure has named yet; whether they stand themselves
}

// batch is a window of the log as it was read, and what was made of it.
type batch struct {
	first, next int64
	leaves      map[int64]*leafRow
	statements  map[int64]*statementRow
	hashes      map[int64][]byte
	checkpoints []checkpointRow
	judged      []judged
	done        chan struct{}
}

// Inspect walks the log of the transaction's school, best in db.ReadLong. An error says that the walk could not go on,
// not that something was found.
func (l *Log) Inspect(tx *db.Tx, inspection Inspection) (Counts, error) {
	w := &walk{
		Inspection: inspection, log: l, tx: tx, key: inspection.Key, origin: proof.OriginOf(string(tx.School)),
		withoutRow: map[int64]bool{},
	}
	err := w.run()
	return w.counts, err
}

func (w *walk) run() (err error) {
	if w.outside, err = w.witnesses(w.Outside); err != nil {
		return err
	}
	w.counts.Outside = int64(len(w.outside))
	head, found, err := findHead(w.tx)
	if err != nil {
		return err
	}
	w.size = head.Size
	if !found {
		if w.size, err = endOfLeaves(w.tx); err != nil {
			return err
		}
		if w.size > 0 {
			if err := w.found(Finding{Kind: Missing, Table: "log_head", Row: string(w.tx.School), Leaf: NoLeaf, Detail: "leaves stand"}); err != nil {
				return err
			}
		}
	}
	empty := &batch{}
	if empty.checkpoints, err = checkpointsBetween(w.tx, 0, 1); err != nil {
		return err
	}
	if err := w.compareAt(0, empty); err != nil {
		return err
	}
	if err := w.leaves(); err != nil {
		return err
	}
	if found {
		if err := w.compareHead(head); err != nil {
			return err
		}
	}
	return w.finish()
}

// found counts and hands on.
func (w *walk) found(f Finding) error {
	w.counts.Findings++
	return w.Found(f)
}

// leaves walks all windows: this goroutine alone asks the database and keeps the order, others open and decode.
func (w *walk) leaves() error {
	var queue []*batch
	defer func() {
		for _, b := range queue {
			<-b.done
		}
	}()
	next, most := int64(0), runtime.GOMAXPROCS(0)+1
	for next < w.size || len(queue) > 0 {
		if next < w.size && len(queue) < most {
			b, err := w.read(next)
			if err != nil {
				return err
			}
			next = b.next
			queue = append(queue, b)
			go b.judge(w)
			continue
		}
		b := queue[0]
		<-b.done
		queue = queue[1:]
		if err := w.take(b); err != nil {
			return err
		}
	}
	return nil
}

// read reads a window. A window without any leaf or hash reaches to the next leaf, however far that is.
func (w *walk) read(first int64) (*batch, error) {
	b := &batch{first: first, next: min(first+window, w.size), done: make(chan struct{})}
	leaves, err := leavesBetween(w.tx, b.first, b.next)
	if err != nil {
		return nil, err
	}
	statements, err := statementsBetween(w.tx, b.first, b.next)
	if err != nil {
		return nil, err
	}
	hashes, err := hashesBetween(w.tx, tlog.StoredHashIndex(0, b.first), tlog.StoredHashIndex(0, b.next))
	if err != nil {
		return nil, err
	}
	if b.checkpoints, err = checkpointsBetween(w.tx, b.first+1, b.next+1); err != nil {
		return nil, err
	}
	b.leaves, b.statements, b.hashes = make(map[int64]*leafRow, len(leaves)), make(map[int64]*statementRow, len(statements)), make(map[int64][]byte, len(hashes))
	for i := range leaves {
		b.leaves[leaves[i].Seq] = &leaves[i]
	}
	for i := range statements {
		b.statements[statements[i].LeafSeq] = &statements[i]
	}
	for _, row := range hashes {
		b.hashes[row.Position] = row.Hash
	}
	if len(leaves)+len(hashes)+len(statements)+len(b.checkpoints) == 0 {
		return b, w.skip(b)
	}
	return b, nil
}

// skip makes an empty window reach to the next leaf or to the end.
func (w *walk) skip(b *batch) error {
	next, found, err := nextLeaf(w.tx, b.next)
	if !found || next > w.size {
		next = w.size
	}
	b.next = max(b.next, next)
	return err
}

func (b *batch) isEmpty() bool { return len(b.leaves)+len(b.hashes)+len(b.statements) == 0 }

func (b *batch) judge(w *walk) {
	defer close(b.done)
	if b.isEmpty() {
		return
	}
	b.judged = make([]judged, b.next-b.first)
	for i := range b.judged {
		seq := b.first + int64(i)
		b.judged[i] = w.log.judge(w.tx.School, seq, b.leaves[seq], b.statements[seq])
	}
}

// take adds a judged window to what is known, in the order of the log.
func (w *walk) take(b *batch) error {
	vouched := Batch{First: b.first, Next: b.next}
	if b.isEmpty() {
		w.torn = true
		err := w.found(Finding{
			Kind: Missing, Table: "leaf", Row: fmt.Sprintf("%d to %d", b.first, b.next-1), Leaf: b.first, Detail: "and nothing else of them is left",
		})
		if err != nil {
			return err
		}
	}
	for i := range b.judged {
		j := &b.judged[i]
		seq := b.first + int64(i)
		if err := w.takeLeaf(b, seq, j); err != nil {
			return err
		}
		if j.attested != nil {
			vouched.Statements = append(vouched.Statements, *j.attested)
		}
		if err := w.compareAt(seq+1, b); err != nil {
			return err
		}
	}
	w.counts.Statements += int64(len(vouched.Statements))
	for _, rows := range w.Rows {
		if err := rows.Compare(w.tx, vouched, w.found); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) takeLeaf(b *batch, seq int64, j *judged) error {
	for _, f := range j.findings {
		if err := w.found(f); err != nil {
			return err
		}
	}
	if !j.there {
		if err := w.found(Finding{Kind: Missing, Table: "leaf", Row: strconv.FormatInt(seq, 10), Leaf: seq, Detail: "later leaves or its hash stand"}); err != nil {
			return err
		}
	}
	if err := w.clock(seq, j); err != nil {
		return err
	}
	w.counts.Leaves++
	if !j.stands {
		w.withoutRow[seq] = j.there
	}
	if err := w.erasure(seq, j.attested); err != nil {
		return err
	}
	return w.grow(b, seq, j)
}

// clock checks what a leaf says of the server's clock against the leaf before (checklist G10).
func (w *walk) clock(seq int64, j *judged) error {
	if !j.sound {
		return nil
	}
	back, step := w.last-j.leaf.At, int64(0)
	if seq > 0 && back > overlap {
		step = back
	}
	w.last = j.leaf.At
	if j.leaf.ClockStep == step || w.torn {
		return nil
	}
	j.vouched = false
	return w.found(Finding{
		Kind: Changed, Table: "leaf", Row: strconv.FormatInt(seq, 10), Column: "record", Leaf: seq, Detail: "its step of the clock does not fit the leaf before",
	})
}

// erasure takes the leaves that an erasure names out of those that miss their statement.
func (w *walk) erasure(seq int64, attested *Attested) error {
	if attested == nil || attested.Statement.Kind != proof.KindErasure {
		return nil
	}
	for _, leaf := range attested.Statement.Declaration.(*proof.ErasureDeclared).Leaves {
		if _, missing := w.withoutRow[leaf]; missing {
			delete(w.withoutRow, leaf)
			w.counts.Erased++
			continue
		}
		err := w.found(Finding{
			Kind: Changed, Table: "statement", Row: strconv.FormatInt(leaf, 10), Leaf: leaf,
			Detail: fmt.Sprintf("leaf %d says that it was erased; it stands, or was named before", seq),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// grow adds a leaf to the tree and compares the hashes that are kept for it. Where record and kept hash differ, the one
// that the statement speaks for goes on, so that one change is named once.
func (w *walk) grow(b *batch, seq int64, j *judged) error {
	from := tlog.StoredHashIndex(0, seq)
	kept, there := b.hashes[from]
	record := j.hash
	if !j.vouched && there && len(kept) == tlog.HashSize && !sameHash(kept, j.hash) {
		if record = tlog.Hash(kept); j.there {
			err := w.found(Finding{
				Kind: Changed, Table: "leaf", Row: strconv.FormatInt(seq, 10), Column: "record", Leaf: seq, Detail: "is not the record that its hash was made of",
			})
			if err != nil {
				return err
			}
		}
	} else if !j.there {
		w.torn = true
	}
	if w.torn {
		return nil
	}
	grown, wanted := w.edge.grow(seq, record)
	w.edge = grown
	for i, hash := range wanted {
		position := from + int64(i)
		kept, there := b.hashes[position]
		f := Finding{Table: "tlog_hash", Row: strconv.FormatInt(position, 10), Column: "hash", Leaf: seq}
		switch {
		case !there:
			f.Kind, f.Column, f.Detail = Missing, "", "its leaf stands"
		case !sameHash(kept, hash):
			f.Kind, f.Detail = Changed, "is not the hash of what lies below it"
		default:
			continue
		}
		if err := w.found(f); err != nil {
			return err
		}
	}
	return nil
}

// emptyRoot is the root of a log without leaves (RFC 6962, section 2.1).
var emptyRoot = tlog.Hash(sha256.Sum256(nil))
