package hold

import (
	"maps"
	"slices"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// rows compares holds with their statements. It remembers those that are settled and whose settling has not come up yet.
type rows struct {
	log     *evidence.Log
	settled map[id.Hold]evidence.Row
}

// NewRows are the holds for one inspection of the log.
func NewRows(log *evidence.Log) evidence.Rows {
	return &rows{log: log, settled: map[id.Hold]evidence.Row{}}
}

// Compare is that of evidence.Rows.
func (r *rows) Compare(tx *db.Tx, batch evidence.Batch, found evidence.Found) error {
	var wanted []id.Hold
	for _, a := range batch.Statements {
		if d, ok := a.Statement.Declaration.(*proof.HoldDeclared); ok {
			wanted = append(wanted, d.Hold)
		}
	}
	stored, err := findAll(tx, wanted)
	if err != nil {
		return err
	}
	for _, a := range batch.Statements {
		d, ok := a.Statement.Declaration.(*proof.HoldDeclared)
		if !ok {
			continue
		}
		made := &evidence.Row{Table: "hold", ID: string(d.Hold), Leaf: a.Leaf, Pupil: d.Pupil, Found: found}
		if row, ok := stored[d.Hold]; ok {
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

func (r *rows) compare(made *evidence.Row, stored row, a evidence.Attested, d *proof.HoldDeclared) {
	by := a.Statement.Server.(*proof.MeasureServer).By
	evidence.Same(made, "pupil_id", d.Pupil, stored.PupilID)
	evidence.Same(made, "kind", d.Kind, string(stored.Kind))
	switch d.Act {
	case "placed":
		evidence.Same(made, "leaf_seq", a.Leaf, stored.LeafSeq)
		evidence.Same(made, "placed_by", by, stored.PlacedBy)
		evidence.Same(made, "placed_at", a.At.UnixMicro(), stored.PlacedAt)
		if stored.SettledBy != nil || stored.SettledAt != nil {
			r.settled[d.Hold] = *made
		}
	case "settled":
		delete(r.settled, d.Hold)
		evidence.SameOrNone(made, "settled_by", by, stored.SettledBy)
		evidence.SameOrNone(made, "settled_at", a.At.UnixMicro(), stored.SettledAt)
	}
}

// Finish is that of evidence.Rows.
func (r *rows) Finish(tx *db.Tx, found evidence.Found) error {
	for _, over := range slices.Sorted(maps.Keys(r.settled)) {
		row := r.settled[over]
		row.Differs("settled_at", "no statement settled it")
		if err := row.Err(); err != nil {
			return err
		}
	}
	makes := func(s proof.Statement) string {
		if d, ok := s.Declaration.(*proof.HoldDeclared); ok && d.Act == "placed" {
			return string(d.Hold)
		}
		return ""
	}
	page := func(after string, most int) ([]evidence.Claim, error) { return claims(tx, after, most) }
	return r.log.Unmade(tx, "hold", makes, page, found)
}
