package meeting

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// Row is one pupil on a roster: how it may take part, never why.
type Row struct {
	Pupil id.Pupil
	Name  school.Name
	Mode  participation.Mode
}

// Roster is what the teacher sees, by name.
type Roster struct {
	Meeting Meeting
	AsOf    time.Time
	Rows    []Row
}

// Modes are today's modes of a class, without any meeting.
type Modes struct {
	Class school.Class
	Day   calendar.Date
	AsOf  time.Time
	Rows  []Row
}

// Roster gives the meeting's pupils with their modes.
func (s *Service) Roster(ctx context.Context, actor authz.Actor, meeting id.Meeting) (Roster, error) {
	var roster Roster
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		found, err := s.get(tx, actor, meeting)
		if err != nil {
			return err
		}
		pupils, err := s.pupilsOf(tx, found)
		if err != nil {
			return err
		}
		rows, err := s.rows(tx, found, pupils)
		roster = Roster{Meeting: found, AsOf: tx.Now, Rows: rows}
		return err
	})
	return roster, err
}

// Modes gives today's modes of a class the actor may see.
func (s *Service) Modes(ctx context.Context, actor authz.Actor, class id.Class) (Modes, error) {
	var modes Modes
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := s.mustTeach(tx, actor, class); err != nil {
			return err
		}
		found, err := s.schools.Class(tx, class)
		if err != nil {
			return err
		}
		day, err := s.schools.Today(tx)
		if err != nil {
			return err
		}
		pupils, err := s.schools.PupilsOfClass(tx, class, day)
		if err != nil {
			return err
		}
		rows, err := s.rows(tx, Meeting{}, pupils)
		modes = Modes{Class: found, Day: day, AsOf: tx.Now, Rows: rows}
		return err
	})
	return modes, err
}

func (s *Service) rows(tx *db.Tx, m Meeting, pupils []id.Pupil) ([]Row, error) {
	standings, err := s.standings.In(tx, pupils, m.facts())
	if err != nil {
		return nil, err
	}
	return rowsOf(standings), nil
}

func rowsOf(standings map[id.Pupil]standing.Standing) []Row {
	rows := make([]Row, 0, len(standings))
	for pupil, s := range standings {
		rows = append(rows, Row{Pupil: pupil, Name: s.Pupil.Name, Mode: s.Mode})
	}
	school.SortByName(rows, func(r Row) school.Name { return r.Name })
	return rows
}
