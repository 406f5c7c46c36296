package meeting

import (
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// ofPupil are the meetings that a pupil belongs to, which is in its classes as they are on the day.
const ofPupil = `school_id = ? AND cancelled_at IS NULL AND ends_at > ? AND (
	whole_class AND class_id IN (SELECT class_id FROM membership WHERE school_id = ? AND pupil_id = ?
		AND from_on <= ? AND (until_on IS NULL OR until_on >= ?))
	OR id IN (SELECT meeting_id FROM meeting_pupil WHERE school_id = ? AND pupil_id = ?))`

func ofPupilValues(tx *db.Tx, pupil id.Pupil, after time.Time, day calendar.Date) []any {
	return []any{tx.School, after.UnixMicro(), tx.School, pupil, day, day, tx.School, pupil}
}

// meetingsOfPupil end after the one instant and begin before the other, the next one first.
func meetingsOfPupil(tx *db.Tx, pupil id.Pupil, after, before time.Time, day calendar.Date, most int) (rows []meetingRow, err error) {
	err = tx.G().Where(ofPupil, ofPupilValues(tx, pupil, after, day)...).Where("starts_at < ?", before.UnixMicro()).
		Order("starts_at, id").Limit(most).Find(&rows).Error
	return rows, err
}

func firstEndOfPupil(tx *db.Tx, pupil id.Pupil, after time.Time, day calendar.Date) (end int64, err error) {
	err = tx.G().Raw("SELECT coalesce(min(ends_at), 0) FROM meeting WHERE "+ofPupil, ofPupilValues(tx, pupil, after, day)...).Scan(&end).Error
	return end, err
}

// firstStartOfPupil is of those that begin after the instant.
func firstStartOfPupil(tx *db.Tx, pupil id.Pupil, after time.Time, day calendar.Date) (start int64, err error) {
	err = tx.G().Raw("SELECT coalesce(min(starts_at), 0) FROM meeting WHERE "+ofPupil+" AND starts_at > ?",
		append(ofPupilValues(tx, pupil, after, day), after.UnixMicro())...).Scan(&start).Error
	return start, err
}

func meetsBetween(tx *db.Tx, class id.Class, from, to time.Time) (bool, error) {
	var meetings int64
	err := tx.G().Table("meeting").Where("school_id = ? AND class_id = ? AND cancelled_at IS NULL AND ends_at > ? AND starts_at <= ?",
		tx.School, class, from.UnixMicro(), to.UnixMicro()).Count(&meetings).Error
	return meetings > 0, err
}
