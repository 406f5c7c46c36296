package meeting

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

const (
	doorOpens    = 10 * time.Minute // before the beginning
	addressLife  = time.Minute
	addressSize  = 16 // bytes: 128 bits
	enterWithin  = 5 * time.Second
	addressesFor = 24 * time.Hour // after the meeting's end they are forgotten
)

// OpensAt is from when on the meeting lets pupils in.
func (m Meeting) OpensAt() time.Time { return m.StartsAt.Add(-doorOpens) }

// Address is a one-time way into a room, as text <school>.<secret>: for one pupil in one session, once, for a minute. It
// is told once and kept as a hash.
type Address string

// Joined is the answer to a tap on "join".
type Joined struct {
	Address   Address
	ExpiresAt time.Time
	Mode      participation.Mode
	Room      Room
}

// Join decides at the tap whether the actor may come in, and gives a new address. Else it refuses with MeetingCancelled,
// MeetingOver, TooEarly, ModeNone or RulesNotRead; a meeting that is not the pupil's own does not exist.
func (s *Service) Join(ctx context.Context, actor authz.Actor, meeting id.Meeting) (Joined, error) {
	var m Meeting
	var who Entrant
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if m, err = s.ownMeeting(tx, actor, meeting); err == nil {
			who, err = s.mayEnter(tx, m, id.Pupil(actor.Person.ID))
		}
		return err
	})
	if err != nil {
		return Joined{}, err
	}
	joined := Joined{Mode: who.Mode, Room: m.Room}
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		joined.Address, joined.ExpiresAt = newAddress(tx.School), tx.Now.Add(addressLife)
		return insertAddress(tx, joined.Address.hash(), m.ID, who.Pupil, actor.Session)
	})
	return joined, err
}

// ownMeeting is a meeting that the actor belongs to, also one that was called off.
func (s *Service) ownMeeting(tx *db.Tx, actor authz.Actor, meeting id.Meeting) (Meeting, error) {
	if actor.Person.Kind != id.PupilPerson {
		return Meeting{}, fault.New(fault.NothingHere)
	}
	m, err := s.findAny(tx, meeting)
	if err != nil {
		return Meeting{}, err
	}
	return m, s.mustBelong(tx, m, id.Pupil(actor.Person.ID))
}

// ResponsibleFor is who will call the actor instead of the meeting.
func (s *Service) ResponsibleFor(ctx context.Context, actor authz.Actor, meeting id.Meeting) (responsible id.Account, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		m, err := s.ownMeeting(tx, actor, meeting)
		responsible = m.Responsible
		return err
	})
	return responsible, err
}

// mustBelong makes a meeting that the pupil does not belong to one that does not exist.
func (s *Service) mustBelong(tx *db.Tx, m Meeting, pupil id.Pupil) error {
	members, err := s.pupilsOf(tx, m)
	if err == nil && !slices.Contains(members, pupil) {
		err = fault.New(fault.NothingHere)
	}
	return err
}

// mayEnter is the one place that decides about coming in. What is decided holds for this moment alone.
func (s *Service) mayEnter(tx *db.Tx, m Meeting, pupil id.Pupil) (Entrant, error) {
	if err := m.mustBeOn(tx.Now); err != nil {
		return Entrant{}, err
	}
	if tx.Now.Before(m.OpensAt()) {
		return Entrant{}, fault.New(fault.TooEarly).With("opensAt", m.OpensAt().Format(time.RFC3339))
	}
	standings, err := s.standings.In(tx, []id.Pupil{pupil}, m.facts())
	if err != nil {
		return Entrant{}, err
	}
	found, ok := standings[pupil]
	if !ok {
		return Entrant{}, fault.New(fault.NothingHere)
	}
	if found.Mode <= participation.None {
		return Entrant{}, fault.New(fault.ModeNone)
	}
	state, err := s.statesOf(tx, pupil)
	if err != nil {
		return Entrant{}, err
	}
	if acknowledged(m, found.Mode, state) == RulesDue {
		return Entrant{}, fault.New(fault.RulesNotRead)
	}
	return Entrant{Pupil: pupil, Name: found.Pupil.Short(), Mode: found.Mode}, nil
}

