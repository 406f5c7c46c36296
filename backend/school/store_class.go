package school

import (
	"database/sql"

	"gorm.io/gorm"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type classRow struct {
	SchoolID   id.School
	ID         id.Class
	Name       string
	SchoolYear string
	Kind       ClassKind
}

func (classRow) TableName() string { return "class" }

func (r classRow) class() Class {
	return Class{ID: r.ID, Name: r.Name, SchoolYear: r.SchoolYear, Kind: r.Kind}
}

type membershipRow struct {
	SchoolID id.School
	ID       id.Membership
	PupilID  id.Pupil
	ClassID  id.Class
	FromOn   calendar.Date
	UntilOn  calendar.Date
}

func (membershipRow) TableName() string { return "membership" }

func (r membershipRow) membership() Membership {
	return Membership{ID: r.ID, Pupil: r.PupilID, Class: r.ClassID, Period: calendar.Period{From: r.FromOn, Until: r.UntilOn}}
}

func findClass(tx *db.Tx, wanted id.Class) (r classRow, err error) {
	err = tx.G().Where("school_id = ? AND id = ?", tx.School, wanted).Take(&r).Error
	return r, err
}

func findClassesOfYear(tx *db.Tx, schoolYear string, kind ClassKind) (rows []classRow, err error) {
	err = tx.G().Where("school_id = ? AND school_year = ? AND kind = ?", tx.School, schoolYear, kind).Find(&rows).Error
	return rows, err
}

func findMembers(tx *db.Tx, class id.Class, day calendar.Date) (members []id.Pupil, err error) {
	err = present(tx, day).Where("class_id = ?", class).Order("pupil_id").Distinct().Pluck("pupil_id", &members).Error
	return members, err
}

// present are the memberships of the day, without pupils who have been erased. A class list ends the membership of
// whoever leaves in the class alone, so that a group counts for those who are in a class too.
func present(tx *db.Tx, day calendar.Date) *gorm.DB {
	// Asked for each member alone, by its index: lists of all who are erased or in a class would be made for a whole school.
	return onDay(tx.G().Table("membership"), day).Where("membership.school_id = ?", tx.School).
		Where("NOT EXISTS (?)", tx.G().Table("pupil").Select("1").
			Where("pupil.school_id = membership.school_id AND pupil.id = membership.pupil_id AND pupil.erased_at IS NOT NULL")).
		Where("EXISTS (?)", onDay(tx.G().Table("membership AS placed"), day).Select("1").
			Joins("JOIN class ON class.school_id = placed.school_id AND class.id = placed.class_id").
			Where("placed.school_id = membership.school_id AND placed.pupil_id = membership.pupil_id AND class.kind = ?", HomeClass))
}

// placedPupil is a pupil in a class.
type placedPupil struct {
	PupilID    id.Pupil
	ID         id.Class
	Name       string
	SchoolYear string
}

func findClassesOf(tx *db.Tx, wanted []id.Pupil, day calendar.Date) ([]placedPupil, error) {
	const text = `SELECT membership.pupil_id, class.id, class.name, class.school_year FROM membership
		JOIN class ON class.school_id = membership.school_id AND class.id = membership.class_id
		WHERE class.kind = ? AND membership.from_on <= ? AND (membership.until_on IS NULL OR membership.until_on >= ?)
		AND membership.school_id = ? AND membership.pupil_id IN `
	return queryLists(tx, wanted, text, " ORDER BY membership.from_on, membership.id", func(rows *sql.Rows) (r placedPupil, err error) {
		return r, rows.Scan((*string)(&r.PupilID), (*string)(&r.ID), &r.Name, &r.SchoolYear)
	}, HomeClass, day, day)
}

func findAllMemberships(tx *db.Tx) (rows []membershipRow, err error) {
	classes := tx.G().Table("class").Select("id").Where("school_id = ? AND kind = ?", tx.School, HomeClass)
	err = tx.G().Where("school_id = ? AND class_id IN (?)", tx.School, classes).Order("from_on, id").Find(&rows).Error
	return rows, err
}

func updateMembership(tx *db.Tx, m Membership) error {
	return db.MustAffect(tx.G().Table("membership").Where("school_id = ? AND id = ?", tx.School, m.ID).
		Updates(map[string]any{"from_on": m.Period.From, "until_on": m.Period.Until}))
}
