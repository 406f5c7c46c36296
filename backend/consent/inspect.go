package consent

import (
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// rows compares decisions, invalidations, versions and their texts with their statements. It remembers the versions.
type rows struct {
	log      *evidence.Log
	size     int64
	versions map[id.Version]bool
}

// NewRows are this package's rows for one inspection of the log. Confirmations of what a teacher received are not among
// them: they change no mode and leave an audit entry alone.
func NewRows(log *evidence.Log) evidence.Rows {
	return &rows{log: log, versions: map[id.Version]bool{}}
}

// Compare is that of evidence.Rows.
func (r *rows) Compare(tx *db.Tx, batch evidence.Batch, found evidence.Found) error {
	r.size = batch.Next
	if err := r.compareDecisions(tx, batch, found); err != nil {
		return err
	}
	if err := r.compareInvalidations(tx, batch, found); err != nil {
		return err
	}
	return r.compareVersions(tx, batch, found)
}

// compareDecisions takes the rows of the batch's leaves, and by their ids those that stand elsewhere.
func (r *rows) compareDecisions(tx *db.Tx, batch evidence.Batch, found evidence.Found) error {
	stored, err := decisionsBetween(tx, batch.First, batch.Next)
	if err != nil {
		return err
	}
	byID := make(map[id.Decision]*decisionRow, len(stored))
	for i := range stored {
		byID[stored[i].ID] = &stored[i]
	}
	var moved []evidence.Attested
	var wanted []id.Decision
	for _, a := range batch.Statements {
		server, ok := a.Statement.Server.(*proof.DecisionServer)
		if !ok {
			continue
		}
		row, ok := byID[server.Decision]
		if !ok {
			moved, wanted = append(moved, a), append(wanted, server.Decision)
			continue
		}
		delete(byID, server.Decision)
		if err := compareDecision(row, a, found); err != nil {
			return err
		}
	}
	elsewhere, err := decisionsByID(tx, wanted)
	if err != nil {
		return err
	}
	if err := compareMoved(moved, elsewhere, found); err != nil {
		return err
	}
	for i := range stored {
		if _, left := byID[stored[i].ID]; !left {
			continue
		}
		if err := unattested(&stored[i], found); err != nil {
			return err
		}
	}
	return nil
}

func compareMoved(statements []evidence.Attested, stored []decisionRow, found evidence.Found) error {
	byID := make(map[id.Decision]*decisionRow, len(stored))
	for i := range stored {
		byID[stored[i].ID] = &stored[i]
	}
	for _, a := range statements {
		if err := compareDecision(byID[a.Statement.Server.(*proof.DecisionServer).Decision], a, found); err != nil {
			return err
		}
	}
	return nil
}

func unattested(row *decisionRow, found evidence.Found) error {
	made := &evidence.Row{Table: "decision", ID: string(row.ID), Leaf: row.LeafSeq, Pupil: row.PupilID, Found: found}
	made.Unattested()
	return made.Err()
}

// compareDecision compares every column; row is nil where there is none.
func compareDecision(row *decisionRow, a evidence.Attested, found evidence.Found) error {
	d, s := a.Statement.Declaration.(*proof.DecisionDeclared), a.Statement.Server.(*proof.DecisionServer)
	made := &evidence.Row{Table: "decision", ID: string(s.Decision), Leaf: a.Leaf, Pupil: d.Pupil, Found: found}
	if row == nil {
		made.Gone()
		return made.Err()
	}
	evidence.Same(made, "leaf_seq", a.Leaf, row.LeafSeq)
	evidence.Same(made, "statement_id", a.ID, row.StatementID)
	evidence.Same(made, "purpose", d.Purpose, string(row.Purpose))
	evidence.Same(made, "pupil_id", d.Pupil, row.PupilID)
	evidence.Same(made, "person_kind", d.Person.Kind, row.PersonKind)
	evidence.Same(made, "person_id", d.Person.ID, row.PersonID)
	evidence.SameOrNone(made, "guardianship_id", s.Guardianship, row.GuardianshipID)
	evidence.SameOrNone(made, "schooling_id", s.Schooling, row.SchoolingID)
	kind := Withdrawal
	if d.Answer != "" {
		kind = Answer
	}
	evidence.Same(made, "kind", kind, row.Kind)
	evidence.SameOrNone(made, "answer", d.Answer, row.Answer)
	evidence.SameOrNone(made, "extent", Extent(d.Extent), row.Extent)
	evidence.SameOrNone(made, "version_id", d.FormVersion, row.VersionID)
	evidence.SameOrNone(made, "edition", s.Edition, row.Edition)
	evidence.SameOrNone(made, "language", d.Language, row.Language)
	evidence.SameOrNone(made, "text_sha256", d.TextSHA256, row.TextSha256)
	evidence.SameOrNone(made, "relation", Relation(d.Relation), row.Relation)
	evidence.Same(made, "channel", s.Channel, string(row.Channel))
	evidence.SameOrNone(made, "means", s.Means, row.Means)
	evidence.SameOrNone(made, "session_id", s.Session, row.SessionID)
	evidence.SameOrNone(made, "recorded_by", s.RecordedBy, row.RecordedBy)
	evidence.SameOrNone(made, "second_by", s.SecondBy, row.SecondBy)
	evidence.SameOrNone(made, "signature_kind", signatureOf(a.Private), row.SignatureKind)
	evidence.SameOrNone(made, "after_id", d.After, row.AfterID)
	evidence.Same(made, "received_at", s.ReceivedAt.UnixMicro(), row.ReceivedAt)
	evidence.Same(made, "recorded_at", s.RecordedAt.UnixMicro(), row.RecordedAt)
	return made.Err()
}

func signatureOf(private *proof.Private) SignatureKind {
	if private == nil || private.Signature == nil {
		return ""
	}
	return SignatureKind(private.Signature.Kind)
}

func (r *rows) compareInvalidations(tx *db.Tx, batch evidence.Batch, found evidence.Found) error {
	var wanted []id.Decision
	for _, a := range batch.Statements {
		if d, ok := a.Statement.Declaration.(*proof.InvalidationDeclared); ok {
			wanted = append(wanted, d.Decision)
		}
	}
	stored, err := invalidationsOf(tx, wanted)
	if err != nil {
		return err
	}
	var gone []id.Decision
	for _, decision := range wanted {
		if _, ok := stored[decision]; !ok {
			gone = append(gone, decision)
		}
	}
	about, err := decisionsByID(tx, gone)
	if err != nil {
		return err
	}
	for _, decision := range about {
		stored[decision.ID] = invalidatedRow{PupilID: decision.PupilID}
	}
	for _, a := range batch.Statements {
		d, ok := a.Statement.Declaration.(*proof.InvalidationDeclared)
		if !ok {
			continue
		}
		row := stored[d.Decision]
		made := &evidence.Row{Table: "invalidation", ID: string(d.Decision), Leaf: a.Leaf, Pupil: row.PupilID, Found: found}
		if row.Row.DecisionID != "" {
			evidence.Same(made, "leaf_seq", a.Leaf, row.Row.LeafSeq)
			evidence.Same(made, "reason", d.Reason, string(row.Row.Reason))
			evidence.Same(made, "author", d.Author, row.Row.Author)
			evidence.Same(made, "recorded_at", a.At.UnixMicro(), row.Row.RecordedAt)
		} else {
			made.Gone()
		}
		if err := made.Err(); err != nil {
			return err
		}
	}
	return nil
}

// mostBeside is how many decisions beside the log are named one by one.
const mostBeside = 100

// Finish is that of evidence.Rows.
func (r *rows) Finish(tx *db.Tx, found evidence.Found) error {
	beside, err := decisionsBeside(tx, r.size, mostBeside)
	if err != nil {
		return err
	}
	for i := range beside {
		if err := unattested(&beside[i], found); err != nil {
			return err
		}
	}
	makes := func(s proof.Statement) string {
		if d, ok := s.Declaration.(*proof.InvalidationDeclared); ok {
			return string(d.Decision)
		}
		return ""
	}
	page := func(after string, most int) ([]evidence.Claim, error) { return invalidationClaims(tx, after, most) }
	if err := r.log.Unmade(tx, "invalidation", makes, page, found); err != nil {
		return err
	}
	return r.finishVersions(tx, found)
}
