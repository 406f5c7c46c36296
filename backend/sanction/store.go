package sanction

import (
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
)

type row struct {
	SchoolID     id.School
	ID           id.Sanction
	LeafSeq      int64
	PupilID      id.Pupil
	Kind         Kind
	Measure      Measure
	RuleKey      string
	RulesVersion id.RulesVersion
	Heard        string // parties with a blank between them, in the order of Parties
	NotedOn      *calendar.Date
	FromOn       calendar.Date
	UntilOn      calendar.Date
	DecidedBy    id.Account
	DecidedAt    int64
	EndedBy      *id.Account
	EndedAt      *int64
}

func (row) TableName() string { return "sanction" }

func (r row) sanction() Sanction {
	s := Sanction{
		ID: r.ID, Pupil: r.PupilID, Kind: r.Kind, Measure: r.Measure, RuleKey: r.RuleKey, RulesVersion: r.RulesVersion, DecidedBy: r.DecidedBy,
		DecidedAt: time.UnixMicro(r.DecidedAt).UTC(), Period: calendar.Period{From: r.FromOn, Until: r.UntilOn},
		Heard: PartiesOf(r.Heard),
	}
	if r.NotedOn != nil {
		s.NotedOn = *r.NotedOn
	}
	if r.EndedAt != nil {
		s.EndedAt = time.UnixMicro(*r.EndedAt).UTC()
	}
	return s
}

func insert(tx *db.Tx, made id.Sanction, leaf int64, by id.Account, in New) error {
	return tx.G().Create(&row{
		SchoolID: tx.School, ID: made, LeafSeq: leaf, PupilID: in.Pupil, Kind: in.Kind, Measure: in.Measure, RuleKey: in.RuleKey,
		RulesVersion: in.RulesVersion, Heard: WordsOf(in.Heard), NotedOn: &in.NotedOn, FromOn: in.From, UntilOn: in.Until, DecidedBy: by, DecidedAt: tx.Now.UnixMicro(),
	}).Error
}

func find(tx *db.Tx, sanction id.Sanction) (Sanction, error) {
	var r row
	err := tx.G().Where("school_id = ? AND id = ?", tx.School, sanction).Take(&r).Error
	return r.sanction(), err
}

func end(tx *db.Tx, sanction id.Sanction, by id.Account) error {
	return db.MustAffect(tx.G().Model(&row{}).Where("school_id = ? AND id = ? AND ended_at IS NULL", tx.School, sanction).
		Updates(map[string]any{"ended_at": tx.Now.UnixMicro(), "ended_by": by}))
}

func list(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil][]Sanction, error) {
	var rows []row
	err := tx.G().Where("school_id = ? AND pupil_id IN ?", tx.School, pupils).Order("id").Find(&rows).Error
	found := map[id.Pupil][]Sanction{}
	for _, r := range rows {
		found[r.PupilID] = append(found[r.PupilID], r.sanction())
	}
	return found, err
}

// all gives those of the school, the latest first.
func all(tx *db.Tx) ([]Sanction, error) {
	var rows []row
	err := tx.G().Where("school_id = ?", tx.School).Order("id DESC").Find(&rows).Error
	found := make([]Sanction, len(rows))
	for i, r := range rows {
		found[i] = r.sanction()
	}
	return found, err
}

// findAll gives the wanted sanctions by their ids.
func findAll(tx *db.Tx, wanted []id.Sanction) (map[id.Sanction]row, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	var rows []row
	err := tx.G().Where("school_id = ? AND id IN ?", tx.School, wanted).Find(&rows).Error
	found := make(map[id.Sanction]row, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, err
}

// claims gives the sanctions behind an id in the order of their ids.
func claims(tx *db.Tx, after string, most int) ([]evidence.Claim, error) {
	var rows []row
	err := tx.G().Where("school_id = ? AND id > ?", tx.School, after).Order("id").Limit(most).Find(&rows).Error
	found := make([]evidence.Claim, len(rows))
	for i, r := range rows {
		found[i] = evidence.Claim{ID: string(r.ID), Leaf: r.LeafSeq, Pupil: r.PupilID}
	}
	return found, err
}

func deleteOf(tx *db.Tx, pupil id.Pupil) error {
	return tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, pupil).Delete(&row{}).Error
}

// deleteSanctions takes the objections first, which name them.
func deleteSanctions(tx *db.Tx, sanctions []id.Sanction) error {
	for some := range slices.Chunk(sanctions, db.RowsAtOnce) {
		if err := tx.G().Where("school_id = ? AND sanction_id IN ?", tx.School, some).Delete(&objectionRow{}).Error; err != nil {
			return err
		}
		if err := tx.G().Where("school_id = ? AND id IN ?", tx.School, some).Delete(&row{}).Error; err != nil {
			return err
		}
	}
	return nil
}
