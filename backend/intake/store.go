package intake

import (
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// Rows are the structs that are read from and written to whole tables.
var Rows = []any{planRow{}}

// planRow is a kept plan. Body is the sealed JSON of a Plan: a whole list of people.
type planRow struct {
	SchoolID  id.School
	ID        id.ImportPlan
	Body      []byte
	BaseHash  string
	CreatedBy id.Account
	CreatedAt int64
	ExpiresAt int64
	AppliedAt *int64
}

func (planRow) TableName() string { return "import_plan" }

// Sealed are the columns that hold sealed values.
var Sealed = []vault.Column{{Table: "import_plan", Column: "body", Row: "id"}}

func sealedAt(tx *db.Tx, plan id.ImportPlan) vault.Place {
	return vault.Place{School: tx.School, Table: "import_plan", Column: "body", Row: string(plan)}
}

func (s *Service) insert(tx *db.Tx, stored Stored, by id.Account) error {
	body, err := s.vault.SealJSON(sealedAt(tx, stored.ID), stored.Plan)
	if err != nil {
		return err
	}
	return tx.G().Create(&planRow{
		SchoolID: tx.School, ID: stored.ID, Body: body, BaseHash: stored.Plan.BaseHash, CreatedBy: by,
		CreatedAt: stored.CreatedAt.UnixMicro(), ExpiresAt: stored.ExpiresAt.UnixMicro(),
	}).Error
}

// find gives a plan whose time has not run out; NothingHere when there is none.
func (s *Service) find(tx *db.Tx, wanted id.ImportPlan) (Stored, error) {
	var r planRow
	err := tx.G().Where("school_id = ? AND id = ? AND expires_at > ?", tx.School, wanted, tx.Now.UnixMicro()).Take(&r).Error
	if err != nil {
		return Stored{}, err
	}
	stored := Stored{
		ID: r.ID, CreatedAt: time.UnixMicro(r.CreatedAt).UTC(), ExpiresAt: time.UnixMicro(r.ExpiresAt).UTC(),
		Applied: r.AppliedAt != nil,
	}
	return stored, s.vault.OpenJSON(sealedAt(tx, wanted), r.Body, &stored.Plan)
}

func markApplied(tx *db.Tx, plan id.ImportPlan) error {
	return db.MustAffect(tx.G().Table("import_plan").
		Where("school_id = ? AND id = ? AND applied_at IS NULL", tx.School, plan).
		Update("applied_at", tx.Now.UnixMicro()))
}

// deleteExpired forgets the people in plans that can no longer be carried out.
func deleteExpired(tx *db.Tx) error {
	return tx.G().Where("school_id = ? AND expires_at <= ?", tx.School, tx.Now.UnixMicro()).Delete(&planRow{}).Error
}

func deleteAll(tx *db.Tx) error {
	return tx.G().Where("school_id = ?", tx.School).Delete(&planRow{}).Error
}
