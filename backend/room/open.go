package room

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
)

const (
	overrun    = 15               // minutes that a room goes on after its meeting, for who has not finished
	withStaff  = 3                // places beside the pupils'
	beforehand = 30 * time.Minute // how early a teacher may open the room
)

// place is a room with the server it is on.
type place struct {
	server conference.Server
	made   conference.Made
	params conference.Params
}

// sealedRoom is what lies sealed in conference_room.body.
type sealedRoom struct {
	Params conference.Params `json:"params"`
}

// Open lets the teacher into the meeting's room, which is made where it is not open. The address is for the teacher
// alone.
func (s *Service) Open(ctx context.Context, actor authz.Actor, name string, meetingID id.Meeting) (address string, err error) {
	m, err := s.meetings.Get(ctx, actor, meetingID)
	if err != nil {
		return "", err
	}
	if m.Room.IsIServ() {
		return m.Room.Address()
	}
	at, err := s.ensure(ctx, actor, m, "")
	if err != nil {
		return "", err
	}
	var ref string
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) (err error) {
		ref, err = meeting.LetTeacherIn(tx, m.ID, actor.Account)
		return err
	})
	return at.server.JoinURL(at.made, conference.Join{Name: name, UserID: ref, Moderator: true, Elsewhere: s.rosterOf(m.ID)}), err
}

// Reopen ends the meeting's room and makes another one, which no address of before opens: who may no longer take part is
// out. Where the server does not end the room, nothing has changed.
func (s *Service) Reopen(ctx context.Context, actor authz.Actor, name string, meetingID id.Meeting) (address string, err error) {
	m, err := s.meetings.Get(ctx, actor, meetingID)
	if err != nil {
		return "", err
	}
	if m.Room.IsIServ() {
		return "", fault.New(fault.RoomMissing) // IServ's are not ours to close
	}
	if err := s.close(ctx, actor, m); err != nil {
		return "", err
	}
	return s.Open(ctx, actor, name, meetingID)
}

// close ends the room that is open, if there is one.
func (s *Service) close(ctx context.Context, actor authz.Actor, m meeting.Meeting) error {
	var open roomRow
	var server conference.Server
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		var ok bool
		if open, ok, err = openRoom(tx, m.ID); err != nil || !ok {
			return err
		}
		server, err = s.server(tx)
		return err
	})
	if err != nil || open.ID == "" {
		return err
	}
	if err := s.client.End(ctx, server, open.ID); err != nil {
		return s.unavailable(ctx, "end", m.ID, err)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := s.ended(tx, m, open.ID); err != nil {
			return err
		}
		return record(tx, actor, audit.RoomClosed, "conference_room", open.ID)
	})
}

// ended notes that the room is gone, and everybody out of it.
func (s *Service) ended(tx *db.Tx, m meeting.Meeting, roomID string) error {
	if err := endRoom(tx, roomID); err != nil {
		return err
	}
	entries, err := meeting.Entries(tx, m.ID)
	if err != nil {
		return err
	}
	changed, _ := meeting.Reconcile(entries, nil)
	if err := meeting.KeepPresence(tx, m.ID, changed); err != nil {
		return err
	}
	return s.tell(tx, m, changed)
}

func (s *Service) server(tx *db.Tx) (conference.Server, error) {
	row, ok, err := findServer(tx)
	if err != nil {
		return conference.Server{}, err
	}
	if !ok {
		return conference.Server{}, fault.New(fault.RoomMissing)
	}
	return s.openServer(tx, row)
}

// ensure gives the room, which is open as far as anybody knows. A style that is given is needed: a room of another one
// is closed first.
func (s *Service) ensure(ctx context.Context, actor authz.Actor, m meeting.Meeting, needed conference.Style) (place, error) {
	made := s.making.DoChan(string(actor.School)+"|"+string(m.ID), func() (any, error) {
		// The work is everybody's who waits: it does not end with the one who came first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeWithin)
		defer cancel()
		return s.make(ctx, actor, m, needed)
	})
	select {
	case got := <-made:
		if got.Err != nil {
			return place{}, got.Err
		}
		return got.Val.(place), nil
	case <-ctx.Done(): // whoever taps again may find it made
		return place{}, s.unavailable(ctx, "create", m.ID, ctx.Err())
	}
}

const makeWithin = 15 * time.Second // whoever taps again joins the work

func (s *Service) make(ctx context.Context, actor authz.Actor, m meeting.Meeting, needed conference.Style) (place, error) {
	at, row, err := s.look(ctx, m)
	if err != nil {
		return place{}, err
	}
	if row.ID != "" && needed != "" && conference.Style(row.Style) != needed {
		if err := s.close(ctx, actor, m); err != nil {
			return place{}, err
		}
		row = roomRow{}
	}
	if row.ID == "" {
		if row, err = s.ask(ctx, actor, m, needed); err != nil {
			return place{}, err
		}
	} else if row.fresh {
		return at, nil
	}
	return s.create(ctx, m, row)
}

