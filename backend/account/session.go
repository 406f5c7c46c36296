package account

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// How long a session lasts at most, however often it is refreshed.
const (
	familySession = 180 * 24 * time.Hour // guardians, and pupils who came by their own letter
	staffSession  = 12 * time.Hour
	sharedSession = 30 * time.Minute // without use, on a device that others use too; refreshing is use
	// limitedSession is long enough to set up a second factor, which is all that it is for.
	limitedSession = 30 * time.Minute
)

// repeatWindow is how long a refresh whose answer was lost may be repeated.
const repeatWindow = 30 * time.Second

// sessionReused says that a refresh token came back after it had been replaced: somebody holds a copy.
const sessionReused audit.Action = "session.reused"

func sessionLife(role authz.Role) time.Duration {
	if role == authz.Guardian || role == authz.Pupil {
		return familySession
	}
	return staffSession
}

// openSession is where every way in ends: it writes the session and mints its tokens. The actor's session is made here.
func (s *Service) openSession(tx *db.Tx, account accountRow, role authz.Role, person id.Person, device Device) (SignedIn, error) {
	actor := authz.Actor{
		School: tx.School, Account: account.ID, Session: id.New[id.Session](), Role: role, Person: person, Limited: device.limited,
		NoSay: device.way.hasNoSay(),
	}
	refresh, token := newRefreshToken(tx.School, actor.Session), deviceToken(device.Token)
	kind, browser := describe(device.UserAgent)
	proved := device.proved
	if proved.IsZero() {
		proved = tx.Now
	}
	row := sessionRow{
		SchoolID: tx.School, ID: actor.Session, AccountID: account.ID, Role: role,
		RefreshHash: tokenHash(s.tokens.format(refresh)), DeviceHash: tokenHash(token),
		CreatedAt: tx.Now.UnixMicro(), Way: device.way, ProvedAt: proved.UnixMicro(), Shared: device.Shared,
		Limited: device.limited, DeviceKind: kind, Browser: browser,
	}
	row.ExpiresAt = row.endAt(tx.Now).UnixMicro()
	if person != (id.Person{}) {
		row.PersonKind, row.PersonID = &person.Kind, &person.ID
	}
	if err := s.endOnDevice(tx, row.DeviceHash); err != nil {
		return SignedIn{}, err
	}
	if err := insertSession(tx, row); err != nil {
		return SignedIn{}, err
	}
	tx.AfterCommit(func() {
		s.log.Info("signed in", "school", actor.School, "account", actor.Account, "session", actor.Session, "role", actor.Role)
	})
	return s.signedIn(tx, row, account, refresh, token)
}

// endOnDevice ends what is open in the browser: its cookies are about to be replaced, and whoever comes in starts clean.
func (s *Service) endOnDevice(tx *db.Tx, deviceHash string) error {
	open, err := sessionsOnDevice(tx, deviceHash)
	if err != nil {
		return err
	}
	return s.endAll(tx, open)
}

func (s *Service) endAll(tx *db.Tx, sessions []id.Session) error {
	for _, session := range sessions {
		if err := endSession(tx, session); err != nil {
			return err
		}
	}
	return s.afterEnd(tx, sessions)
}

// afterEnd follows wherever sessions end.
func (s *Service) afterEnd(tx *db.Tx, ended []id.Session) error {
	tx.AfterCommit(func() {
		for _, session := range ended {
			s.alive.forget(session)
		}
	})
	if s.ends == nil {
		return nil
	}
	return s.ends(tx, ended)
}

// proved is when the person last proved who they are.
func (r sessionRow) proved() time.Time {
	if r.ProvedAt == 0 {
		return time.UnixMicro(r.CreatedAt)
	}
	return time.UnixMicro(r.ProvedAt)
}

func (r sessionRow) provedBefore(t time.Time) bool { return r.proved().Before(t) }

// endAt is when the session ends if nobody uses it after now. A further device lasts no longer than the one that made
// its link, or a chain of links would last for ever.
func (r sessionRow) endAt(now time.Time) time.Time {
	life := sessionLife(r.Role)
	if r.Limited {
		life = limitedSession
	}
	if r.Way == ByOIDC {
		life = min(life, staffSession) // who leaves the school's provider is out within the day
	}
	idleLife := sharedSession
	if r.Way.hasNoSay() {
		life, idleLife = passingSession, passingIdle
	}
	end := r.proved().Add(life).UTC()
	if idle := now.Add(idleLife); r.Shared && idle.Before(end) {
		return idle
	}
	return end
}

func (s *Service) signedIn(tx *db.Tx, session sessionRow, account accountRow, refresh refreshToken, device string) (SignedIn, error) {
	profile, err := s.openProfile(account)
	if err != nil {
		return SignedIn{}, err
	}
	access, expires, err := s.tokens.mintAccess(session.actor(), tx.Now, session.end())
	if err != nil {
		return SignedIn{}, fmt.Errorf("mint an access token: %w", err)
	}
	return SignedIn{
		Actor: session.actor(), Name: profile.Name, Language: account.Language,
		AccessToken: access, AccessExpires: expires,
		RefreshToken: s.tokens.format(refresh), RefreshExpires: session.end(), DeviceToken: device, Shared: session.Shared,
	}, nil
}

