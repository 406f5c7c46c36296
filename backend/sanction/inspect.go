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

// rows compares sanctions with their statements. It remembers those that are over and whose end has not come up yet.
type rows struct {
	log   *evidence.Log
	ended map[id.Sanction]evidence.Row
}

// NewRows are the sanctions for one inspection of the log.
func NewRows(log *evidence.Log) evidence.Rows {
	return &rows{log: log, ended: map[id.Sanction]evidence.Row{}}
}

// Compare is that of evidence.Rows.
func (r *rows) Compare(tx *db.Tx, batch evidence.Batch, found evidence.Found) error {
	var wanted []id.Sanction
	for _, a := range batch.Statements {
		if d, ok := a.Statement.Declaration.(*proof.SanctionDeclared); ok {
			wanted = append(wanted, d.Sanction)
		}
	}
	stored, err := findAll(tx, wanted)
	if err != nil {
		return err
	}
	for _, a := range batch.Statements {
		d, ok := a.Statement.Declaration.(*proof.SanctionDeclared)
		if !ok {
			continue
		}
		made := &evidence.Row{Table: "sanction", ID: string(d.Sanction), Leaf: a.Leaf, Pupil: d.Pupil, Found: found}
		if row, ok := stored[d.Sanction]; ok {
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

func (r *rows) compare(made *evidence.Row, stored row, a evidence.Attested, d *proof.SanctionDeclared) {
	by := a.Statement.Server.(*proof.MeasureServer).By
	evidence.Same(made, "pupil_id", d.Pupil, stored.PupilID)
	evidence.Same(made, "measure", d.Measure, string(stored.Measure))
	evidence.Same(made, "rule_key", d.RuleKey, stored.RuleKey)
	evidence.Same(made, "rules_version", d.RulesVersion, stored.RulesVersion)
	evidence.Same(made, "from_on", d.From, stored.FromOn)
	evidence.Same(made, "until_on", d.Until, stored.UntilOn)
	evidence.Same(made, "kind", d.Kind, string(stored.Kind))
	switch d.Act {
	case "imposed":
		evidence.Same(made, "heard", strings.Join(d.Heard, " "), stored.Heard)
		evidence.SameOrNone(made, "noted_on", d.NotedOn, stored.NotedOn)
		evidence.Same(made, "leaf_seq", a.Leaf, stored.LeafSeq)
		evidence.Same(made, "decided_by", by, stored.DecidedBy)
		evidence.Same(made, "decided_at", a.At.UnixMicro(), stored.DecidedAt)
		if stored.EndedBy != nil || stored.EndedAt != nil {
			r.ended[d.Sanction] = *made
		}
	case "ended":
		delete(r.ended, d.Sanction)
		evidence.SameOrNone(made, "ended_by", by, stored.EndedBy)
		evidence.SameOrNone(made, "ended_at", a.At.UnixMicro(), stored.EndedAt)
	}
}

// Finish is that of evidence.Rows.
func (r *rows) Finish(tx *db.Tx, found evidence.Found) error {
	for _, over := range slices.Sorted(maps.Keys(r.ended)) {
		row := r.ended[over]
		row.Differs("ended_at", "no statement ended it")
		if err := row.Err(); err != nil {
			return err
		}
	}
	makes := func(s proof.Statement) string {
		if d, ok := s.Declaration.(*proof.SanctionDeclared); ok && d.Act == "imposed" {
			return string(d.Sanction)
		}
		return ""
	}
	page := func(after string, most int) ([]evidence.Claim, error) { return claims(tx, after, most) }
	return r.log.Unmade(tx, "sanction", makes, page, found)
}
