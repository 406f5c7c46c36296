package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

const (
	handleSize = 32 // bytes of a user handle
	// provedFor is how long a family's sign-in counts as its own: a phone that lies around unlocked is another matter
	// (abuse X7). So long may a first passkey be added, because a family has no other way to sign in afresh.
	provedFor = 24 * time.Hour
)

// WithPasskeys lets people sign in by passkey on pages of the public URL. Where its host cannot have passkeys (an IP
// address), nobody can.
func (s *Service) WithPasskeys(public *url.URL) *Service {
	party, err := newRelyingParty(public)
	if err != nil {
		s.log.Warn("no sign-in by passkey: the public URL cannot have passkeys", "host", public.Hostname(), "error", err)
		return s
	}
	s.party = party
	return s
}

// Registration is what a browser needs to make a passkey. State goes back with what the authenticator says.
type Registration struct {
	State      string
	Challenge  []byte
	RPID       string
	RPName     string
	Handle     []byte
	Label      string
	Algorithms []int    // COSE algorithms (RFC 9053), the one liked best first
	Exclude    [][]byte // credentials that the account has already
}

// registrationState is what is kept of a registration that was begun.
type registrationState struct {
	Account id.Account           `json:"account"`
	Session id.Session           `json:"session"`
	Begun   webauthn.SessionData `json:"begun"`
}

// BeginPasskey begins the registration of a passkey of the actor. The label is what the browser shows for the account.
// See mayChangePasskeys for who may; where nobody has passkeys the answer is NotAllowedHere.
func (s *Service) BeginPasskey(ctx context.Context, actor authz.Actor, label string) (Registration, error) {
	if s.party == nil {
		return Registration{}, fault.New(fault.NotAllowedHere)
	}
	var registration Registration
	err := s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if err := s.mayChangePasskeys(tx, actor); err != nil {
			return err
		}
		who, err := s.ownerOf(tx, actor.Account, label)
		if err != nil {
			return err
		}
		creation, begun, err := s.party.web.BeginRegistration(who,
			webauthn.WithExclusions(webauthn.Credentials(who.WebAuthnCredentials()).CredentialDescriptors()),
			webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()))
		if err != nil {
			return fmt.Errorf("begin the registration of a passkey: %w", err)
		}
		registration = registrationOf(creation.Response, who)
		return s.begin(tx, ceremonyRegistration, registration.State, passkeyCeremony, registrationState{actor.Account, actor.Session, *begun})
	})
	return registration, err
}

func registrationOf(options protocol.PublicKeyCredentialCreationOptions, who owner) Registration {
	r := Registration{
		State: newCeremonySecret(), Challenge: options.Challenge, RPID: options.RelyingParty.ID, RPName: options.RelyingParty.Name,
		Handle: who.handle, Label: who.label,
	}
	for _, parameter := range options.Parameters {
		r.Algorithms = append(r.Algorithms, int(parameter.Algorithm))
	}
	for _, excluded := range options.CredentialExcludeList {
		r.Exclude = append(r.Exclude, excluded.CredentialID)
	}
	return r
}

// FinishPasskey keeps the passkey that the authenticator made, in the session that began. Whatever does not fit is
// AssertionInvalid; a credential that is known already AlreadyExists.
func (s *Service) FinishPasskey(ctx context.Context, actor authz.Actor, state string, a Attestation) (Passkey, error) {
	if s.party == nil {
		return Passkey{}, fault.New(fault.NotAllowedHere)
	}
	var kept registrationState
	switch err := s.take(ctx, ceremonyRegistration, state, &kept); {
	case errors.Is(err, errNoCeremony):
		return Passkey{}, fault.Wrap(fault.AssertionInvalid, err)
	case err != nil:
		return Passkey{}, err
	case kept.Account != actor.Account || kept.Session != actor.Session:
		return Passkey{}, fault.New(fault.AssertionInvalid)
	}
	made, err := s.party.register(owner{handle: kept.Begun.UserID}, kept.Begun, a)
	if err != nil {
		return Passkey{}, fault.Wrap(fault.AssertionInvalid, err)
	}
	made.Account = actor.Account
	err = s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) (err error) {
		if err := s.mayChangePasskeys(tx, actor); err != nil {
			return err
		}
		made.CreatedAt = tx.Now
		if made.ID, err = s.addPasskey(tx, made); err != nil || !actor.Limited {
			return err
		}
		// The password alone opens nothing any more: neither does what it has opened elsewhere.
		return s.endOthers(tx, actor)
	})
	if errors.Is(err, db.ErrUnique) {
		return Passkey{}, fault.Wrap(fault.AlreadyExists, err)
	}
	return made, err
}

