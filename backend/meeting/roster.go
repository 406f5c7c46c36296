package meeting

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// Row is one pupil on a roster: how it may take part, never why. Outside a meeting it says nothing of rules.
type Row struct {
	Pupil        id.Pupil
	Name         school.Name
	Mode         participation.Mode
	Acknowledged Acknowledged
	Explain      bool // the pupil has read the rules today, and a word of explanation would help
}

// Acknowledged says whether a pupil has read the rules in force. The zero value is unknown.
type Acknowledged string

// Nobody has to read rules who does not come in; in a meeting by statute they never block the door.
const (
	RulesRead      Acknowledged = "yes"
	RulesDue       Acknowledged = "not_yet"
	RulesNotNeeded Acknowledged = "not_needed"
)

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
	rows := rowsOf(standings)
	if m.ID == "" || s.rules == nil {
		return rows, nil
	}
	states, err := s.rules.Of(tx, pupils)
	for i, row := range rows {
		state := states[row.Pupil]
		rows[i].Acknowledged, rows[i].Explain = acknowledged(m, row.Mode, state), state.Explain
	}
	return rows, err
}

func acknowledged(m Meeting, mode participation.Mode, state rules.State) Acknowledged {
	switch {
	case m.Basis == participation.Statute, mode == participation.None:
		return RulesNotNeeded
	case state.Read:
		return RulesRead
	}
	return RulesDue
}

func rowsOf(standings map[id.Pupil]standing.Standing) []Row {
	rows := make([]Row, 0, len(standings))
	for pupil, s := range standings {
		rows = append(rows, Row{Pupil: pupil, Name: s.Pupil.Name, Mode: s.Mode})
	}
	school.SortByName(rows, func(r Row) school.Name { return r.Name })
	return rows
}
