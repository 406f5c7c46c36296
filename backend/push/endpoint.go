package push

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// maxEndpoint is the longest endpoint that is taken, in bytes.
const maxEndpoint = 1024

// ErrEndpoint says that a text is no endpoint of a push service that we know. It does not repeat the text: whoever has
// an endpoint can be reached by it.
var ErrEndpoint = errors.New("push: no endpoint of a known push service")

// Address is an endpoint that may be called.
type Address struct {
	URL    string // of the subscription, a secret
	Origin string // of the push service: what a token is made out to (RFC 8292, 2)
	Host   string // of the push service
}

// Gate says whether an endpoint may be called. It judges the text; where its name leads to is judged by the dial gate
// of package outbound, at each call.
type Gate func(endpoint string) (Address, error)

// The push services of the browsers: their hosts, and the domains below which theirs lie.
var (
	serviceHosts   = []string{"fcm.googleapis.com", "jmt17.google.com"}
	serviceDomains = []string{".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com"}
)

// KnownServices is the gate of the running program: https at a push service of Google, Mozilla, Apple or Microsoft. The
// parsed host is compared, never a pattern laid over the whole text.
func KnownServices(endpoint string) (Address, error) {
	if len(endpoint) > maxEndpoint {
		return Address{}, ErrEndpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Opaque != "" || strings.Contains(endpoint, "#") {
		return Address{}, ErrEndpoint
	}
	host := strings.ToLower(u.Hostname())
	if port := u.Port(); port != "" && port != "443" || strings.HasSuffix(u.Host, ":") || !isService(host) {
		return Address{}, ErrEndpoint
	}
	u.Host = host
	return Address{URL: u.String(), Origin: "https://" + host, Host: host}, nil
}

func isService(host string) bool {
	if slices.Contains(strings.Split(host, "."), "") || strings.Trim(host, hostLetters) != "" {
		return false
	}
	return slices.Contains(serviceHosts, host) ||
		slices.ContainsFunc(serviceDomains, func(domain string) bool { return strings.HasSuffix(host, domain) })
}

const hostLetters = "abcdefghijklmnopqrstuvwxyz0123456789-."