// look finds the open room; its fresh says that the server was heard of it just now.
func (s *Service) look(ctx context.Context, m meeting.Meeting) (at place, row roomRow, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		var ok bool
		if row, ok, err = openRoom(tx, m.ID); err != nil || !ok {
			return err
		}
		if at.server, err = s.server(tx); err != nil {
			return err
		}
		if row.CreateTime != nil && row.SeenAt != nil {
			at.made = conference.Made{ID: row.ID, CreateTime: *row.CreateTime}
			row.fresh = tx.Now.Sub(time.UnixMicro(*row.SeenAt)) < seenFor
		}
		return nil
	})
	return at, row, err
}

// ask writes down what the server will be asked for, so that a repetition asks for the same.
func (s *Service) ask(ctx context.Context, actor authz.Actor, m meeting.Meeting, needed conference.Style) (row roomRow, err error) {
	secret := rand.Text()
	roomID := "e-" + rand.Text()
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		server, ok, err := findServer(tx)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.RoomMissing)
		}
		if tx.Now.Before(m.StartsAt.Add(-beforehand)) || tx.Now.After(m.EndsAt.Add(overrun*time.Minute)) {
			return fault.New(fault.RoomNotNow)
		}
		style := needed
		if style == "" {
			if style, err = s.styleFor(tx, m, server); err != nil {
				return err
			}
		}
		pupils, err := s.meetings.PupilsOf(tx, m)
		if err != nil {
			return err
		}
		params := conference.Room{
			ID: roomID, Name: m.Title, Style: style, Most: len(pupils) + withStaff,
			Minutes:  int(m.EndsAt.Sub(tx.Now).Minutes()) + overrun,
			Callback: s.public.JoinPath(callbackPath, callbackSecret(tx.School, secret)).String(),
			Exit:     s.public.String(), ViewerWord: rand.Text(), ModeratorWord: rand.Text(),
		}.Params()
		sealed, err := s.vault.SealJSON(Sealed[1].At(tx.School, roomID), sealedRoom{Params: params})
		if err != nil {
			return err
		}
		row = roomRow{
			SchoolID: tx.School, ID: roomID, MeetingID: m.ID, Style: string(style), Body: sealed, CallbackHash: hashOf(secret),
			AskedAt: tx.Now.UnixMicro(),
		}
		made, err := insertRoom(tx, row)
		if err != nil {
			return err
		}
		if !made {
			return errMadeElsewhere
		}
		return record(tx, actor, audit.RoomOpened, "conference_room", roomID)
	})
	if errors.Is(err, errMadeElsewhere) {
		_, row, err = s.look(ctx, m)
	}
	return row, err
}

// errMadeElsewhere says that another instance has asked for the meeting's room in the same moment.
var errMadeElsewhere = errors.New("room: made by another instance")

// styleFor: with one pupil alone the lock is exact, and follows its mode.
func (s *Service) styleFor(tx *db.Tx, m meeting.Meeting, server serverRow) (conference.Style, error) {
	if m.Kind != participation.OneToOne {
		return styleOf(tx, m, server)
	}
	modes, err := s.meetings.ModesIn(tx, m)
	if err != nil {
		return "", err
	}
	for _, mode := range modes {
		if mode < participation.Video {
			return conference.NoCameras, nil
		}
	}
	return conference.Cameras, nil
}

// create asks the server for the room of the row, or finds it as it was made, and keeps what it is known by.
func (s *Service) create(ctx context.Context, m meeting.Meeting, row roomRow) (at place, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if at.server, err = s.server(tx); err != nil {
			return err
		}
		var sealed sealedRoom
		err = s.vault.OpenJSON(Sealed[1].At(tx.School, row.ID), row.Body, &sealed)
		at.params = sealed.Params
		return err
	})
	if err != nil {
		return place{}, err
	}
	if at.made, err = s.client.Create(ctx, at.server, at.params); err != nil {
		return place{}, s.unavailable(ctx, "create", m.ID, err)
	}
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if err := madeRoom(tx, row.ID, at.made.CreateTime); err != nil {
			return err
		}
		return s.meetings.Touch(tx, m)
	})
	if school, ok := db.SchoolOf(ctx); ok {
		s.activate(school)
	}
	return at, err
}

func (s *Service) rosterOf(m id.Meeting) string {
	return s.public.JoinPath("meetings", string(m)).String()
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// tell wakes the boards that show the entries, and the meeting's own.
func (s *Service) tell(tx *db.Tx, m meeting.Meeting, changed []meeting.Entry) error {
	if err := s.meetings.Touch(tx, m); err != nil {
		return err
	}
	for _, e := range changed {
		if e.Pupil != "" {
			if err := s.meetings.TouchPupil(tx, e.Pupil); err != nil {
				return err
			}
		}
	}
	return nil
}
