package meeting

import (
	"context"

	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

// Entrant is a pupil on the way into a room. Of the family name it has the first letter alone: more is nobody's business
// there.
type Entrant struct {
	Pupil id.Pupil
	Name  string
	Mode  participation.Mode // video or audio
}

// Rooms lead into rooms. Enter gives the address at which the entrant is in, for once and for now; it is called outside
// any transaction and with a deadline. A room that cannot be entered is RoomNotReady, with the cause for the log.
type Rooms interface {
	Enter(ctx context.Context, m Meeting, who Entrant) (address string, err error)
}

// WithRooms leads into other rooms than IServ's links.
func (s *Service) WithRooms(rooms Rooms) *Service {
	s.rooms = rooms
	return s
}

// links are IServ's rooms: one lasting link, the same for everybody, or a name that is looked for at the school's IServ.
type links struct{}

func (links) Enter(_ context.Context, m Meeting, _ Entrant) (string, error) { return m.Room.Address() }

// Address is where an IServ room is entered; a meeting without one is RoomNotReady.
func (r Room) Address() (string, error) {
	switch {
	case r.URL != "":
		return r.URL, nil
	case r.Name != "" && r.Home != "":
		return r.Home, nil
	}
	return "", fault.New(fault.RoomNotReady)
}
