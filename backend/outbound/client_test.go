package outbound

// White box: the tests let further ports through, so that nothing but the dial gate stands before the trap.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"code.dny.dev/ssrf"

	"einverstanden/backend/fault"
)

// trap is a server on the loopback address that counts whoever connects.
type trap struct {
	*httptest.Server
	hits atomic.Int64
	port uint16
}

func newTrap(t *testing.T, tls bool) *trap {
	t.Helper()
	it := &trap{}
	it.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	it.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			it.hits.Add(1)
		}
	}
	if tls {
		it.StartTLS()
	} else {
		it.Start()
	}
	t.Cleanup(it.Close)
	it.port = uint16(it.Listener.Addr().(*net.TCPAddr).Port)
	return it
}

func ask(t *testing.T, c *Client, address string) (Answer, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(request)
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !fault.Has(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

// F1: whatever way an address is written or a name resolves, the trap sees nobody.
func TestF1NothingReachesTheOwnMachine(t *testing.T) {
	secure := newTrap(t, true)
	c := newClient(nil, "test", securePort, secure.port)
	at := ":" + strconv.Itoa(int(secure.port)) + "/"
	for _, host := range []string{"127.0.0.1", "localhost", "127.0.0.2", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"} {
		_, err := ask(t, c, "https://"+host+at)
		wantFault(t, err, fault.HostUnreachable)
	}
	// These forms of 127.0.0.1 are understood by some resolvers; whether as an address or not at all, nobody gets through.
	for _, host := range []string{"2130706433", "0x7f000001", "0177.0.0.1", "127.1"} {
		_, err := ask(t, c, "https://"+host+at)
		wantFault(t, err, fault.HostUnreachable)
	}
	if hits := secure.hits.Load(); hits != 0 {
		t.Errorf("the trap saw %d connections", hits)
	}
}

func TestF1AddressesThatNeedNoTry(t *testing.T) {
	plain := newTrap(t, false)
	c := New([]string{"bbb.schule.example:8443"}, "test")
	defer c.Close()
	for _, address := range []string{
		plain.URL, "http://127.0.0.1/", "http://schule.example/", "https://schule.example:22/", "https://schule.example:80/",
		"https://schule.example:0/", "https://name@schule.example/", "https://name:geheim@schule.example/",
		"https://[fe80::1%25eth0]/", "ftp://schule.example/", "file:///etc/passwd", "gopher://127.0.0.1:70/", "https:///pfad",
		"https:schule.example", "http://bbb.schule.example/", "https://bbb.schule.example:8444/", "https://name@bbb.schule.example:8443/",
		"ftp://bbb.schule.example:8443/",
	} {
		_, err := ask(t, c, address)
		wantFault(t, err, fault.HostRefused)
	}
	if hits := plain.hits.Load(); hits != 0 {
		t.Errorf("the trap saw %d connections", hits)
	}
}

// The gate's own table: every special range of the registries, and the ways to write IPv4 in IPv6 (checklist F1).
func TestF1TheDialGateLetsPublicAddressesThroughAlone(t *testing.T) {
	gate := ssrf.New(ssrf.WithPorts(securePort))
	for _, address := range []string{
		"0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:7f00:1", "::ffff:0:7f00:1", "64:ff9b::7f00:1",
		"64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:db8::1", "2002:7f00:1::", "3fff::1",
		"5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
	} {
		if err := gate.Safe(networkOf(address), net.JoinHostPort(address, "443"), nil); err == nil {
			t.Errorf("%s goes through", address)
		}
	}
	for _, address := range []string{"1.1.1.1", "193.99.144.80", "2606:4700::1111", "2a02:2e0:3fe:1001:302::"} {
		if err := gate.Safe(networkOf(address), net.JoinHostPort(address, "443"), nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if gate.Safe(networkOf(address), net.JoinHostPort(address, "22"), nil) == nil {
			t.Errorf("%s goes through at port 22", address)
		}
	}
	if gate.Safe("unix", "/run/postgresql/.s.PGSQL.5432", nil) == nil {
		t.Error("a socket goes through")
	}
}

func networkOf(address string) string {
	if strings.Contains(address, ":") {
		return "tcp6"
	}
	return "tcp4"
}

// partner is a server in the school's own network, which the operator has listed.
func partner(t *testing.T, answer http.HandlerFunc) (c *Client, address string) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c = New([]string{server.Listener.Addr().String()}, "1.2")
	t.Cleanup(c.Close)
	return c, server.URL
}

func TestAListedHostIsReachedByHTTPToo(t *testing.T) {
	c, address := partner(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.WriteString(w, r.UserAgent()+r.Header.Get("Accept-Encoding")); err != nil {
			t.Error(err)
		}
	})
	got, err := ask(t, c, address+"/bigbluebutton/api")
	if err != nil || got.Status != 200 || string(got.Body) != "Einverstanden/1.2" {
		t.Errorf("%d %q, %v", got.Status, got.Body, err)
	}
}

func TestWhatIsListed(t *testing.T) {
	listed := newHosts([]string{"BBB.schule.example", "iserv.schule.example:8443", "10.1.2.3", "fd00::5", "[fd00::6]:8443"})
	for address, want := range map[string]bool{
		"bbb.schule.example:443": true, "bbb.schule.example:80": true, "BBB.Schule.Example.:443": true, "bbb.schule.example:22": false,
		"iserv.schule.example:8443": true, "iserv.schule.example:443": false, "x.bbb.schule.example:443": false,
		"bbb.schule.example.evil.example:443": false, "10.1.2.3:443": true, "10.1.2.4:443": false, "[fd00::5]:443": true,
		"[fd00::6]:8443": true, "[fd00::6]:443": false, "bbb.schule.example": false,
	} {
		if listed.listed(address) != want {
			t.Errorf("%s: want %t", address, want)
		}
	}
}

// F1: a host that may be reached leads nowhere else.
func TestF1ARedirectIsNotFollowed(t *testing.T) {
	plain := newTrap(t, false)
	for _, status := range []int{301, 302, 303, 307, 308} {
		c, address := partner(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, status) })
		got, err := ask(t, c, address)
		if err != nil || got.Status != status {
			t.Errorf("%d: got %d, %v", status, got.Status, err)
		}
	}
	if hits := plain.hits.Load(); hits != 0 {
		t.Errorf("the trap saw %d connections", hits)
	}
}

