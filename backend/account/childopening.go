package account

import (
	"context"
	"errors"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// An opening lets one child in on a device, once and within ten minutes. Its code is like that of a device link, and
// wrong ones are counted together with those.
const openingLife = 10 * time.Minute

// openingState is what is kept of an opening: for whom, and which guardian's session vouches for it.
type openingState struct {
	School  id.School  `json:"school"`
	Session id.Session `json:"session"`
	Pupil   id.Pupil   `json:"pupil"`
}

// OpenForChild makes a code that signs the actor's child in on whatever device it is given to. Whether the pupil is the
// actor's child is the caller's to check.
func (s *Service) OpenForChild(ctx context.Context, actor authz.Actor, pupil id.Pupil) (DeviceLink, error) {
	if err := allow(actor, authz.OpenForChild); err != nil {
		return DeviceLink{}, err
	}
	if _, err := s.reserve(ctx, []counter{{kind: "opening.made", subject: string(actor.Account), limit: deviceLinkLimit}}); err != nil {
		return DeviceLink{}, err
	}
	var opening DeviceLink
	err := s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		opening = DeviceLink{Code: newSymbols(deviceCodeSymbols - 1), ExpiresAt: tx.Now.Add(openingLife)}
		return s.begin(tx, ceremonyChild, opening.Code, openingLife, openingState{actor.School, actor.Session, pupil})
	})
	return opening, err
}

// SignInForChild signs the child in that a guardian has opened for. The session is the child's and gives nothing of the
// guardian's; in the guardian's own browser it takes the place of the guardian's session, which ends, see canComeBack.
//
// may is asked whether the guardian may still open for the child. Every code that does not open is DeviceCodeInvalid.
func (s *Service) SignInForChild(
	ctx context.Context, code string, device Device, may func(tx *db.Tx, guardian id.Person, pupil id.Pupil) error,
) (SignedIn, error) {
	var signedIn SignedIn
	err := s.guess(ctx, deviceLinkCounters(device.Address), func() error {
		typed, err := parseSymbols(code, deviceCodeSymbols)
		if err != nil {
			return fault.Wrap(fault.DeviceCodeInvalid, err)
		}
		var opening openingState
		switch err := s.take(ctx, ceremonyChild, typed, &opening); {
		case errors.Is(err, errNoCeremony):
			return fault.Wrap(fault.DeviceCodeInvalid, err)
		case err != nil:
			return err
		}
		return s.db.Write(db.InSchool(ctx, opening.School), func(tx *db.Tx) (err error) {
			signedIn, err = s.signInForChild(tx, opening, device, may)
			return err
		})
	})
	return signedIn, err
}

func (s *Service) signInForChild(
	tx *db.Tx, opening openingState, device Device, may func(*db.Tx, id.Person, id.Pupil) error,
) (SignedIn, error) {
	guardian, err := sessionByID(tx, opening.Session)
	if err != nil {
		return SignedIn{}, err
	}
	if !guardian.alive(tx.Now) {
		return SignedIn{}, fault.New(fault.DeviceCodeInvalid)
	}
	from := guardian.Session.actor()
	if err := may(tx, from.Person, opening.Pupil); err != nil {
		return SignedIn{}, err
	}
	device.way, device.Shared = ByGuardian, true
	signedIn, err := s.openForPupil(tx, opening.Pupil, device)
	if err != nil {
		return SignedIn{}, err
	}
	return signedIn, audit.Record(tx, audit.Entry{
		Actor: string(from.Account), Action: audit.OpenedForChild, SubjectKind: "session", SubjectID: string(signedIn.Actor.Session),
	})
}

// canComeBack refuses with OwnDeviceNeedsPasskey to let a child in where somebody is signed in by a letter who has no
// passkey: that session would end, and its owner could not come back without a new letter. A session on a shared device
// was going to end anyway.
func (s *Service) canComeBack(tx *db.Tx, device Device) error {
	open, err := sessionsOnDevice(tx, tokenHash(device.Token))
	if err != nil {
		return err
	}
	for _, session := range open {
		view, err := sessionByID(tx, session)
		if err != nil {
			return err
		}
		if !view.alive(tx.Now) || view.Session.Shared || view.Session.PersonID == nil {
			continue
		}
		passkeys, err := s.PasskeysOf(tx, view.Session.AccountID)
		if err != nil {
			return err
		}
		if len(passkeys) == 0 {
			return fault.New(fault.OwnDeviceNeedsPasskey)
		}
	}
	return nil
}
