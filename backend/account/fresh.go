package account

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// freshFor is how long a proof counts for what a found or stolen browser must not do (OWASP ASVS 5.0, 7.5.1).
const freshFor = 10 * time.Minute

// CheckFresh refuses a session that has not proved itself within ten minutes with ReauthenticationNeeded.
func (s *Service) CheckFresh(ctx context.Context, actor authz.Actor) error {
	return s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error { return s.checkFresh(tx, actor) })
}

func (s *Service) checkFresh(tx *db.Tx, actor authz.Actor) error {
	view, err := sessionByID(tx, actor.Session)
	if err != nil {
		return err
	}
	if actor.Limited || view.Session.provedBefore(tx.Now.Add(-freshFor)) {
		return fault.New(fault.ReauthenticationNeeded)
	}
	return nil
}

// Reauthenticate proves the actor's session anew, by the password and the second factor. Failures are counted with
// those of signing in.
func (s *Service) Reauthenticate(ctx context.Context, actor authz.Actor, password string, proof Proof) error {
	ctx = db.InSchool(ctx, actor.School)
	return s.withPassword(ctx, actor, password, func(accountRow) error {
		return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
			limited, err := s.useFactor(tx, actor.Account, proof)
			if err != nil {
				return err
			}
			if limited || actor.Limited {
				return fault.New(fault.NotAllowedHere)
			}
			return proveSession(tx, actor.Session)
		})
	})
}

// withPassword does something for the actor whose password it is. Wrong ones are counted with those of signing in.
func (s *Service) withPassword(ctx context.Context, actor authz.Actor, password string, do func(accountRow) error) error {
	if err := allow(actor, authz.KeepOwnSignIn); err != nil {
		return err
	}
	own, profile, err := s.ownAccount(ctx, actor)
	if err != nil {
		return err
	}
	return s.guess(ctx, passwordCounters(profile.Email), func() error {
		hash := decoyHash
		if own.PasswordHash != nil {
			hash = *own.PasswordHash
		}
		right, err := s.hasher.matches(ctx, hash, password)
		if err != nil {
			return err
		}
		if !right || own.PasswordHash == nil {
			return fault.New(fault.PasswordWrong)
		}
		return do(own)
	})
}

func (s *Service) ownAccount(ctx context.Context, actor authz.Actor) (own accountRow, profile sealedProfile, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := accountsByID(tx, []id.Account{actor.Account})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.New(fault.NotSignedIn)
		}
		own = rows[0]
		profile, err = s.openProfile(own)
		return err
	})
	return own, profile, err
}

// ChangePassword replaces the actor's own password. All sessions of the account end; the caller goes on in a new one.
func (s *Service) ChangePassword(ctx context.Context, actor authz.Actor, present, next string, device Device) (signedIn SignedIn, err error) {
	ctx = db.InSchool(ctx, actor.School)
	err = s.withPassword(ctx, actor, present, func(own accountRow) error {
		profile, err := s.openProfile(own)
		if err != nil {
			return err
		}
		if err := checkNewPassword(next, profile.Name, profile.Email); err != nil {
			return err
		}
		hash, err := s.hasher.hash(ctx, next)
		if err != nil {
			return err
		}
		return s.db.Write(ctx, func(tx *db.Tx) error {
			if err := setPassword(tx, actor.Account, hash); err != nil {
				return err
			}
			if err := recordAccount(tx, string(actor.Account), audit.PasswordChanged, actor.Account); err != nil {
				return err
			}
			signedIn, err = s.renewSession(tx, actor, device)
			return err
		})
	})
	return signedIn, err
}

// renewSession ends all sessions of the actor's account and opens a new one, which is as freshly proved as the actor's
// own was. It is for whatever changes what a session may do.
func (s *Service) renewSession(tx *db.Tx, actor authz.Actor, device Device) (SignedIn, error) {
	view, err := s.sessionNow(tx, actor.Session)
	if err != nil {
		return SignedIn{}, err
	}
	if !view.alive(tx.Now) {
		return SignedIn{}, fault.New(fault.NotSignedIn)
	}
	if err := s.endSessionsOf(tx, actor.Account); err != nil {
		return SignedIn{}, err
	}
	factors, err := s.factorsOf(tx, actor.Account)
	if err != nil {
		return SignedIn{}, err
	}
	present := view.Session
	device.way, device.proved, device.Shared = present.Way, present.proved(), present.Shared
	device.limited = !factors.any() && present.Way != ByPasskey // a passkey is both factors
	return s.openSession(tx, view.account(), actor.Role, actor.Person, device)
}

func (s *Service) endSessionsOf(tx *db.Tx, account id.Account) error {
	ended, err := endSessionsOf(tx, account)
	if err != nil {
		return err
	}
	return s.afterEnd(tx, ended)
}
