package room

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/conference"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type serverRow struct {
	SchoolID  id.School
	Body      []byte
	Style     conference.Style
	ChangedAt int64
	AskedAt   int64
	Silent    bool
}

func (serverRow) TableName() string { return "conference_server" }

func findServer(tx *db.Tx) (serverRow, bool, error) {
	var rows []serverRow
	err := tx.G().Where("school_id = ?", tx.School).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return serverRow{}, false, err
	}
	return rows[0], true, nil
}

func putServer(tx *db.Tx, row serverRow) error {
	return tx.G().Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "school_id"}}, DoUpdates: clause.AssignmentColumns([]string{"body", "style", "changed_at"}),
	}).Create(&row).Error
}

func deleteServer(tx *db.Tx) (bool, error) {
	done := tx.G().Where("school_id = ?", tx.School).Delete(&serverRow{})
	return done.RowsAffected > 0, done.Error
}

// claimServer takes the turn to ask, when nobody has asked since.
func claimServer(tx *db.Tx, since time.Time) (bool, error) {
	done := tx.G().Table("conference_server").Where("school_id = ? AND asked_at <= ?", tx.School, since.UnixMicro()).
		Updates(map[string]any{"asked_at": tx.Now.UnixMicro()})
	return done.RowsAffected > 0, done.Error
}

func setSilent(tx *db.Tx, silent bool) error {
	return tx.G().Table("conference_server").Where("school_id = ? AND silent <> ?", tx.School, silent).
		Updates(map[string]any{"silent": silent}).Error
}

type roomRow struct {
	SchoolID     id.School
	ID           string
	MeetingID    id.Meeting
	Style        string
	Body         []byte
	CallbackHash string
	CreateTime   *string
	AskedAt      int64
	SeenAt       *int64
	EndedAt      *int64
	RecordedAt   *int64
	Strangers    int64

	fresh bool // the server was heard of it just now
}

func (roomRow) TableName() string { return "conference_room" }

// insertRoom reports whether it was made: a meeting has one open room.
func insertRoom(tx *db.Tx, row roomRow) (bool, error) {
	done := tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	return done.RowsAffected > 0, done.Error
}

func oneRoom(rows []roomRow, err error) (roomRow, bool, error) {
	if err != nil || len(rows) == 0 {
		return roomRow{}, false, err
	}
	return rows[0], true, nil
}

func openRoom(tx *db.Tx, meeting id.Meeting) (roomRow, bool, error) {
	var rows []roomRow
	err := tx.G().Where("school_id = ? AND meeting_id = ? AND ended_at IS NULL", tx.School, meeting).Limit(1).Find(&rows).Error
	return oneRoom(rows, err)
}

// roomsOf are all that the meeting has had.
func roomsOf(tx *db.Tx, meeting id.Meeting) (rows []roomRow, err error) {
	err = tx.G().Omit("body").Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Order("id").Find(&rows).Error
	return rows, err
}

func roomByCallback(tx *db.Tx, hash string) (roomRow, bool, error) {
	var rows []roomRow
	err := tx.G().Where("school_id = ? AND callback_hash = ?", tx.School, hash).Limit(1).Find(&rows).Error
	return oneRoom(rows, err)
}

// openRooms are those that the server has made and that have not ended.
func openRooms(tx *db.Tx) (rows []roomRow, err error) {
	err = tx.G().Where("school_id = ? AND ended_at IS NULL AND create_time IS NOT NULL", tx.School).Order("id").Find(&rows).Error
	return rows, err
}

func anyOpen(tx *db.Tx) (bool, error) {
	var rows []string
	err := tx.G().Table("conference_room").Where("school_id = ? AND ended_at IS NULL AND create_time IS NOT NULL", tx.School).
		Limit(1).Pluck("id", &rows).Error
	return len(rows) > 0, err
}

func madeRoom(tx *db.Tx, room, createTime string) error {
	return tx.G().Table("conference_room").Where("school_id = ? AND id = ?", tx.School, room).
		Updates(map[string]any{"create_time": createTime, "seen_at": tx.Now.UnixMicro()}).Error
}

func seenRooms(tx *db.Tx, rooms []string) error {
	if len(rooms) == 0 {
		return nil
	}
	return tx.G().Table("conference_room").Where("school_id = ? AND id IN ?", tx.School, rooms).
		Updates(map[string]any{"seen_at": tx.Now.UnixMicro()}).Error
}

func endRoom(tx *db.Tx, room string) error {
	return tx.G().Table("conference_room").Where("school_id = ? AND id = ?", tx.School, room).
		Updates(map[string]any{"ended_at": tx.Now.UnixMicro(), "strangers": 0}).Error
}

func endAllRooms(tx *db.Tx) error {
	return tx.G().Table("conference_room").Where("school_id = ? AND ended_at IS NULL", tx.School).
		Updates(map[string]any{"ended_at": tx.Now.UnixMicro(), "strangers": 0}).Error
}

func setStrangers(tx *db.Tx, room string, strangers int) error {
	return tx.G().Table("conference_room").Where("school_id = ? AND id = ?", tx.School, room).
		Updates(map[string]any{"strangers": strangers}).Error
}

func setRecorded(tx *db.Tx, room string) error {
	return tx.G().Table("conference_room").Where("school_id = ? AND id = ?", tx.School, room).
		Updates(map[string]any{"recorded_at": tx.Now.UnixMicro()}).Error
}

// deleteOldRooms drops the rooms of meetings that ended before; one that is still open too, because the server ends it.
func deleteOldRooms(tx *db.Tx, before time.Time) error {
	return tx.G().Exec(`DELETE FROM conference_room WHERE school_id = ? AND meeting_id IN
		(SELECT id FROM meeting WHERE school_id = ? AND ends_at < ?)`, tx.School, tx.School, before.UnixMicro()).Error
}

type styleRow struct {
	SchoolID  id.School
	MeetingID id.Meeting
	Style     conference.Style
}

func (styleRow) TableName() string { return "room_style" }

func chosenStyle(tx *db.Tx, meeting id.Meeting) (style conference.Style, err error) {
	var rows []styleRow
	err = tx.G().Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].Style, nil
}

// putStyle keeps the choice; an empty style is the school's.
func putStyle(tx *db.Tx, meeting id.Meeting, style conference.Style) error {
	if style == "" {
		return tx.G().Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Delete(&styleRow{}).Error
	}
	return tx.G().Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "school_id"}, {Name: "meeting_id"}}, DoUpdates: clause.AssignmentColumns([]string{"style"}),
	}).Create(&styleRow{SchoolID: tx.School, MeetingID: meeting, Style: style}).Error
}
