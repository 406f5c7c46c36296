package proposal

import (
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type row struct {
	SchoolID   id.School
	ID         id.Proposal
	Kind       Kind
	PupilID    id.Pupil
	Body       []byte
	ProposedBy id.Account
	ProposedAt int64
	ClosedBy   *id.Account
	ClosedAt   *int64
	Outcome    *Outcome
}

func (row) TableName() string { return "proposal" }

func (r row) proposal() Proposal {
	return Proposal{
		ID: r.ID, Kind: r.Kind, Pupil: r.PupilID, ProposedBy: r.ProposedBy,
		ProposedAt: time.UnixMicro(r.ProposedAt).UTC(), Closed: r.ClosedAt != nil,
	}
}

func insert(tx *db.Tx, r row) error { return tx.G().Create(&r).Error }

func find(tx *db.Tx, wanted id.Proposal) (r row, err error) {
	err = tx.G().Where("school_id = ? AND id = ?", tx.School, wanted).Take(&r).Error
	return r, err
}

func open(tx *db.Tx, kinds []Kind) (rows []row, err error) {
	query := tx.G().Where("school_id = ? AND closed_at IS NULL", tx.School)
	if len(kinds) > 0 {
		query = query.Where("kind IN ?", kinds)
	}
	err = query.Order("proposed_at, id").Find(&rows).Error
	return rows, err
}

// shut reports whether the proposal was still open: on PostgreSQL somebody else may have ended it since it was read.
func shut(tx *db.Tx, wanted id.Proposal, by id.Account, outcome Outcome) (bool, error) {
	result := tx.G().Table("proposal").Where("school_id = ? AND id = ? AND closed_at IS NULL", tx.School, wanted).
		Updates(map[string]any{"closed_by": by, "closed_at": tx.Now.UnixMicro(), "outcome": outcome})
	return result.RowsAffected == 1, result.Error
}

func deleteClosed(tx *db.Tx, pupils []id.Pupil) error {
	return tx.G().Where("school_id = ? AND pupil_id IN ? AND closed_at IS NOT NULL", tx.School, pupils).Delete(&row{}).Error
}
