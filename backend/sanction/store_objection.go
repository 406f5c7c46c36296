package sanction

import (
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

type objectionRow struct {
	SchoolID     id.School
	ID           id.Objection
	LeafSeq      int64
	SanctionID   id.Sanction
	PupilID      id.Pupil
	PersonKind   id.PersonKind
	PersonID     string
	ReceivedAt   int64
	Outcome      *Outcome
	NextInstance *Instance
	AnsweredBy   *id.Account
	AnsweredAt   *int64
}

func (objectionRow) TableName() string { return "sanction_objection" }

func (r objectionRow) objection() Objection {
	o := Objection{
		ID: r.ID, Sanction: r.SanctionID, Pupil: r.PupilID, Person: id.Person{Kind: r.PersonKind, ID: r.PersonID},
		ReceivedAt: time.UnixMicro(r.ReceivedAt).UTC(),
	}
	if r.Outcome != nil {
		o.Outcome = *r.Outcome
	}
	if r.NextInstance != nil {
		o.Next = *r.NextInstance
	}
	if r.AnsweredAt != nil {
		o.AnsweredAt = time.UnixMicro(*r.AnsweredAt).UTC()
	}
	return o
}

// insertObjection refuses a second one of the same person.
func insertObjection(tx *db.Tx, o Objection, leaf int64) error {
	err := tx.G().Create(&objectionRow{
		SchoolID: tx.School, ID: o.ID, LeafSeq: leaf, SanctionID: o.Sanction, PupilID: o.Pupil, PersonKind: o.Person.Kind,
		PersonID: o.Person.ID, ReceivedAt: o.ReceivedAt.UnixMicro(),
	}).Error
	if db.Violated(err, db.ErrUnique) {
		return fault.Wrap(fault.AlreadyDone, err)
	}
	return err
}

func findObjection(tx *db.Tx, sanction id.Sanction, objection id.Objection) (Objection, error) {
	var r objectionRow
	err := tx.G().Where("school_id = ? AND sanction_id = ? AND id = ?", tx.School, sanction, objection).Take(&r).Error
	return r.objection(), err
}

func answer(tx *db.Tx, o Objection, by id.Account) error {
	changes := map[string]any{"outcome": o.Outcome, "answered_at": tx.Now.UnixMicro(), "answered_by": by}
	if o.Next != "" {
		changes["next_instance"] = o.Next
	}
	return db.MustAffect(tx.G().Model(&objectionRow{}).Where("school_id = ? AND id = ? AND outcome IS NULL", tx.School, o.ID).Updates(changes))
}

func objections(tx *db.Tx, sanctions []id.Sanction) (map[id.Sanction][]Objection, error) {
	var rows []objectionRow
	err := tx.G().Where("school_id = ? AND sanction_id IN ?", tx.School, sanctions).Order("id").Find(&rows).Error
	found := map[id.Sanction][]Objection{}
	for _, r := range rows {
		found[r.SanctionID] = append(found[r.SanctionID], r.objection())
	}
	return found, err
}

// findObjections gives the wanted objections by their ids.
func findObjections(tx *db.Tx, wanted []id.Objection) (map[id.Objection]objectionRow, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	var rows []objectionRow
	err := tx.G().Where("school_id = ? AND id IN ?", tx.School, wanted).Find(&rows).Error
	found := make(map[id.Objection]objectionRow, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, err
}

// objectionClaims gives the objections behind an id in the order of their ids.
func objectionClaims(tx *db.Tx, after string, most int) ([]evidence.Claim, error) {
	var rows []objectionRow
	err := tx.G().Where("school_id = ? AND id > ?", tx.School, after).Order("id").Limit(most).Find(&rows).Error
	found := make([]evidence.Claim, len(rows))
	for i, r := range rows {
		found[i] = evidence.Claim{ID: string(r.ID), Leaf: r.LeafSeq, Pupil: r.PupilID}
	}
	return found, err
}

// isContested reports whether an objection of the person, or about one of the pupils, waits for its answer.
func isContested(tx *db.Tx, person id.Person, pupils []id.Pupil) (bool, error) {
	var waiting int64
	err := tx.G().Model(&objectionRow{}).
		Where("school_id = ? AND outcome IS NULL AND (pupil_id IN ? OR (person_kind = ? AND person_id = ?))", tx.School, pupils, person.Kind, person.ID).
		Count(&waiting).Error
	return waiting > 0, err
}

// deleteObjectionsOf takes those of a person, and those about a pupil.
func deleteObjectionsOf(tx *db.Tx, person id.Person) error {
	err := tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).Delete(&objectionRow{}).Error
	if err != nil || person.Kind != id.PupilPerson {
		return err
	}
	return tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, person.ID).Delete(&objectionRow{}).Error
}
