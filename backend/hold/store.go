package hold

import (
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
)

type row struct {
	SchoolID  id.School
	ID        id.Hold
	LeafSeq   int64
	PupilID   id.Pupil
	Kind      Kind
	PlacedBy  id.Account
	PlacedAt  int64
	SettledBy *id.Account
	SettledAt *int64
}

func (row) TableName() string { return "hold" }

func (r row) hold() Hold {
	h := Hold{ID: r.ID, Pupil: r.PupilID, Kind: r.Kind, PlacedAt: time.UnixMicro(r.PlacedAt).UTC()}
	if r.SettledAt != nil {
		h.SettledAt = time.UnixMicro(*r.SettledAt).UTC()
	}
	return h
}

func insert(tx *db.Tx, made id.Hold, leaf int64, by id.Account, pupil id.Pupil, kind Kind) error {
	return tx.G().Create(&row{
		SchoolID: tx.School, ID: made, LeafSeq: leaf, PupilID: pupil, Kind: kind, PlacedBy: by, PlacedAt: tx.Now.UnixMicro(),
	}).Error
}

func find(tx *db.Tx, hold id.Hold) (Hold, error) {
	var r row
	err := tx.G().Where("school_id = ? AND id = ?", tx.School, hold).Take(&r).Error
	return r.hold(), err
}

func settle(tx *db.Tx, hold id.Hold, by id.Account) error {
	return db.MustAffect(tx.G().Model(&row{}).Where("school_id = ? AND id = ? AND settled_at IS NULL", tx.School, hold).
		Updates(map[string]any{"settled_at": tx.Now.UnixMicro(), "settled_by": by}))
}

func list(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil][]Hold, error) {
	var rows []row
	err := tx.G().Where("school_id = ? AND pupil_id IN ?", tx.School, pupils).Order("id").Find(&rows).Error
	found := map[id.Pupil][]Hold{}
	for _, r := range rows {
		found[r.PupilID] = append(found[r.PupilID], r.hold())
	}
	return found, err
}

// findAll gives the wanted holds by their ids.
func findAll(tx *db.Tx, wanted []id.Hold) (map[id.Hold]row, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	var rows []row
	err := tx.G().Where("school_id = ? AND id IN ?", tx.School, wanted).Find(&rows).Error
	found := make(map[id.Hold]row, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, err
}

// claims gives the holds behind an id in the order of their ids.
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
