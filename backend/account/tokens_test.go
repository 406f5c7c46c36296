package account_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"einverstanden/backend/account"
	"einverstanden/backend/fault"
	"einverstanden/backend/testkit"
)

// forge makes tokens that differ from a good one in what a test changes.
type forge struct {
	header map[string]any
	claims jwt.MapClaims
	method jwt.SigningMethod
	key    any
}

// goodToken describes the token that the signed-in guardian has.
func goodToken(d *door, signedIn account.SignedIn) forge {
	now := d.env.Clock.Now()
	kid, key := account.AccessKey(d.env.Vault, now)
	actor := signedIn.Actor
	return forge{
		method: jwt.SigningMethodHS256, key: key,
		header: map[string]any{"typ": "at+jwt", "kid": kid, "alg": "HS256"},
		claims: jwt.MapClaims{
			"iss": "einverstanden", "aud": []string{"einverstanden-api"}, "sub": actor.Account,
			"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
			"sid": actor.Session, "school": actor.School, "role": actor.Role, "person": actor.Person,
		},
	}
}

func (f forge) sign(t testing.TB) string {
	t.Helper()
	token := jwt.NewWithClaims(f.method, f.claims)
	token.Header = f.header
	text, err := token.SignedString(f.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Checklist B1: whatever is wrong with a token, the answer is the same.
func TestB1TokensThatDoNotHold(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		signedIn := d.signedInGuardian(t)
		now := env.Clock.Now()
		rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		public, edKey, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		header := func(key string, value any) func(*forge) {
			return func(f *forge) { f.header[key] = value }
		}
		claim := func(key string, value any) func(*forge) {
			return func(f *forge) { f.claims[key] = value }
		}
		noHeader := func(key string) func(*forge) {
			return func(f *forge) { delete(f.header, key) }
		}
		noClaim := func(key string) func(*forge) {
			return func(f *forge) { delete(f.claims, key) }
		}
		method := func(m jwt.SigningMethod, key any) func(*forge) {
			return func(f *forge) { f.method, f.header["alg"], f.key = m, m.Alg(), key }
		}
		_, hmacKey := account.AccessKey(env.Vault, now)
		cases := map[string]func(*forge){
			"alg none":                 method(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
			"HS384":                    method(jwt.SigningMethodHS384, hmacKey),
			"HS512":                    method(jwt.SigningMethodHS512, hmacKey),
			"RS256":                    method(jwt.SigningMethodRS256, rsaKey),
			"EdDSA":                    method(jwt.SigningMethodEdDSA, edKey),
			"empty key":                method(jwt.SigningMethodHS256, []byte{}),
			"a public key as HMAC key": method(jwt.SigningMethodHS256, []byte(public)),
			"the refresh key":          method(jwt.SigningMethodHS256, env.Vault.TokenKey("refresh")),
			"no kid":                   noHeader("kid"),
			"unknown kid":              header("kid", "mine"),
			"kid of a number":          header("kid", 1),
			"jku":                      header("jku", "https://keys.example/jwks.json"),
			"jwk":                      header("jwk", map[string]string{"kty": "oct", "k": ""}),
			"crit":                     header("crit", []string{"exp"}),
			"no typ":                   noHeader("typ"),
			"typ JWT":                  header("typ", "JWT"),
			"typ id":                   header("typ", "id"),
			"no exp":                   noClaim("exp"),
			"exp past":                 claim("exp", now.Add(-31*time.Second).Unix()),
			"nbf future":               claim("nbf", now.Add(time.Minute).Unix()),
			"no iat":                   noClaim("iat"),
			"iat future":               claim("iat", now.Add(time.Minute).Unix()),
			"life over ten minutes":    claim("exp", now.Add(10*time.Minute+time.Second).Unix()),
			"life of nothing":          claim("iat", now.Add(10*time.Minute).Unix()),
			"no iss":                   noClaim("iss"),
			"wrong iss":                claim("iss", "https://idp.example"),
			"no aud":                   noClaim("aud"),
			"wrong aud":                claim("aud", "somebody-else"),
			"claims of another shape":  claim("sid", 5),
			"no sid":                   noClaim("sid"),
			"another sid":              claim("sid", "unknown"),
			"another school":           claim("school", "unknown"),
			"another account":          claim("sub", d.office.Account),
			"another role":             claim("role", "head"),
			"another person":           claim("person", map[string]string{"kind": "guardian", "id": "unknown"}),
			"no person":                noClaim("person"),
			"exp before iat, both ahead": func(f *forge) {
				f.claims["iat"] = now.Add(20 * time.Second).Unix()
				f.claims["exp"] = now.Add(10 * time.Second).Unix()
			},
		}
		tokens := map[string]string{
			"empty": "", "dots": "..", "long": signedIn.AccessToken + strings.Repeat("x", 4096),
			"padded": signedIn.AccessToken + "=", "cut": signedIn.AccessToken[:len(signedIn.AccessToken)-1],
			"refresh token": signedIn.RefreshToken, "unused bits": otherLastBits(signedIn.AccessToken),
		}
		for name, change := range cases {
			good := goodToken(d, signedIn)
			change(&good)
			tokens[name] = good.sign(t)
		}
		for name, token := range tokens {
			_, err := d.Authenticate(t.Context(), token)
			if wantFault(t, err, fault.NotSignedIn); shown(err) != "not_signed_in [] map[] 0s" {
				t.Errorf("%s: %s", name, shown(err))
			}
		}
		// The forge itself makes good tokens, and within the leeway those that are a little early or late.
		for name, change := range map[string]func(*forge){
			"good": func(*forge) {}, "a minute old": claim("iat", now.Add(-time.Minute).Unix()), "exp just past": func(f *forge) {
				f.claims["iat"], f.claims["exp"] = now.Add(-time.Minute).Unix(), now.Add(-29*time.Second).Unix()
			},
		} {
			good := goodToken(d, signedIn)
			change(&good)
			if name == "a minute old" {
				good.claims["exp"] = now.Add(time.Minute).Unix()
			}
			if actor, err := d.Authenticate(t.Context(), good.sign(t)); err != nil || actor != signedIn.Actor {
				t.Errorf("%s: %v, %v", name, actor, err)
			}
		}
	})
}

// otherLastBits gives another text of the same signature bytes, which a lenient decoder would accept.
func otherLastBits(token string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(digits, token[len(token)-1])
	return token[:len(token)-1] + string(digits[last^1])
}

// Checklist B2: keys change every 90 days; the previous one counts until the next change.
func TestB2TheKeyBeforeStillCounts(t *testing.T) {
	env := testkit.NewSQLite(t)
	d := newDoor(t, env)
	signedIn := d.signedInGuardian(t)
	change, keyLife := account.NextKey(env.Clock.Now())
	mint := func(at time.Time) string {
		env.Clock.Set(at)
		return goodToken(d, signedIn).sign(t)
	}
	check := func(token string, at time.Time, holds bool) {
		t.Helper()
		env.Clock.Set(at)
		if _, err := d.Authenticate(t.Context(), token); (err == nil) != holds {
			t.Errorf("%s after the change: %v", at.Sub(change), err)
		}
	}
	before := mint(change.Add(-time.Second))
	after := mint(change)
	if strings.Split(before, ".")[0] == strings.Split(after, ".")[0] {
		t.Fatal("the key does not change")
	}
	check(before, change.Add(9*time.Minute), true)
	check(after, change.Add(9*time.Minute), true)
	check(after, change.Add(-10*time.Second), true) // another instance's clock runs ahead of ours
	check(after, change.Add(-2*time.Minute), false)

	// A token of today under the key before the previous one.
	env.Clock.Set(change.Add(-time.Second))
	retired := goodToken(d, signedIn)
	env.Clock.Set(change.Add(keyLife))
	fresh := goodToken(d, signedIn)
	retired.claims = fresh.claims
	check(retired.sign(t), change.Add(keyLife), false)
	check(fresh.sign(t), change.Add(keyLife), true)
}

// Only the very text that was minted authenticates.
func FuzzAuthenticate(f *testing.F) {
	d := newDoor(f, testkit.NewSQLite(f))
	signedIn := d.signedInGuardian(f)
	good := signedIn.AccessToken
	parts := strings.Split(good, ".")
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt","kid":"1"}`))
	for _, seed := range []string{good, good + "=", parts[0] + "." + parts[1] + ".", head + "." + parts[1] + ".", "", "a.b.c", otherLastBits(good)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		actor, err := d.Authenticate(t.Context(), token)
		if token == good {
			if err != nil || actor != signedIn.Actor {
				t.Fatalf("the good token: %v, %v", actor, err)
			}
			return
		}
		if !fault.Has(err, fault.NotSignedIn) {
			t.Fatalf("%q gives %v, %v", token, actor, err)
		}
	})
}

func FuzzRefresh(f *testing.F) {
	d := newDoor(f, testkit.NewSQLite(f))
	signedIn := d.signedInGuardian(f)
	parts := strings.Split(signedIn.RefreshToken, ".")
	for _, seed := range []string{"", "..", signedIn.AccessToken, signedIn.RefreshToken + "=", parts[0] + ".x." + parts[2], fmt.Sprintf("%s.%s.", parts[0], parts[1])} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if token == signedIn.RefreshToken {
			return
		}
		if _, err := d.Refresh(t.Context(), token, signedIn.DeviceToken); !fault.Has(err, fault.NotSignedIn) {
			t.Fatalf("%q gives %v", token, err)
		}
		if _, err := d.Authenticate(t.Context(), signedIn.AccessToken); err != nil {
			t.Fatalf("%q ended the session: %v", token, err)
		}
	})
}
