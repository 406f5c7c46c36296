package outbound

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"einverstanden/backend/fault"
)

// hosts are the operator's private ones, each as host:port in lower case.
type hosts map[string]bool

func newHosts(private []string) hosts {
	all := hosts{}
	for _, entry := range private {
		if host, port, err := net.SplitHostPort(entry); err == nil {
			all[hostPort(host, port)] = true
			continue
		}
		for _, port := range []string{"80", "443"} {
			all[hostPort(strings.Trim(entry, "[]"), port)] = true
		}
	}
	return all
}

func hostPort(host, port string) string {
	return net.JoinHostPort(strings.TrimSuffix(strings.ToLower(host), "."), port)
}

// listed reports whether the operator has named the address, which is a host and a port.
func (h hosts) listed(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && h[hostPort(host, port)]
}

// check refuses what need not be tried. It judges the text alone; where a name leads to is judged by the dial gate.
func (t *transport) check(u *url.URL) error {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	number, err := strconv.ParseUint(port, 10, 16)
	private := t.hosts.listed(net.JoinHostPort(u.Hostname(), port))
	switch {
	case err != nil || strconv.FormatUint(number, 10) != port: // 0443 is 443 to whoever dials, and another text to whoever compares
	case u.Hostname() == "" || u.User != nil || u.Opaque != "":
	case strings.Contains(u.Hostname(), "%"): // the zone of a link-local address
	case private && (u.Scheme == "https" || u.Scheme == "http"):
		return nil
	case u.Scheme == "https" && slices.Contains(t.ports, uint16(number)):
		return nil
	}
	return fault.New(fault.HostRefused)
}
