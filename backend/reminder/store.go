package reminder

import (
	"slices"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

const listSize = 500 // asks in one query

type reminderRow struct {
	SchoolID   id.School
	ID         id.Reminder
	AskID      id.Ask
	PersonKind id.PersonKind
	PersonID   string
	Step       Step
	Push       bool
	Mail       bool
	MadeBy     *id.Account
	At         int64
}

func (reminderRow) TableName() string { return "reminder" }

func (r reminderRow) person() id.Person { return id.Person{Kind: r.PersonKind, ID: r.PersonID} }

func (r reminderRow) sent() Sent {
	return Sent{Step: r.Step, At: time.UnixMicro(r.At).UTC(), Push: r.Push, Mail: r.Mail}
}

func insert(tx *db.Tx, rows []reminderRow) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.G().CreateInBatches(rows, listSize).Error
}

// listSince gives what went out from an instant on, the oldest first.
func listSince(tx *db.Tx, since time.Time) (rows []reminderRow, err error) {
	err = tx.G().Where("school_id = ? AND at >= ?", tx.School, since.UnixMicro()).Order("at, id").Find(&rows).Error
	return rows, err
}

// listOf gives what went out about the asks, the oldest first.
func listOf(tx *db.Tx, asks []id.Ask) (rows []reminderRow, err error) {
	for some := range slices.Chunk(asks, listSize) {
		var found []reminderRow
		if err := tx.G().Where("school_id = ? AND ask_id IN ?", tx.School, some).Find(&found).Error; err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	slices.SortFunc(rows, func(a, b reminderRow) int { return int(a.At - b.At) })
	return rows, nil
}

// loggedRow is a row of the log with what became of its ask.
type loggedRow struct {
	Row      reminderRow `gorm:"embedded"`
	PupilID  id.Pupil
	ClosedAt *int64
}

// page gives a part of the log, the newest first.
func page(tx *db.Tx, after id.Reminder, limit int) (rows []loggedRow, err error) {
	query := tx.G().Table("reminder").Select("reminder.*, ask.pupil_id, ask.closed_at").
		Joins("JOIN ask ON ask.school_id = reminder.school_id AND ask.id = reminder.ask_id").
		Where("reminder.school_id = ?", tx.School)
	if after != "" {
		query = query.Where("reminder.id < ?", after)
	}
	err = query.Order("reminder.id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

func deleteBefore(tx *db.Tx, before time.Time) error {
	return tx.G().Where("school_id = ? AND at < ?", tx.School, before.UnixMicro()).Delete(&reminderRow{}).Error
}

// Erase deletes what went to the person, and what was about a pupil who is erased. It goes before consent's, whose asks
// the rows name.
func Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	err := tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).Delete(&reminderRow{}).Error
	if err != nil || person.Kind != id.PupilPerson {
		return err
	}
	about := tx.G().Table("ask").Select("id").Where("school_id = ? AND pupil_id = ?", tx.School, person.ID)
	return tx.G().Where("school_id = ? AND ask_id IN (?)", tx.School, about).Delete(&reminderRow{}).Error
}
