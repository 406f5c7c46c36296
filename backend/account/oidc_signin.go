package account

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/oidc"
)

const (
	ceremonyOIDC       ceremonyKind = "oidc"        // a sign-in at a provider
	ceremonyOIDCFactor ceremonyKind = "oidc factor" // one that waits for our second factor

	oidcCeremony = 10 * time.Minute
	oidcLimit    = 100 // refused answers from one address
)

// OIDCStart is where a browser goes, and what it must have with it when it comes back. Browser is a secret.
type OIDCStart struct {
	Address string
	Browser string
}

// oidcState is what is kept of a sign-in that has begun.
type oidcState struct {
	School  id.School    `json:"school"`
	Issuer  string       `json:"issuer"`
	Request oidc.Request `json:"request"`
}

// oidcSecret takes both to come back: the state by the provider, the other half by the browser that went there. Without
// either there is no such ceremony, so nobody finishes, or uses up, what another browser began.
func oidcSecret(state, browser string) string { return state + "." + browser }

// BeginOIDC begins a sign-in at the school's provider; NothingHere says that the school has none.
func (s *Service) BeginOIDC(ctx context.Context, school id.School, address netip.Addr) (OIDCStart, error) {
	if s.oidc == nil || school == "" {
		return OIDCStart{}, fault.New(fault.NothingHere)
	}
	asked := []counter{{kind: "oidc.start", subject: addressGroup(address), limit: challengeLimit}}
	if _, err := s.reserve(ctx, asked); err != nil {
		return OIDCStart{}, err
	}
	issuer, err := s.issuerNow(ctx, school)
	if err != nil {
		return OIDCStart{}, err
	}
	return s.beginOIDC(ctx, school, issuer, oidc.NewRequest())
}

// SchoolOfIssuer is the school whose provider calls itself so, for a sign-in that begins there (OpenID Connect Core 1.0,
// 4); empty when there is none, or several.
func (s *Service) SchoolOfIssuer(ctx context.Context, issuer string) (school id.School, err error) {
	err = s.db.ReadOutside(ctx, func(tx *db.Tx) error {
		schools, err := schoolsOf(tx, directoryOIDC, s.issuerFingerprint(issuer))
		if len(schools) == 1 {
			school = schools[0]
		}
		return err
	})
	return school, err
}

func (s *Service) issuerNow(ctx context.Context, school id.School) (issuer sealedIssuer, err error) {
	err = s.db.Read(db.InSchool(ctx, school), func(tx *db.Tx) error {
		var ok bool
		if issuer, _, ok, err = s.issuerOf(tx); err == nil && !ok {
			err = fault.New(fault.NothingHere)
		}
		return err
	})
	return issuer, err
}

func (s *Service) beginOIDC(ctx context.Context, school id.School, issuer sealedIssuer, request oidc.Request) (OIDCStart, error) {
	address, kept, err := s.oidc.caller.Begin(ctx, issuer.client(s.oidc.redirect), request)
	if err != nil {
		return OIDCStart{}, err
	}
	start := OIDCStart{Address: address, Browser: newCeremonySecret()}
	err = s.db.Outside(ctx, func(tx *db.Tx) error {
		return s.begin(tx, ceremonyOIDC, oidcSecret(kept.State, start.Browser), oidcCeremony,
			oidcState{School: school, Issuer: issuer.Issuer, Request: kept})
	})
	return start, err
}

// OIDCOutcome is one of three: somebody is signed in, the browser goes back to ask for less (Again), or the second
// factor is still to come, for which the browser keeps a secret (Factor).
type OIDCOutcome struct {
	SignedIn SignedIn
	Again    OIDCStart
	Factor   string
}

// FinishOIDC ends what BeginOIDC began, with what the browser brings back. Whatever does not hold is the same
// OIDCRefused, and counts as a guess by its address (TooManyTries). OIDCCancelled says that the person turned back,
// OIDCNoRole that the school lets nobody in with these groups, OIDCWaiting that the office is to say who it is;
// PasskeyNeeded that this account's second factor is a passkey, which needs no provider.
func (s *Service) FinishOIDC(ctx context.Context, state, browser string, reply oidc.Reply, device Device) (OIDCOutcome, error) {
	if s.oidc == nil {
		return OIDCOutcome{}, fault.New(fault.OIDCRefused)
	}
	var outcome OIDCOutcome
	refused := []counter{{kind: "oidc", subject: addressGroup(device.Address), limit: oidcLimit}}
	err := s.guess(ctx, refused, func() (err error) {
		outcome, err = s.finishOIDC(ctx, state, browser, reply, device)
		return err
	})
	return outcome, err
}

