package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	core "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"einverstanden/backend/fault"
)

// Finding is one thing that Probe has found out.
type Finding string

// The findings, in the order in which they are looked for. The first that prevents a sign-in ends the search.
const (
	Fine            Finding = "fine" // everything that can be seen from here works
	AddressRefused  Finding = "address_refused"
	Unreachable     Finding = "unreachable"
	NotAProvider    Finding = "not_a_provider" // answers, but publishes nothing that we could use
	OtherIssuer     Finding = "other_issuer"
	NoCodeFlow      Finding = "no_code_flow"
	ClientRefused   Finding = "client_refused"   // the client id is unknown there, or our address is not registered
	SecretRefused   Finding = "secret_refused"   // the client secret is wrong
	ScopesRefused   Finding = "scopes_refused"   // some, so that fewer are asked for: groups may be missing
	NothingReleased Finding = "nothing_released" // not even openid
)

// Probe tries what can be tried without a person: discovery, a request for a code that needs nobody (prompt=none, 3.1.2.1)
// and an exchange of a code that cannot exist. It gives findings, and never what the other side wrote.
func (c *Caller) Probe(ctx context.Context, client Client) []Finding {
	p, err := c.discoverAnew(ctx, client.Issuer)
	if err != nil {
		return []Finding{findingOf(err)}
	}
	var found []Finding
	for step := p.meta.firstStep(0); ; step++ {
		if step == len(scopes) {
			return append(found, NothingReleased)
		}
		answer, err := c.askSilently(ctx, p, client, scopes[step])
		if err != nil {
			return append(found, findingOf(err))
		}
		if answer == codeForNobody {
			break
		}
		if answer == clientUnknown {
			return append(found, ClientRefused)
		}
		if len(found) == 0 {
			found = append(found, ScopesRefused)
		}
	}
	if right, err := c.tryExchange(ctx, p, client); err != nil {
		return append(found, findingOf(err))
	} else if !right {
		return append(found, SecretRefused)
	}
	return append(found, Fine)
}

func findingOf(err error) Finding {
	switch {
	case fault.Has(err, fault.HostRefused):
		return AddressRefused
	case fault.Has(err, fault.HostUnreachable):
		return Unreachable
	case fault.Has(err, fault.OIDCIssuer):
		return OtherIssuer
	case fault.Has(err, fault.OIDCNoCode):
		return NoCodeFlow
	}
	return NotAProvider
}

// silence is what a provider says to a request in which nobody is signed in.
type silence int

const (
	clientUnknown silence = iota // a page of its own, instead of sending the browser back to us
	scopeRefused
	codeForNobody // back to us, or on to its own sign-in: nothing is wrong with the request
)

func (c *Caller) askSilently(ctx context.Context, p *provider, client Client, asked []string) (silence, error) {
	r := NewRequest()
	address := p.config(client, asked).AuthCodeURL(r.State, core.Nonce(r.Nonce), oauth2.S256ChallengeOption(r.Verifier),
		oauth2.SetAuthURLParam("prompt", "none"))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, fault.New(fault.HostAnswer)
	}
	response, err := c.out.HTTP().Do(request)
	if err != nil {
		return 0, outward(err, fault.HostUnreachable)
	}
	defer response.Body.Close()
	to, err := response.Location()
	if err != nil || response.StatusCode < 300 || response.StatusCode > 399 {
		return clientUnknown, nil
	}
	if own, err := url.Parse(client.Redirect); err == nil && to.Host == own.Host && to.Path == own.Path {
		switch to.Query().Get("error") {
		case "invalid_scope":
			return scopeRefused, nil
		case "unauthorized_client", "invalid_client", "invalid_request", "unsupported_response_type":
			return clientUnknown, nil
		}
	}
	return codeForNobody, nil
}

// tryExchange tells whether the provider knows us by the secret: then it finds fault with the code alone (RFC 6749, 5.2).
func (c *Caller) tryExchange(ctx context.Context, p *provider, client Client) (right bool, err error) {
	r := NewRequest()
	_, err = p.config(client, nil).Exchange(core.ClientContext(ctx, c.out.HTTP()), r.State, oauth2.VerifierOption(r.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case err == nil:
		return false, fault.New(fault.HostAnswer)
	case errors.As(err, &refused):
		return refused.ErrorCode == "invalid_grant", nil
	}
	return false, outward(err, fault.HostAnswer)
}
