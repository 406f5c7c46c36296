package meeting

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

type distanceRow struct {
	SchoolID   id.School
	Day        calendar.Date
	DeclaredBy id.Account
	DeclaredAt int64
}

func (distanceRow) TableName() string { return "distance_day" }

// holdDistanceDay keeps the day's row until the transaction ends, so that whoever declares the day too waits.
func holdDistanceDay(tx *db.Tx, day calendar.Date, by id.Account) error {
	row := distanceRow{SchoolID: tx.School, Day: day, DeclaredBy: by, DeclaredAt: tx.Now.UnixMicro()}
	return tx.G().Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "school_id"}, {Name: "day"}},
		DoUpdates: clause.AssignmentColumns([]string{"declared_by", "declared_at"}),
	}).Create(&row).Error
}

// findLessons gives the first lesson of each whole class that begins in [from, to).
func findLessons(tx *db.Tx, from, to time.Time) (map[id.Class]meetingRow, error) {
	var rows []meetingRow
	err := tx.G().Where("school_id = ? AND cancelled_at IS NULL AND whole_class AND kind = ? AND starts_at >= ? AND starts_at < ?",
		tx.School, participation.Lesson, from.UnixMicro(), to.UnixMicro()).Order("starts_at DESC, id DESC").Find(&rows).Error
	lessons := make(map[id.Class]meetingRow, len(rows))
	for _, row := range rows {
		lessons[row.ClassID] = row
	}
	return lessons, err
}

// findTeacher gives the teacher to whom the class is given and whose account is the oldest; empty when there is none.
func findTeacher(tx *db.Tx, class id.Class) (teacher id.Account, err error) {
	var accounts []id.Account
	err = tx.G().Table("teaching").
		Joins("JOIN account ON account.school_id = teaching.school_id AND account.id = teaching.account_id").
		Where("teaching.school_id = ? AND teaching.class_id = ? AND account.disabled_at IS NULL", tx.School, class).
		Order("teaching.account_id").Limit(1).Pluck("teaching.account_id", &accounts).Error
	if len(accounts) > 0 {
		teacher = accounts[0]
	}
	return teacher, err
}

// findLastRoom gives the room of the class's last meeting that has one.
func findLastRoom(tx *db.Tx, class id.Class) (room Room, err error) {
	var rows []meetingRow
	err = tx.G().Where("school_id = ? AND class_id = ? AND whole_class AND (room_url IS NOT NULL OR room_name IS NOT NULL)", tx.School, class).
		Order("starts_at DESC, id DESC").Limit(1).Find(&rows).Error
	if len(rows) > 0 {
		room = rows[0].room()
	}
	return room, err
}
