package meeting

import (
	"context"
	"strings"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// RoomKind is where a meeting happens.
type RoomKind string

// The kinds; the zero value is nowhere yet.
const (
	IServ         RoomKind = "iserv"         // a link, or the name of a room: nothing there is in our hands
	BigBlueButton RoomKind = "bigbluebutton" // the school's own server
)

// RoomState is how a meeting's room stands, for its roster.
type RoomState struct {
	Kind      RoomKind
	Style     string // of a BigBlueButton: who may show a camera
	Open      bool   // of a BigBlueButton
	Recorded  bool   // the server says that it records: never asked for, and never allowed
	Strangers int    // how many are in whom nobody let in
	Silent    bool   // the server does not answer: who is in may have changed
	Spent     bool   // of an IServ: a child that may no longer come knows its link
}

// Conferences knows the rooms of the school's own conference server.
type Conferences interface {
	// State is how the meeting's room stands; the zero value when the school has no server.
	State(tx *db.Tx, m Meeting) (RoomState, error)
}

// WithConferences lets meetings happen on the school's own server.
func (s *Service) WithConferences(conferences Conferences) *Service {
	s.conferences = conferences
	return s
}

// link is by what a room is known again; empty when it has none.
func (r Room) link() string {
	if r.URL != "" {
		return r.URL
	}
	return r.Name
}

// IsIServ reports whether there is an IServ room.
func (r Room) IsIServ() bool { return r.link() != "" }

// State is how the meeting's room stands.
func (s *Service) State(tx *db.Tx, m Meeting) (RoomState, error) {
	if m.Room.link() != "" {
		spent, err := isSpent(tx, m.Room.link())
		return RoomState{Kind: IServ, Spent: spent}, err
	}
	if s.conferences == nil {
		return RoomState{}, nil
	}
	return s.conferences.State(tx, m)
}

// RoomView is a meeting's room as it stands, with what its teacher needs to choose another one.
type RoomView struct {
	Meeting  Meeting
	State    RoomState
	Standing Room // the actor's own; the zero value when there is none
	Hosts    []string
}

// Room shows the meeting's room to whoever may see the meeting.
func (s *Service) Room(ctx context.Context, actor authz.Actor, meeting id.Meeting) (view RoomView, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		view, err = s.room(tx, actor, meeting)
		return err
	})
	return view, err
}

func (s *Service) room(tx *db.Tx, actor authz.Actor, meeting id.Meeting) (view RoomView, err error) {
	if view.Meeting, err = s.get(tx, actor, meeting); err != nil {
		return view, err
	}
	if view.State, err = s.State(tx, view.Meeting); err != nil {
		return view, err
	}
	if view.Standing, err = standingRoom(tx, actor.Account); err != nil {
		return view, err
	}
	settings, err := s.schools.SettingsInClear(tx)
	view.Hosts = settings.RoomHosts
	return view, err
}

// SetRoom gives the meeting another IServ room, or none: then it happens on the school's own server, where there is
// one. remember keeps the room as the actor's standing one. A link that is spent is RoomSpent of the field room.url; the
// name of a room cannot tell whether the room behind it is new, so that giving it again says so.
func (s *Service) SetRoom(ctx context.Context, actor authz.Actor, meeting id.Meeting, room Room, remember bool) error {
	room.URL, room.Name = strings.TrimSpace(room.URL), strings.Join(strings.Fields(room.Name), " ")
	return s.db.Write(ctx, func(tx *db.Tx) error {
		found, err := s.get(tx, actor, meeting)
		if err != nil {
			return err
		}
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		if err := room.check(settings.RoomHosts); err != nil {
			return err
		}
		if err := useAgain(tx, room); err != nil {
			return err
		}
		if err := updateRoom(tx, meeting, room); err != nil {
			return err
		}
		if remember {
			if err := putStandingRoom(tx, actor.Account, room); err != nil {
				return err
			}
		}
		if err := s.touchAll(tx, found); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{
			Actor: string(actor.Account), Action: audit.RoomChanged, SubjectKind: "meeting", SubjectID: string(meeting),
		})
	})
}

func useAgain(tx *db.Tx, room Room) error {
	spent, err := isSpent(tx, room.link())
	if err != nil || !spent {
		return err
	}
	if room.URL != "" {
		return fault.InvalidField("room.url", fault.RoomSpent)
	}
	return deleteSpent(tx, room.link())
}

// StandingRoom is the teacher's own standing room; the zero value when there is none, or its link is spent.
func (s *Service) StandingRoom(tx *db.Tx, teacher id.Account) (Room, error) {
	room, err := standingRoom(tx, teacher)
	if err != nil || room.link() == "" {
		return Room{}, err
	}
	spent, err := isSpent(tx, room.link())
	if err != nil || spent {
		return Room{}, err
	}
	return room, nil
}

// usualRoom is where a teacher's meeting happens for which no room is named: nowhere of its own where the school has a
// conference server, else in the standing room. One that the school's list has dropped meanwhile is none.
func (s *Service) usualRoom(tx *db.Tx, teacher id.Account, settings school.Settings) (Room, error) {
	state, err := s.State(tx, Meeting{})
	if err != nil || state.Kind == BigBlueButton {
		return Room{}, err
	}
	room, err := s.StandingRoom(tx, teacher)
	if err != nil || room.check(settings.RoomHosts) != nil {
		return Room{}, err
	}
	return room, nil
}

// touchAll wakes the board of the meeting.
func (s *Service) touchAll(tx *db.Tx, m Meeting) error {
	pupils, err := s.pupilsOf(tx, m)
	if err != nil || len(pupils) == 0 {
		return err
	}
	return s.touch(tx, pupils[0]) // a board reads its room again with any of its pupils
}

// Touch wakes the board of the meeting, once tx is committed: its room has changed.
func (s *Service) Touch(tx *db.Tx, m Meeting) error { return s.touchAll(tx, m) }
