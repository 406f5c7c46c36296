package meeting

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type contactRow struct {
	SchoolID  id.School
	MeetingID id.Meeting
	PupilID   id.Pupil
	Kind      *ContactKind
	DoneAt    *int64
	DoneBy    *id.Account
	Absent    bool
}

func (contactRow) TableName() string { return "alternative_contact" }

var contactKey = []clause.Column{{Name: "school_id"}, {Name: "meeting_id"}, {Name: "pupil_id"}}

func (r contactRow) contact(m Meeting) Contact {
	c := Contact{Meeting: m, Pupil: r.PupilID, Absent: r.Absent}
	if r.Kind != nil {
		c.Kind = *r.Kind
	}
	if r.DoneAt != nil {
		c.DoneAt = time.UnixMicro(*r.DoneAt).UTC()
	}
	return c
}

// with keeps the day on which it was done when it is done already, and what is known of how where nothing is said.
func (r contactRow) with(kind ContactKind, done bool, by id.Account, now time.Time) contactRow {
	if kind != "" {
		r.Kind = &kind
	}
	if !done {
		r.DoneAt, r.DoneBy = nil, nil
	} else if r.DoneAt == nil {
		at := now.UnixMicro()
		r.DoneAt, r.DoneBy = &at, &by
	}
	return r
}

func findUncollected(tx *db.Tx, begins time.Time) (rows []meetingRow, err error) {
	err = tx.G().Where("school_id = ? AND cancelled_at IS NULL AND collected_at IS NULL AND starts_at >= ? AND starts_at <= ?",
		tx.School, begins.UnixMicro(), tx.Now.UnixMicro()).Order("starts_at, id").Find(&rows).Error
	return rows, err
}

func setCollected(tx *db.Tx, meeting id.Meeting) error {
	return db.MustAffect(tx.G().Table("meeting").Where("school_id = ? AND id = ?", tx.School, meeting).Update("collected_at", tx.Now.UnixMicro()))
}

// insertContacts leaves what stands already as it is; but whoever could not take part is no longer absent.
func insertContacts(tx *db.Tx, meeting id.Meeting, pupils []id.Pupil, absent bool) error {
	if len(pupils) == 0 {
		return nil
	}
	rows := make([]contactRow, len(pupils))
	for i, pupil := range pupils {
		rows[i] = contactRow{SchoolID: tx.School, MeetingID: meeting, PupilID: pupil, Absent: absent}
	}
	standing := clause.OnConflict{DoNothing: true}
	if !absent {
		standing = clause.OnConflict{Columns: contactKey, DoUpdates: clause.AssignmentColumns([]string{"absent"})}
	}
	return tx.G().Clauses(standing).CreateInBatches(&rows, db.RowsAtOnce).Error
}

func saveContact(tx *db.Tx, meeting id.Meeting, r contactRow) error {
	r.SchoolID, r.MeetingID = tx.School, meeting
	return tx.G().Clauses(clause.OnConflict{
		Columns: contactKey, DoUpdates: clause.AssignmentColumns([]string{"kind", "done_at", "done_by"}),
	}).Create(&r).Error
}

func deleteContact(tx *db.Tx, meeting id.Meeting, pupil id.Pupil) error {
	return db.MustAffect(tx.G().Where("school_id = ? AND meeting_id = ? AND pupil_id = ?", tx.School, meeting, pupil).Delete(&contactRow{}))
}

func findContact(tx *db.Tx, meeting id.Meeting, pupil id.Pupil) (row contactRow, written bool, err error) {
	var rows []contactRow
	err = tx.G().Where("school_id = ? AND meeting_id = ? AND pupil_id = ?", tx.School, meeting, pupil).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return contactRow{PupilID: pupil}, false, err
	}
	return rows[0], true, nil
}

func findContacts(tx *db.Tx, meetings []meetingRow) (map[id.Meeting][]contactRow, error) {
	ids := make([]id.Meeting, len(meetings))
	for i, m := range meetings {
		ids[i] = m.ID
	}
	var rows []contactRow
	err := tx.G().Where("school_id = ? AND meeting_id IN ?", tx.School, ids).Order("pupil_id").Find(&rows).Error
	found := map[id.Meeting][]contactRow{}
	for _, row := range rows {
		found[row.MeetingID] = append(found[row.MeetingID], row)
	}
	return found, err
}

// findBegun gives the meetings that the actor has to do with and of which somebody may still have to be reached.
func findBegun(tx *db.Tx, actor authz.Actor, class id.Class, begins time.Time) (rows []meetingRow, err error) {
	open := tx.G().Table("alternative_contact").Select("meeting_id").Where("school_id = ? AND done_at IS NULL", tx.School)
	query := visible(tx, actor).Where("school_id = ? AND cancelled_at IS NULL AND starts_at >= ? AND starts_at <= ?",
		tx.School, begins.UnixMicro(), tx.Now.UnixMicro()).Where("(collected_at IS NULL OR id IN (?))", open)
	if class != "" {
		query = query.Where("class_id = ?", class)
	} else {
		held := tx.G().Table("substitution").Select("meeting_id").Where("school_id = ? AND account_id = ?", tx.School, actor.Account)
		query = query.Where("(responsible_id = ? OR id IN (?))", actor.Account, held)
	}
	err = query.Order("starts_at, id").Find(&rows).Error
	return rows, err
}

func findRow(tx *db.Tx, meeting id.Meeting) (row meetingRow, err error) {
	err = tx.G().Where("school_id = ? AND id = ?", tx.School, meeting).Take(&row).Error
	return row, err
}

type contactCount struct {
	ClassID id.Class
	Total   int
	Done    int
}

func countContacts(tx *db.Tx, begins time.Time) (counts []contactCount, err error) {
	err = tx.G().Table("alternative_contact").Select("meeting.class_id, count(*) AS total, count(done_at) AS done").
		Joins("JOIN meeting ON meeting.school_id = alternative_contact.school_id AND meeting.id = alternative_contact.meeting_id").
		Where("alternative_contact.school_id = ? AND meeting.starts_at >= ?", tx.School, begins.UnixMicro()).
		Group("meeting.class_id").Find(&counts).Error
	return counts, err
}

func deleteBefore(tx *db.Tx, begins time.Time) error {
	over := tx.G().Table("meeting").Select("id").Where("school_id = ? AND ends_at <= ?", tx.School, begins.UnixMicro())
	for _, rows := range []any{&contactRow{}, &substitutionRow{}} {
		if err := tx.G().Where("school_id = ? AND meeting_id IN (?)", tx.School, over).Delete(rows).Error; err != nil {
			return err
		}
	}
	return nil
}
