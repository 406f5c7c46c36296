package account

import (
	"log/slog"
	"net/netip"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// Families tells what account must know of a family and does not keep.
type Families interface {
	// BirthDates are those of the children of a guardian, or a pupil's own; unknown ones may be among them.
	BirthDates(tx *db.Tx, person id.Person) ([]calendar.Date, error)
}

// Service owns the use cases. Make one with NewService.
type Service struct {
	db       *db.DB
	vault    *vault.Vault
	proofs   *evidence.Log
	families Families
	clock    func() time.Time
	log      *slog.Logger
	hasher   *hasher
	tokens   *tokens
	alive    *aliveCache
	party    *relyingParty // nil: nobody has a passkey
	lessons  Lessons       // nil: no lesson carries a session
	oidc     *openID       // nil: nobody comes by OpenID Connect
	meetings PupilMeetings // nil: no meeting ends a session
	ends     SessionEnds   // nil: nothing hangs on a session
}

// SessionEnds is told in the transaction that ends them which sessions end before their time.
type SessionEnds func(tx *db.Tx, ended []id.Session) error

// WithSessionEnds lets whatever hangs on a session end with it.
func (s *Service) WithSessionEnds(ends SessionEnds) *Service {
	s.ends = ends
	return s
}

// NewService needs the database, the keys, the log that keeps the evidence of letters, and whoever knows the families.
// The clock judges access tokens, which are read outside any transaction; everything else takes its transaction's
// instant.
func NewService(
	d *db.DB, v *vault.Vault, proofs *evidence.Log, families Families, clock func() time.Time, log *slog.Logger,
) *Service {
	return &Service{
		db: d, vault: v, proofs: proofs, families: families, clock: clock, log: log,
		hasher: newHasher(), tokens: newTokens(v, clock), alive: newAliveCache(clock),
	}
}

// Device is what is known of the browser that somebody signs in with.
type Device struct {
	Address  netip.Addr // of the client; guesses are counted by it
	Token    string     // the device token of an earlier sign-in there; empty when there was none
	Language string     // that the browser asks for; an account that is made takes it

	UserAgent string // kept coarsely, see describe
	Shared    bool   // others use the browser too: the session ends soon when nobody uses it

	way     Way       // set by the way in
	proved  time.Time // when the person last proved who they are; zero: with this sign-in
	limited bool      // by a password alone, where a second factor is owed
}

// SignedIn is what a sign-in or a refresh gives. The tokens are secrets.
type SignedIn struct {
	Actor          authz.Actor
	Name           string // empty for guardians and pupils, whose names are school's
	Language       string
	AccessToken    string
	AccessExpires  time.Time
	RefreshToken   string
	RefreshExpires time.Time // the session's end, whatever happens
	DeviceToken    string
	Shared         bool // the browser must forget all this when it closes
}

// Profile is what an account says about itself.
type Profile struct {
	Account  id.Account
	Name     string // empty for guardians and pupils
	Role     authz.Role
	Language string // BCP 47
}

// Staff is one member of staff as colleagues see them.
type Staff struct {
	Account id.Account
	Name    string
	Role    authz.Role
}

// staffRoles are the roles that sign in by password. Who has several comes as the first of them.
var staffRoles = []authz.Role{authz.Head, authz.Office, authz.Teacher, authz.DPO}

// sealedProfile is what lies sealed in account.profile.
type sealedProfile struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// Sealed are the columns that hold sealed values.
var Sealed = []vault.Column{
	{Table: "account", Column: "profile", Row: "id"}, {Table: "passkey", Column: "body", Row: "id"},
	{Table: "passkey_user", Column: "handle", Row: "account_id"},
	{Table: "totp", Column: "secret", Row: "id"}, {Table: "invitation", Column: "body", Row: "id"},
	{Table: "api_token", Column: "body", Row: "id"},
	{Table: "oidc_issuer", Column: "body", Row: "school_id"}, {Table: "oidc_issuer", Column: "seen", Row: "school_id"},
	{Table: "oidc_link", Column: "body", Row: "id"},
}

func profilePlace(school id.School, account id.Account) vault.Place {
	return vault.Place{School: school, Table: "account", Column: "profile", Row: string(account)}
}

// allow refuses an actor whose role may never do this.
func allow(actor authz.Actor, permission authz.Permission) error {
	if !actor.May(permission) {
		return fault.New(fault.NotAllowedHere)
	}
	return nil
}
