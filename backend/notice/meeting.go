package notice

import (
	"fmt"
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notify"
)

// Everybody in a meeting is told of it in the same words, whatever its mode: they say that the plan has changed and speak
// of no link. That one begins is told to those alone who may come in; for the others there is no countdown.

// aYear is how far ahead meetings are planned, and more.
const aYear = 366 * 24 * time.Hour

// meetingPlanned tells of what was planned: of a series once, and of several meetings on one day that were planned on one
// day once too (a day at a distance makes one for each class and group of a pupil).
func (s *Service) meetingPlanned(tx *db.Tx, news meeting.News) error {
	found, pupils, err := s.meetings.Any(tx, news.Meeting)
	if err != nil || found.Cancelled && news.Series == "" { // of a series others are left
		return err
	}
	day := calendar.Today(found.StartsAt, found.Zone)
	m := notify.Message{Event: fmt.Sprintf("planned:%s:%s", day, calendar.Today(news.At, found.Zone)), Kind: notify.MeetingPlanned}
	if news.Series != "" {
		m.Event = "planned:" + string(news.Series)
	}
	return s.tellMeeting(tx, found, pupils, news, m, found.StartsAt)
}

func (s *Service) meetingMoved(tx *db.Tx, news meeting.News) error {
	found, pupils, err := s.meetings.Any(tx, news.Meeting)
	if err != nil || found.Cancelled {
		return err
	}
	m := notify.Message{
		Event: fmt.Sprintf("moved:%s:%d", found.ID, news.At.UnixMicro()), Kind: notify.MeetingMoved, Until: found.StartsAt,
	}
	begins := found.StartsAt
	if news.Was.Before(begins) {
		begins = news.Was
	}
	return s.tellMeeting(tx, found, pupils, news, m, begins)
}

func (s *Service) meetingCancelled(tx *db.Tx, news meeting.News) error {
	found, pupils, err := s.meetings.Any(tx, news.Meeting)
	if err != nil || !found.Cancelled {
		return err
	}
	m := notify.Message{Event: "cancelled:" + string(found.ID), Kind: notify.MeetingCancelled}
	if news.Series == "" {
		m.Until = found.StartsAt
	}
	return s.tellMeeting(tx, found, pupils, news, m, found.StartsAt)
}

// tellMeeting tells the pupils, and those teachers who did not do it themselves. begins is when the first who does not hear
// of it would come for nothing, or not come.
func (s *Service) tellMeeting(tx *db.Tx, found meeting.Meeting, pupils []id.Pupil, news meeting.News, m notify.Message, begins time.Time) error {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return err
	}
	zone, days := settings.Location(), settings.SchoolDays()
	m.Subject, m.Path, m.At = string(found.ID), pupilPath, news.At
	m.NotBefore = pupilHours.hold(tx.Now, begins, zone, days)
	messages := make([]notify.Message, 0, len(pupils)+2)
	for _, pupil := range pupils {
		m.Person = id.PupilOf(pupil)
		messages = append(messages, m)
	}
	m.Kind, m.Path = notify.LessonChanged, "/meetings"
	m.NotBefore = teacherHours.hold(tx.Now, begins, zone, days)
	told := []id.Account{"", news.By}
	for _, teacher := range []id.Account{found.Responsible, found.Substitute, news.Substitute} {
		if !slices.Contains(told, teacher) {
			m.Person, told = notify.StaffOf(teacher), append(told, teacher)
			messages = append(messages, m)
		}
	}
	return notify.Tell(tx, messages...)
}

// isPlanned reports whether there is still something in the pupil's plan: on the day, or of the series.
func (s *Service) isPlanned(tx *db.Tx, m notify.Message) (bool, error) {
	found, pupils, err := s.meetings.Any(tx, id.Meeting(m.Subject))
	if err != nil || !slices.Contains(pupils, id.Pupil(m.Person.ID)) {
		return false, err
	}
	day := calendar.Today(found.StartsAt, found.Zone)
	from, to := day.StartIn(found.Zone), day.AddDays(1).StartIn(found.Zone)
	if found.Series != "" {
		to = from.Add(aYear)
	}
	return s.meetings.HasMeeting(tx, id.Pupil(m.Person.ID), from, to)
}

// isMoved leaves out what was moved once more, which is told by itself.
func (s *Service) isMoved(tx *db.Tx, m notify.Message) (bool, error) {
	found, pupils, err := s.meetings.Any(tx, id.Meeting(m.Subject))
	return err == nil && !found.Cancelled && found.StartsAt.Equal(m.Until) && slices.Contains(pupils, id.Pupil(m.Person.ID)), err
}

func (s *Service) isCancelled(tx *db.Tx, m notify.Message) (bool, error) {
	found, pupils, err := s.meetings.Any(tx, id.Meeting(m.Subject))
	return found.Cancelled && slices.Contains(pupils, id.Pupil(m.Person.ID)), err
}

// isSoon is about a meeting that begins: it still does so then, and the recipient may come in or holds it.
func (s *Service) isSoon(tx *db.Tx, m notify.Message) (bool, error) {
	found, pupils, err := s.meetings.Any(tx, id.Meeting(m.Subject))
	if err != nil || found.Cancelled || !found.StartsAt.Add(soonFor).Equal(m.Until) {
		return false, err
	}
	if m.Kind == notify.LessonSoon {
		return notify.StaffOf(found.HeldBy()) == m.Person, nil
	}
	if !slices.Contains(pupils, id.Pupil(m.Person.ID)) {
		return false, nil
	}
	comers, err := s.meetings.Comers(tx, found, []id.Pupil{id.Pupil(m.Person.ID)})
	return len(comers) == 1, err
}

// holds reports whether the meeting is there; whose it was told of, also if it is called off.
func (s *Service) holds(tx *db.Tx, m notify.Message) (bool, error) {
	_, _, err := s.meetings.Any(tx, id.Meeting(m.Subject))
	return err == nil, err
}
