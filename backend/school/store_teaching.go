package school

import (
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type teachingRow struct {
	SchoolID  id.School
	AccountID id.Account
	ClassID   id.Class
}

func (teachingRow) TableName() string { return "teaching" }

// insertTeaching leaves what stands already as it is.
func insertTeaching(tx *db.Tx, r teachingRow) error {
	return tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&r).Error
}

func deleteTeaching(tx *db.Tx, r teachingRow) error {
	return db.MustAffect(tx.G().
		Where("school_id = ? AND account_id = ? AND class_id = ?", tx.School, r.AccountID, r.ClassID).Delete(&teachingRow{}))
}

func countTeaching(tx *db.Tx, account id.Account, class id.Class) (n int64, err error) {
	err = tx.G().Table("teaching").Where("school_id = ? AND account_id = ? AND class_id = ?", tx.School, account, class).
		Count(&n).Error
	return n, err
}

func findTaughtClasses(tx *db.Tx, account id.Account, schoolYear string) (rows []classRow, err error) {
	err = tx.G().Table("class").Select("class.*").
		Joins("JOIN teaching ON teaching.school_id = class.school_id AND teaching.class_id = class.id").
		Where("class.school_id = ? AND class.school_year = ? AND teaching.account_id = ?", tx.School, schoolYear, account).
		Find(&rows).Error
	return rows, err
}

func findTeachers(tx *db.Tx, class id.Class) (accounts []id.Account, err error) {
	err = tx.G().Table("teaching").Where("school_id = ? AND class_id = ?", tx.School, class).
		Order("account_id").Pluck("account_id", &accounts).Error
	return accounts, err
}
