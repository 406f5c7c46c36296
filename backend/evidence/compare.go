package evidence

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// compareAt compares, at one size of the log, everything that knows a log of that size.
func (w *walk) compareAt(size int64, b *batch) error {
	for len(w.outside) > 0 && w.outside[0].checkpoint.Size == size {
		if err := w.compareOutside(w.outside[0]); err != nil {
			return err
		}
		w.outside = w.outside[1:]
	}
	for len(b.checkpoints) > 0 && b.checkpoints[0].Size == size {
		if err := w.compareKept(b.checkpoints[0]); err != nil {
			return err
		}
		b.checkpoints = b.checkpoints[1:]
	}
	return nil
}

// compareOutside compares what left the house. A receipt's own leaf is read again: it lies below its checkpoint's size.
func (w *walk) compareOutside(known witness) error {
	rewritten := Finding{Kind: Rewritten, Table: "file", Row: known.name, Leaf: known.leaf}
	if known.leaf != NoLeaf {
		leaves, err := leavesAt(w.tx, []int64{known.leaf})
		if err != nil {
			return err
		}
		if len(leaves) == 0 || !bytes.Equal(leaves[0].Record, known.record) {
			rewritten.Detail = fmt.Sprintf("it was handed out with another leaf %d", known.leaf)
			if err := w.found(rewritten); err != nil {
				return err
			}
		}
	}
	if w.torn || w.edge.root() == known.checkpoint.Root {
		return nil
	}
	rewritten.Detail = fmt.Sprintf("it knows another log of %d leaves", known.checkpoint.Size)
	return w.found(rewritten)
}

// compareKept compares a checkpoint of the database with the log, with its own columns and with the key.
func (w *walk) compareKept(row checkpointRow) error {
	w.counts.Checkpoints++
	f := Finding{Kind: Changed, Table: "checkpoint", Row: strconv.FormatInt(row.Size, 10), Column: "note", Leaf: NoLeaf}
	var wrong []Finding
	add := func(kind FindingKind, column, detail string) {
		f.Kind, f.Column, f.Detail = kind, column, detail
		wrong = append(wrong, f)
	}
	checkpoint, err := openCheckpoint(w.key, row.Note)
	switch {
	case err != nil && checkpoint.Origin != "":
		add(Unsigned, "note", "was not signed by the given key, or was changed")
	case err != nil:
		add(Changed, "note", readable(err))
	default:
		if checkpoint.Origin != w.origin {
			add(Changed, "note", "is about another log")
		}
		if checkpoint.Size != row.Size {
			add(Changed, "size", "is not that of the note")
		} else if !w.torn && checkpoint.Root != w.edge.root() {
			add(Rewritten, "note", fmt.Sprintf("it knows another log of %d leaves", row.Size))
		}
		if checkpoint.At.UnixMicro() != row.SignedAt {
			add(Changed, "signed_at", "is not that of the note")
		}
	}
	for _, f := range wrong {
		if err := w.found(f); err != nil {
			return err
		}
	}
	return nil
}

// compareHead compares what the next append would go on from.
func (w *walk) compareHead(head logHead) error {
	f := Finding{Kind: Changed, Table: "log_head", Row: string(w.tx.School), Leaf: NoLeaf}
	if _, err := parseEdge(head.Size, head.Edge); err != nil {
		f.Column, f.Detail = "size", "does not fit its edge"
		return w.found(f)
	}
	last := w.last
	if w.size == 0 {
		last = 0
	}
	if head.At != last && !w.torn {
		f.Column, f.Detail = "at", "is not the instant of the last leaf"
		if err := w.found(f); err != nil {
			return err
		}
	}
	if w.torn || bytes.Equal(head.Edge, w.edge.bytes()) {
		return nil
	}
	f.Column, f.Detail = "edge", "is not that of the leaves"
	return w.found(f)
}

// finish names what the whole walk shows.
func (w *walk) finish() error {
	for _, known := range w.outside {
		err := w.found(Finding{
			Kind: Truncated, Table: "file", Row: known.name, Leaf: known.leaf,
			Detail: fmt.Sprintf("it knows a log of %d leaves, and there are %d", known.checkpoint.Size, w.size),
		})
		if err != nil {
			return err
		}
	}
	if err := w.strays(); err != nil {
		return err
	}
	lost := make([]int64, 0, len(w.withoutRow))
	for leaf, isThere := range w.withoutRow {
		if isThere {
			lost = append(lost, leaf)
		}
	}
	slices.Sort(lost)
	for _, leaf := range lost {
		err := w.found(Finding{
			Kind: Missing, Table: "statement", Row: strconv.FormatInt(leaf, 10), Leaf: leaf, Detail: "no erasure names its leaf",
		})
		if err != nil {
			return err
		}
	}
	for _, rows := range w.Rows {
		if err := rows.Finish(w.tx, w.found); err != nil {
			return err
		}
	}
	return nil
}

// strays names rows beside the log: beyond its head, or with numbers that no leaf has.
func (w *walk) strays() error {
	for _, beside := range []struct {
		table, query string
		end          int64
		kind         FindingKind
		detail       string
	}{
		{"leaf", strayLeaves, w.size, Unattested, "the log's head does not know it"},
		{"statement", strayStatements, w.size, Unattested, "no leaf of the log commits to it"},
		{"tlog_hash", strayHashes, tlog.StoredHashIndex(0, w.size), Unattested, "no leaf of the log belongs to it"},
		{"checkpoint", strayCheckpoints, w.size, Truncated, fmt.Sprintf("it knows a longer log, and there are %d leaves", w.size)},
	} {
		rows, err := strays(w.tx, beside.query, beside.end, mostStray)
		if err != nil {
			return err
		}
		for _, row := range rows {
			name := string(row.ID)
			if name == "" {
				name = strconv.FormatInt(row.Number, 10)
			}
			if err := w.found(Finding{Kind: beside.kind, Table: beside.table, Row: name, Leaf: NoLeaf, Detail: beside.detail}); err != nil {
				return err
			}
		}
	}
	return nil
}
