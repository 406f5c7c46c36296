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

// SignedInDevice is a session as its owner sees it in a list of devices.
type SignedInDevice struct {
	ID        id.Session
	Kind      DeviceKind
	Browser   Browser
	Way       Way
	FirstSeen time.Time // signed in
	LastSeen  time.Time // to within the ten minutes of an access token
	Current   bool      // it is asking
	Shared    bool
}

// Devices lists where the actor's account is signed in, the newest first, and its passkeys.
func (s *Service) Devices(ctx context.Context, actor authz.Actor) (devices []SignedInDevice, passkeys []Passkey, err error) {
	if err := mayKeepDevices(actor); err != nil {
		return nil, nil, err
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		rows, err := openSessions(tx, actor.Account)
		if err != nil {
			return err
		}
		devices = make([]SignedInDevice, len(rows))
		for i, row := range rows {
			devices[i] = row.device(actor.Session)
		}
		passkeys, err = s.PasskeysOf(tx, actor.Account)
		return err
	})
	return devices, passkeys, err
}

func (r sessionRow) device(asking id.Session) SignedInDevice {
	seen := r.CreatedAt
	if r.RotatedAt != nil {
		seen = max(seen, *r.RotatedAt)
	}
	return SignedInDevice{
		ID: r.ID, Kind: r.DeviceKind, Browser: r.Browser, Way: r.Way, Current: r.ID == asking, Shared: r.Shared,
		FirstSeen: time.UnixMicro(r.CreatedAt).UTC(), LastSeen: time.UnixMicro(seen).UTC(),
	}
}

// EndDevice signs one of the account's devices out: at its next request here, within a second on every other
// instance. What is not signed in, or not the actor's, is NothingHere.
func (s *Service) EndDevice(ctx context.Context, actor authz.Actor, device id.Session) error {
	return s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		ended, err := s.endDevices(tx, actor, func(row sessionRow) bool { return row.ID == device })
		if err == nil && ended == 0 {
			return fault.New(fault.NothingHere)
		}
		return err
	})
}

// EndOtherDevices signs out all devices of the account but the one that asks; there may be none.
func (s *Service) EndOtherDevices(ctx context.Context, actor authz.Actor) error {
	return s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error { return s.endOthers(tx, actor) })
}

func (s *Service) endOthers(tx *db.Tx, actor authz.Actor) error {
	_, err := s.endDevices(tx, actor, func(row sessionRow) bool { return row.ID != actor.Session })
	return err
}

func (s *Service) endDevices(tx *db.Tx, actor authz.Actor, which func(sessionRow) bool) (ended int, err error) {
	if err := mayKeepDevices(actor); err != nil {
		return 0, err
	}
	rows, err := openSessions(tx, actor.Account)
	if err != nil {
		return 0, err
	}
	var sessions []id.Session
	var entries []audit.Entry
	for _, row := range rows {
		if which(row) {
			sessions = append(sessions, row.ID)
			entries = append(entries, audit.Entry{
				Actor: string(actor.Account), Action: audit.DeviceSignedOut, SubjectKind: "session", SubjectID: string(row.ID),
			})
		}
	}
	if len(sessions) == 0 {
		return 0, nil
	}
	return len(sessions), errors.Join(audit.Record(tx, entries...), s.endAll(tx, sessions))
}
