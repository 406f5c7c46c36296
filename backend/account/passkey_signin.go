package account

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// A browser asks for a challenge whenever it shows the way in, so a school behind one address asks often; the limit
// keeps the table of what is begun small.
const (
	challengeLimit = 2000 // challenges for one address
	passkeyLimit   = 100  // refused passkeys from one address
)

// PasskeyChallenge is what a browser needs to ask for a passkey, of whomever. State goes back with the answer.
type PasskeyChallenge struct {
	State     string
	Challenge []byte
	RPID      string
}

// BeginPasskeySignIn makes a challenge for a browser in which nobody need be known.
func (s *Service) BeginPasskeySignIn(ctx context.Context, address netip.Addr) (PasskeyChallenge, error) {
	if s.party == nil {
		return PasskeyChallenge{}, fault.New(fault.NotAllowedHere)
	}
	asked := []counter{{kind: "passkey.challenge", subject: addressGroup(address), limit: challengeLimit}}
	if _, err := s.reserve(ctx, asked); err != nil {
		return PasskeyChallenge{}, err
	}
	assertion, begun, err := s.party.web.BeginDiscoverableLogin()
	if err != nil {
		return PasskeyChallenge{}, err
	}
	challenge := PasskeyChallenge{State: newCeremonySecret(), Challenge: assertion.Response.Challenge, RPID: assertion.Response.RelyingPartyID}
	err = s.db.Outside(ctx, func(tx *db.Tx) error {
		return s.begin(tx, ceremonyPasskey, challenge.State, passkeyCeremony, begun)
	})
	return challenge, err
}

// SignInWithPasskey signs in whoever holds a passkey and was verified by its authenticator, in whatever role the
// account has. Everything that does not fit is the same PasskeyRefused; refusals are limited by address (TooManyTries).
func (s *Service) SignInWithPasskey(ctx context.Context, state string, a Assertion, device Device) (SignedIn, error) {
	if s.party == nil {
		return SignedIn{}, fault.New(fault.NotAllowedHere)
	}
	device.way = ByPasskey
	var signedIn SignedIn
	refused := []counter{{kind: "passkey", subject: addressGroup(device.Address), limit: passkeyLimit}}
	err := s.guess(ctx, refused, func() (err error) {
		signedIn, err = s.signInWithPasskey(ctx, state, a, device)
		return err
	})
	return signedIn, err
}

func (s *Service) signInWithPasskey(ctx context.Context, state string, a Assertion, device Device) (SignedIn, error) {
	var begun webauthn.SessionData
	if err := s.take(ctx, ceremonyPasskey, state, &begun); errors.Is(err, errNoCeremony) {
		return SignedIn{}, fault.Wrap(fault.PasskeyRefused, err)
	} else if err != nil {
		return SignedIn{}, err
	}
	parsed, err := parseAssertion(a)
	if err != nil {
		return SignedIn{}, fault.Wrap(fault.PasskeyRefused, err)
	}
	school, err := s.schoolOfHandle(ctx, a.UserHandle)
	if err != nil {
		return SignedIn{}, err
	}
	ctx = db.InSchool(ctx, school)
	used, err := s.checkPasskey(ctx, begun, parsed)
	if err != nil {
		return SignedIn{}, err
	}
	var signedIn SignedIn
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		signedIn, err = s.usePasskey(tx, used, device)
		return err
	})
	return signedIn, err
}

func (s *Service) schoolOfHandle(ctx context.Context, handle []byte) (id.School, error) {
	school := nowhere
	err := s.db.ReadOutside(ctx, func(tx *db.Tx) error {
		schools, err := schoolsOf(tx, directoryPasskey, s.handleHash(handle))
		if len(schools) > 0 {
			school = schools[0]
		}
		return err
	})
	return school, err
}

// checkPasskey only reads: a wave of wrong passkeys must not keep decisions waiting.
func (s *Service) checkPasskey(ctx context.Context, begun webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData) (Passkey, error) {
	handle := parsed.Response.UserHandle
	who := owner{handle: handle}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		row, err := passkeyUserByHandle(tx, s.handleHash(handle))
		if err == nil && row.AccountID != "" {
			who.passkeys, err = s.PasskeysOf(tx, row.AccountID)
		}
		return err
	})
	if err != nil {
		return Passkey{}, err
	}
	used, cloned, err := s.party.verify(who, begun, parsed)
	if err != nil {
		return Passkey{}, fault.Wrap(fault.PasskeyRefused, err)
	}
	if cloned {
		s.log.Warn("a passkey's counter did not rise", "account", used.Account, "passkey", used.ID)
	}
	return used, nil
}

func (s *Service) usePasskey(tx *db.Tx, used Passkey, device Device) (SignedIn, error) {
	body, err := s.vault.SealJSON(passkeyPlace(tx.School, used.ID), used.sealed())
	if err != nil {
		return SignedIn{}, err
	}
	if err := usePasskey(tx, used.ID, body); fault.Has(err, fault.NothingHere) {
		return SignedIn{}, fault.Wrap(fault.PasskeyRefused, err)
	} else if err != nil {
		return SignedIn{}, err
	}
	account, role, person, err := identityOf(tx, used.Account)
	if err != nil {
		return SignedIn{}, err
	}
	return s.openSession(tx, account, role, person, device)
}

// identityOf is what an account comes as when nothing else says so: the first of its roles at work, or the person of
// its family. A disabled account, and one without a role, is PasskeyRefused.
func identityOf(tx *db.Tx, wanted id.Account) (account accountRow, role authz.Role, person id.Person, err error) {
	rows, err := accountsByID(tx, []id.Account{wanted})
	if err != nil {
		return account, role, person, err
	}
	roles, err := rolesOf(tx, wanted)
	if err != nil {
		return account, role, person, err
	}
	refused := fault.New(fault.PasskeyRefused)
	if len(rows) == 0 || rows[0].DisabledAt != nil || len(roles) == 0 {
		return account, role, person, refused
	}
	account = rows[0]
	for _, role := range staffRoles {
		if slices.Contains(roles, role) {
			return account, role, person, nil
		}
	}
	role, person.Kind = authz.Guardian, id.GuardianPerson
	if !slices.Contains(roles, role) {
		role, person.Kind = authz.Pupil, id.PupilPerson
	}
	persons, err := personsOf(tx, wanted, person.Kind)
	if err == nil && len(persons) == 0 {
		err = refused
	}
	if err != nil {
		return account, role, person, err
	}
	person.ID = persons[0]
	return account, role, person, nil
}