// Authenticate gives the actor of an access token whose session is alive. Every fault of the token is NotSignedIn,
// with the reason as its cause; a database that does not answer is not.
func (s *Service) Authenticate(ctx context.Context, token string) (authz.Actor, error) {
	claimed, err := s.tokens.verifyAccess(token)
	if err != nil {
		return authz.Actor{}, fault.Wrap(fault.NotSignedIn, err)
	}
	actor, alive, err := s.alive.ask(claimed.Session, func() (actor authz.Actor, alive bool, err error) {
		err = s.db.Read(db.InSchool(ctx, claimed.School), func(tx *db.Tx) error {
			view, err := s.sessionNow(tx, claimed.Session)
			actor, alive = view.Session.actor(), view.alive(tx.Now)
			return err
		})
		return actor, alive, err
	})
	switch {
	case err != nil:
		return authz.Actor{}, err
	case !alive || actor != claimed:
		return authz.Actor{}, fault.Wrap(fault.NotSignedIn, fmt.Errorf("%w: the session has ended", errToken))
	}
	return actor, nil
}

// StillSignedIn gives those of the actors of one school whose sessions are alive and still theirs. Unlike Authenticate it
// remembers nothing.
func (s *Service) StillSignedIn(ctx context.Context, actors []authz.Actor) (signedIn []authz.Actor, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		signedIn = nil
		for some := range slices.Chunk(actors, batchSize) {
			views, err := sessionsByID(tx, some)
			if err != nil {
				return err
			}
			for _, actor := range some {
				view, err := s.asOfNow(tx, views[actor.Session])
				if err != nil {
					return err
				}
				if view.alive(tx.Now) && view.Session.actor() == actor {
					signedIn = append(signedIn, actor)
				}
			}
		}
		return nil
	})
	return signedIn, err
}

// Refresh replaces the refresh token and gives a new access token. The same old token within 30 s from the same device
// gives the same successor; later, or from elsewhere, it ends the session, because two people may hold it.
func (s *Service) Refresh(ctx context.Context, token, device string) (SignedIn, error) {
	old, err := s.tokens.parse(token)
	if err != nil {
		return SignedIn{}, fault.Wrap(fault.NotSignedIn, err)
	}
	var next SignedIn
	var verdict refreshVerdict
	err = s.db.WriteUnaudited(db.InSchool(ctx, old.school), func(tx *db.Tx) error {
		view, err := s.sessionNow(tx, old.session)
		if err != nil {
			return err
		}
		verdict = view.judge(tokenHash(token), tokenHash(device), tx.Now)
		switch verdict {
		case refreshRefused:
			return nil
		case refreshReused:
			return s.endReused(tx, view.Session)
		case refreshFresh:
			end := view.Session.endAt(tx.Now)
			if err := rotateSession(tx, old.session, tokenHash(token), tokenHash(s.tokens.format(s.tokens.successor(old))), end); err != nil {
				return err
			}
			view.Session.ExpiresAt = max(view.Session.ExpiresAt, end.UnixMicro()) // a lesson may carry it beyond
			if err := s.endWithMeeting(tx, &view); err != nil {
				return err
			}
		case refreshRepeated: // the successor is in place already
		}
		next, err = s.signedIn(tx, view.Session, view.account(), s.tokens.successor(old), device)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	if verdict == refreshRefused || verdict == refreshReused {
		return SignedIn{}, fault.Wrap(fault.NotSignedIn, fmt.Errorf("%w: %s", errRefreshToken, verdict))
	}
	return next, nil
}

func (s *Service) endReused(tx *db.Tx, session sessionRow) error {
	if err := s.endAll(tx, []id.Session{session.ID}); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		s.log.Warn("refresh token used again", "school", session.SchoolID, "account", session.AccountID, "session", session.ID)
	})
	return audit.Record(tx, audit.Entry{
		Actor: string(session.AccountID), Action: sessionReused, SubjectKind: "session", SubjectID: string(session.ID),
	})
}

// SignOut ends the actor's session: its access token is dead at the next request here, within a second on every other
// instance. Signing out twice is no fault.
func (s *Service) SignOut(ctx context.Context, actor authz.Actor) error {
	return s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		return s.endAll(tx, []id.Session{actor.Session})
	})
}

// refreshVerdict is what a refresh token is worth.
type refreshVerdict string

const (
	refreshRefused  refreshVerdict = "refused"  // the session is over, or was never told to this database
	refreshFresh    refreshVerdict = "fresh"    // the present token
	refreshRepeated refreshVerdict = "repeated" // its predecessor, so lately that the answer may have been lost
	refreshReused   refreshVerdict = "reused"   // a token that was replaced, or one away from its device
)

// judge decides by the kept hashes alone. A session that was not found is refused like one that has ended.
func (v sessionView) judge(token, device string, now time.Time) refreshVerdict {
	kept := v.Session
	present := sameHash(kept.RefreshHash, token)
	previous := kept.RotatedHash != nil && sameHash(*kept.RotatedHash, token)
	switch {
	case !v.alive(now):
		return refreshRefused
	case !sameHash(kept.DeviceHash, device):
		return refreshReused
	case present:
		return refreshFresh
	case previous && now.Sub(time.UnixMicro(*kept.RotatedAt)) <= repeatWindow:
		return refreshRepeated
	}
	return refreshReused
}

func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
