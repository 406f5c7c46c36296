package meeting

import (
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

type limitRow struct {
	SchoolID  id.School
	MeetingID id.Meeting
	PupilID   id.Pupil
	Reach     string
	SetBy     id.Account
	SetAt     int64
}

func (limitRow) TableName() string { return "meeting_limit" }

func putLimit(tx *db.Tx, by id.Account, meeting id.Meeting, limit Limit) error {
	return tx.G().Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "school_id"}, {Name: "meeting_id"}, {Name: "pupil_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"reach", "set_by", "set_at"}),
	}).Create(&limitRow{
		SchoolID: tx.School, MeetingID: meeting, PupilID: limit.Pupil, Reach: limit.Reach.String(), SetBy: by, SetAt: tx.Now.UnixMicro(),
	}).Error
}

func deleteLimit(tx *db.Tx, meeting id.Meeting, pupil id.Pupil) error {
	return tx.G().Where("school_id = ? AND meeting_id = ? AND pupil_id = ?", tx.School, meeting, pupil).Delete(&limitRow{}).Error
}

func listLimits(tx *db.Tx, meeting id.Meeting) ([]Limit, error) {
	var rows []limitRow
	err := tx.G().Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Order("pupil_id").Find(&rows).Error
	if err != nil {
		return nil, err
	}
	limits := make([]Limit, len(rows))
	for i, row := range rows {
		reach, err := participation.ParseMode(row.Reach)
		if err != nil {
			return nil, err
		}
		limits[i] = Limit{Pupil: row.PupilID, Reach: reach}
	}
	return limits, nil
}
