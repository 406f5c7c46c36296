// Package outbound owns the one HTTP client by which the program calls other servers: sign-in services (OpenID Connect),
// conference servers, push services. People type the addresses of some of them, so that every address counts as a
// stranger's (server-side request forgery, OWASP ASVS 5.0, 1.3.6 and 15.3.2):
//
//   - https on port 443 alone, without user info;
//   - the dial gate looks at the address that a name has just been resolved to, and lets none through that is not
//     public: loopback, link-local, private, NAT64 and whatever else the IANA special-purpose registries name
//     (RFC 6890). Looking earlier would fall to a name that is resolved differently the second time;
//   - hosts of the operator's list (EINVERSTANDEN_PRIVATE_HOSTS) are exempt: a school's own servers often stand in its
//     own network, and speak http there;
//   - no proxy from the environment, no redirect followed, no unpacking; 5 s to connect, 10 s for everything, an answer
//     of at most 1 MiB.
//
// Errors are fault codes: HostRefused, HostUnreachable, HostAnswer. What the other side said is never part of one, and
// an address behind the gate cannot be told from one that nobody answers at, so that the texts do not map a network.
// The cause, which names no path and no query, is for the log.
package outbound
