package config

import (
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// pushContact is how a push service can reach the operator (RFC 8292, 2.1): an address without mailto:, or an https://
// address. Apple refuses all messages of whoever names a domain that is not public, so such a one is a fault; what is not
// set is the public URL, where that will do.
func (r *reader) pushContact(text string, public *url.URL) string {
	if text == "" {
		if contact, ok := contactOf(public.String()); ok {
			return contact
		}
		return ""
	}
	contact, ok := contactOf(text)
	if !ok {
		r.fail("EINVERSTANDEN_PUSH_CONTACT", "is %q; an e-mail address or an https:// address with a public domain is wanted", text)
	}
	return contact
}

func contactOf(text string) (contact string, ok bool) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "mailto:")
	if strings.HasPrefix(text, "https://") {
		u, err := url.Parse(text)
		return text, err == nil && u.User == nil && isPublicDomain(u.Hostname())
	}
	address, err := mail.ParseAddress(text)
	_, domain, _ := strings.Cut(text, "@")
	return text, err == nil && address.Address == text && isPublicDomain(domain)
}

func isPublicDomain(domain string) bool {
	labels := strings.Split(strings.ToLower(domain), ".")
	if _, err := netip.ParseAddr(domain); err == nil || len(labels) < 2 || slices.Contains(labels, "") {
		return false
	}
	return !slices.Contains([]string{"localhost", "local", "test", "invalid"}, labels[len(labels)-1])
}
