package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"slices"

	core "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"einverstanden/backend/fault"
)

// scopes are what we ask for, the most first: IServ's of today, IServ's of before, and what every provider has. A
// provider may refuse a request for scopes that it has not released for us; then the next are asked for.
var scopes = [][]string{
	{core.ScopeOpenID, "profile", "iserv:uuid", "iserv:groups", "iserv:roles"},
	{core.ScopeOpenID, "profile", "groups", "roles"},
	{core.ScopeOpenID, "profile"},
	{core.ScopeOpenID},
}

// Request is a request for a code on its way. Its owner keeps it from Begin to Finish; all of it is secret but Step.
type Request struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // PKCE (RFC 7636)
	Step     int    `json:"step"`     // how often scopes were refused already, see Fewer
}

// NewRequest has fresh secrets of 256 bits each.
func NewRequest() Request {
	return Request{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()}
}

// Fewer is a new request that asks for fewer scopes; false when there are none left to leave out.
func (r Request) Fewer() (Request, bool) {
	next := NewRequest()
	next.Step = r.Step + 1
	return next, next.Step < len(scopes)
}

// Begin gives the address that the browser goes to, and the request as it is to be kept.
func (c *Caller) Begin(ctx context.Context, client Client, r Request) (address string, kept Request, err error) {
	p, err := c.discover(ctx, client.Issuer)
	if err != nil {
		return "", r, err
	}
	r.Step = p.meta.firstStep(r.Step)
	return p.config(client, scopes[r.Step]).AuthCodeURL(r.State, core.Nonce(r.Nonce), oauth2.S256ChallengeOption(r.Verifier)), r, nil
}

// firstStep leaves out scopes that the provider does not name, as far as it names groups of another generation: it
// might ignore what it does not know, and tell nothing.
func (m metadata) firstStep(step int) int {
	if step == 0 && !slices.Contains(m.Scopes, "iserv:groups") && slices.Contains(m.Scopes, "groups") {
		return 1
	}
	return step
}

// Reply is what the browser brought back from the provider: a code or the name of an error, and the issuer where the
// provider names itself (RFC 9207). The names of errors are compared and never shown.
type Reply struct {
	Code, Error, Issuer string
}

// Refused tells whether the provider refused a scope.
func (r Reply) Refused() bool { return r.Error == "invalid_scope" }

// Cancelled tells whether the person, or the provider in the person's name, said no.
func (r Reply) Cancelled() bool { return r.Error == "access_denied" }

// Finish exchanges the code and gives what the provider says of the person. Whatever does not hold is the same
// OIDCRefused; a provider that cannot be reached is told apart.
func (c *Caller) Finish(ctx context.Context, client Client, r Request, reply Reply) (Person, error) {
	p, err := c.discover(ctx, client.Issuer)
	if err != nil {
		return Person{}, err
	}
	if reply.Issuer != client.Issuer && (reply.Issuer != "" || p.meta.NamesIssuer) || reply.Error != "" || reply.Code == "" {
		return Person{}, fault.New(fault.OIDCRefused)
	}
	ctx = core.ClientContext(ctx, c.out.HTTP())
	tokens, err := p.config(client, nil).Exchange(ctx, reply.Code, oauth2.VerifierOption(r.Verifier))
	if err != nil {
		return Person{}, outward(err, fault.OIDCRefused)
	}
	claims, err := c.verify(ctx, p, client, r, tokens)
	if err != nil {
		return Person{}, outward(err, fault.OIDCRefused)
	}
	return personOf(claims)
}

// verify is all of 3.1.3.7 that TLS with the token endpoint does not make needless, and the signature although it might.
func (c *Caller) verify(ctx context.Context, p *provider, client Client, r Request, tokens *oauth2.Token) (claims, error) {
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return nil, fault.New(fault.OIDCRefused)
	}
	token, err := p.Verifier(&core.Config{ClientID: client.ID, SupportedSigningAlgs: algorithms, Now: c.clock}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	var own claims
	if err := token.Claims(&own); err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(r.Nonce)) != 1 || token.Subject == "" || !own.isFor(client.ID, token.Audience) {
		return nil, fault.New(fault.OIDCRefused)
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
			return nil, err
		}
	}
	return own, own.addUserInfo(ctx, p, token.Subject, tokens)
}

// isFor refuses a token for several of which another is the authorized party.
func (c claims) isFor(client string, audience []string) bool {
	party := c.text("azp")
	return party == client || party == "" && len(audience) == 1
}

// addUserInfo adds what the provider tells for the access token, where it tells anything (5.3).
func (c claims) addUserInfo(ctx context.Context, p *provider, subject string, tokens *oauth2.Token) error {
	if p.meta.UserInfo == "" {
		return nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return err
	}
	if info.Subject != subject { // 5.3.2: else the answer is about somebody else
		return fault.New(fault.OIDCRefused)
	}
	var more map[string]json.RawMessage
	if err := info.Claims(&more); err != nil {
		return err
	}
	for _, name := range described {
		if value, ok := more[name]; ok {
			c[name] = value
		}
	}
	return nil
}
