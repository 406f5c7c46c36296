package consent

import (
	"encoding/json"
	"time"

	"einverstanden/backend/calendar"
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

// listedRow is a decision with the events that concern it.
type listedRow struct {
	Row           decisionRow `gorm:"embedded"`
	InvalidLeaf   *int64
	InvalidReason *InvalidReason
	InvalidAuthor *id.Account
	InvalidAt     *int64
	ConfirmedAt   *int64
}

func orNil[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func orZero[T any](value *T) (zero T) {
	if value == nil {
		return zero
	}
	return *value
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
	return tx.G().Exec(insertDecisionText, row.SchoolID, row.ID, row.LeafSeq, row.StatementID, row.Purpose, row.PupilID, row.PersonKind,
		row.PersonID, row.GuardianshipID, row.SchoolingID, row.Kind, row.Answer, row.Extent, row.VersionID, row.Edition, row.Language,
		row.TextSha256, row.Relation, row.Channel, row.RecordedBy, row.SecondBy, row.SignatureKind, row.AfterID, row.ReceivedAt,
		row.RecordedAt, row.Means, row.SessionID).Error
}

// insertDecisionText is written out because every decision goes this way: GORM's rows cost twice as much.
const insertDecisionText = `INSERT INTO decision (school_id, id, leaf_seq, statement_id, purpose, pupil_id, person_kind,
	person_id, guardianship_id, schooling_id, kind, answer, extent, version_id, edition, language,
	text_sha256, relation, channel, recorded_by, second_by, signature_kind, after_id, received_at,
	recorded_at, means, session_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const listedColumns = `decision.school_id, decision.id, decision.leaf_seq, decision.statement_id, decision.purpose, decision.pupil_id,
	decision.person_kind, decision.person_id, decision.guardianship_id, decision.schooling_id, decision.kind, decision.answer,
	decision.extent, decision.version_id, decision.edition, decision.language, decision.text_sha256, decision.relation,
	decision.channel, decision.recorded_by, decision.second_by, decision.signature_kind, decision.after_id,
	decision.received_at, decision.recorded_at, decision.means, decision.session_id,
	invalidation.leaf_seq AS invalid_leaf, invalidation.reason AS invalid_reason, invalidation.author AS invalid_author,
	invalidation.recorded_at AS invalid_at, confirmation.confirmed_at`

// decisionsOf reads all decisions for the pupils, in the order of the log, in one query.
func decisionsOf(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil][]Decision, error) {
	rows, err := listDecisions(tx, "decision.pupil_id IN ?", pupils)
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

func listDecisions(tx *db.Tx, condition string, value any) ([]Decision, error) {
	var rows []listedRow
	err := tx.G().Table("decision").Select(listedColumns).
		Joins("LEFT JOIN invalidation ON invalidation.school_id = decision.school_id AND invalidation.decision_id = decision.id").
		Joins("LEFT JOIN confirmation ON confirmation.school_id = decision.school_id AND confirmation.decision_id = decision.id").
		Where("decision.school_id = ? AND decision.purpose = ?", tx.School, VideoConference).Where(condition, value).
		Order("decision.leaf_seq").Find(&rows).Error
	decisions := make([]Decision, len(rows))
	for i, row := range rows {
		if decisions[i], err = row.decision(); err != nil {
			return nil, err
		}
	}
	return decisions, err
}

func (l listedRow) decision() (Decision, error) {
	r := l.Row
	d := Decision{
		ID: r.ID, Leaf: r.LeafSeq, Statement: r.StatementID, Pupil: r.PupilID, Person: id.Person{Kind: r.PersonKind, ID: r.PersonID},
		Guardianship: orZero(r.GuardianshipID), Schooling: orZero(r.SchoolingID), Kind: r.Kind, Extent: orZero(r.Extent),
		Version: orZero(r.VersionID), Edition: orZero(r.Edition), Language: orZero(r.Language), TextSHA256: orZero(r.TextSha256),
		Relation: orZero(r.Relation), Channel: r.Channel, RecordedBy: orZero(r.RecordedBy), SecondBy: orZero(r.SecondBy),
		HasSignature: orZero(r.SignatureKind), After: orZero(r.AfterID), ReceivedAt: time.UnixMicro(r.ReceivedAt).UTC(),
		RecordedAt: time.UnixMicro(r.RecordedAt).UTC(), Confirmed: l.ConfirmedAt != nil, Means: orZero(r.Means), Session: orZero(r.SessionID),
	}
	if l.InvalidLeaf != nil {
		d.Invalidated = &Invalidation{
			Leaf: *l.InvalidLeaf, Reason: orZero(l.InvalidReason), Author: orZero(l.InvalidAuthor),
			At: time.UnixMicro(orZero(l.InvalidAt)).UTC(),
		}
	}
	var err error
	if r.Answer != nil {
		d.Answer, err = participation.ParseMode(*r.Answer)
	}
	return d, err
}

type versionRow struct {
	SchoolID    id.School
	ID          id.Version
	FormID      id.Form
	Number      int
	Edition     int
	Change      participation.Change
	Policy      participation.Policy
	Ages        string
	InForceOn   calendar.Date
	PublishedAt int64
	PublishedBy id.Account
}

func (versionRow) TableName() string { return "form_version" }

type textRow struct {
	SchoolID   id.School
	VersionID  id.Version
	Language   string
	Title      string
	Blocks     string
	TextSha256 string
}

func (textRow) TableName() string { return "form_text" }

type formRow struct {
	SchoolID id.School
	ID       id.Form
	Purpose  Purpose
}

func (formRow) TableName() string { return "form" }

func listVersions(tx *db.Tx, purpose Purpose) (versionList, error) {
	var rows []versionRow
	err := tx.G().Table("form_version").Select("form_version.*").
		Joins("JOIN form ON form.school_id = form_version.school_id AND form.id = form_version.form_id").
		Where("form_version.school_id = ? AND form.purpose = ?", tx.School, purpose).Order("form_version.number").Find(&rows).Error
	versions := make(versionList, len(rows))
	for i, row := range rows {
		versions[i] = Version{
			ID: row.ID, Number: row.Number, Edition: row.Edition, Policy: row.Policy, InForceOn: row.InForceOn,
		}
		if err := json.Unmarshal([]byte(row.Ages), &versions[i].Ages); err != nil {
			return nil, err
		}
	}
	return versions, err
}

func insertVersion(tx *db.Tx, by id.Account, draft Draft, version Version, texts []Text) error {
	tx.Forget(versionsKey{})
	form, err := formFor(tx, draft.Purpose)
	if err != nil {
		return err
	}
	ages, err := json.Marshal(version.Ages)
	if err != nil {
		return err
	}
	row := versionRow{
		SchoolID: tx.School, ID: version.ID, FormID: form, Number: version.Number, Edition: version.Edition, Change: draft.Change,
		Policy: version.Policy, Ages: string(ages), InForceOn: version.InForceOn, PublishedAt: tx.Now.UnixMicro(), PublishedBy: by,
	}
	if err := tx.G().Create(&row).Error; err != nil {
		return err
	}
	for _, text := range texts {
		blocks, err := json.Marshal(text.Blocks)
		if err != nil {
			return err
		}
		err = tx.G().Create(&textRow{
			SchoolID: tx.School, VersionID: version.ID, Language: text.Language, Title: text.Title, Blocks: string(blocks),
			TextSha256: text.SHA256,
		}).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// formFor finds the school's form of the purpose, or makes it.
func formFor(tx *db.Tx, purpose Purpose) (id.Form, error) {
	var rows []formRow
	if err := tx.G().Where("school_id = ? AND purpose = ?", tx.School, purpose).Find(&rows).Error; err != nil {
		return "", err
	}
	if len(rows) > 0 {
		return rows[0].ID, nil
	}
	row := formRow{SchoolID: tx.School, ID: id.New[id.Form](), Purpose: purpose}
	return row.ID, tx.G().Create(&row).Error
}

func listTexts(tx *db.Tx, version id.Version) (map[string]Text, error) {
	var rows []textRow
	err := tx.G().Where("school_id = ? AND version_id = ?", tx.School, version).Find(&rows).Error
	texts := make(map[string]Text, len(rows))
	for _, row := range rows {
		text := Text{Language: row.Language, Title: row.Title, SHA256: row.TextSha256}
		if err := json.Unmarshal([]byte(row.Blocks), &text.Blocks); err != nil {
			return nil, err
		}
		texts[row.Language] = text
	}
	return texts, err
}

// Deciders are all who have decided something for any pupil of the school, invalidated decisions included.
func Deciders(tx *db.Tx) (map[id.Person]bool, error) {
	var people []struct {
		PersonKind id.PersonKind
		PersonID   string
	}
	err := tx.G().Table("decision").Distinct("person_kind", "person_id").Where("school_id = ?", tx.School).Find(&people).Error
	deciders := make(map[id.Person]bool, len(people))
	for _, p := range people {
		deciders[id.Person{Kind: p.PersonKind, ID: p.PersonID}] = true
	}
	return deciders, err
}
