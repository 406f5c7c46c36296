// Package standing says how pupils may take part today, for one or many, in a fixed number of queries. It gathers
// decisions, guardianships, sanctions, holds and limits; it does not judge (package participation does) and does not
// store. It is the only caller of participation.Decide.
package standing

import (
	"context"

	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
)

// Standing is a pupil's mode with all its reasons, and what it was computed from.
type Standing struct {
	participation.Standing
	consent.Gathered
	Open bool // somebody with a say has not answered the present edition
}

// Meeting is what standing needs to know of one conference.
type Meeting struct {
	ID    id.Meeting
	Kind  participation.MeetingKind
	Basis participation.LegalBasis
}

// Service gathers and asks the rule.
type Service struct {
	db       *db.DB
	consents *consent.Service
	schools  *school.Service
}

// NewService needs the database and the domains whose facts it gathers.
func NewService(d *db.DB, consents *consent.Service, schools *school.Service) *Service {
	return &Service{db: d, consents: consents, schools: schools}
}

// Of gives the standings of the pupils today, outside any meeting. A pupil that does not exist is missing.
func (s *Service) Of(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil]Standing, error) {
	return s.In(tx, pupils, Meeting{})
}

// In gives the standings of the pupils in a meeting.
func (s *Service) In(tx *db.Tx, pupils []id.Pupil, meeting Meeting) (map[id.Pupil]Standing, error) {
	gathered, err := s.consents.Gather(tx, pupils)
	if err != nil {
		return nil, err
	}
	rest, err := s.gatherRest(tx, pupils, meeting)
	if err != nil {
		return nil, err
	}
	standings := make(map[id.Pupil]Standing, len(gathered))
	for pupil, g := range gathered {
		rest.addTo(&g.Facts, pupil, meeting)
		standings[pupil] = Standing{
			Standing: participation.Decide(g.Facts), Gathered: g, Open: len(openToday(g.Facts)) > 0,
		}
	}
	return standings, nil
}

// openToday leaves out pupils who are asked ahead of an age: they cannot answer yet.
func openToday(f participation.Facts) []participation.Ask {
	var open []participation.Ask
	for _, ask := range participation.OpenAsks(f) {
		if ask.From.IsZero() || !ask.From.After(f.Today) {
			open = append(open, ask)
		}
	}
	return open
}

// rest is what bears on a mode besides decisions and people.
type rest struct {
	sanctions map[id.Pupil][]sanction.Sanction
	holds     map[id.Pupil][]hold.Hold
	own       map[id.Pupil][]participation.Mode
	teacher   map[id.Pupil][]participation.Mode
}

func (s *Service) gatherRest(tx *db.Tx, pupils []id.Pupil, meeting Meeting) (r rest, err error) {
	if r.sanctions, err = sanction.Of(tx, pupils); err != nil {
		return r, err
	}
	if r.holds, err = hold.Of(tx, pupils); err != nil {
		return r, err
	}
	if r.own, err = ownLimits(tx, pupils, meeting.ID); err != nil {
		return r, err
	}
	if meeting.ID != "" {
		r.teacher, err = teacherLimits(tx, meeting.ID)
	}
	return r, err
}

func (r rest) addTo(facts *participation.Facts, pupil id.Pupil, meeting Meeting) {
	for _, s := range r.sanctions[pupil] {
		facts.Sanctions = append(facts.Sanctions, participation.Sanction{
			ID: string(s.ID), Measure: participation.Measure(s.Measure), Days: s.Period, EndedEarly: !s.EndedAt.IsZero(),
		})
	}
	for _, h := range r.holds[pupil] {
		if h.SettledAt.IsZero() {
			facts.Holds = append(facts.Holds, participation.Hold{ID: string(h.ID)})
		}
	}
	facts.OwnLimits = r.own[pupil]
	facts.Meeting = participation.Meeting{Kind: meeting.Kind, Basis: meeting.Basis, TeacherLimits: r.teacher[pupil]}
}

// OfClass gives today's standings of a class, without any meeting.
func (s *Service) OfClass(ctx context.Context, class id.Class) (standings map[id.Pupil]Standing, day calendar.Date, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if day, err = s.schools.Today(tx); err != nil {
			return err
		}
		pupils, err := s.schools.PupilsOfClass(tx, class, day)
		if err != nil {
			return err
		}
		standings, err = s.Of(tx, pupils)
		return err
	})
	return standings, day, err
}
