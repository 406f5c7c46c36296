package room

import (
	"context"
	"slices"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
)

// Choice is where a meeting is to happen.
type Choice struct {
	Kind     meeting.RoomKind
	Room     meeting.Room     // of IServ
	Style    conference.Style // of a BigBlueButton; empty: the school's
	Remember bool             // of IServ: as the teacher's own standing room
}

// View is a meeting's room as it stands, and what may be chosen instead.
type View struct {
	meeting.RoomView
	HasServer bool
}

// Of shows the meeting's room.
func (s *Service) Of(ctx context.Context, actor authz.Actor, meetingID id.Meeting) (View, error) {
	view, err := s.meetings.Room(ctx, actor, meetingID)
	if err != nil {
		return View{}, err
	}
	found := View{RoomView: view}
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		_, found.HasServer, err = findServer(tx)
		return err
	})
	return found, err
}

// Choose sets where the meeting happens. A style holds for the next room; the one that is open stays as it was made.
func (s *Service) Choose(ctx context.Context, actor authz.Actor, meetingID id.Meeting, choice Choice) error {
	switch choice.Kind {
	case meeting.IServ:
		if !choice.Room.IsIServ() {
			return fault.InvalidField("room.url", fault.FieldMissing)
		}
		return s.meetings.SetRoom(ctx, actor, meetingID, choice.Room, choice.Remember)
	case meeting.BigBlueButton:
		return s.chooseServer(ctx, actor, meetingID, choice.Style)
	}
	return fault.InvalidField("kind", fault.FieldInvalid)
}

func (s *Service) chooseServer(ctx context.Context, actor authz.Actor, meetingID id.Meeting, style conference.Style) error {
	if style != "" && !slices.Contains(conference.Styles, style) {
		return fault.InvalidField("style", fault.FieldInvalid)
	}
	m, err := s.meetings.Get(ctx, actor, meetingID)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if _, ok, err := findServer(tx); err != nil || !ok {
			return orElse(err, fault.InvalidField("kind", fault.FieldInvalid))
		}
		if err := putStyle(tx, meetingID, style); err != nil {
			return err
		}
		if err := s.meetings.Touch(tx, m); err != nil {
			return err
		}
		return record(tx, actor, audit.RoomChanged, "meeting", string(meetingID))
	})
	if err != nil || !m.Room.IsIServ() {
		return err
	}
	return s.meetings.SetRoom(ctx, actor, meetingID, meeting.Room{}, false)
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
