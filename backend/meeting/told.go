package meeting

import (
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

// News is the payload of the meeting topics of the outbox.
type News struct {
	Meeting    id.Meeting `json:"meeting"`
	Series     id.Series  `json:"series,omitempty"` // it is about that meeting and all later ones of its series
	At         time.Time  `json:"at"`
	By         id.Account `json:"by"`                   // who planned, moved or cancelled it, and need not be told
	Was        time.Time  `json:"was,omitzero"`         // when one that was moved would have begun
	Substitute id.Account `json:"substitute,omitempty"` // who was to hold one that was moved
}

// Any gives a meeting, also one that was called off, with those who belong to it today. NothingHere when there is none.
func (s *Service) Any(tx *db.Tx, meeting id.Meeting) (found Meeting, pupils []id.Pupil, err error) {
	if found, err = s.findAny(tx, meeting); err != nil {
		return Meeting{}, nil, err
	}
	pupils, err = s.pupilsOf(tx, found)
	return found, pupils, err
}

// Near gives the school's meetings that begin after the one instant and at the other at the latest, the next one first.
func (s *Service) Near(tx *db.Tx, after, until time.Time) ([]Meeting, error) {
	rows, err := findBeginning(tx, after, until)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return s.meetings(tx, rows)
}

// HasMeeting reports whether the pupil belongs to a meeting that is not over and begins in [from, to).
func (s *Service) HasMeeting(tx *db.Tx, pupil id.Pupil, from, to time.Time) (bool, error) {
	today, err := s.schools.Today(tx)
	if err != nil {
		return false, err
	}
	rows, err := meetingsOfPupil(tx, pupil, tx.Now, to, today, ownMeetings)
	for _, row := range rows {
		if row.StartsAt >= from.UnixMicro() {
			return true, err
		}
	}
	return false, err
}

// Comers gives those of the pupils who may come into the meeting as of now.
func (s *Service) Comers(tx *db.Tx, meeting Meeting, pupils []id.Pupil) (comers []id.Pupil, err error) {
	standings, err := s.standings.In(tx, pupils, meeting.facts())
	for _, pupil := range pupils {
		if standings[pupil].Mode > participation.None {
			comers = append(comers, pupil)
		}
	}
	return comers, err
}