// RemovePasskey takes a passkey of the actor out of use; somebody else's is NothingHere.
func (s *Service) RemovePasskey(ctx context.Context, actor authz.Actor, passkey id.Passkey) error {
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if err := deletePasskey(tx, actor.Account, passkey); err != nil {
			return err
		}
		if err := s.mayRemovePasskeys(tx, actor); err != nil {
			return err // and the passkey is where it was
		}
		return recordPasskey(tx, actor.Account, audit.PasskeyRemoved, passkey)
	})
}

// mayChangePasskeys lets an account have its first passkey when the person has proved lately who they are: a family in
// the last day, later it is FreshSignInNeeded; staff in the last ten minutes, later ReauthenticationNeeded. Once there
// is a passkey, further ones take the sign-in of ten minutes, by that passkey where nothing else is at hand:
// PasskeyNeeded. A device that others use too never gets one.
func (s *Service) mayChangePasskeys(tx *db.Tx, actor authz.Actor) error {
	passkeys, err := countPasskeys(tx, actor.Account)
	if err != nil {
		return err
	}
	if passkeys > 0 {
		return s.mayRemovePasskeys(tx, actor)
	}
	lately, stale := freshFor, fault.ReauthenticationNeeded
	if actor.Role == authz.Guardian || actor.Role == authz.Pupil {
		lately, stale = provedFor, fault.FreshSignInNeeded
	}
	if err := s.enrolsIn(tx, actor, lately, stale); err != nil || !actor.Limited {
		return err
	}
	return s.mayChangeFactors(tx, actor)
}

func (s *Service) mayRemovePasskeys(tx *db.Tx, actor authz.Actor) error {
	return s.enrolsIn(tx, actor, freshFor, fault.PasskeyNeeded)
}

// enrolsIn looks at the session as the transaction sees it: one that was ended a moment ago, on another instance, is
// remembered as alive for a second, and must not leave a passkey behind.
func (s *Service) enrolsIn(tx *db.Tx, actor authz.Actor, lately time.Duration, stale fault.Code) error {
	view, err := s.sessionNow(tx, actor.Session)
	switch {
	case err != nil:
		return err
	case !view.alive(tx.Now):
		return fault.New(fault.NotSignedIn)
	case view.Session.Shared || !view.Session.Way.enrols():
		return fault.New(fault.NotAllowedHere)
	case view.Session.provedBefore(tx.Now.Add(-lately)):
		return fault.New(stale)
	}
	return nil
}

// NeedsPasskey tells whether a yes of the actor takes its passkey: there is one, and the person proved who they are
// more than a day ago (settled 16, abuse X7).
func (s *Service) NeedsPasskey(tx *db.Tx, actor authz.Actor) (bool, error) {
	view, err := sessionOnce(tx, actor.Session)
	if err != nil || !view.Session.provedBefore(tx.Now.Add(-provedFor)) {
		return false, err
	}
	passkeys, err := countPasskeys(tx, actor.Account)
	return passkeys > 0, err
}

func handlePlace(school id.School, account id.Account) vault.Place {
	return vault.Place{School: school, Table: "passkey_user", Column: "handle", Row: string(account)}
}

func (s *Service) handleHash(handle []byte) string {
	return s.vault.Fingerprint(string(directoryPasskey), base64.StdEncoding.EncodeToString(handle))
}

// ownerOf gives the account as authenticators know it; its handle is made when it is first asked for.
func (s *Service) ownerOf(tx *db.Tx, account id.Account, label string) (owner, error) {
	row, err := passkeyUser(tx, account)
	if err != nil {
		return owner{}, err
	}
	who := owner{label: label}
	if row.AccountID == "" {
		who.handle, err = s.newHandle(tx, account)
		return who, err
	}
	if who.handle, err = s.vault.Open(handlePlace(tx.School, account), row.Handle); err != nil {
		return owner{}, err
	}
	who.passkeys, err = s.PasskeysOf(tx, account)
	return who, err
}

func (s *Service) newHandle(tx *db.Tx, account id.Account) ([]byte, error) {
	handle := make([]byte, handleSize)
	_, _ = rand.Read(handle) // never fails: it ends the program instead (crypto/rand)
	sealed, err := s.vault.Seal(handlePlace(tx.School, account), handle)
	if err != nil {
		return nil, err
	}
	hash := s.handleHash(handle)
	row := passkeyUserRow{SchoolID: tx.School, AccountID: account, HandleHash: hash, Handle: sealed}
	err = insertPasskeyUser(tx, row)
	if db.Violated(err, db.ErrUnique) {
		return nil, db.ErrAgain // another tab was first
	}
	if err != nil {
		return nil, err
	}
	return handle, insertDirectory(tx, directoryPasskey, hash)
}
