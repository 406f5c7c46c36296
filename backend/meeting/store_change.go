package meeting

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

func insertMeetings(
	tx *db.Tx, responsible id.Account, plan Plan, basis participation.LegalBasis, series id.Series, occurrences []occurrence,
) error {
	rows := make([]meetingRow, len(occurrences))
	var pupils []pupilRow
	for i, one := range occurrences {
		rows[i] = meetingRow{
			SchoolID: tx.School, ID: one.id, Title: plan.Title, Kind: plan.Kind, ClassID: plan.Class, WholeClass: len(plan.Pupils) == 0,
			ResponsibleID: responsible, LegalBasis: basis, StartsAt: one.starts.UnixMicro(), EndsAt: one.starts.Add(plan.Length).UnixMicro(),
			CreatedAt: tx.Now.UnixMicro(),
		}
		if series != "" {
			rows[i].SeriesID = &series
		}
		if plan.Room.URL != "" {
			rows[i].RoomURL = &plan.Room.URL
		}
		if plan.Room.Name != "" {
			rows[i].RoomName = &plan.Room.Name
		}
		for _, pupil := range plan.Pupils {
			pupils = append(pupils, pupilRow{SchoolID: tx.School, MeetingID: one.id, PupilID: pupil})
		}
	}
	if err := tx.G().CreateInBatches(&rows, db.RowsAtOnce).Error; err != nil || len(pupils) == 0 {
		return err
	}
	return tx.G().CreateInBatches(&pupils, db.RowsAtOnce).Error
}

// isPlanned finds a meeting of the whole class that is the same but for its id.
func isPlanned(tx *db.Tx, responsible id.Account, plan Plan) (bool, error) {
	if len(plan.Pupils) > 0 {
		return false, nil
	}
	var n int64
	err := tx.G().Table("meeting").Where("school_id = ? AND cancelled_at IS NULL AND responsible_id = ? AND class_id = ? AND whole_class",
		tx.School, responsible, plan.Class).
		Where("title = ? AND starts_at = ? AND ends_at = ?", plan.Title, plan.StartsAt.UnixMicro(), plan.StartsAt.Add(plan.Length).UnixMicro()).
		Count(&n).Error
	return n > 0, err
}

// findOfTeacher gives the meetings of the whole class that its teacher has at any time between.
func findOfTeacher(tx *db.Tx, teacher id.Account, class id.Class, from, to time.Time) (rows []meetingRow, err error) {
	err = tx.G().Where(inTime, tx.School, from.UnixMicro(), to.UnixMicro()).
		Where("responsible_id = ? AND class_id = ? AND whole_class", teacher, class).Order("starts_at, id").Find(&rows).Error
	return rows, err
}

const selectOverlaps = `SELECT count(DISTINCT other.id) FROM meeting one JOIN meeting other
	ON other.school_id = one.school_id AND other.class_id = one.class_id AND other.responsible_id = one.responsible_id
	AND other.id <> one.id AND other.cancelled_at IS NULL AND other.starts_at < one.ends_at AND other.ends_at > one.starts_at
	WHERE one.school_id = ? AND one.cancelled_at IS NULL AND (one.id = ? OR one.series_id = ?)`

func countOverlaps(tx *db.Tx, m Meeting) (n int64, err error) {
	err = tx.G().Raw(selectOverlaps, tx.School, m.ID, m.Series).Scan(&n).Error
	return n, err
}

// lockMeeting makes changes to one meeting wait for each other. On SQLite there is one writer anyway.
func lockMeeting(tx *db.Tx, meeting id.Meeting) error {
	if tx.Dialect() == db.SQLite {
		return nil
	}
	var locked struct{ ID id.Meeting }
	return tx.G().Table("meeting").Select("id").Where("school_id = ? AND id = ?", tx.School, meeting).
		Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Limit(1).Find(&locked).Error
}

// cancel calls off the meeting and, in a series, those that begin later.
func cancel(tx *db.Tx, m Meeting, series id.Series) (ids []id.Meeting, err error) {
	query := tx.G().Table("meeting").Where("school_id = ? AND cancelled_at IS NULL", tx.School)
	if series == "" {
		query = query.Where("id = ?", m.ID)
	} else {
		query = query.Where("series_id = ? AND starts_at >= ?", series, m.StartsAt.UnixMicro())
	}
	if err := query.Order("starts_at, id").Pluck("id", &ids).Error; err != nil {
		return nil, err
	}
	err = tx.G().Table("meeting").Where("school_id = ? AND id IN ?", tx.School, ids).Update("cancelled_at", tx.Now.UnixMicro()).Error
	return ids, err
}

func move(tx *db.Tx, meeting id.Meeting, starts, ends time.Time) error {
	err := tx.G().Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Delete(&substitutionRow{}).Error
	if err != nil {
		return err
	}
	return db.MustAffect(tx.G().Table("meeting").Where("school_id = ? AND id = ?", tx.School, meeting).
		Updates(map[string]any{"starts_at": starts.UnixMicro(), "ends_at": ends.UnixMicro()}))
}

type substitutionRow struct {
	SchoolID  id.School
	MeetingID id.Meeting
	AccountID id.Account
	TakenAt   int64
}

func (substitutionRow) TableName() string { return "substitution" }

func insertSubstitution(tx *db.Tx, meeting id.Meeting, account id.Account) error {
	return tx.G().Create(&substitutionRow{SchoolID: tx.School, MeetingID: meeting, AccountID: account, TakenAt: tx.Now.UnixMicro()}).Error
}

func deleteSubstitution(tx *db.Tx, meeting id.Meeting) error {
	return db.MustAffect(tx.G().Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Delete(&substitutionRow{}))
}

func substitutesOf(tx *db.Tx, meetings ...id.Meeting) (map[id.Meeting]id.Account, error) {
	var rows []substitutionRow
	err := tx.G().Where("school_id = ? AND meeting_id IN ?", tx.School, meetings).Find(&rows).Error
	found := make(map[id.Meeting]id.Account, len(rows))
	for _, row := range rows {
		found[row.MeetingID] = row.AccountID
	}
	return found, err
}

// findBetween gives all meetings of the school that run at any time between, by their beginning.
func findBetween(tx *db.Tx, from, to time.Time) (rows []meetingRow, err error) {
	err = tx.G().Where(inTime, tx.School, from.UnixMicro(), to.UnixMicro()).Order("starts_at, id").Find(&rows).Error
	return rows, err
}

// findBeginning gives all meetings of the school that begin in (after, until], by their beginning.
func findBeginning(tx *db.Tx, after, until time.Time) (rows []meetingRow, err error) {
	err = tx.G().Where("school_id = ? AND cancelled_at IS NULL AND starts_at > ? AND starts_at <= ?", tx.School, after.UnixMicro(), until.UnixMicro()).
		Order("starts_at, id").Find(&rows).Error
	return rows, err
}
