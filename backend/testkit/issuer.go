package testkit

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// IssuerConfig says which OpenID provider to play, and for which client.
type IssuerConfig struct {
	Generation string   // of IServ: "new" or "old"
	Scopes     []string // that it knows; nil for those of the generation
	Released   string   // scopes that it grants the client, with blanks between; empty for all
	ClientID   string
	Secret     string
	Redirect   string
	Accounts   map[string]map[string]any // claims by subject
}

// Issuer is a running OpenID provider that this project did not write (npm oidc-provider), in a process of its own.
type Issuer struct {
	URL      string
	redirect string
	key      *rsa.PrivateKey
}

var issuerKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

const issuerKeyID = "test"

// NewIssuer starts a provider on a free port of the loopback address, until the test ends. Without its packages the test
// fails.
func NewIssuer(tb testing.TB, c IssuerConfig) *Issuer {
	tb.Helper()
	key, err := issuerKey()
	if err != nil {
		tb.Fatal(err)
	}
	client := map[string]any{"id": c.ClientID, "secret": c.Secret, "redirect": c.Redirect}
	if c.Released != "" {
		client["scope"] = c.Released
	}
	settings := map[string]any{
		"generation": c.Generation, "accounts": c.Accounts, "clients": []any{client}, "jwks": map[string]any{"keys": []any{privateJWK(key)}},
	}
	if c.Scopes != nil {
		settings["scopes"] = c.Scopes
	}
	return &Issuer{URL: startIssuer(tb, settings), redirect: c.Redirect, key: key}
}

func startIssuer(tb testing.TB, settings any) string {
	tb.Helper()
	process := startNode(tb, scriptsFolder(tb, "oidc", "oidc-provider"), "provider.js", settings)
	tb.Cleanup(func() { process.end(tb) })
	return process.said
}

// Host is what an operator would list so that it may be called.
func (i *Issuer) Host() string { return strings.TrimPrefix(i.URL, "http://") }

// SignIn is a browser at the provider: it goes to the address, signs in as the subject (or cancels: "cancel"), and stops
// where the provider sends it back to the client. A page of the provider's instead ends the test.
func (i *Issuer) SignIn(tb testing.TB, address, subject string) *url.URL {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range 10 {
		response, err := browser.Get(address)
		if err != nil {
			tb.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			tb.Fatal(err)
		}
		to, err := response.Location()
		if err != nil {
			tb.Fatalf("the provider shows a page (%d): %s", response.StatusCode, body)
		}
		if strings.HasPrefix(to.String(), i.redirect+"?") {
			return to
		}
		if strings.HasPrefix(to.Path, "/interaction/") {
			to.RawQuery = url.Values{"login": {subject}}.Encode()
		}
		address = to.String()
	}
	tb.Fatal("the provider sends the browser round in circles")
	return nil
}

// Sign makes an ID token with the provider's own key.
func (i *Issuer) Sign(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims))
	token.Header["kid"] = issuerKeyID
	signed, err := token.SignedString(i.key)
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}

// PublicKey is the modulus of the key, as whoever confuses algorithms would take it for a secret.
func (i *Issuer) PublicKey() []byte { return i.key.N.Bytes() }

func privateJWK(key *rsa.PrivateKey) map[string]any {
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	return map[string]any{
		"kty": "RSA", "kid": issuerKeyID, "use": "sig", "alg": "RS256",
		"n": number(key.N), "e": number(big.NewInt(int64(key.E))), "d": number(key.D),
		"p": number(key.Primes[0]), "q": number(key.Primes[1]),
		"dp": number(key.Precomputed.Dp), "dq": number(key.Precomputed.Dq), "qi": number(key.Precomputed.Qinv),
	}
}
