package account

import (
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// How long a pupil's session lasts that came by card, class link or the guardian's app (settled 21). Most end sooner,
// with the pupil's meeting.
const (
	passingSession = 12 * time.Hour
	passingIdle    = 15 * time.Minute // without use; refreshing is use, which the page does when it is touched
)

// PupilMeetings tells when the first of a pupil's meetings ends that end after the instant; the zero time when none does.
type PupilMeetings func(tx *db.Tx, pupil id.Pupil, after time.Time) (time.Time, error)

// WithPupilMeetings lets pupils' sessions end with their meetings, so that the next child on a tablet does not go on in
// the last one's (abuse X8).
func (s *Service) WithPupilMeetings(meetings PupilMeetings) *Service {
	s.meetings = meetings
	return s
}

// endWithMeeting brings the session's end forward to that of the first meeting that ends after it began. Nothing of this
// is stored: a meeting that is called off ends nothing.
func (s *Service) endWithMeeting(tx *db.Tx, view *sessionView) error {
	session := &view.Session
	if s.meetings == nil || session.PersonID == nil || !session.Way.hasNoSay() || !view.alive(tx.Now) {
		return nil
	}
	end, err := s.meetings(tx, id.Pupil(*session.PersonID), time.UnixMicro(session.CreatedAt).UTC())
	if err != nil || end.IsZero() {
		return err
	}
	session.ExpiresAt = min(session.ExpiresAt, end.UnixMicro())
	return nil
}

// mayKeepDevices keeps whoever holds a pupil's tablet from the devices and passkeys that its owner has elsewhere.
func mayKeepDevices(actor authz.Actor) error {
	if actor.NoSay {
		return fault.New(fault.NotAllowedHere)
	}
	return nil
}
