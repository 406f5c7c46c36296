package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// Access tokens are JWTs (RFC 7519, RFC 9068) that we issue to ourselves: HS256 alone, ten minutes at most. What the
// library leaves open is checked here (security note, 1.4): the type, iat, the length of life, and that the header
// says nothing but what ours do.
const (
	accessLife     = 10 * time.Minute
	accessLeeway   = 30 * time.Second // between the clocks of two instances
	accessIssuer   = "einverstanden"
	accessAudience = "einverstanden-api"
	accessType     = "at+jwt"
	accessLongest  = 2048 // bytes
	keyLife        = 90 * 24 * time.Hour
)

// Refresh tokens are <school>.<session>.<value><tag>: the value is random at first and then derived from its
// predecessor; the tag tells tokens that we once minted, and may since have been stolen, from mere inventions.
const (
	refreshValue = 32 // bytes
	refreshTag   = 16 // bytes
	deviceSize   = 32 // bytes
)

var (
	errToken        = errors.New("account: token does not hold")
	errRefreshToken = errors.New("account: not a refresh token of ours")
)

type tokens struct {
	accessKey func(epoch int64) []byte
	refresh   []byte
	tag       []byte
	clock     func() time.Time
	parser    *jwt.Parser
}

func newTokens(v *vault.Vault, clock func() time.Time) *tokens {
	return &tokens{
		accessKey: func(epoch int64) []byte { return v.TokenKey("access|" + strconv.FormatInt(epoch, 10)) },
		refresh:   v.TokenKey("refresh"),
		tag:       v.TokenKey("refresh tag"),
		clock:     clock,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(accessLeeway), jwt.WithTimeFunc(clock),
			jwt.WithIssuer(accessIssuer), jwt.WithAudience(accessAudience), jwt.WithStrictDecoding(),
		),
	}
}

type accessClaims struct {
	jwt.RegisteredClaims
	Session id.Session `json:"sid"`
	School  id.School  `json:"school"`
	Role    authz.Role `json:"role"`
	Person  *id.Person `json:"person,omitempty"`
	Limited bool       `json:"limited,omitempty"`
	NoSay   bool       `json:"noSay,omitempty"`
}

func (c accessClaims) actor() authz.Actor {
	actor := authz.Actor{School: c.School, Account: id.Account(c.Subject), Session: c.Session, Role: c.Role, Limited: c.Limited, NoSay: c.NoSay}
	if c.Person != nil {
		actor.Person = *c.Person
	}
	return actor
}

// mintAccess gives a token that ends after ten minutes, or with the session when that is sooner.
func (t *tokens) mintAccess(actor authz.Actor, now, sessionEnd time.Time) (token string, expires time.Time, err error) {
	expires = now.Add(accessLife).Truncate(time.Second)
	if sessionEnd.Before(expires) {
		expires = sessionEnd
	}
	claims := accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: accessIssuer, Audience: jwt.ClaimStrings{accessAudience}, Subject: string(actor.Account),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Session: actor.Session, School: actor.School, Role: actor.Role, Limited: actor.Limited, NoSay: actor.NoSay,
	}
	if actor.Person != (id.Person{}) {
		claims.Person = &actor.Person
	}
	epoch := keyEpoch(now)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	unsigned.Header["typ"] = accessType
	unsigned.Header["kid"] = strconv.FormatInt(epoch, 10)
	token, err = unsigned.SignedString(t.accessKey(epoch))
	return token, expires, err
}

// verifyAccess gives the actor that a token was minted for. Whether the session lives is not its question.
func (t *tokens) verifyAccess(token string) (authz.Actor, error) {
	if len(token) > accessLongest {
		return authz.Actor{}, errToken
	}
	var claims accessClaims
	if _, err := t.parser.ParseWithClaims(token, &claims, t.keyOf); err != nil {
		return authz.Actor{}, fmt.Errorf("%w: %w", errToken, err)
	}
	if claims.IssuedAt == nil {
		return authz.Actor{}, fmt.Errorf("%w: no iat", errToken)
	}
	if life := claims.ExpiresAt.Sub(claims.IssuedAt.Time); life <= 0 || life > accessLife {
		return authz.Actor{}, fmt.Errorf("%w: a life of %s", errToken, life)
	}
	return claims.actor(), nil
}

// keyOf picks the key by kid from the live ones. A header with anything else in it (jku, x5u, jwk, crit) is refused.
func (t *tokens) keyOf(token *jwt.Token) (any, error) {
	kid, hasKid := token.Header["kid"].(string)
	if !hasKid || token.Header["typ"] != accessType || len(token.Header) != len([]string{"alg", "typ", "kid"}) {
		return nil, errors.New("not a header of ours")
	}
	for _, epoch := range liveEpochs(t.clock()) {
		if kid == strconv.FormatInt(epoch, 10) {
			return t.accessKey(epoch), nil
		}
	}
	return nil, errors.New("unknown kid")
}

// keyEpoch numbers the spans of 90 days, of which each has its own signing key.
func keyEpoch(now time.Time) int64 { return now.Unix() / int64(keyLife/time.Second) }

// liveEpochs are those whose tokens count: the present one, the one before, and the next while another instance's
// clock may have reached it.
func liveEpochs(now time.Time) []int64 {
	present := keyEpoch(now)
	epochs := []int64{present, present - 1}
	if next := keyEpoch(now.Add(accessLeeway)); next != present {
		epochs = append(epochs, next)
	}
	return epochs
}

// refreshToken is one that we minted.
type refreshToken struct {
	school  id.School
	session id.Session
	value   []byte
}

func newRefreshToken(school id.School, session id.Session) refreshToken {
	value := make([]byte, refreshValue)
	_, _ = rand.Read(value) // never fails: it ends the program instead (crypto/rand)
	return refreshToken{school: school, session: session, value: value}
}

// successor is always the same, so that a lost answer can be given again without being kept.
func (t *tokens) successor(old refreshToken) refreshToken {
	m := hmac.New(sha256.New, t.refresh)
	m.Write([]byte(t.format(old)))
	return refreshToken{school: old.school, session: old.session, value: m.Sum(nil)}
}

func (t *tokens) format(r refreshToken) string {
	secret := base64.RawURLEncoding.EncodeToString(append(append([]byte{}, r.value...), t.tagOf(r)...))
	return string(r.school) + "." + string(r.session) + "." + secret
}

func (t *tokens) tagOf(r refreshToken) []byte {
	m := hmac.New(sha256.New, t.tag)
	m.Write([]byte(string(r.school) + "." + string(r.session) + "."))
	m.Write(r.value)
	return m.Sum(nil)[:refreshTag]
}

func (t *tokens) parse(text string) (refreshToken, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return refreshToken{}, errRefreshToken
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(secret) != refreshValue+refreshTag {
		return refreshToken{}, errRefreshToken
	}
	r := refreshToken{school: id.School(parts[0]), session: id.Session(parts[1]), value: secret[:refreshValue]}
	if !hmac.Equal(secret[refreshValue:], t.tagOf(r)) {
		return refreshToken{}, errRefreshToken
	}
	return r, nil
}

// deviceToken keeps the token that the browser has already, when it looks like one, and makes one when not.
func deviceToken(known string) string {
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(known); err == nil && len(raw) == deviceSize {
		return known
	}
	raw := make([]byte, deviceSize)
	_, _ = rand.Read(raw) // never fails: it ends the program instead (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// tokenHash is what is kept of a token. Tokens have 256 random bits, so a plain hash cannot be searched.
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
