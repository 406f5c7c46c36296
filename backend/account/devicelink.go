package account

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
)

// A device link is a code of 8 symbols: 7 random ones (35 bits) and a check symbol. It lasts ten minutes and opens one
// device. Wrong codes are limited by address and slowed down over all addresses: at 300 free ones an hour, and one a
// second or two after the first 3,000, a thousand open links at once are hit by chance once in about 5,000 hours.
const (
	deviceCodeSymbols = 8
	deviceLinkLife    = 10 * time.Minute
	deviceCodeLimit   = 100 // wrong codes from one address
	deviceLinkLimit   = 30  // links that one account makes
)

// DeviceLink lets a further device sign in, once. The code is a secret.
type DeviceLink struct {
	Code      string // 8 symbols, see FormatDeviceCode
	ExpiresAt time.Time
}

// linkState is what is kept of a link: whom it signs in, and which session vouches for it.
type linkState struct {
	School  id.School  `json:"school"`
	Session id.Session `json:"session"`
}

// FormatDeviceCode is the code as it is shown: XXXX-XXXX.
func FormatDeviceCode(code string) string { return Secret(code).Format() }

// MakeDeviceLink makes a link for a further device of the actor. A device that others use too makes none.
func (s *Service) MakeDeviceLink(ctx context.Context, actor authz.Actor) (DeviceLink, error) {
	if err := allow(actor, authz.LinkDevices); err != nil {
		return DeviceLink{}, err
	}
	if _, err := s.reserve(ctx, []counter{{kind: "link.made", subject: string(actor.Account), limit: deviceLinkLimit}}); err != nil {
		return DeviceLink{}, err
	}
	var link DeviceLink
	err := s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		view, err := sessionByID(tx, actor.Session)
		if err != nil {
			return err
		}
		if view.Session.Shared {
			return fault.New(fault.NotAllowedHere)
		}
		link = DeviceLink{Code: newSymbols(deviceCodeSymbols - 1), ExpiresAt: tx.Now.Add(deviceLinkLife)}
		return s.begin(tx, ceremonyDeviceLink, link.Code, deviceLinkLife, linkState{actor.School, actor.Session})
	})
	return link, err
}

// SignInWithDeviceLink signs a further device in as whoever made the link, while that session lives. The new session
// proves nothing anew: it takes over when the person last proved who they are. Every code that does not open is the
// same DeviceCodeInvalid; wrong ones are limited (TooManyTries).
func (s *Service) SignInWithDeviceLink(ctx context.Context, code string, device Device) (SignedIn, error) {
	var signedIn SignedIn
	err := s.guess(ctx, deviceLinkCounters(device.Address), func() (err error) {
		signedIn, err = s.openLink(ctx, code, device)
		return err
	})
	return signedIn, err
}

// deviceLinkCounters come in the order in which their rows are locked.
func deviceLinkCounters(address netip.Addr) []counter {
	return []counter{
		{kind: "link", subject: addressGroup(address), limit: deviceCodeLimit},
		{kind: "link.all", subject: "all", limit: schoolLimit, pause: schoolPause, alarm: true},
	}
}

func (s *Service) openLink(ctx context.Context, typed string, device Device) (SignedIn, error) {
	code, err := parseSymbols(typed, deviceCodeSymbols)
	if err != nil {
		return SignedIn{}, fault.Wrap(fault.DeviceCodeInvalid, err)
	}
	var link linkState
	switch err := s.take(ctx, ceremonyDeviceLink, code, &link); {
	case errors.Is(err, errNoCeremony):
		return SignedIn{}, fault.Wrap(fault.DeviceCodeInvalid, err)
	case err != nil:
		return SignedIn{}, err
	}
	var signedIn SignedIn
	err = s.db.Write(db.InSchool(ctx, link.School), func(tx *db.Tx) (err error) {
		signedIn, err = s.signInByLink(tx, link, device)
		return err
	})
	return signedIn, err
}

func (s *Service) signInByLink(tx *db.Tx, link linkState, device Device) (SignedIn, error) {
	view, err := sessionByID(tx, link.Session)
	if err != nil {
		return SignedIn{}, err
	}
	if !view.alive(tx.Now) {
		return SignedIn{}, fault.New(fault.DeviceCodeInvalid)
	}
	from := view.Session.actor()
	device.way, device.proved = ByDeviceLink, view.Session.proved()
	signedIn, err := s.openSession(tx, view.account(), from.Role, from.Person, device)
	if err != nil {
		return SignedIn{}, err
	}
	made := signedIn.Actor.Session
	if err := outbox.Enqueue(tx, outbox.Job{Topic: outbox.DeviceLinked, Payload: map[string]id.Session{"session": made}}); err != nil {
		return SignedIn{}, err
	}
	return signedIn, audit.Record(tx, audit.Entry{
		Actor: string(from.Account), Action: audit.DeviceLinked, SubjectKind: "session", SubjectID: string(made),
	})
}
