package school

import (
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func findMembershipsOn(tx *db.Tx, class id.Class, day calendar.Date) (rows []membershipRow, err error) {
	err = onDay(tx.G(), day).Where("school_id = ? AND class_id = ?", tx.School, class).Order("pupil_id").Find(&rows).Error
	return rows, err
}

func findTaughtPupils(tx *db.Tx, account id.Account, day calendar.Date) (taught []id.Pupil, err error) {
	classes := tx.G().Table("teaching").Select("class_id").Where("school_id = ? AND account_id = ?", tx.School, account)
	err = present(tx, day).Where("class_id IN (?)", classes).Order("pupil_id").Distinct().Pluck("pupil_id", &taught).Error
	return taught, err
}
