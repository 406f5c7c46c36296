package meeting

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/school"
)

// opensBefore is how long before a meeting its class may come in by the class link (settled 21).
const opensBefore = 30 * time.Minute

const (
	ownDaysAhead = 7  // how far a pupil sees its meetings
	ownMeetings  = 20 // and how many of them
)

// OwnMeeting is one of a pupil's own meetings. The mode is told for today alone, and so is what the door would ask.
type OwnMeeting struct {
	Meeting
	Today        bool
	Mode         participation.Mode // only when Today
	Acknowledged Acknowledged       // only when Today
	Limited      bool               // by the pupil itself, for this meeting, to OwnReach
	OwnReach     participation.Mode
}

// OwnDay is all that a pupil sees: itself, how it may take part today, and its next meetings. Never a reason, and nobody
// else but the responsible teachers.
type OwnDay struct {
	Pupil    id.Pupil
	Name     school.Name
	Class    school.Class // zero: in none today
	Mode     participation.Mode
	AsOf     time.Time
	Meetings []OwnMeeting
}

// OwnDay gives the actor's own day. Who is no pupil, or at the school no longer, has none: NothingHere.
func (s *Service) OwnDay(ctx context.Context, actor authz.Actor) (own OwnDay, err error) {
	if actor.Person.Kind != id.PupilPerson {
		return OwnDay{}, fault.New(fault.NothingHere)
	}
	pupil := id.Pupil(actor.Person.ID)
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		standings, err := s.standings.Of(tx, []id.Pupil{pupil})
		if err != nil {
			return err
		}
		found, ok := standings[pupil]
		if !ok {
			return fault.New(fault.NothingHere)
		}
		own = OwnDay{Pupil: pupil, Name: found.Pupil.Name, Mode: found.Mode, AsOf: tx.Now}
		classes, err := s.schools.ClassNamesOf(tx, []id.Pupil{pupil}, found.Facts.Today)
		if err != nil {
			return err
		}
		own.Class = classes[pupil]
		own.Meetings, err = s.ownMeetings(tx, pupil, found.Facts.Today)
		return err
	})
	return own, err
}

func (s *Service) ownMeetings(tx *db.Tx, pupil id.Pupil, today calendar.Date) ([]OwnMeeting, error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return nil, err
	}
	zone := settings.Location()
	rows, err := meetingsOfPupil(tx, pupil, tx.Now, today.StartIn(zone).AddDate(0, 0, ownDaysAhead), today, ownMeetings)
	if err != nil {
		return nil, err
	}
	states, err := s.statesOf(tx, pupil)
	if err != nil {
		return nil, err
	}
	limited, err := ownLimitsOf(tx, pupil)
	if err != nil {
		return nil, err
	}
	found, err := s.meetings(tx, rows)
	if err != nil {
		return nil, err
	}
	meetings := make([]OwnMeeting, len(found))
	for i, one := range found {
		meetings[i] = OwnMeeting{Meeting: one}
		meetings[i].OwnReach, meetings[i].Limited = limited[one.ID]
		if calendar.Today(meetings[i].StartsAt, zone) != today {
			continue
		}
		standings, err := s.standings.In(tx, []id.Pupil{pupil}, meetings[i].facts())
		if err != nil {
			return nil, err
		}
		meetings[i].Today, meetings[i].Mode = true, standings[pupil].Mode
		meetings[i].Acknowledged = acknowledged(meetings[i].Meeting, meetings[i].Mode, states)
	}
	return meetings, nil
}

func (s *Service) statesOf(tx *db.Tx, pupil id.Pupil) (rules.State, error) {
	states, err := s.rules.Of(tx, []id.Pupil{pupil})
	return states[pupil], err
}

// FirstEndFor is when the first of the pupil's meetings ends that end after the instant; the zero time when there is none
// in the next days.
func (s *Service) FirstEndFor(tx *db.Tx, pupil id.Pupil, after time.Time) (time.Time, error) {
	today, err := s.schools.Today(tx)
	if err != nil {
		return time.Time{}, err
	}
	end, err := firstEndOfPupil(tx, pupil, after, today)
	if err != nil || end == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(end).UTC(), nil
}

// NextStartFor is when the next of the pupil's meetings begins after the instant; the zero time when there is none.
func (s *Service) NextStartFor(tx *db.Tx, pupil id.Pupil, after time.Time) (time.Time, error) {
	today, err := s.schools.Today(tx)
	if err != nil {
		return time.Time{}, err
	}
	start, err := firstStartOfPupil(tx, pupil, after, today)
	if err != nil || start == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(start).UTC(), nil
}

// IsDoorOpen reports whether the class may come in by its link: on a school day, from half an hour before one of its
// meetings until that ends.
func (s *Service) IsDoorOpen(tx *db.Tx, class id.Class) (bool, error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return false, err
	}
	if !settings.SchoolDays().IsSchoolDay(settings.Today(tx.Now)) {
		return false, nil
	}
	return meetsBetween(tx, class, tx.Now, tx.Now.Add(opensBefore))
}
