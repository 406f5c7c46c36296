package consent

import (
	"database/sql"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
)

type decisionRow struct {
	SchoolID       id.School
	ID             id.Decision
	LeafSeq        int64
	StatementID    id.Statement
	Purpose        Purpose
	PupilID        id.Pupil
	PersonKind     id.PersonKind
	PersonID       string
	GuardianshipID *id.Guardianship
	SchoolingID    *id.Schooling
	Kind           Kind
	Answer         *string
	Extent         *Extent
	VersionID      *id.Version
	Edition        *int
	Language       *string
	TextSha256     *string
	Relation       *Relation
	Channel        Channel
	RecordedBy     *id.Account
	SecondBy       *id.Account
	SignatureKind  *SignatureKind
	AfterID        *id.Decision
	ReceivedAt     int64
	RecordedAt     int64
	Means          *proof.Means
	SessionID      *id.Session
}

func (decisionRow) TableName() string { return "decision" }

func orNil[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func insertDecision(tx *db.Tx, x Decision) error {
	row := decisionRow{
		SchoolID: tx.School, ID: x.ID, LeafSeq: x.Leaf, StatementID: x.Statement, Purpose: VideoConference, PupilID: x.Pupil,
		PersonKind: x.Person.Kind, PersonID: x.Person.ID, GuardianshipID: orNil(x.Guardianship), SchoolingID: orNil(x.Schooling),
		Kind: x.Kind, Extent: orNil(x.Extent), VersionID: orNil(x.Version), Edition: orNil(x.Edition), Language: orNil(x.Language),
		TextSha256: orNil(x.TextSHA256), Relation: orNil(x.Relation), Channel: x.Channel, RecordedBy: orNil(x.RecordedBy),
		SecondBy: orNil(x.SecondBy), SignatureKind: orNil(x.HasSignature), AfterID: orNil(x.After),
		ReceivedAt: x.ReceivedAt.UnixMicro(), RecordedAt: x.RecordedAt.UnixMicro(), Means: orNil(x.Means), SessionID: orNil(x.Session),
	}
	if x.Kind == Answer {
		row.Answer = orNil(x.Answer.String())
	}
	_, err := db.Exec(tx, insertDecisionText, row.SchoolID, row.ID, row.LeafSeq, row.StatementID, row.Purpose, row.PupilID, row.PersonKind,
		row.PersonID, row.GuardianshipID, row.SchoolingID, row.Kind, row.Answer, row.Extent, row.VersionID, row.Edition, row.Language,
		row.TextSha256, row.Relation, row.Channel, row.RecordedBy, row.SecondBy, row.SignatureKind, row.AfterID, row.ReceivedAt,
		row.RecordedAt, row.Means, row.SessionID)
	return err
}

const insertDecisionText = `INSERT INTO decision (school_id, id, leaf_seq, statement_id, purpose, pupil_id, person_kind,
	person_id, guardianship_id, schooling_id, kind, answer, extent, version_id, edition, language,
	text_sha256, relation, channel, recorded_by, second_by, signature_kind, after_id, received_at,
	recorded_at, means, session_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// What is null comes as the zero value.
const listText = `SELECT decision.id, decision.leaf_seq, decision.statement_id, decision.pupil_id, decision.person_kind,
	decision.person_id, COALESCE(decision.guardianship_id, ''), COALESCE(decision.schooling_id, ''), decision.kind,
	COALESCE(decision.answer, ''), COALESCE(decision.extent, ''), COALESCE(decision.version_id, ''),
	COALESCE(decision.edition, 0), COALESCE(decision.language, ''), COALESCE(decision.text_sha256, ''),
	COALESCE(decision.relation, ''), decision.channel, COALESCE(decision.recorded_by, ''),
	COALESCE(decision.second_by, ''), COALESCE(decision.signature_kind, ''), COALESCE(decision.after_id, ''),
	decision.received_at, decision.recorded_at, COALESCE(decision.means, ''), COALESCE(decision.session_id, ''),
	confirmation.confirmed_at IS NOT NULL, invalidation.leaf_seq IS NOT NULL, COALESCE(invalidation.leaf_seq, 0),
	COALESCE(invalidation.reason, ''), COALESCE(invalidation.author, ''), COALESCE(invalidation.recorded_at, 0)
	FROM decision
	LEFT JOIN invalidation ON invalidation.school_id = decision.school_id AND invalidation.decision_id = decision.id
	LEFT JOIN confirmation ON confirmation.school_id = decision.school_id AND confirmation.decision_id = decision.id
	WHERE decision.school_id = ? AND decision.purpose = ? AND `

// decisionsOf reads all decisions for the pupils, in the order of the log, in one query.
func decisionsOf(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil][]Decision, error) {
	marks, values := db.Marks(pupils)
	rows, err := listDecisions(tx, "decision.pupil_id IN "+marks, values...)
	found := make(map[id.Pupil][]Decision, len(pupils))
	for _, d := range rows {
		found[d.Pupil] = append(found[d.Pupil], d)
	}
	return found, err
}

func findDecision(tx *db.Tx, decision id.Decision) (Decision, bool, error) {
	found, err := listDecisions(tx, "decision.id = ?", decision)
	if err != nil || len(found) == 0 {
		return Decision{}, false, err
	}
	return found[0], true, nil
}

func listDecisions(tx *db.Tx, condition string, values ...any) ([]Decision, error) {
	return db.Query(tx, scanDecision, listText+condition+" ORDER BY decision.leaf_seq",
		append([]any{tx.School, VideoConference}, values...)...)
}

func scanDecision(rows *sql.Rows) (d Decision, err error) {
	var received, recorded, invalidAt int64 // µs
	var answer string
	var invalid bool
	var invalidation Invalidation
	// As *string, because a named type would be reached by reflection.
	err = rows.Scan((*string)(&d.ID), &d.Leaf, (*string)(&d.Statement), (*string)(&d.Pupil), (*string)(&d.Person.Kind), &d.Person.ID,
		(*string)(&d.Guardianship), (*string)(&d.Schooling), (*string)(&d.Kind), &answer, (*string)(&d.Extent), (*string)(&d.Version),
		&d.Edition, &d.Language, &d.TextSHA256, (*string)(&d.Relation), (*string)(&d.Channel), (*string)(&d.RecordedBy), (*string)(&d.SecondBy),
		(*string)(&d.HasSignature), (*string)(&d.After), &received, &recorded, (*string)(&d.Means), (*string)(&d.Session), &d.Confirmed, &invalid, &invalidation.Leaf,
		(*string)(&invalidation.Reason), (*string)(&invalidation.Author), &invalidAt)
	if err != nil {
		return d, err
	}
	d.ReceivedAt, d.RecordedAt = time.UnixMicro(received).UTC(), time.UnixMicro(recorded).UTC()
	if invalid {
		invalidation.At = time.UnixMicro(invalidAt).UTC()
		d.Invalidated = &invalidation
	}
	if d.Kind == Answer {
		d.Answer, err = participation.ParseMode(answer)
	}
	return d, err
}
