package meeting

import (
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

type meetingRow struct {
	SchoolID      id.School
	ID            id.Meeting
	SeriesID      *string
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
}

func (meetingRow) TableName() string { return "meeting" }

type pupilRow struct {
	SchoolID  id.School
	MeetingID id.Meeting
	PupilID   id.Pupil
}

func (pupilRow) TableName() string { return "meeting_pupil" }

func insertMeeting(tx *db.Tx, by id.Account, made id.Meeting, plan Plan, basis participation.LegalBasis) error {
	row := meetingRow{
		SchoolID: tx.School, ID: made, Title: plan.Title, Kind: plan.Kind, ClassID: plan.Class, WholeClass: len(plan.Pupils) == 0,
		ResponsibleID: by, LegalBasis: basis, StartsAt: plan.StartsAt.UnixMicro(), EndsAt: plan.StartsAt.Add(plan.Length).UnixMicro(),
		CreatedAt: tx.Now.UnixMicro(),
	}
	if plan.Room.URL != "" {
		row.RoomURL = &plan.Room.URL
	}
	if plan.Room.Name != "" {
		row.RoomName = &plan.Room.Name
	}
	if err := tx.G().Create(&row).Error; err != nil {
		return err
	}
	if len(plan.Pupils) == 0 {
		return nil
	}
	rows := make([]pupilRow, len(plan.Pupils))
	for i, pupil := range plan.Pupils {
		rows[i] = pupilRow{SchoolID: tx.School, MeetingID: made, PupilID: pupil}
	}
	return tx.G().Create(&rows).Error
}

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
	found := rows[0].meeting(class)
	found.Zone = settings.Location()
	if len(settings.RoomHosts) > 0 {
		found.Room.Home = "https://" + settings.RoomHosts[0] + "/"
	}
	return found, err
}

func (r meetingRow) meeting(class school.Class) Meeting {
	m := Meeting{
		ID: r.ID, Title: r.Title, Kind: r.Kind, Class: class, WholeClass: r.WholeClass, Responsible: r.ResponsibleID,
		Basis: r.LegalBasis, Cancelled: r.CancelledAt != nil, StartsAt: time.UnixMicro(r.StartsAt).UTC(), EndsAt: time.UnixMicro(r.EndsAt).UTC(),
	}
	if r.RoomURL != nil {
		m.Room.URL = *r.RoomURL
	}
	if r.RoomName != nil {
		m.Room.Name = *r.RoomName
	}
	return m
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

func (s *Service) list(tx *db.Tx, classes []school.Class, from, to time.Time, page Page) (Listed, error) {
	byID := map[id.Class]school.Class{}
	var ids []id.Class
	for _, class := range classes {
		byID[class.ID] = class
		ids = append(ids, class.ID)
	}
	query := tx.G().Where("school_id = ? AND class_id IN ? AND cancelled_at IS NULL AND ends_at > ? AND starts_at < ?",
		tx.School, ids, from.UnixMicro(), to.UnixMicro())
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
	for i, row := range rows {
		if i == page.Limit {
			listed.Next = rows[i-1].ID
			break
		}
		listed.Meetings = append(listed.Meetings, row.meeting(byID[row.ClassID]))
	}
	return listed, nil
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
	OR class_id IN (SELECT class_id FROM teaching WHERE school_id = ? AND account_id = ?))`

func lessonEnd(tx *db.Tx, teacher id.Account, at time.Time) (end int64, err error) {
	err = tx.G().Raw(selectLessonEnd, tx.School, at.UnixMicro(), at.UnixMicro(), teacher, tx.School, teacher).Scan(&end).Error
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
		"DELETE FROM meeting_pupil WHERE school_id = ? AND pupil_id = ?",
	} {
		if err := tx.G().Exec(statement, tx.School, pupil).Error; err != nil {
			return err
		}
	}
	return nil
}