func (s *Service) finishOIDC(ctx context.Context, state, browser string, reply oidc.Reply, device Device) (OIDCOutcome, error) {
	var begun oidcState
	if err := s.take(ctx, ceremonyOIDC, oidcSecret(state, browser), &begun); errors.Is(err, errNoCeremony) {
		return OIDCOutcome{}, fault.Wrap(fault.OIDCRefused, err)
	} else if err != nil {
		return OIDCOutcome{}, err
	}
	issuer, err := s.issuerNow(ctx, begun.School)
	if err != nil || issuer.Issuer != begun.Issuer {
		return OIDCOutcome{}, refusedUnlessBroken(err)
	}
	if reply.Refused() {
		if fewer, ok := begun.Request.Fewer(); ok {
			again, err := s.beginOIDC(ctx, begun.School, issuer, fewer)
			return OIDCOutcome{Again: again}, err
		}
	}
	if reply.Cancelled() {
		return OIDCOutcome{}, fault.New(fault.OIDCCancelled)
	}
	person, err := s.oidc.caller.Finish(ctx, issuer.client(s.oidc.redirect), begun.Request, reply)
	if err != nil {
		return OIDCOutcome{}, err
	}
	return s.comeBy(db.InSchool(ctx, begun.School), issuer, person, device)
}

// refusedUnlessBroken tells a provider that was exchanged meanwhile from a database that does not answer.
func refusedUnlessBroken(err error) error {
	if err == nil || fault.Has(err, fault.NothingHere) {
		return fault.New(fault.OIDCRefused)
	}
	return err
}

// comeBy lets in whom the provider vouches for. Which groups there are, and that somebody waits, is kept although nobody
// comes in.
func (s *Service) comeBy(ctx context.Context, issuer sealedIssuer, person oidc.Person, device Device) (outcome OIDCOutcome, err error) {
	var refusal error
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		tx.MarkAudited() // a sign-in is a row of its own; what else changes is recorded where it does
		outcome, refusal = OIDCOutcome{}, nil
		if err := s.noteGroups(tx, person.Groups); err != nil {
			return err
		}
		link, err := s.linkFor(tx, issuer, person, device.Language)
		switch {
		case err == nil && link.AccountID == nil:
			refusal = fault.New(fault.OIDCWaiting)
			return nil
		case err == nil:
			outcome, err = s.comeByLink(tx, issuer, link, person, device)
		}
		if fault.Has(err, fault.OIDCNoRole) { // which is found out before anything is written
			refusal, err = err, nil
		}
		return err
	})
	if err == nil {
		err = refusal
	}
	return outcome, err
}

