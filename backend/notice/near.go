package notice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
)

const (
	tellNear     outbox.Topic = "meeting.near"
	tellTomorrow outbox.Topic = "meeting.tomorrow"
)

const (
	pupilsBefore   = 10 * time.Minute // the door opens
	teachersBefore = 30 * time.Minute
	// soonFor is how long after its beginning it is still said that a meeting begins.
	soonFor = 10 * time.Minute
	// tomorrowFrom is the hour in which teachers hear of the next school day, which is before 15:00.
	tomorrowFrom = 14
)

// near is the payload of tellNear: who is told, and of which beginning.
type near struct {
	Meeting  id.Meeting `json:"meeting"`
	Begins   time.Time  `json:"begins"`
	Teachers bool       `json:"teachers"`
}

// tomorrow is the payload of tellTomorrow.
type tomorrow struct {
	Day calendar.Date `json:"day"`
}

// LookAhead has those told whose meetings begin soon, and on school days after 14:00 the teachers of the next school day's.
// It is called every minute in the context's school; each beginning is told once, however many instances call it.
func (s *Service) LookAhead(ctx context.Context) error {
	var jobs []outbox.Job
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		jobs = nil
		if job, ok := tomorrowJob(tx.Now, settings.Location(), settings.SchoolDays()); ok {
			jobs = append(jobs, job)
		}
		found, err := s.meetings.Near(tx, tx.Now, tx.Now.Add(teachersBefore))
		if err != nil {
			return err
		}
		for _, one := range found {
			jobs = append(jobs, nearJobs(tx.Now, one)...)
		}
		jobs, err = outbox.Unwritten(tx, jobs)
		return err
	})
	if err != nil || len(jobs) == 0 {
		return err
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return outbox.Enqueue(tx, jobs...) })
}

func nearJobs(now time.Time, m meeting.Meeting) (jobs []outbox.Job) {
	add := func(teachers bool) {
		jobs = append(jobs, outbox.Job{
			Topic: tellNear, Payload: near{m.ID, m.StartsAt, teachers},
			DedupKey: fmt.Sprintf("near|%s|%d|%t", m.ID, m.StartsAt.Unix(), teachers),
		})
	}
	if teacherHours.has(m.StartsAt.Add(-teachersBefore), m.Zone) {
		add(true)
	}
	if !now.Before(m.StartsAt.Add(-pupilsBefore)) {
		add(false)
	}
	return jobs
}

// tomorrowJob is there from 14:00 to 18:00 of a school day.
func tomorrowJob(now time.Time, zone *time.Location, days *calendar.SchoolDays) (outbox.Job, bool) {
	today := calendar.Today(now, zone)
	if !days.IsSchoolDay(today) || !(hours{tomorrowFrom, teacherHours.to}).has(now, zone) {
		return outbox.Job{}, false
	}
	next := today.AddDays(1)
	for n := 0; n < furthest && !days.IsSchoolDay(next); n++ {
		next = next.AddDays(1)
	}
	return outbox.Job{Topic: tellTomorrow, Payload: tomorrow{next}, DedupKey: "tomorrow|" + next.String()}, true
}

// nearTold tells those who may come in, or who holds the meeting. One that was moved begins at another time.
func (s *Service) nearTold(tx *db.Tx, about near) error {
	found, pupils, err := s.meetings.Any(tx, about.Meeting)
	if err != nil || found.Cancelled || !found.StartsAt.Equal(about.Begins) {
		return err
	}
	m := notify.Message{
		Event: fmt.Sprintf("soon:%s:%d", found.ID, found.StartsAt.Unix()), Subject: string(found.ID), Until: found.StartsAt.Add(soonFor),
	}
	if about.Teachers {
		m.Kind, m.Path, m.Person = notify.LessonSoon, "/meetings/"+string(found.ID), notify.StaffOf(found.HeldBy())
		return notify.Tell(tx, m)
	}
	m.Kind, m.Path = notify.MeetingSoon, pupilPath
	comers, err := s.meetings.Comers(tx, found, pupils)
	messages := make([]notify.Message, len(comers))
	for i, pupil := range comers {
		messages[i] = m
		messages[i].Person = id.PupilOf(pupil)
	}
	if err != nil {
		return err
	}
	return notify.Tell(tx, messages...)
}

// tomorrowTold tells each teacher once that there is something to hold on the day.
func (s *Service) tomorrowTold(tx *db.Tx, about tomorrow) error {
	found, err := s.on(tx, about.Day)
	if err != nil {
		return err
	}
	var told []id.Account
	var messages []notify.Message
	for _, one := range found {
		if slices.Contains(told, one.HeldBy()) {
			continue
		}
		told = append(told, one.HeldBy())
		messages = append(messages, notify.Message{
			Event: "tomorrow:" + about.Day.String(), Kind: notify.LessonTomorrow, Person: notify.StaffOf(one.HeldBy()),
			Subject: about.Day.String(), Path: "/meetings", Until: one.StartsAt,
		})
	}
	return notify.Tell(tx, messages...)
}

// on are the meetings that begin on a day.
func (s *Service) on(tx *db.Tx, day calendar.Date) ([]meeting.Meeting, error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return nil, err
	}
	zone := settings.Location()
	return s.meetings.Near(tx, day.StartIn(zone).Add(-time.Microsecond), day.AddDays(1).StartIn(zone).Add(-time.Microsecond))
}

// holdsThen reports whether the teacher still has something to hold on the day.
func (s *Service) holdsThen(tx *db.Tx, m notify.Message) (bool, error) {
	day, err := calendar.Parse(m.Subject)
	if err != nil {
		return false, err
	}
	found, err := s.on(tx, day)
	return slices.ContainsFunc(found, func(one meeting.Meeting) bool { return notify.StaffOf(one.HeldBy()) == m.Person }), err
}
