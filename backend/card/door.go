package card

import (
	"context"
	"net/netip"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// Tile is one pupil at the door, by as much of the name as classmates need.
type Tile struct {
	Pupil id.Pupil
	Name  string
}

// Door is what a key leads to: the one pupil of a card, or the pupils of a class who have a PIN.
type Door struct {
	School string
	Class  string // of a class link; empty for a card
	Open   bool   // a class link opens in its hours alone, and shows nobody outside them
	Tiles  []Tile
}

// keyed is whom a key lets in.
type keyed struct {
	school  id.School
	class   id.Class // of a class link
	open    bool
	holders []Holder
}

// Look shows the door of a key. A key that is none is DoorKeyUnknown, always alike; more of them from one address than an
// hour allows are TooManyTries. CardVoid is told to whoever holds the card.
func (s *Service) Look(ctx context.Context, key account.DoorKey, address netip.Addr) (door Door, err error) {
	err = s.find(ctx, key, address, func(tx *db.Tx, found keyed) error {
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		door = Door{School: settings.Name, Open: found.open, Tiles: []Tile{}}
		if found.class != "" {
			class, err := s.schools.Class(tx, found.class)
			if err != nil {
				return err
			}
			door.Class = class.Name
		}
		for _, holder := range found.holders {
			door.Tiles = append(door.Tiles, Tile{Pupil: holder.Pupil, Name: holder.Name.Short()})
		}
		return nil
	})
	return door, err
}

// SignIn signs the pupil in whose PIN it is, by its own card or by the link of its class while that is open: outside its
// hours ClassLinkClosed. A pupil whom the key does not show is DoorKeyUnknown. See account.Service.SignInWithPIN for the
// rest.
func (s *Service) SignIn(ctx context.Context, key account.DoorKey, pupil id.Pupil, pin account.PIN, device account.Device) (account.SignedIn, error) {
	var in id.School
	err := s.find(ctx, key, device.Address, func(_ *db.Tx, found keyed) error {
		if !found.open {
			return fault.New(fault.ClassLinkClosed)
		}
		in = found.school
		for _, holder := range found.holders {
			if holder.Pupil == pupil {
				return nil
			}
		}
		return fault.New(fault.DoorKeyUnknown)
	})
	if err != nil {
		return account.SignedIn{}, err
	}
	return s.accounts.SignInWithPIN(ctx, in, pupil, pin, device)
}

// find looks whom a key lets in, and counts keys that let in nobody.
func (s *Service) find(ctx context.Context, key account.DoorKey, address netip.Addr, look func(*db.Tx, keyed) error) error {
	err := error(fault.New(fault.DoorKeyUnknown))
	if in, ok := key.School(); ok {
		err = s.db.Read(db.InSchool(ctx, in), func(tx *db.Tx) error {
			found, err := s.keyed(tx, key)
			if err != nil {
				return err
			}
			return look(tx, found)
		})
	}
	if !fault.Has(err, fault.DoorKeyUnknown) {
		return err
	}
	if err := s.accounts.CountUnknownDoorKey(ctx, address); err != nil {
		return err
	}
	return fault.New(fault.DoorKeyUnknown)
}

func (s *Service) keyed(tx *db.Tx, key account.DoorKey) (keyed, error) {
	pupil, err := s.accounts.PupilOfKey(tx, key)
	if fault.Has(err, fault.DoorKeyUnknown) {
		return s.keyedByLink(tx, key)
	}
	if err != nil {
		return keyed{}, err
	}
	holder, err := s.holder(tx, pupil)
	return keyed{school: tx.School, open: true, holders: []Holder{holder}}, err
}

// holder is the pupil of a card, which is void for good once the pupil has left.
func (s *Service) holder(tx *db.Tx, pupil id.Pupil) (Holder, error) {
	today, err := s.schools.Today(tx)
	if err != nil {
		return Holder{}, err
	}
	stays, err := s.isAtSchool(tx, pupil, today)
	if err != nil {
		return Holder{}, err
	}
	pupils, err := s.schools.Pupils(tx, []id.Pupil{pupil})
	if err != nil {
		return Holder{}, err
	}
	found, known := pupils[pupil]
	if !stays || !known {
		return Holder{}, fault.New(fault.CardVoid)
	}
	return Holder{Pupil: pupil, Name: found.Name}, nil
}

func (s *Service) isAtSchool(tx *db.Tx, pupil id.Pupil, today calendar.Date) (bool, error) {
	schoolings, err := s.schools.SchoolingsOf(tx, []id.Pupil{pupil})
	if err != nil {
		return false, err
	}
	_, stays := school.LastDay(schoolings[pupil], today)
	return stays, nil
}

func (s *Service) keyedByLink(tx *db.Tx, key account.DoorKey) (keyed, error) {
	link, err := linkOfKey(tx, key)
	if err != nil {
		return keyed{}, err
	}
	found := keyed{school: tx.School, class: link.ClassID}
	if found.open, err = s.isOpen(tx, link); err != nil || !found.open {
		return found, err
	}
	members, err := s.members(tx, link.ClassID)
	for _, member := range members {
		if !member.IssuedAt.IsZero() {
			found.holders = append(found.holders, member)
		}
	}
	return found, err
}

// OpenForChild makes a code that lets a child of the actor in on another device, or on this one. A pupil that the actor
// has no say for does not exist.
func (s *Service) OpenForChild(ctx context.Context, actor authz.Actor, pupil id.Pupil) (account.DeviceLink, error) {
	err := s.db.Read(ctx, func(tx *db.Tx) error { return s.mayOpen(tx, actor.Person, pupil) })
	if err != nil {
		return account.DeviceLink{}, err
	}
	return s.accounts.OpenForChild(ctx, actor, pupil)
}

// SignInForChild signs the child in for whom a guardian has opened, if the guardian still has a say for it.
func (s *Service) SignInForChild(ctx context.Context, code string, device account.Device) (account.SignedIn, error) {
	return s.accounts.SignInForChild(ctx, code, device, s.mayOpen)
}

func (s *Service) mayOpen(tx *db.Tx, guardian id.Person, pupil id.Pupil) error {
	_, err := s.standings.Child(tx, guardian, pupil)
	return err
}
