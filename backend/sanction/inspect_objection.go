package sanction

import (
	"maps"
	"slices"
	"strings"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// objectionRows compares objections with their statements. It remembers those that have an answer no statement gave yet.
type objectionRows struct {
	log      *evidence.Log
	answered map[id.Objection]answered
}

type answered struct {
	row     evidence.Row
	columns []string
}

// NewObjectionRows are the objections for one inspection of the log.
func NewObjectionRows(log *evidence.Log) evidence.Rows {
	return &objectionRows{log: log, answered: map[id.Objection]answered{}}
}

// Compare is that of evidence.Rows.
func (r *objectionRows) Compare(tx *db.Tx, batch evidence.Batch, found evidence.Found) error {
	var wanted []id.Objection
	for _, a := range batch.Statements {
		if d, ok := a.Statement.Declaration.(*proof.ObjectionDeclared); ok {
			wanted = append(wanted, d.Objection)
		}
	}
	stored, err := findObjections(tx, wanted)
	if err != nil {
		return err
	}
	for _, a := range batch.Statements {
		d, ok := a.Statement.Declaration.(*proof.ObjectionDeclared)
		if !ok {
			continue
		}
		made := &evidence.Row{Table: "sanction_objection", ID: string(d.Objection), Leaf: a.Leaf, Pupil: d.Pupil, Found: found}
		if row, ok := stored[d.Objection]; ok {
			r.compare(made, row, a, d)
		} else {
			made.Gone()
		}
		if err := made.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (r *objectionRows) compare(made *evidence.Row, stored objectionRow, a evidence.Attested, d *proof.ObjectionDeclared) {
	evidence.Same(made, "sanction_id", d.Sanction, stored.SanctionID)
	evidence.Same(made, "pupil_id", d.Pupil, stored.PupilID)
	evidence.Same(made, "person_kind", d.Person.Kind, stored.PersonKind)
	evidence.Same(made, "person_id", d.Person.ID, stored.PersonID)
	if d.Act == "received" {
		evidence.Same(made, "leaf_seq", a.Leaf, stored.LeafSeq)
		evidence.Same(made, "received_at", a.At.UnixMicro(), stored.ReceivedAt)
		if columns := stored.answer(); len(columns) > 0 {
			r.answered[d.Objection] = answered{*made, columns}
		}
		return
	}
	delete(r.answered, d.Objection)
	evidence.SameOrNone(made, "outcome", Outcome(d.Act), stored.Outcome)
	evidence.SameOrNone(made, "next_instance", Instance(d.NextInstance), stored.NextInstance)
	evidence.SameOrNone(made, "answered_by", a.Statement.Server.(*proof.ObjectionServer).By, stored.AnsweredBy)
	evidence.SameOrNone(made, "answered_at", a.At.UnixMicro(), stored.AnsweredAt)
}

// answer names the columns that hold an answer, or a part of one.
func (r objectionRow) answer() (columns []string) {
	for column, set := range map[string]bool{
		"outcome": r.Outcome != nil, "next_instance": r.NextInstance != nil, "answered_by": r.AnsweredBy != nil, "answered_at": r.AnsweredAt != nil,
	} {
		if set {
			columns = append(columns, column)
		}
	}
	slices.Sort(columns)
	return columns
}

// Finish is that of evidence.Rows.
func (r *objectionRows) Finish(tx *db.Tx, found evidence.Found) error {
	for _, over := range slices.Sorted(maps.Keys(r.answered)) {
		row := r.answered[over].row
		row.Differs(strings.Join(r.answered[over].columns, ", "), "no statement answered it")
		if err := row.Err(); err != nil {
			return err
		}
	}
	makes := func(s proof.Statement) string {
		if d, ok := s.Declaration.(*proof.ObjectionDeclared); ok && d.Act == "received" {
			return string(d.Objection)
		}
		return ""
	}
	page := func(after string, most int) ([]evidence.Claim, error) { return objectionClaims(tx, after, most) }
	return r.log.Unmade(tx, "sanction_objection", makes, page, found)
}
