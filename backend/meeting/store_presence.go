package meeting

import (
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

type entryRow struct {
	SchoolID  id.School
	MeetingID id.Meeting
	Ref       string
	PupilID   *id.Pupil
	AccountID *id.Account
	EnteredAt int64
	Copies    int64
	Camera    bool
}

func (entryRow) TableName() string { return "meeting_entry" }

// putEntry keeps the name of whoever comes again.
func putEntry(tx *db.Tx, row entryRow) (ref string, err error) {
	who, person := "pupil_id", any(row.PupilID)
	if row.AccountID != nil {
		who, person = "account_id", any(row.AccountID)
	}
	// The condition makes the insertion wait for another one of the same person, and find it afterwards.
	if err := tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return "", err
	}
	mine := tx.G().Table("meeting_entry").Where("school_id = ? AND meeting_id = ? AND "+who+" = ?", tx.School, row.MeetingID, person)
	if err := mine.Updates(map[string]any{"entered_at": row.EnteredAt}).Error; err != nil {
		return "", err
	}
	err = tx.G().Table("meeting_entry").Where("school_id = ? AND meeting_id = ? AND "+who+" = ?", tx.School, row.MeetingID, person).
		Limit(1).Pluck("ref", &ref).Error
	return ref, err
}

func entriesOf(tx *db.Tx, meeting id.Meeting) (rows []entryRow, err error) {
	err = tx.G().Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Order("ref").Find(&rows).Error
	return rows, err
}

func updatePresence(tx *db.Tx, meeting id.Meeting, e Entry) error {
	return tx.G().Table("meeting_entry").Where("school_id = ? AND meeting_id = ? AND ref = ?", tx.School, meeting, e.Ref).
		Updates(map[string]any{"copies": e.Copies, "camera": e.Camera}).Error
}

type seenRow struct {
	SchoolID  id.School
	MeetingID id.Meeting
	PupilID   id.Pupil
	Mode      string
	Link      string
}

func (seenRow) TableName() string { return "roster_seen" }

// shown is the highest mode that a meeting has shown of a pupil, and by which link its room was known when the pupil could
// last come in.
type shown struct {
	mode participation.Mode
	link string
}

// next is what is kept once the mode was shown while the room had the link.
func (s shown) next(mode participation.Mode, link string) shown {
	if mode > participation.None {
		s.link = link
	}
	s.mode = max(s.mode, mode)
	return s
}

func seenOf(tx *db.Tx, meeting id.Meeting) (map[id.Pupil]shown, error) {
	var rows []seenRow
	if err := tx.G().Where("school_id = ? AND meeting_id = ?", tx.School, meeting).Find(&rows).Error; err != nil {
		return nil, err
	}
	seen := make(map[id.Pupil]shown, len(rows))
	for _, row := range rows {
		mode, err := participation.ParseMode(row.Mode)
		if err != nil {
			return nil, err
		}
		seen[row.PupilID] = shown{mode, row.Link}
	}
	return seen, nil
}

// raiseSeen keeps what is above what is kept; two boards at once keep the higher. The link is that of the room now.
func raiseSeen(tx *db.Tx, meeting id.Meeting, link string, modes map[id.Pupil]participation.Mode) error {
	kept, err := seenOf(tx, meeting)
	if err != nil {
		return err
	}
	var pupils []id.Pupil
	for pupil := range modes {
		pupils = append(pupils, pupil)
	}
	slices.Sort(pupils)
	var rows []seenRow
	for _, pupil := range pupils {
		before, ok := kept[pupil]
		if now := before.next(modes[pupil], link); !ok || now != before {
			rows = append(rows, seenRow{SchoolID: tx.School, MeetingID: meeting, PupilID: pupil, Mode: now.mode.String(), Link: now.link})
		}
	}
	return putSeen(tx, rows)
}

func putSeen(tx *db.Tx, rows []seenRow) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.G().Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "school_id"}, {Name: "meeting_id"}, {Name: "pupil_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"mode", "link"}),
	}).Create(&rows).Error
}

const selectEnded = `SELECT id FROM meeting m WHERE school_id = ? AND ends_at < ? AND (
	EXISTS (SELECT 1 FROM meeting_entry e WHERE e.school_id = m.school_id AND e.meeting_id = m.id)
	OR EXISTS (SELECT 1 FROM roster_seen s WHERE s.school_id = m.school_id AND s.meeting_id = m.id))`

func endedBefore(tx *db.Tx, at time.Time) (meetings []id.Meeting, err error) {
	err = tx.G().Raw(selectEnded, tx.School, at.UnixMicro()).Scan(&meetings).Error
	return meetings, err
}

func deleteTraces(tx *db.Tx, meeting id.Meeting) error {
	for _, statement := range []string{
		"DELETE FROM meeting_entry WHERE school_id = ? AND meeting_id = ?",
		"DELETE FROM roster_seen WHERE school_id = ? AND meeting_id = ?",
	} {
		if err := tx.G().Exec(statement, tx.School, meeting).Error; err != nil {
			return err
		}
	}
	return nil
}
