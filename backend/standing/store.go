package standing

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

type limitRow struct {
	PupilID id.Pupil
	Reach   string
}

// ownLimits reads what pupils have limited themselves to: until taken back, and for this meeting.
func ownLimits(tx *db.Tx, pupils []id.Pupil, meeting id.Meeting) (map[id.Pupil][]participation.Mode, error) {
	var rows []limitRow
	err := tx.G().Table("own_limit").Select("pupil_id", "reach").
		Where("school_id = ? AND pupil_id IN ? AND lifted_at IS NULL AND (meeting_id IS NULL OR meeting_id = ?)", tx.School, pupils, meeting).
		Find(&rows).Error
	if err != nil {
		return nil, err
	}
	return byPupil(rows)
}

func teacherLimits(tx *db.Tx, meeting id.Meeting) (map[id.Pupil][]participation.Mode, error) {
	var rows []limitRow
	err := tx.G().Table("meeting_limit").Select("pupil_id", "reach").
		Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	return byPupil(rows)
}

func byPupil(rows []limitRow) (map[id.Pupil][]participation.Mode, error) {
	limits := map[id.Pupil][]participation.Mode{}
	for _, row := range rows {
		mode, err := participation.ParseMode(row.Reach)
		if err != nil {
			return nil, err
		}
		limits[row.PupilID] = append(limits[row.PupilID], mode)
	}
	return limits, nil
}
