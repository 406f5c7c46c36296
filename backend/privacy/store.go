package privacy

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type row struct {
	SchoolID    id.School
	ID          id.Erasure
	PersonKind  id.PersonKind
	PersonID    string
	Reason      Reason
	AskedBy     string
	AskedAt     int64
	ApprovedBy  *id.Account
	DueAt       *int64
	HeadBy      *id.Account
	CancelledBy *string
	CancelledAt *int64
	ErasedAt    *int64
}

func (row) TableName() string { return "erasure" }

func (r row) mark() Mark {
	m := Mark{
		ID: r.ID, Person: id.Person{Kind: r.PersonKind, ID: r.PersonID}, Reason: r.Reason, AskedBy: r.AskedBy,
		AskedAt: time.UnixMicro(r.AskedAt).UTC(),
	}
	if r.ApprovedBy != nil {
		m.ApprovedBy = *r.ApprovedBy
	}
	if r.DueAt != nil {
		m.DueAt = time.UnixMicro(*r.DueAt).UTC()
	}
	if r.HeadBy != nil {
		m.HeadBy = *r.HeadBy
	}
	return m
}

func insertMark(tx *db.Tx, m Mark) error {
	r := row{
		SchoolID: tx.School, ID: m.ID, PersonKind: m.Person.Kind, PersonID: m.Person.ID, Reason: m.Reason,
		AskedBy: m.AskedBy, AskedAt: m.AskedAt.UnixMicro(),
	}
	if !m.DueAt.IsZero() {
		due := m.DueAt.UnixMicro()
		r.DueAt = &due
	}
	if m.HeadBy != "" {
		r.HeadBy = &m.HeadBy
	}
	return tx.G().Create(&r).Error
}

// standing are the marks that were neither cancelled nor carried out.
func standing(tx *db.Tx) *gorm.DB {
	return tx.G().Model(&row{}).Where("school_id = ? AND cancelled_at IS NULL AND erased_at IS NULL", tx.School)
}

// lockMark keeps others from ending the mark; fault.NothingHere when it has ended, or never was.
func lockMark(tx *db.Tx, erasure id.Erasure) (Mark, error) {
	var r row
	err := standing(tx).Where("id = ?", erasure).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Take(&r).Error
	return r.mark(), err
}

func listMarks(tx *db.Tx) ([]Mark, error) { return marksIn(standing(tx)) }

// marksOf are those of the people, by their ids.
func marksOf(tx *db.Tx, people []string) ([]Mark, error) {
	return marksIn(standing(tx).Where("person_id IN ?", people))
}

func marksIn(query *gorm.DB) ([]Mark, error) {
	var rows []row
	err := query.Order("due_at IS NULL, due_at, id").Find(&rows).Error
	marks := make([]Mark, len(rows))
	for i, r := range rows {
		marks[i] = r.mark()
	}
	return marks, err
}

func approveMark(tx *db.Tx, m Mark) error {
	changes := map[string]any{"approved_by": m.ApprovedBy, "due_at": m.DueAt.UnixMicro()}
	if m.HeadBy != "" {
		changes["head_by"] = m.HeadBy
	}
	return change(tx, m.ID, changes)
}

func releaseMark(tx *db.Tx, erasure id.Erasure, head id.Account) error {
	return change(tx, erasure, map[string]any{"head_by": head})
}

func cancelMark(tx *db.Tx, erasure id.Erasure, by string) error {
	return change(tx, erasure, map[string]any{"cancelled_by": by, "cancelled_at": tx.Now.UnixMicro()})
}

func carryOutMark(tx *db.Tx, erasure id.Erasure) error {
	return change(tx, erasure, map[string]any{"erased_at": tx.Now.UnixMicro()})
}

func change(tx *db.Tx, erasure id.Erasure, columns map[string]any) error {
	return db.MustAffect(standing(tx).Where("id = ?", erasure).Updates(columns))
}

// countErased counts whom nobody but the office erased since the instant.
func countErased(tx *db.Tx, since time.Time) (int, error) {
	var n int64
	err := tx.G().Model(&row{}).Where("school_id = ? AND erased_at > ? AND head_by IS NULL", tx.School, since.UnixMicro()).
		Count(&n).Error
	return int(n), err
}

// markedSince are the people whose mark stands, or was cancelled after the instant.
func markedSince(tx *db.Tx, since time.Time) (map[id.Person]bool, error) {
	var rows []row
	err := tx.G().Where("school_id = ? AND (cancelled_at IS NULL OR cancelled_at > ?)", tx.School, since.UnixMicro()).
		Find(&rows).Error
	people := make(map[id.Person]bool, len(rows))
	for _, r := range rows {
		people[r.mark().Person] = true
	}
	return people, err
}

type tickRow struct {
	SchoolID id.School
	At       int64
}

func (tickRow) TableName() string { return "tick" }

func lastTick(tx *db.Tx) (at time.Time, known bool, err error) {
	var rows []tickRow
	err = tx.G().Where("school_id = ?", tx.School).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return at, false, err
	}
	return time.UnixMicro(rows[0].At).UTC(), true, nil
}

func setTick(tx *db.Tx) error {
	return tx.G().Exec("INSERT INTO tick (school_id, at) VALUES (?, ?) ON CONFLICT (school_id) DO UPDATE SET at = excluded.at",
		tx.School, tx.Now.UnixMicro()).Error
}
