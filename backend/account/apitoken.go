package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// How long an API token lives (settled 20, decision 0027).
const (
	APITokenLife    = 90 * 24 * time.Hour // unless its maker says otherwise
	APITokenLongest = 365 * 24 * time.Hour
)

const (
	apiTokenPrefix  = "einv_" // what secret scanners look for
	apiTokenSize    = 32      // random bytes
	apiTokenName    = 80      // characters
	apiTokenUseStep = time.Hour
	apiTokenLongest = 200 // bytes of a text that is worth looking up
)

// APITokenSecret is an API token as its program sends it: einv_<school>.<256 random bits>. It is shown once, and prints
// itself to no log.
type APITokenSecret string

// String hides the token from everything that prints values in passing; string(s) shows it.
func (s APITokenSecret) String() string { return "[api token]" }

// GoString hides the token from %#v.
func (s APITokenSecret) GoString() string { return s.String() }

// LogValue hides the token from the log.
func (s APITokenSecret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// APIToken is what one of the school's own programs comes with.
type APIToken struct {
	ID        id.APIToken
	Name      string // of the program, as its maker called it
	Scopes    authz.Scopes
	State     APITokenState
	MadeBy    id.Account
	MadeAt    time.Time
	ExpiresAt time.Time
	LastUsed  time.Time // to the hour; zero for never
}

// APITokenState says whether a token still opens anything.
type APITokenState string

// The states of a token.
const (
	APITokenActive  APITokenState = "active"
	APITokenExpired APITokenState = "expired"
	APITokenRevoked APITokenState = "revoked" // by somebody, or because its maker may make none any more
)

// MadeAPIToken is a token with its secret, which is shown once.
type MadeAPIToken struct {
	APIToken
	Secret APITokenSecret
}

// NewAPIToken says what a program is called, what it may do, and for how long; a Life of zero is APITokenLife.
type NewAPIToken struct {
	Name   string
	Scopes []authz.Scope
	Life   time.Duration
}

type sealedAPIToken struct {
	Name string `json:"name"`
}

func apiTokenPlace(school id.School, token id.APIToken) vault.Place {
	return vault.Place{School: school, Table: "api_token", Column: "body", Row: string(token)}
}

func (n *NewAPIToken) check() (authz.Scopes, error) {
	n.Name = strings.TrimSpace(n.Name)
	if n.Life == 0 {
		n.Life = APITokenLife
	}
	scopes, known := authz.NewScopes(n.Scopes)
	switch {
	case n.Name == "":
		return "", fault.InvalidField("name", fault.FieldMissing)
	case utf8.RuneCountInString(n.Name) > apiTokenName:
		return "", fault.InvalidField("name", fault.FieldTooLong)
	case !known:
		return "", fault.InvalidField("scopes", fault.FieldInvalid)
	case n.Life < 0 || n.Life > APITokenLongest:
		return "", fault.InvalidField("days", fault.FieldInvalid)
	}
	return scopes, nil
}

// MakeAPIToken makes a token in the name of the actor. It ends with its maker: when the account is disabled or erased,
// or has another role. Whoever calls this has asked for a fresh proof (CheckFresh).
func (s *Service) MakeAPIToken(ctx context.Context, actor authz.Actor, wanted NewAPIToken) (made MadeAPIToken, err error) {
	if err := allow(actor, authz.ManageTokens); err != nil {
		return MadeAPIToken{}, err
	}
	scopes, err := wanted.check()
	if err != nil {
		return MadeAPIToken{}, err
	}
	err = s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		made.Secret = newAPITokenSecret(tx.School)
		row := apiTokenRow{
			SchoolID: tx.School, ID: id.New[id.APIToken](), TokenHash: s.apiTokenHash(tx.School, made.Secret), Scopes: scopes,
			MadeBy: actor.Account, MadeAt: tx.Now.UnixMicro(), ExpiresAt: tx.Now.Add(wanted.Life).UnixMicro(),
		}
		var err error
		if row.Body, err = s.vault.SealJSON(apiTokenPlace(tx.School, row.ID), sealedAPIToken{wanted.Name}); err != nil {
			return err
		}
		if err := insertAPIToken(tx, row); err != nil {
			return err
		}
		if made.APIToken, err = s.openAPIToken(tx, apiTokenView{Token: row, MakerMay: true}); err != nil {
			return err
		}
		return recordAPIToken(tx, string(actor.Account), audit.APITokenMade, row.ID)
	})
	return made, err
}

func newAPITokenSecret(school id.School) APITokenSecret {
	raw := make([]byte, apiTokenSize)
	_, _ = rand.Read(raw) // never fails: it ends the program instead (crypto/rand)
	return APITokenSecret(apiTokenPrefix + string(school) + "." + base64.RawURLEncoding.EncodeToString(raw))
}

