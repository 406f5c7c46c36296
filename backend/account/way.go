package account

import (
	"slices"

	"einverstanden/backend/authz"
)

// Way is how somebody came into a session.
type Way string

// The ways there are.
const (
	ByLetter     Way = "letter"
	ByPassword   Way = "password"
	ByPasskey    Way = "passkey"
	ByDeviceLink Way = "device_link"
	ByInvitation Way = "invitation"
	ByOIDC       Way = "oidc"        // by the school's provider alone
	ByOIDCFactor Way = "oidc_factor" // and a second factor of ours
	ByPIN        Way = "pin"         // a pupil: card or class link, and picture PIN
	ByGuardian   Way = "guardian"    // a pupil: opened from the guardian's app
)

// WayIn describes a way into a session.
type WayIn struct {
	Way       Way
	Operation string       // of the API, which opens the session
	Roles     []authz.Role // that can come by it
	Enrols    bool         // whoever came by it may add and remove passkeys, see mayChangePasskeys
	NoSay     bool         // whoever came by it decides nothing, see authz.Actor
}

// Ways is the one table of all ways into a session (ASVS 6.1.3, 6.3.4); a test of package api holds it against the
// routes. A session of a way that does not stand here enrols nothing.
var Ways = []WayIn{
	{Way: ByLetter, Operation: "signInWithLetter", Roles: []authz.Role{authz.Guardian, authz.Pupil}, Enrols: true},
	{Way: ByPassword, Operation: "signInWithPassword", Roles: staffRoles, Enrols: true},
	{Way: ByPasskey, Operation: "signInWithPasskey", Roles: authz.Roles, Enrols: true},
	{Way: ByInvitation, Operation: "redeemInvitation", Roles: staffRoles, Enrols: true},
	{Way: ByDeviceLink, Operation: "signInWithDeviceLink", Roles: []authz.Role{authz.Guardian}, Enrols: true},
	// A passkey would outlive the account at the provider, which the school ends there.
	{Way: ByOIDC, Operation: "finishOidc", Roles: authz.Roles[1:], Enrols: false},
	{Way: ByOIDCFactor, Operation: "proveOidcFactor", Roles: []authz.Role{authz.Office, authz.Head, authz.DPO}, Enrols: true},
	{Way: ByPIN, Operation: "signInWithPin", Roles: []authz.Role{authz.Pupil}, NoSay: true},
	{Way: ByGuardian, Operation: "signInForChild", Roles: []authz.Role{authz.Pupil}, NoSay: true},
}

func (w Way) enrols() bool {
	return slices.ContainsFunc(Ways, func(in WayIn) bool { return in.Way == w && in.Enrols })
}

func (w Way) hasNoSay() bool {
	return slices.ContainsFunc(Ways, func(in WayIn) bool { return in.Way == w && in.NoSay })
}
