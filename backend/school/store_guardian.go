package school

import (
	"database/sql"

	"gorm.io/gorm"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type guardianRow struct {
	SchoolID  id.School
	ID        id.Guardian
	Profile   []byte
	EmailHash *string
	Language  string
	ErasedAt  *int64
}

func (guardianRow) TableName() string { return "guardian" }

type guardianshipRow struct {
	SchoolID   id.School
	ID         id.Guardianship
	GuardianID id.Guardian
	PupilID    id.Pupil
	Relation   Relation
	Custody    Custody
	Basis      Basis
	Prevented  bool
	Disputed   bool
	Protected  bool
	FromOn     calendar.Date
	UntilOn    calendar.Date
}

func (guardianshipRow) TableName() string { return "guardianship" }

func (r guardianshipRow) guardianship() Guardianship {
	return Guardianship{
		ID: r.ID, Guardian: r.GuardianID, Pupil: r.PupilID, Relation: r.Relation, Custody: r.Custody, Basis: r.Basis,
		Prevented: r.Prevented, Disputed: r.Disputed, Protected: r.Protected,
		Period: calendar.Period{From: r.FromOn, Until: r.UntilOn},
	}
}

func newGuardianshipRow(tx *db.Tx, g Guardianship) guardianshipRow {
	return guardianshipRow{
		SchoolID: tx.School, ID: g.ID, GuardianID: g.Guardian, PupilID: g.Pupil, Relation: g.Relation,
		Custody: g.Custody, Basis: g.Basis, Prevented: g.Prevented, Disputed: g.Disputed, Protected: g.Protected,
		FromOn: g.Period.From, UntilOn: g.Period.Until,
	}
}

func guardians(tx *db.Tx) *gorm.DB {
	return tx.G().Where("school_id = ? AND erased_at IS NULL", tx.School)
}

func findGuardians(tx *db.Tx, wanted []id.Guardian) ([]guardianRow, error) {
	const text = `SELECT id, profile, email_hash, language FROM guardian WHERE school_id = ? AND erased_at IS NULL AND id IN `
	return queryLists(tx, wanted, text, "", func(rows *sql.Rows) (r guardianRow, err error) {
		r.SchoolID = tx.School
		return r, rows.Scan((*string)(&r.ID), &r.Profile, &r.EmailHash, &r.Language)
	})
}

func findAllGuardians(tx *db.Tx) (rows []guardianRow, err error) {
	err = guardians(tx).Order("id").Find(&rows).Error
	return rows, err
}

func updateGuardian(tx *db.Tx, r guardianRow) error {
	return db.MustAffect(tx.G().Table("guardian").Where("school_id = ? AND id = ? AND erased_at IS NULL", tx.School, r.ID).
		Updates(map[string]any{"profile": r.Profile, "email_hash": r.EmailHash}))
}

func findGuardianship(tx *db.Tx, wanted id.Guardianship) (r guardianshipRow, err error) {
	err = tx.G().Where("school_id = ? AND id = ?", tx.School, wanted).Take(&r).Error
	return r, err
}

func findGuardianships(tx *db.Tx, wanted []id.Pupil) ([]guardianshipRow, error) {
	return queryLists(tx, wanted, selectGuardianships+"pupil_id IN ", " ORDER BY from_on, id", scanGuardianship(tx))
}

const selectGuardianships = `SELECT id, guardian_id, pupil_id, relation, custody, basis, prevented, disputed, protected, from_on,
	until_on FROM guardianship WHERE school_id = ? AND `

func scanGuardianship(tx *db.Tx) func(*sql.Rows) (guardianshipRow, error) {
	return func(rows *sql.Rows) (r guardianshipRow, err error) {
		r.SchoolID = tx.School
		return r, rows.Scan((*string)(&r.ID), (*string)(&r.GuardianID), (*string)(&r.PupilID), (*string)(&r.Relation),
			(*string)(&r.Custody), (*string)(&r.Basis), &r.Prevented, &r.Disputed, &r.Protected, &r.FromOn, &r.UntilOn)
	}
}

func findAllGuardianships(tx *db.Tx) (rows []guardianshipRow, err error) {
	err = tx.G().Where("school_id = ?", tx.School).Order("from_on, id").Find(&rows).Error
	return rows, err
}

// findGuardianshipsOf gives those of one guardian that are in force with custody on the day.
func findGuardianshipsOf(tx *db.Tx, guardian id.Guardian, day calendar.Date) (rows []guardianshipRow, err error) {
	err = onDay(tx.G(), day).Where("school_id = ? AND guardian_id = ?", tx.School, guardian).
		Where("custody IN ?", []Custody{JointCustody, SoleCustody}).Order("from_on, id").Find(&rows).Error
	return rows, err
}

// updateGuardianship writes all that may change in a guardianship that stands.
func updateGuardianship(tx *db.Tx, g Guardianship) error {
	return db.MustAffect(tx.G().Table("guardianship").Where("school_id = ? AND id = ?", tx.School, g.ID).
		Updates(map[string]any{
			"relation": g.Relation, "custody": g.Custody, "basis": g.Basis, "prevented": g.Prevented, "disputed": g.Disputed,
			"protected": g.Protected, "from_on": g.Period.From, "until_on": g.Period.Until,
		}))
}

func findGuardianshipsByID(tx *db.Tx, wanted []id.Guardianship) (map[id.Guardianship]guardianshipRow, error) {
	rows, err := queryLists(tx, wanted, selectGuardianships+"id IN ", "", scanGuardianship(tx))
	found := make(map[id.Guardianship]guardianshipRow, len(rows))
	for _, row := range rows {
		found[row.ID] = row
	}
	return found, err
}