// parseAPIToken finds the school of what could be a token of ours.
func parseAPIToken(text string) (APITokenSecret, id.School, bool) {
	rest, ours := strings.CutPrefix(text, apiTokenPrefix)
	school, secret, found := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	if !ours || !found || !id.Valid(id.School(school)) || len(text) > apiTokenLongest || err != nil || len(raw) != apiTokenSize {
		return "", "", false
	}
	return APITokenSecret(text), id.School(school), true
}

// apiTokenHash is what is kept of a token. A keyed hash is enough for 256 random bits, and useless without the key.
func (s *Service) apiTokenHash(school id.School, secret APITokenSecret) string {
	return s.vault.Index(school, "api_token", string(secret))
}

func recordAPIToken(tx *db.Tx, actor string, action audit.Action, token id.APIToken) error {
	return audit.Record(tx, audit.Entry{Actor: actor, Action: action, SubjectKind: "api_token", SubjectID: string(token)})
}

func (s *Service) openAPIToken(tx *db.Tx, view apiTokenView) (APIToken, error) {
	row := view.Token
	var body sealedAPIToken
	err := s.vault.OpenJSON(apiTokenPlace(row.SchoolID, row.ID), row.Body, &body)
	token := APIToken{
		ID: row.ID, Name: body.Name, Scopes: row.Scopes, State: view.state(tx.Now), MadeBy: row.MadeBy,
		MadeAt: time.UnixMicro(row.MadeAt).UTC(), ExpiresAt: time.UnixMicro(row.ExpiresAt).UTC(),
	}
	if row.LastUsedAt != nil {
		token.LastUsed = time.UnixMicro(*row.LastUsedAt).UTC()
	}
	return token, err
}

// APITokens lists the school's tokens, the newest first.
func (s *Service) APITokens(ctx context.Context, actor authz.Actor) (tokens []APIToken, err error) {
	if err := allow(actor, authz.ManageTokens); err != nil {
		return nil, err
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		views, err := findAPITokens(tx)
		for _, view := range views {
			token, err := s.openAPIToken(tx, view)
			if err != nil {
				return err
			}
			tokens = append(tokens, token)
		}
		return err
	})
	return tokens, err
}

// RevokeAPIToken ends a token of the school, whoever made it. One that was revoked already gives AlreadyDone.
func (s *Service) RevokeAPIToken(ctx context.Context, actor authz.Actor, token id.APIToken) error {
	if err := allow(actor, authz.ManageTokens); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		known, err := knowsAPIToken(tx, token)
		if err != nil {
			return err
		}
		if !known {
			return fault.New(fault.NothingHere)
		}
		done, err := revokeAPIToken(tx, token)
		if err == nil && !done {
			err = fault.New(fault.AlreadyDone)
		}
		if err != nil {
			return err
		}
		return recordAPIToken(tx, string(actor.Account), audit.APITokenRevoked, token)
	})
}

// revokeAPITokensOf ends what the account has handed out: programs have no more than their maker.
func (s *Service) revokeAPITokensOf(tx *db.Tx, account id.Account) error {
	revoked, err := revokeAPITokensBy(tx, account)
	if err != nil {
		return err
	}
	for _, token := range revoked {
		if err := recordAPIToken(tx, audit.System, audit.APITokenRevoked, token); err != nil {
			return err
		}
	}
	return nil
}

// AuthenticateProgram gives the actor of an API token that holds. Every fault of the token is NotSignedIn; a database
// that does not answer is not. The database is asked each time, so that a revoked token is dead at the next request on
// every instance. That it was used is noted once an hour.
//
// The actor's account is the token's own id, which is nobody's: no list, roster or trail takes a program for a person.
func (s *Service) AuthenticateProgram(ctx context.Context, text string) (authz.Actor, error) {
	secret, school, ok := parseAPIToken(text)
	if !ok {
		return authz.Actor{}, fault.Wrap(fault.NotSignedIn, errToken)
	}
	var view apiTokenView
	var due bool
	err := s.db.Read(db.InSchool(ctx, school), func(tx *db.Tx) (err error) {
		view, err = apiTokenByHash(tx, s.apiTokenHash(school, secret))
		due = view.Token.useDue(tx.Now)
		if err == nil && view.state(tx.Now) != APITokenActive {
			err = fault.Wrap(fault.NotSignedIn, errToken)
		}
		return err
	})
	if err != nil {
		return authz.Actor{}, err
	}
	if due {
		s.noteUse(ctx, view.Token)
	}
	return authz.Actor{
		School: school, Account: id.Account(view.Token.ID), Role: authz.Program, Scopes: view.Token.Scopes,
	}, nil
}

// noteUse must not fail what the program came for: at worst the list tells an earlier hour.
func (s *Service) noteUse(ctx context.Context, token apiTokenRow) {
	err := s.db.WriteUnaudited(db.InSchool(ctx, token.SchoolID), func(tx *db.Tx) error {
		return setAPITokenUsed(tx, token.ID, tx.Now.Truncate(apiTokenUseStep))
	})
	if err != nil {
		s.log.Warn("the use of an API token could not be noted", "token", token.ID, "error", err)
	}
}