// net/http never asks a proxy for the loopback address, so that no trap could show it.
func TestNoProxyOfTheEnvironmentIsAsked(t *testing.T) {
	if New(nil, "test").http.Transport.(*transport).next.Proxy != nil {
		t.Error("the transport has a proxy")
	}
}

func TestAnAnswerIsReadUpToItsLimit(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		for size, fits := range map[int]bool{0: true, MaxAnswer: true, MaxAnswer + 1: false, 3 * MaxAnswer: false} {
			c, address := partner(t, func(w http.ResponseWriter, _ *http.Request) {
				if !chunked {
					w.Header().Set("Content-Length", strconv.Itoa(size))
				}
				_, _ = w.Write(bytes.Repeat([]byte("a"), size)) // the client hangs up in between
			})
			got, err := ask(t, c, address)
			if fits && (err != nil || len(got.Body) != size) {
				t.Errorf("%d bytes, chunked %t: %d, %v", size, chunked, len(got.Body), err)
			}
			if !fits {
				wantFault(t, err, fault.HostAnswer)
			}
		}
	}
}

// An answer that claims to be packed comes as it is: unpacking has no limit.
func TestAnAnswerIsNotUnpacked(t *testing.T) {
	c, address := partner(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "not unpacked")
	})
	if got, err := ask(t, c, address); err != nil || string(got.Body) != "not unpacked" {
		t.Errorf("%q, %v", got.Body, err)
	}
}

// X17: an error is a code. It holds neither what was said nor what was asked.
func TestX17ErrorsTellNothing(t *testing.T) {
	refused, address := partner(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	secret := "/api?checksum=geheim-4711"
	_, err := ask(t, refused, address+secret)
	wantFault(t, err, fault.HostUnreachable)
	_, gone := ask(t, newClient(nil, "test", 1), "https://127.0.0.1:1"+secret)
	wantFault(t, gone, fault.HostUnreachable)
	for _, err := range []error{err, gone} {
		if strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "/api") {
			t.Errorf("%v", err)
		}
	}
	if errors.Is(gone, syscall.ECONNREFUSED) {
		t.Error("the gate let the connection be tried")
	}
}

func TestADeadlineEndsACall(t *testing.T) {
	asked, let := make(chan struct{}), make(chan struct{})
	c, address := partner(t, func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-let
	})
	defer close(let)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(request)
	wantFault(t, err, fault.HostUnreachable)
	if c.HTTP().Timeout != answerWithin {
		t.Errorf("a call may last %s", c.HTTP().Timeout)
	}
}

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"https://schule.example/", "https://a@b", "http://bbb.schule.example", "https://[::1]:443", "https://x:99999", "https://0:0443", "//x", "https:x"} {
		f.Add(seed)
	}
	c := New([]string{"bbb.schule.example"}, "test")
	judge := c.http.Transport.(*transport)
	f.Fuzz(func(t *testing.T, address string) {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil || judge.check(request.URL) != nil {
			return
		}
		u := request.URL
		private := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") == "bbb.schule.example"
		if u.User != nil || u.Hostname() == "" || !private && (u.Scheme != "https" || u.Port() != "" && u.Port() != "443") {
			t.Fatalf("%q goes through", address)
		}
	})
}
