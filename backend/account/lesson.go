package account

import (
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// LessonGrace is the most that a lesson prolongs a session. The refresh cookie must outlive the session by as much.
const LessonGrace = 4 * time.Hour

// Lessons tells when the account's meeting that runs at the instant ends; the zero time when none runs.
type Lessons func(tx *db.Tx, account id.Account, at time.Time) (time.Time, error)

// WithLessons lets nobody be signed out in the middle of a lesson.
func (s *Service) WithLessons(lessons Lessons) *Service {
	s.lessons = lessons
	return s
}

// sessionNow is the session with its end as it is at this moment, see asOfNow.
func (s *Service) sessionNow(tx *db.Tx, session id.Session) (sessionView, error) {
	view, err := sessionByID(tx, session)
	if err != nil {
		return sessionView{}, err
	}
	return s.asOfNow(tx, view)
}

// asOfNow gives a session the end that it has at this moment: a meeting that runs when a member of staff's session would
// end carries it to its own end, and a pupil's on a device of others ends with its meeting. Nothing of this is stored: a
// meeting that is called off carries and ends nothing.
func (s *Service) asOfNow(tx *db.Tx, view sessionView) (sessionView, error) {
	err := s.endWithMeeting(tx, &view)
	if err != nil || s.lessons == nil || !view.mayBeCarried(tx.Now) {
		return view, err
	}
	until, err := s.lessons(tx, view.Session.AccountID, view.Session.end())
	if err != nil {
		return sessionView{}, err
	}
	if until.After(view.Session.end()) {
		view.Session.ExpiresAt = min(until.UnixMicro(), view.Session.end().Add(LessonGrace).UnixMicro())
	}
	return view, nil
}

// mayBeCarried spares the question while the end is farther off than an access token reaches.
func (v sessionView) mayBeCarried(now time.Time) bool {
	if v.Session.ID == "" || v.Session.EndedAt != nil || v.DisabledAt != nil || v.Session.Limited ||
		v.Session.Role == authz.Guardian || v.Session.Role == authz.Pupil {
		return false
	}
	return now.Add(accessLife).After(v.Session.end()) && now.Before(v.Session.end().Add(LessonGrace))
}
