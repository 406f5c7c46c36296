package meeting

import (
	"context"
	"slices"
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

// Row is one pupil on a roster: how it may take part, never why, and whether it does. Outside a meeting it says nothing of
// rules and presence.
type Row struct {
	Pupil        id.Pupil
	Name         school.Name
	Mode         participation.Mode
	Acknowledged Acknowledged
	Explain      bool      // the pupil has read the rules today, and a word of explanation would help
	Stricter     bool      // than the meeting has shown it, and nobody has said "seen"
	EnteredAt    time.Time // when it was last let in; zero: not yet
	Present      bool      // is in, as far as a conference server says
	Twice        bool      // is in more than once
	Camera       bool      // shows a camera that should be off

	shut      bool // none, and not by its own wish
	knowsLink bool // is shut, and could come in while the room was known by the link that it has now
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
	Room    RoomState
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
		if err != nil {
			return err
		}
		state, err := s.State(tx, found)
		roster = Roster{Meeting: found, AsOf: tx.Now, Rows: rows, Room: state}
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
	if m.ID == "" {
		return rows, nil
	}
	if err := meet(tx, m, rows); err != nil {
		return rows, err
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

// meet adds what the meeting knows of its pupils.
func meet(tx *db.Tx, m Meeting, rows []Row) error {
	seen, err := seenOf(tx, m.ID)
	if err != nil {
		return err
	}
	entries, err := Entries(tx, m.ID)
	if err != nil {
		return err
	}
	in := make(map[id.Pupil]Entry, len(entries))
	for _, entry := range entries {
		in[entry.Pupil] = entry
	}
	for i := range rows {
		row := &rows[i]
		entry := in[row.Pupil] // the zero value: not in, and never was
		before := seen[row.Pupil]
		row.Stricter = row.Mode < before.mode
		row.knowsLink = row.Stricter && row.shut && before.link == m.Room.link()
		row.EnteredAt, row.Present, row.Twice = entry.EnteredAt, entry.Copies > 0, entry.Copies > 1
		row.Camera = entry.Camera && row.Mode < participation.Video
	}
	return nil
}

func rowsOf(standings map[id.Pupil]standing.Standing) []Row {
	rows := make([]Row, 0, len(standings))
	for pupil, s := range standings {
		shut := slices.ContainsFunc(s.Reasons, func(r participation.Reason) bool {
			return r.Ceiling == participation.None && r.Kind != participation.OwnLimit
		})
		rows = append(rows, Row{Pupil: pupil, Name: s.Pupil.Name, Mode: s.Mode, shut: shut && s.Mode == participation.None})
	}
	school.SortByName(rows, func(r Row) school.Name { return r.Name })
	return rows
}
