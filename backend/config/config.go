// Package config owns the settings of one process: a struct, the EINVERSTANDEN_* variables that fill it, and one
// validation that reports every fault at once. Each variable NAME may be given as NAME_FILE, the path of a file that
// holds the value, so that secrets need not stand in the environment.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Config is what one process needs to know. Empty means the default, as the comments say.
type Config struct {
	Addr           string     // EINVERSTANDEN_ADDR, listen address: localhost:8080
	URL            *url.URL   // EINVERSTANDEN_URL, how browsers reach us: http://localhost:<port>
	Data           string     // EINVERSTANDEN_DATA, folder: ./data
	Keys           string     // EINVERSTANDEN_KEYS, folder of key files; the demo alone may leave it out (<data>/keys)
	Database       string     // EINVERSTANDEN_DATABASE, PostgreSQL DSN of the runtime role; empty: SQLite in Data
	DatabaseOwner  string     // EINVERSTANDEN_DATABASE_OWNER, DSN for migrations
	DatabaseJobs   string     // EINVERSTANDEN_DATABASE_JOBS, DSN of the role that claims jobs; serve on PostgreSQL needs it
	DatabaseListen string     // EINVERSTANDEN_DATABASE_LISTEN, DSN that reaches the server directly; Database when empty
	TrustedProxies []string   // EINVERSTANDEN_TRUSTED_PROXIES, addresses or networks whose X-Real-IP counts
	PrivateHosts   []string   // EINVERSTANDEN_PRIVATE_HOSTS, servers in the own network that we may call: host or host:port
	PushContact    string     // EINVERSTANDEN_PUSH_CONTACT, for push services: URL where that is public; without one push is off
	LogLevel       slog.Level // EINVERSTANDEN_LOG_LEVEL: info
	SMTP           SMTP       // EINVERSTANDEN_SMTP_*; without a server nothing is mailed
}

// Load reads the variables through lookup (os.LookupEnv in production).
func Load(lookup func(string) (string, bool)) (Config, error) {
	r := reader{lookup: lookup}
	c := Config{
		Addr:           r.get("EINVERSTANDEN_ADDR", "localhost:8080"),
		Data:           r.get("EINVERSTANDEN_DATA", "./data"),
		Keys:           r.get("EINVERSTANDEN_KEYS", ""),
		Database:       r.get("EINVERSTANDEN_DATABASE", ""),
		DatabaseOwner:  r.get("EINVERSTANDEN_DATABASE_OWNER", ""),
		DatabaseJobs:   r.get("EINVERSTANDEN_DATABASE_JOBS", ""),
		DatabaseListen: r.get("EINVERSTANDEN_DATABASE_LISTEN", ""),
	}
	c.URL = r.publicURL(r.get("EINVERSTANDEN_URL", ""), c.Addr)
	c.TrustedProxies = r.proxies(r.get("EINVERSTANDEN_TRUSTED_PROXIES", ""))
	c.PrivateHosts = r.hosts(r.get("EINVERSTANDEN_PRIVATE_HOSTS", ""))
	c.PushContact = r.pushContact(r.get("EINVERSTANDEN_PUSH_CONTACT", ""), c.URL)
	if level := r.get("EINVERSTANDEN_LOG_LEVEL", "info"); c.LogLevel.UnmarshalText([]byte(level)) != nil {
		r.fail("EINVERSTANDEN_LOG_LEVEL", "is %q; debug, info, warn or error are possible", level)
	}
	c.SMTP = r.smtp()
	if c.DatabaseListen == "" {
		c.DatabaseListen = c.Database
	}
	r.folders(c)
	return c, errors.Join(r.faults...)
}

// File is the path of the SQLite database.
func (c Config) File() string { return filepath.Join(c.Data, "einverstanden.db") }

type reader struct {
	lookup func(string) (string, bool)
	faults []error
}

func (r *reader) fail(name, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf(name+" "+format, args...))
}

func (r *reader) get(name, fallback string) string {
	if value, ok := r.lookup(name); ok && value != "" {
		return value
	}
	path, ok := r.lookup(name + "_FILE")
	if !ok || path == "" {
		return fallback
	}
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		r.fail(name+"_FILE", "cannot be read: %v", err)
		return fallback
	}
	return strings.TrimSpace(string(content))
}

// publicURL is the origin that cookies, letters and redirects rest on; it never comes from a request. Plain http is
// for the machine itself alone, because __Host- cookies and the service worker need a secure context.
func (r *reader) publicURL(raw, addr string) *url.URL {
	if raw == "" {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			r.fail("EINVERSTANDEN_ADDR", "is %q; host:port is wanted", addr)
			return &url.URL{Scheme: "http", Host: "localhost"}
		}
		return &url.URL{Scheme: "http", Host: "localhost:" + port}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.User != nil {
		r.fail("EINVERSTANDEN_URL", "is %q; something like https://einverstanden.schule.example is wanted", raw)
		return &url.URL{Scheme: "http", Host: "localhost"}
	}
	u.Path = ""
	if u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost") {
		r.fail("EINVERSTANDEN_URL", "is %q; it must begin with https:// (http is for localhost alone)", raw)
	}
	return u
}

func (r *reader) proxies(list string) []string {
	var proxies []string
	for _, entry := range entries(list) {
		_, badNetwork := netip.ParsePrefix(entry)
		_, badAddress := netip.ParseAddr(entry)
		if badNetwork != nil && badAddress != nil {
			r.fail("EINVERSTANDEN_TRUSTED_PROXIES", "holds %q; addresses or networks are wanted", entry)
			continue
		}
		proxies = append(proxies, entry)
	}
	return proxies
}

// hosts are names or addresses, with a port where it is not 80 or 443. A scheme, a path or a pattern is refused: it
// would look as if it narrowed or widened something.
func (r *reader) hosts(list string) []string {
	var hosts []string
	for _, entry := range entries(list) {
		if !isHost(entry) {
			r.fail("EINVERSTANDEN_PRIVATE_HOSTS", "holds %q; host or host:port is wanted", entry)
			continue
		}
		hosts = append(hosts, entry)
	}
	return hosts
}

func isHost(entry string) bool {
	if _, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
		return true
	}
	host, port := entry, "443"
	if strings.Contains(entry, ":") {
		var err error
		if host, port, err = net.SplitHostPort(entry); err != nil {
			return false
		}
	}
	_, err := strconv.ParseUint(port, 10, 16)
	if _, badAddress := netip.ParseAddr(host); err == nil && badAddress == nil {
		return true
	}
	return err == nil && strings.Trim(host, hostLetters) == "" && host != ""
}

const hostLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

func entries(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
}

// folders refuses keys inside the data folder: a copy of that folder would then hold database and keys together.
func (r *reader) folders(c Config) {
	if c.Keys == "" {
		return
	}
	data, err1 := filepath.Abs(c.Data)
	keys, err2 := filepath.Abs(c.Keys)
	if err := errors.Join(err1, err2); err != nil {
		r.fail("EINVERSTANDEN_DATA", "or EINVERSTANDEN_KEYS is no path: %v", err)
		return
	}
	if inside, err := filepath.Rel(data, keys); err == nil && inside != ".." && !strings.HasPrefix(inside, "../") {
		r.fail("EINVERSTANDEN_KEYS", "lies inside EINVERSTANDEN_DATA; a stolen backup would hold both: choose another folder")
	}
}
