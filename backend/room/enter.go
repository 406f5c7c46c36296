package room

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/db"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
)

// Enter implements meeting.Rooms: it notes that the pupil goes in and gives the address, of the meeting's IServ room or
// of the room on the school's own server, which is made where it is not open. The pupil is never a moderator, and who may
// not show a camera finds no button for one.
func (s *Service) Enter(ctx context.Context, m meeting.Meeting, who meeting.Entrant) (address string, err error) {
	var at place
	if m.Room.IsIServ() {
		if address, err = m.Room.Address(); err != nil {
			return "", err
		}
	} else {
		school, _ := db.SchoolOf(ctx)
		if at, err = s.ensure(ctx, authz.Actor{School: school}, m, neededFor(m, who.Mode)); err != nil {
			return "", err
		}
	}
	var ref string
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if ref, err = meeting.LetIn(tx, m, who.Pupil, who.Mode); err != nil {
			return err
		}
		return s.meetings.TouchPupil(tx, who.Pupil)
	})
	if err != nil || m.Room.IsIServ() {
		return address, err
	}
	return at.server.JoinURL(at.made, conference.Join{
		Name: who.Name, UserID: ref, NoCamera: who.Mode < participation.Video, Elsewhere: s.public.String(),
	}), nil
}

// neededFor is the style without which a pupil must not come in: alone with the teacher, its lock is exact.
func neededFor(m meeting.Meeting, mode participation.Mode) conference.Style {
	if m.Kind == participation.OneToOne && mode < participation.Video {
		return conference.NoCameras
	}
	return ""
}