// noteGroups keeps the names of groups nobody has come with before, and no person with them.
func (s *Service) noteGroups(tx *db.Tx, groups []oidc.Group) error {
	row, err := findIssuer(tx)
	if err != nil {
		return err
	}
	seen, err := s.seenGroups(tx, row)
	if err != nil {
		return err
	}
	before := len(seen)
	for _, group := range groups {
		known := slices.ContainsFunc(seen, func(g oidc.Group) bool { return g.Kind == group.Kind && g.ID == group.ID })
		if !known && len(seen) < seenMax {
			seen = append(seen, group)
		}
	}
	if len(seen) == before {
		return nil
	}
	slices.SortFunc(seen, func(a, b oidc.Group) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	sealed, err := s.vault.SealJSON(issuerPlace(tx.School, "seen"), seen)
	if err != nil {
		return err
	}
	return setSeenGroups(tx, sealed)
}

// comeByLink opens the session. What the groups grant is judged anew each time; office, head and dpo have their roles by
// name, and so has a teacher with a password.
func (s *Service) comeByLink(tx *db.Tx, issuer sealedIssuer, link oidcLinkRow, person oidc.Person, device Device) (OIDCOutcome, error) {
	rows, err := accountsByID(tx, []id.Account{*link.AccountID})
	if err != nil {
		return OIDCOutcome{}, err
	}
	if len(rows) == 0 || rows[0].DisabledAt != nil {
		return OIDCOutcome{}, fault.New(fault.OIDCRefused)
	}
	account, grant := rows[0], issuer.grants(person.Groups)
	device.way = ByOIDC
	if link.PersonID != nil {
		if grant != authz.Pupil {
			return OIDCOutcome{}, fault.New(fault.OIDCNoRole)
		}
		signedIn, err := s.openSession(tx, account, authz.Pupil, id.PupilOf(*link.PersonID), device)
		return OIDCOutcome{SignedIn: signedIn}, err
	}
	target, err := staffByID(tx, account.ID)
	switch {
	case err != nil:
		return OIDCOutcome{}, err
	case target.Account.ID == "", target.Role == authz.Teacher && account.PasswordHash == nil && grant != authz.Teacher:
		return OIDCOutcome{}, fault.New(fault.OIDCNoRole)
	case target.Role != authz.Teacher:
		return s.askFactor(tx, target, device)
	}
	device.proved = provedAtProvider(person.AuthTime, tx.Now)
	signedIn, err := s.openSession(tx, account, authz.Teacher, id.Person{}, device)
	return OIDCOutcome{SignedIn: signedIn}, err
}

// provedAtProvider is when whoever comes has proved who they are. A provider that has somebody signed in since the
// morning sends them on without asking, so a sign-in by it is fresh only where it says so (ASVS 7.5.1).
func provedAtProvider(authTime, now time.Time) time.Time {
	stale := now.Add(-freshFor - time.Second)
	if authTime.After(now) || authTime.Before(stale) {
		return stale
	}
	return authTime
}

// oidcFactorState is what is kept of a sign-in that waits for a second factor.
type oidcFactorState struct {
	School  id.School  `json:"school"`
	Account id.Account `json:"account"`
	Until   time.Time  `json:"until"`
}

// askFactor lets office, head and dpo on when they have proved a second factor of ours (settled 18), and who has none as
// far as setting one up.
func (s *Service) askFactor(tx *db.Tx, target accountRoleRow, device Device) (OIDCOutcome, error) {
	factors, err := s.factorsOf(tx, target.Account.ID)
	switch {
	case err != nil:
		return OIDCOutcome{}, err
	case !factors.any():
		device.limited = true
		signedIn, err := s.openSession(tx, target.Account, target.Role, id.Person{}, device)
		return OIDCOutcome{SignedIn: signedIn}, err
	case !factors.TOTP:
		return OIDCOutcome{}, fault.New(fault.PasskeyNeeded)
	}
	secret := newCeremonySecret()
	return OIDCOutcome{Factor: secret}, s.begin(tx, ceremonyOIDCFactor, secret, oidcCeremony,
		oidcFactorState{School: tx.School, Account: target.Account.ID, Until: tx.Now.Add(oidcCeremony)})
}

// ProveOIDCFactor ends a sign-in that waits for a second factor. A wrong code may be followed by another one within the
// time; they are counted with those of setting one up (TooManyTries).
func (s *Service) ProveOIDCFactor(ctx context.Context, secret string, proof Proof, device Device) (signedIn SignedIn, err error) {
	var begun oidcFactorState
	if err := s.take(ctx, ceremonyOIDCFactor, secret, &begun); errors.Is(err, errNoCeremony) {
		return SignedIn{}, fault.Wrap(fault.OIDCRefused, err)
	} else if err != nil {
		return SignedIn{}, err
	}
	err = s.guess(ctx, factorCounters(begun.Account), func() error {
		return s.db.WriteUnaudited(db.InSchool(ctx, begun.School), func(tx *db.Tx) error {
			signedIn, err = s.proveOIDCFactor(tx, begun, proof, device)
			return err
		})
	})
	if fault.Has(err, fault.SecondFactorNeeded) || fault.Has(err, fault.SecondFactorWrong) || fault.Has(err, fault.TooManyTries) {
		return SignedIn{}, errors.Join(err, s.db.Outside(ctx, func(tx *db.Tx) error {
			return s.begin(tx, ceremonyOIDCFactor, secret, begun.Until.Sub(tx.Now), begun)
		}))
	}
	return signedIn, err
}

func (s *Service) proveOIDCFactor(tx *db.Tx, begun oidcFactorState, proof Proof, device Device) (SignedIn, error) {
	target, err := staffByID(tx, begun.Account)
	if err != nil {
		return SignedIn{}, err
	}
	links, err := countOIDCLinksOf(tx, begun.Account)
	if err != nil {
		return SignedIn{}, err
	}
	if target.Account.ID == "" || target.Account.DisabledAt != nil || links == 0 {
		return SignedIn{}, fault.New(fault.OIDCRefused)
	}
	limited, err := s.useFactor(tx, begun.Account, proof)
	if err != nil {
		return SignedIn{}, err
	}
	device.way, device.limited = ByOIDCFactor, limited
	return s.openSession(tx, target.Account, target.Role, id.Person{}, device)
}
