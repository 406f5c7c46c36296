package school

import (
	"maps"
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// rows compares guardianships with the last statement about each. It remembers those that differ from a statement until
// a later one explains it.
type rows struct {
	differ map[id.Guardianship][]evidence.Finding
}

// NewRows are the guardianships for one inspection of the log: those that statements are about. The others came with a
// class list (see Guardianship.Listed).
func NewRows() evidence.Rows { return &rows{differ: map[id.Guardianship][]evidence.Finding{}} }

// Compare is that of evidence.Rows.
func (r *rows) Compare(tx *db.Tx, batch evidence.Batch, _ evidence.Found) error {
	var wanted []id.Guardianship
	for _, a := range batch.Statements {
		if d, ok := a.Statement.Declaration.(*proof.CustodyDeclared); ok {
			wanted = append(wanted, d.Before.ID, d.After.ID)
		}
	}
	stored, err := findGuardianshipsByID(tx, wanted)
	if err != nil {
		return err
	}
	for _, a := range batch.Statements {
		d, ok := a.Statement.Declaration.(*proof.CustodyDeclared)
		if !ok {
			continue
		}
		r.compare(stored, d, d.After, a.Leaf, d.After)
		if d.Before.ID != d.After.ID {
			r.compare(stored, d, d.Before, a.Leaf, d.After)
		}
	}
	return nil
}

// compare keeps how a guardianship differs from a state of a statement. Where it made room for a new one, its days are
// what that left of them (see renew).
func (r *rows) compare(stored map[id.Guardianship]guardianshipRow, d *proof.CustodyDeclared, state proof.CustodyState, leaf int64, after proof.CustodyState) {
	var findings []evidence.Finding
	keep := func(f evidence.Finding) error {
		findings = append(findings, f)
		return nil
	}
	made := &evidence.Row{Table: "guardianship", ID: string(state.ID), Leaf: leaf, Pupil: d.Pupil, Found: keep}
	row, ok := stored[state.ID]
	if !ok {
		made.Gone()
		r.differ[state.ID] = findings
		return
	}
	evidence.Same(made, "pupil_id", d.Pupil, row.PupilID)
	evidence.Same(made, "guardian_id", d.Guardian, row.GuardianID)
	evidence.Same(made, "relation", state.Relation, string(row.Relation))
	evidence.Same(made, "custody", state.Custody, string(row.Custody))
	evidence.Same(made, "basis", state.Basis, string(row.Basis))
	evidence.Same(made, "prevented", state.Prevented, row.Prevented)
	evidence.Same(made, "disputed", state.Disputed, row.Disputed)
	days := calendar.Period{From: row.FromOn, Until: row.UntilOn}
	if state.ID == after.ID {
		evidence.Same(made, "from_on", state.From, days.From)
		evidence.Same(made, "until_on", state.Until, days.Until)
	} else {
		madeRoom(made, state, days, after.From)
	}
	if len(findings) == 0 {
		delete(r.differ, state.ID)
		return
	}
	r.differ[state.ID] = findings
}

// madeRoom compares the days of a guardianship that a new one has replaced on the day.
func madeRoom(made *evidence.Row, before proof.CustodyState, days calendar.Period, day calendar.Date) {
	if before.From == day {
		if !days.IsEmpty() || !days.From.Before(day) {
			made.Differs("from_on", "began on the day on which it was replaced, and holds days")
		}
		return
	}
	until := before.Until
	if !until.Before(day) {
		until = day.AddDays(-1)
	}
	evidence.Same(made, "from_on", before.From, days.From)
	evidence.Same(made, "until_on", until, days.Until)
}

// Finish is that of evidence.Rows.
func (r *rows) Finish(_ *db.Tx, found evidence.Found) error {
	for _, guardianship := range slices.Sorted(maps.Keys(r.differ)) {
		for _, f := range r.differ[guardianship] {
			if err := found(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// Listed is a guardianship that no statement is about as a class list made it, with the columns that say something else:
// nothing but a statement ends custody or marks it.
func (g Guardianship) Listed() (listed Guardianship, differ []string) {
	listed = g
	listed.Custody, listed.Basis, listed.Prevented, listed.Disputed, listed.Period.Until = JointCustody, Assumed, false, false, calendar.Date{}
	for _, column := range []struct {
		name  string
		other bool
	}{
		{"custody", g.Custody != listed.Custody}, {"basis", g.Basis != listed.Basis}, {"prevented", g.Prevented},
		{"disputed", g.Disputed}, {"until_on", !g.Period.Until.IsZero()},
	} {
		if column.other {
			differ = append(differ, column.name)
		}
	}
	return listed, differ
}
