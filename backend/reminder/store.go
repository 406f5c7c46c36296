package reminder

import (
	"slices"
	"time"

	"gorm.io/gorm/clause"

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
	Message    *string // what went out together; a slip has none
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

// listSince gives what went out from an instant on, the oldest first; to one person, if it is named.
func listSince(tx *db.Tx, since time.Time, person id.Person) (rows []reminderRow, err error) {
	query := tx.G().Where("school_id = ? AND at >= ?", tx.School, since.UnixMicro())
	if person.ID != "" {
		query = query.Where("person_kind = ? AND person_id = ?", person.Kind, person.ID)
	}
	err = query.Order("at, id").Find(&rows).Error
	return rows, err
}

func listOfMessage(tx *db.Tx, message string) (rows []reminderRow, err error) {
	err = tx.G().Where("school_id = ? AND message = ?", tx.School, message).Order("id").Find(&rows).Error
	return rows, err
}

// wasToldSince reports whether a later message to the person was written.
func wasToldSince(tx *db.Tx, row reminderRow) (bool, error) {
	var later int64
	err := tx.G().Table("reminder").
		Where("school_id = ? AND person_kind = ? AND person_id = ? AND at > ? AND message IS NOT NULL AND message <> ?",
			tx.School, row.PersonKind, row.PersonID, row.At, *row.Message).Count(&later).Error
	return later > 0, err
}

// moveTo notes that a message goes out later than it was written.
func moveTo(tx *db.Tx, message string, at time.Time) error {
	return tx.G().Table("reminder").Where("school_id = ? AND message = ?", tx.School, message).
		Updates(map[string]any{"at": at.UnixMicro()}).Error
}

type requestRow struct {
	SchoolID   id.School
	PersonKind id.PersonKind
	PersonID   string
	MadeBy     id.Account
	MadeAt     int64
}

func (requestRow) TableName() string { return "reminder_request" }

func insertRequests(tx *db.Tx, by id.Account, persons []id.Person) error {
	rows := make([]requestRow, len(persons))
	for i, person := range persons {
		rows[i] = requestRow{SchoolID: tx.School, PersonKind: person.Kind, PersonID: person.ID, MadeBy: by, MadeAt: tx.Now.UnixMicro()}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.G().Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, listSize).Error
}

func listRequests(tx *db.Tx, person id.Person) (rows []requestRow, err error) {
	query := tx.G().Where("school_id = ?", tx.School)
	if person.ID != "" {
		query = query.Where("person_kind = ? AND person_id = ?", person.Kind, person.ID)
	}
	err = query.Find(&rows).Error
	return rows, err
}

func wanted(tx *db.Tx, person id.Person) (map[id.Person]bool, error) {
	rows, err := listRequests(tx, person)
	persons := make(map[id.Person]bool, len(rows))
	for _, row := range rows {
		persons[id.Person{Kind: row.PersonKind, ID: row.PersonID}] = true
	}
	return persons, err
}

func deleteRequest(tx *db.Tx, person id.Person) error {
	return tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).Delete(&requestRow{}).Error
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
	if err == nil {
		err = deleteRequest(tx, person)
	}
	if err != nil || person.Kind != id.PupilPerson {
		return err
	}
	about := tx.G().Table("ask").Select("id").Where("school_id = ? AND pupil_id = ?", tx.School, person.ID)
	return tx.G().Where("school_id = ? AND ask_id IN (?)", tx.School, about).Delete(&reminderRow{}).Error
}
