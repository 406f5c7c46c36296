package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"

	core "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"einverstanden/backend/fault"
	"einverstanden/backend/outbound"
)

// Client is what a provider knows us by.
type Client struct {
	Issuer   string // exactly as the provider calls itself
	ID       string
	Secret   string
	Redirect string // our callback, registered there
}

// Caller speaks with providers. It is safe for concurrent use, and a process needs only one.
type Caller struct {
	out   *outbound.Client
	clock func() time.Time

	mu    sync.Mutex
	known map[string]*provider // by issuer
}

// What a provider publishes holds for a while: a class that signs in at once asks once. Its keys are asked for again by
// themselves when a token names another one.
const (
	knownFor = 10 * time.Minute
	knownMax = 1000
)

// NewCaller takes the client that all calls go through, and the clock that judges tokens.
func NewCaller(out *outbound.Client, clock func() time.Time) *Caller {
	return &Caller{out: out, clock: clock, known: map[string]*provider{}}
}

// algorithms are those that an ID token may be signed with: none, and whatever needs our secret, are not among them.
var algorithms = []string{core.RS256, core.PS256, core.ES256}

// provider is what an issuer publishes about itself (OpenID Connect Discovery 1.0, 3).
type provider struct {
	*core.Provider
	meta  metadata
	until time.Time
}

type metadata struct {
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	UserInfo      string   `json:"userinfo_endpoint"`
	ResponseTypes []string `json:"response_types_supported"`
	GrantTypes    []string `json:"grant_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	ClientAuth    []string `json:"token_endpoint_auth_methods_supported"`
	Scopes        []string `json:"scopes_supported"`
	NamesIssuer   bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// CheckIssuer refuses with FieldInvalid what cannot be an issuer (OpenID Connect Discovery 1.0, 4.1): an address with a
// query, a fragment or a name in it. Whether we may call it, the outbound client says.
func CheckIssuer(issuer string) error {
	if u, err := url.Parse(issuer); err != nil || !isWebAddress(u) || u.RawQuery != "" || u.ForceQuery {
		return fault.InvalidField("issuer", fault.FieldInvalid)
	}
	return nil
}

func isWebAddress(u *url.URL) bool {
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.Fragment == "" && u.Opaque == ""
}

// discover gives what the issuer publishes. Its faults are those of the outbound client, OIDCIssuer when the provider
// calls itself otherwise, and OIDCNoCode when it does not offer what we use.
func (c *Caller) discover(ctx context.Context, issuer string) (*provider, error) {
	now := c.clock()
	c.mu.Lock()
	kept := c.known[issuer]
	c.mu.Unlock()
	if kept != nil && now.Before(kept.until) {
		return kept, nil
	}
	found, err := c.discoverAnew(ctx, issuer)
	if err != nil {
		return nil, err
	}
	found.until = now.Add(knownFor)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= knownMax {
		clear(c.known)
	}
	c.known[issuer] = found
	return found, nil
}

func (c *Caller) discoverAnew(ctx context.Context, issuer string) (*provider, error) {
	published, err := core.NewProvider(core.ClientContext(ctx, c.out.HTTP()), issuer)
	var other *core.IssuerMismatchError
	switch {
	case errors.As(err, &other):
		return nil, fault.New(fault.OIDCIssuer)
	case err != nil:
		return nil, outward(err, fault.HostAnswer)
	}
	found := &provider{Provider: published}
	if published.Claims(&found.meta) != nil {
		return nil, fault.New(fault.HostAnswer)
	}
	return found, found.meta.check(issuer)
}

// check refuses a provider that we could not use safely. Lists that are left out have their defaults, which suit us.
func (m metadata) check(issuer string) error {
	offers := func(list []string, wanted ...string) bool {
		return len(list) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(list, w) })
	}
	if !offers(m.ResponseTypes, "code") || !offers(m.GrantTypes, "authorization_code") || !offers(m.Algorithms, algorithms...) ||
		!offers(m.ClientAuth, "client_secret_basic", "client_secret_post") {
		return fault.New(fault.OIDCNoCode)
	}
	from, err := url.Parse(issuer)
	if err != nil {
		return fault.New(fault.HostAnswer)
	}
	for _, address := range []string{m.Authorization, m.Token, m.Keys} {
		if u, err := url.Parse(address); err != nil || !isWebAddress(u) || u.Scheme != "https" && u.Scheme != from.Scheme {
			return fault.New(fault.HostAnswer)
		}
	}
	return nil
}

// config is the client as the library wants it. How it proves itself is chosen from what the provider offers: guessing
// by trying would send the code twice.
func (p *provider) config(client Client, scopes []string) *oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(p.meta.ClientAuth) > 0 && !slices.Contains(p.meta.ClientAuth, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: client.ID, ClientSecret: client.Secret, Endpoint: endpoint, RedirectURL: client.Redirect, Scopes: scopes,
	}
}

// outward keeps what is ours in an error of the libraries, and drops the rest: it quotes the other side.
func outward(err error, otherwise fault.Code) error {
	var ours *fault.Error
	if errors.As(err, &ours) {
		return fault.New(ours.Code)
	}
	return fault.New(otherwise)
}
