package meeting

import (
	"time"

	"gorm.io/gorm"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

type meetingRow struct {
	SchoolID      id.School
	ID            id.Meeting
	SeriesID      *id.Series
	Title         string
	Kind          participation.MeetingKind
	ClassID       id.Class
	WholeClass    bool
	ResponsibleID id.Account
	LegalBasis    participation.LegalBasis
	RoomURL       *string `gorm:"column:room_url"`
	RoomName      *string
	StartsAt      int64
	EndsAt        int64
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	CancelledAt   *int64
	CollectedAt   *int64
}

func (meetingRow) TableName() string { return "meeting" }

type pupilRow struct {
	SchoolID  id.School
	MeetingID id.Meeting
	PupilID   id.Pupil
}

func (pupilRow) TableName() string { return "meeting_pupil" }

// find gives a meeting that takes place; one that was called off does not exist.
func (s *Service) find(tx *db.Tx, meeting id.Meeting) (Meeting, error) {
	found, err := s.findAny(tx, meeting)
	if err == nil && found.Cancelled {
		return Meeting{}, fault.New(fault.NothingHere)
	}
	return found, err
}

func (s *Service) findAny(tx *db.Tx, meeting id.Meeting) (Meeting, error) {
	var rows []meetingRow
	err := tx.G().Where("school_id = ? AND id = ?", tx.School, meeting).Limit(1).Find(&rows).Error
	if err != nil {
		return Meeting{}, err
	}
	if len(rows) == 0 {
		return Meeting{}, fault.New(fault.NothingHere)
	}
	class, err := s.schools.Class(tx, rows[0].ClassID)
	if err != nil {
		return Meeting{}, err
	}
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return Meeting{}, err
	}
	found := rows[0].meeting(class)
	found.Zone = settings.Location()
	if len(settings.RoomHosts) > 0 {
		found.Room.Home = "https://" + settings.RoomHosts[0] + "/"
	}
	substitutes, err := substitutesOf(tx, meeting)
	found.Substitute = substitutes[meeting]
	return found, err
}

func (r meetingRow) meeting(class school.Class) Meeting {
	m := Meeting{
		ID: r.ID, Title: r.Title, Kind: r.Kind, Class: class, WholeClass: r.WholeClass, Responsible: r.ResponsibleID,
		Basis: r.LegalBasis, Cancelled: r.CancelledAt != nil, collected: r.CollectedAt != nil,
		StartsAt: time.UnixMicro(r.StartsAt).UTC(), EndsAt: time.UnixMicro(r.EndsAt).UTC(),
	}
	if r.SeriesID != nil {
		m.Series = *r.SeriesID
	}
	m.Room = r.room()
	return m
}

func (r meetingRow) room() (room Room) {
	if r.RoomURL != nil {
		room.URL = *r.RoomURL
	}
	if r.RoomName != nil {
		room.Name = *r.RoomName
	}
	return room
}

// Page says how many meetings to list and after which.
type Page struct {
	Limit int
	After id.Meeting
}

// Listed is one page; Next is the id to go on after, empty at the end.
type Listed struct {
	Meetings []Meeting
	Next     id.Meeting
}

const (
	// ofTeacher are the meetings that a teacher may see at the instant; office, head and programs see all.
	ofTeacher = `(responsible_id = ? OR whole_class AND class_id IN (SELECT class_id FROM teaching WHERE school_id = ? AND account_id = ?)
		OR starts_at <= ? AND ends_at > ? AND id IN (SELECT meeting_id FROM substitution WHERE school_id = ? AND account_id = ?))`
	inTime = "school_id = ? AND cancelled_at IS NULL AND ends_at > ? AND starts_at < ?"
)

func visible(tx *db.Tx, actor authz.Actor) *gorm.DB {
	if actor.May(authz.SeeAllClasses) {
		return tx.G()
	}
	return tx.G().Where(ofTeacher, actor.Account, tx.School, actor.Account,
		tx.Now.Add(substitutesBefore).UnixMicro(), tx.Now.UnixMicro(), tx.School, actor.Account)
}