// mustBeOn refuses a meeting that was called off, or is over.
func (m Meeting) mustBeOn(now time.Time) error {
	switch {
	case m.Cancelled:
		return fault.New(fault.MeetingCancelled)
	case !now.Before(m.EndsAt):
		return fault.New(fault.MeetingOver)
	}
	return nil
}

// Enter takes an address back, once, and gives that of the room. Everything is decided anew: what Join may have allowed a
// moment ago may be a withdrawal ago. Besides Join's own refusals there are LinkUsed, LinkExpired, LinkNotYours for
// another pupil or session, and RoomNotReady; after each a new tap on "join" works as ever. The meeting is told with
// every refusal of the pupil's own address.
func (s *Service) Enter(ctx context.Context, actor authz.Actor, address Address) (room string, meeting id.Meeting, err error) {
	of, _, _ := strings.Cut(string(address), ".")
	if actor.Person.Kind != id.PupilPerson || id.School(of) != actor.School {
		return "", "", fault.New(fault.LinkNotYours)
	}
	var m Meeting
	var who Entrant
	err = s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		found, err := findAddress(tx, address.hash())
		if err != nil {
			return err
		}
		if found.PupilID != id.Pupil(actor.Person.ID) || found.SessionID != actor.Session {
			return fault.New(fault.LinkNotYours)
		}
		meeting = found.MeetingID
		if err := found.mustBeGood(tx.Now); err != nil {
			return err
		}
		if m, err = s.ownMeeting(tx, actor, found.MeetingID); err != nil {
			return err
		}
		if who, err = s.mayEnter(tx, m, found.PupilID); err != nil {
			return err
		}
		return useAddress(tx, found.TokenHash)
	})
	if err != nil {
		return "", meeting, err
	}
	ctx, cancel := context.WithTimeout(ctx, enterWithin)
	defer cancel()
	room, err = s.rooms.Enter(ctx, m, who)
	if err != nil && !fault.Has(err, fault.RoomNotReady) {
		err = fault.Wrap(fault.RoomNotReady, err)
	}
	return room, meeting, err
}

// WhyNot says why an address leads nobody in who is signed in no longer: a session on a shared device ends with its
// meeting, and whoever follows an address then reads that the meeting is over or was called off. Else it is LinkNotYours.
func (s *Service) WhyNot(ctx context.Context, address Address) error {
	of, _, _ := strings.Cut(string(address), ".")
	if !id.Valid(id.School(of)) { // anybody may type one
		return fault.New(fault.LinkNotYours)
	}
	err := s.db.Read(db.InSchool(ctx, id.School(of)), func(tx *db.Tx) error {
		found, err := findAddress(tx, address.hash())
		if err != nil {
			return err
		}
		m, err := s.findAny(tx, found.MeetingID)
		if err != nil {
			return err
		}
		return m.mustBeOn(tx.Now)
	})
	if err == nil || fault.Has(err, fault.LinkExpired) || fault.Has(err, fault.NothingHere) {
		return fault.New(fault.LinkNotYours)
	}
	return err
}

func (r addressRow) mustBeGood(now time.Time) error {
	switch {
	case r.UsedAt != nil:
		return fault.New(fault.LinkUsed)
	case now.Sub(time.UnixMicro(r.MadeAt)) > addressLife:
		return fault.New(fault.LinkExpired)
	}
	return nil
}

// ForgetAddresses deletes the addresses of meetings that ended a day ago, and with them who came in when.
func (s *Service) ForgetAddresses(ctx context.Context) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return deleteAddresses(tx, tx.Now.Add(-addressesFor)) })
}

func newAddress(school id.School) Address {
	secret := make([]byte, addressSize)
	_, _ = rand.Read(secret) // never fails: it ends the program instead (crypto/rand)
	return Address(string(school) + "." + base64.RawURLEncoding.EncodeToString(secret))
}

// hash is what is kept: 128 random bits cannot be searched.
func (a Address) hash() string {
	sum := sha256.Sum256([]byte(a))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
