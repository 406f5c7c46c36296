package evidence

import (
	"fmt"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// FindingKind says in what way the database and its log disagree; the zero value is unknown.
type FindingKind string

// The kinds of findings.
const (
	Changed    FindingKind = "changed"    // the row says something else than its statement, or than the log
	Missing    FindingKind = "missing"    // the row is gone while what it belongs to stands
	Unattested FindingKind = "unattested" // the row stands and nothing in the log made it
	Rewritten  FindingKind = "rewritten"  // a checkpoint or a receipt knows another log
	Truncated  FindingKind = "truncated"  // a checkpoint or a receipt knows a longer log
	Unsigned   FindingKind = "unsigned"   // a checkpoint that the school's key did not sign
	Unusable   FindingKind = "unusable"   // a given file that cannot be compared
	Raised     FindingKind = "raised"     // a mode that the log does not explain
)

// Finding is one disagreement. It holds ids, names of tables and columns and numbers of leaves, and nothing that a row
// says.
type Finding struct {
	Kind   FindingKind
	Table  string
	Row    string // the row's id or number in its table, or the name of a given file
	Column string // empty: the row as a whole
	Leaf   int64  // the leaf it is about; NoLeaf where there is none
	Pupil  id.Pupil
	Detail string
}

// NoLeaf stands where a finding is about no leaf.
const NoLeaf = -1

// Found takes findings as they come, so that a log full of them takes no memory. An error ends the inspection.
type Found func(Finding) error

// Attested is a statement that the log vouches for.
type Attested struct {
	ID        id.Statement
	Leaf      int64
	At        time.Time
	Statement proof.Statement
	Private   *proof.Private // nil where the kind has none, or where it is not the one that the statement names
}

// Batch is a run of leaves with the statements that stand and that the log vouches for, in the order of the log.
type Batch struct {
	First, Next int64 // leaves from First to before Next
	Statements  []Attested
}

// Rows are the rows that statements of some kinds have their effect in. A domain implements it for its own, and one
// value serves one inspection.
type Rows interface {
	// Compare judges the rows of a batch's statements. Batches come in the order of the log; it asks a fixed number of
	// queries for each.
	Compare(tx *db.Tx, batch Batch, found Found) error
	// Finish judges what only the whole log tells, such as rows that no statement made.
	Finish(tx *db.Tx, found Found) error
}

// Row compares one row with what its statement says.
type Row struct {
	Table string
	ID    string
	Leaf  int64
	Pupil id.Pupil
	Found Found
	err   error
}

// Same names the column unless both are equal. Neither value is told.
func Same[T comparable](r *Row, column string, stated, stored T) {
	if stated != stored {
		r.Differs(column, "is not what the statement says")
	}
}

// SameOrNone is Same for a column that holds NULL where the statement says nothing.
func SameOrNone[T comparable](r *Row, column string, stated T, stored *T) {
	var nothing T
	switch {
	case stored == nil && stated == nothing:
	case stored == nil || stated != *stored || stated == nothing:
		r.Differs(column, "is not what the statement says")
	}
}

// Differs names the column.
func (r *Row) Differs(column, detail string) {
	if r.err == nil {
		r.err = r.Found(Finding{Kind: Changed, Table: r.Table, Row: r.ID, Column: column, Leaf: r.Leaf, Pupil: r.Pupil, Detail: detail})
	}
}

// Gone says that the row is missing while its statement stands.
func (r *Row) Gone() {
	if r.err == nil {
		r.err = r.Found(Finding{Kind: Missing, Table: r.Table, Row: r.ID, Leaf: r.Leaf, Pupil: r.Pupil, Detail: "its statement stands"})
	}
}

// Unattested says that no statement made the row.
func (r *Row) Unattested() {
	if r.err == nil {
		r.err = r.Found(Finding{Kind: Unattested, Table: r.Table, Row: r.ID, Leaf: r.Leaf, Pupil: r.Pupil, Detail: "no statement in the log made it"})
	}
}

// Err is the first error of Found.
func (r *Row) Err() error { return r.err }

// String is the finding as one line.
func (f Finding) String() string {
	place := f.Table
	if f.Column != "" {
		place += "." + f.Column
	}
	line := fmt.Sprintf("%s: %s %s", f.Kind, place, f.Row)
	if f.Leaf != NoLeaf {
		line += fmt.Sprintf(", leaf %d", f.Leaf)
	}
	if f.Pupil != "" {
		line += fmt.Sprintf(", pupil %s", f.Pupil)
	}
	return line + ": " + f.Detail
}
