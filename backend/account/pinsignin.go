package account

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Wrong PINs are counted by card and device. They slow down the device that they came from, and nobody else's; all of
// them together block the card (settled 21, abuse X21). A right PIN forgives what was wrong on the same device: a child
// that mistypes now and then never fills the count, a classmate elsewhere does.
const (
	pinFree   = 5  // wrong PINs on one device before the first pause
	pinBlocks = 15 // over all devices
)

var pinPauses = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// pinPause is how long a device waits after so many wrong PINs.
func pinPause(failures int64) time.Duration {
	if failures < pinFree {
		return 0
	}
	return pinPauses[min(failures-pinFree, int64(len(pinPauses)-1))]
}

// SignInWithPIN signs a pupil in on a device that others use too. Whether the pupil may come in here, by its card or by
// the class link, is the caller's to check.
//
// Without a card the answer is CardVoid, after too many wrong PINs CardBlocked, on a device that has to wait PINWait, and
// for a wrong PIN PINWrong, with the pause that follows it.
func (s *Service) SignInWithPIN(ctx context.Context, school id.School, pupil id.Pupil, pin PIN, device Device) (SignedIn, error) {
	device.way, device.Shared = ByPIN, true
	var signedIn SignedIn
	err := s.provePIN(db.InSchool(ctx, school), pupil, pin, device, func(tx *db.Tx) (err error) {
		signedIn, err = s.openForPupil(tx, pupil, device)
		return err
	})
	return signedIn, err
}

// ProvePIN proves the session of a pupil anew by its picture PIN, so that CheckFresh lets it join and lift its own limit
// for another ten minutes. The errors are those of SignInWithPIN.
func (s *Service) ProvePIN(ctx context.Context, actor authz.Actor, pin PIN, device Device) error {
	if err := allow(actor, authz.SeeOwnDay); err != nil {
		return err
	}
	return s.provePIN(db.InSchool(ctx, actor.School), id.Pupil(actor.Person.ID), pin, device, func(tx *db.Tx) error {
		return proveSession(tx, actor.Session)
	})
}

func (s *Service) openForPupil(tx *db.Tx, pupil id.Pupil, device Device) (SignedIn, error) {
	if err := s.canComeBack(tx, device); err != nil {
		return SignedIn{}, err
	}
	person := id.PupilOf(pupil)
	account, role, err := s.accountFor(tx, person, device.Language)
	if err != nil {
		return SignedIn{}, err
	}
	return s.openSession(tx, account, role, person, device)
}

// provePIN counts the try before it is made, so that however many are made at once no more than the limit get through.
// The hash is taken outside any transaction.
func (s *Service) provePIN(ctx context.Context, pupil id.Pupil, pin PIN, device Device, do func(*db.Tx) error) error {
	from := s.pinDevice(device)
	card, counted, err := s.countPIN(ctx, pupil, from)
	if err != nil {
		return err
	}
	right, err := s.hasher.matches(ctx, card.PINHash, s.vault.PINPepper(card.SchoolID, card.ID, pin.text()))
	if err != nil {
		s.takeBackPIN(ctx, card.ID, from)
		return err
	}
	if !right {
		return s.wrongPIN(ctx, card, counted)
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		present, err := lockOpenCard(tx, pupil)
		if err != nil {
			return err
		}
		if present.ID != card.ID {
			return fault.New(fault.CardVoid)
		}
		if err := forgivePINs(tx, card.ID, from); err != nil {
			return err
		}
		return do(tx)
	})
}

// pinDevice tells devices apart by their token. A browser without one counts with all others of its address: the page
// that asks for the PIN gives every browser one beforehand.
func (s *Service) pinDevice(device Device) string {
	if device.Token == "" || deviceToken(device.Token) != device.Token {
		return s.vault.Fingerprint("pin.address", addressGroup(device.Address))
	}
	return s.vault.Fingerprint("pin.device", tokenHash(device.Token))
}

// countPIN raises both counts, and gives that of the device.
func (s *Service) countPIN(ctx context.Context, pupil id.Pupil, from string) (card cardRow, ofDevice int64, err error) {
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		card, err = lockOpenCard(tx, pupil)
		switch {
		case err != nil:
			return err
		case card.ID == "":
			return fault.New(fault.CardVoid)
		case card.blocked():
			return fault.New(fault.CardBlocked)
		}
		before, err := failureOf(tx, card.ID, from)
		if err != nil {
			return err
		}
		free := time.UnixMicro(before.LastAt).Add(pinPause(before.Failures))
		if wait := free.Sub(tx.Now); before.Failures >= pinFree && wait > 0 {
			return pinFault(fault.PINWait, wait)
		}
		card.Failures++
		ofDevice = before.Failures + 1
		return raiseFailures(tx, card.ID, from)
	})
	return card, ofDevice, err
}

// pinFault says in whole seconds when the next try is possible.
func pinFault(code fault.Code, wait time.Duration) error {
	if wait <= 0 {
		return fault.New(code)
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	return fault.New(code).After(wait).With("seconds", strconv.FormatInt(seconds, 10))
}

// wrongPIN says what follows from the try, which is counted already.
func (s *Service) wrongPIN(ctx context.Context, card cardRow, ofDevice int64) error {
	if !card.blocked() {
		return pinFault(fault.PINWrong, pinPause(ofDevice))
	}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		tx.AfterCommit(func() { s.log.Warn("card blocked after wrong PINs", "school", card.SchoolID, "card", card.ID) })
		return audit.Record(tx, audit.Entry{Actor: audit.System, Action: audit.CardBlocked, SubjectKind: "pupil_card", SubjectID: string(card.ID)})
	})
	if err != nil {
		return fmt.Errorf("note a blocked card: %w", err)
	}
	return fault.New(fault.CardBlocked)
}

// takeBackPIN gives a try back that was never compared. It must not be left out because the caller has gone.
func (s *Service) takeBackPIN(ctx context.Context, card id.Card, from string) {
	err := s.db.WriteUnaudited(context.WithoutCancel(ctx), func(tx *db.Tx) error { return lowerFailures(tx, card, from) })
	if err != nil {
		s.log.Warn("a counted PIN could not be given back", "error", err)
	}
}