func (s *Service) list(tx *db.Tx, actor authz.Actor, from, to time.Time, page Page) (Listed, error) {
	query := visible(tx, actor).Where(inTime, tx.School, from.UnixMicro(), to.UnixMicro())
	if page.After != "" {
		last, err := s.find(tx, page.After)
		if err != nil {
			return Listed{}, fault.Wrap(fault.CursorInvalid, err)
		}
		query = query.Where("(starts_at, id) > (?, ?)", last.StartsAt.UnixMicro(), last.ID)
	}
	var rows []meetingRow
	if err := query.Order("starts_at, id").Limit(page.Limit + 1).Find(&rows).Error; err != nil {
		return Listed{}, err
	}
	var listed Listed
	if len(rows) > page.Limit {
		rows = rows[:page.Limit]
		listed.Next = rows[page.Limit-1].ID
	}
	var err error
	listed.Meetings, err = s.meetings(tx, rows)
	return listed, err
}

// meetings adds to the rows their classes and who substitutes.
func (s *Service) meetings(tx *db.Tx, rows []meetingRow) ([]Meeting, error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return nil, err
	}
	ids := make([]id.Meeting, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	substitutes, err := substitutesOf(tx, ids...)
	if err != nil {
		return nil, err
	}
	classes := map[id.Class]school.Class{}
	meetings := make([]Meeting, len(rows))
	for i, row := range rows {
		class, ok := classes[row.ClassID]
		if !ok {
			if class, err = s.schools.Class(tx, row.ClassID); err != nil {
				return nil, err
			}
			classes[row.ClassID] = class
		}
		meetings[i] = row.meeting(class)
		meetings[i].Zone, meetings[i].Substitute = settings.Location(), substitutes[row.ID]
	}
	return meetings, nil
}

func titles(tx *db.Tx, meetings []id.Meeting) (map[id.Meeting]Meeting, error) {
	var rows []meetingRow
	err := tx.G().Where("school_id = ? AND id IN ?", tx.School, meetings).Find(&rows).Error
	found := make(map[id.Meeting]Meeting, len(rows))
	for _, r := range rows {
		found[r.ID] = r.meeting(school.Class{})
	}
	return found, err
}

const selectLessonEnd = `SELECT coalesce(max(ends_at), 0) FROM meeting
	WHERE school_id = ? AND cancelled_at IS NULL AND starts_at <= ? AND ends_at > ? AND (responsible_id = ?
	OR class_id IN (SELECT class_id FROM teaching WHERE school_id = ? AND account_id = ?)
	OR id IN (SELECT meeting_id FROM substitution WHERE school_id = ? AND account_id = ?))`

func lessonEnd(tx *db.Tx, teacher id.Account, at time.Time) (end int64, err error) {
	err = tx.G().Raw(selectLessonEnd, tx.School, at.UnixMicro(), at.UnixMicro(), teacher, tx.School, teacher, tx.School, teacher).Scan(&end).Error
	return end, err
}

// pupilsOf lists who belongs into the meeting: the chosen ones, or the class as it is today.
func (s *Service) pupilsOf(tx *db.Tx, m Meeting) ([]id.Pupil, error) {
	if m.WholeClass {
		day, err := s.schools.Today(tx)
		if err != nil {
			return nil, err
		}
		return s.schools.PupilsOfClass(tx, m.Class.ID, day)
	}
	var pupils []id.Pupil
	err := tx.G().Table("meeting_pupil").Where("school_id = ? AND meeting_id = ?", tx.School, m.ID).
		Order("pupil_id").Pluck("pupil_id", &pupils).Error
	return pupils, err
}

func deletePupil(tx *db.Tx, pupil id.Pupil) error {
	for _, statement := range []string{
		"DELETE FROM join_address WHERE school_id = ? AND pupil_id = ?",
		"DELETE FROM meeting_entry WHERE school_id = ? AND pupil_id = ?",
		"DELETE FROM roster_seen WHERE school_id = ? AND pupil_id = ?",
		"DELETE FROM meeting_limit WHERE school_id = ? AND pupil_id = ?",
		"DELETE FROM own_limit WHERE school_id = ? AND pupil_id = ?",
		"DELETE FROM alternative_contact WHERE school_id = ? AND pupil_id = ?",
		"DELETE FROM meeting_pupil WHERE school_id = ? AND pupil_id = ?",
	} {
		if err := tx.G().Exec(statement, tx.School, pupil).Error; err != nil {
			return err
		}
	}
	return nil
}
