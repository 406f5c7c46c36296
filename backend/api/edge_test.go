package api

// Checklist A1 to A8, A13 to A15: what the parser takes, refuses and closes. Each test sends bytes, and looks whether a
// request that hides behind them was run.

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// exchange is bytes and what must come of them. Whatever is not refused must be run once, and nothing behind it.
type exchange struct {
	id, name string
	raw      string
	status   int
	code     string
	handled  int
}

func get11(headers string) string {
	return "GET /livez HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n"
}

const host = "Host: localhost\r\n"

var ambiguous = []exchange{
	{"A1", "two lengths", putRaw("Content-Length: 5\r\nContent-Length: 30\r\n", "hello"+behind), 400, "malformed_body", 0},
	{"A1", "one length twice", putRaw("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"+behind), 400, "malformed_body", 0},
	{"A1", "a list of lengths", putRaw("Content-Length: 5, 5\r\n", "hello"+behind), 400, "malformed_body", 0},
	{"A1", "a length with a sign", putRaw("Content-Length: +5\r\n", "hello"+behind), 400, "malformed_body", 0},
	{"A1", "a negative length", putRaw("Content-Length: -5\r\n", "hello"+behind), 400, "malformed_body", 0},
	{"A2", "length, then chunks", putRaw("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+behind), 401, "not_signed_in", 1},
	{"A2", "chunks, then length", putRaw("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"+behind), 401, "not_signed_in", 1},
	{"A2", "a length over all", putRaw(fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n", len(behind)+5), "0\r\n\r\n"+behind), 401, "not_signed_in", 1},
	{"A2", "an unknown coding", putRaw("Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"+behind), 400, "malformed_body", 0},
	{"A2", "a blank before the colon", putRaw("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"+behind), 400, "malformed_body", 0},
	{"A3", "LF in a chunk extension", putRaw("Transfer-Encoding: chunked\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n"+behind), 400, "malformed_body", 0},
	{"A3", "LF instead of an extension", putRaw("Transfer-Encoding: chunked\r\n", "2;\nxx\r\n30\r\n\r\n0\r\n\r\n"+behind), 400, "malformed_body", 0},
	{"A5", "two hosts", get11(host + "Host: evil.example\r\n"), 400, "malformed_body", 0},
	{"A5", "no host", get11(""), 400, "malformed_body", 0},
	{"A5", "an empty host", get11("Host:\r\n"), 400, "malformed_body", 0},
	{"A6", "NUL in a value", get11(host + "X: a\x00geheim\r\n"), 400, "malformed_body", 0},
	{"A6", "NUL in the path", "GET /li\x00vez HTTP/1.1\r\n" + host + "\r\n", 400, "malformed_body", 0},
	{"A6", "CR in a value", get11(host + "X: a\rgeheim\r\n"), 400, "malformed_body", 0},
	{"A6", "a blank before the first name", get11(" X: geheim\r\n" + host), 400, "malformed_body", 0},
	{"A6", "a blank after a name", get11(host + "X : geheim\r\n"), 400, "malformed_body", 0},
	{"A6", "a folded value", get11(host + "X: a\r\n geheim\r\n"), 200, "", 1},
	{"A8", "a byte too many by length", putRaw(fmt.Sprintf("Content-Length: %d\r\n", bodyLimit+1), strings.Repeat(" ", bodyLimit+1)+behind), 413, "body_too_large", 0},
	{"A8", "a byte too many by chunks", putRaw("Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", bodyLimit+1, strings.Repeat(" ", bodyLimit+1))+behind), 413, "body_too_large", 0},
	{"A8", "headers without end", get11(host + "X: " + strings.Repeat("a", 9000) + "\r\n"), 400, "malformed_body", 0},
	{"A13", "TRACE", "TRACE /api/v1/me HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", 405, "method_not_allowed", 1},
	{"A13", "CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", 405, "method_not_allowed", 1},
	{"A13", "a method in small letters", "get /api/v1/me HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", 405, "method_not_allowed", 1},
	{"A13", "a method made up", "BREW /api/v1/me HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", 405, "method_not_allowed", 1},
	{"A13", "HTTP/2 without being asked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed_body", 0},
	{"A13", "HTTP/0.9", "GET /livez\r\n\r\n", 400, "malformed_body", 0},
	{"A13", "TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "malformed_body", 0},
}

func TestAmbiguousRequestsAreRefusedOrRunOnce(t *testing.T) {
	for _, test := range ambiguous {
		t.Run(test.id+" "+test.name, func(t *testing.T) {
			w := newWire(t, nil)
			replies := w.say(test.raw)
			if len(replies) != 1 || replies[0].status != test.status || !replies[0].closes {
				t.Fatalf("%d replies: %+v", len(replies), replies)
			}
			w.check(test, replies[0])
		})
	}
}

func (w *wire) check(test exchange, reply reply11) {
	w.t.Helper()
	var problem struct{ Code string }
	if test.code != "" && json.Unmarshal(reply.body, &problem) != nil || problem.Code != test.code {
		w.t.Errorf("got %q, want %s", reply.body, test.code)
	}
	count, ranBehind := w.handled()
	if count != test.handled || ranBehind && test.code != "" {
		w.t.Errorf("%d requests reached the handlers, want %d; the one behind: %t", count, test.handled, ranBehind)
	}
	if strings.Contains(w.logs.String()+string(reply.body), "geheim") {
		w.t.Error("a header is told")
	}
	for _, missing := range missingHeaders(reply.header, reply.header.Get("Content-Type") == problemType) {
		w.t.Errorf("the reply has no %s", missing)
	}
}

// impatient is a server that waits half a second where ours waits ten.
func impatient(s *Server) { s.app.Server().ReadTimeout = 500 * time.Millisecond }

// A4: a head whose lines end in LF alone never ends; the connection is closed and nothing is run.
func TestA4LineFeedsAloneEndNothing(t *testing.T) {
	for _, raw := range []string{
		"GET /livez HTTP/1.1\nHost: localhost\n\n", "GET /livez HTTP/1.1\r\nHost: localhost\n\r\n", "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: y\n\n",
	} {
		w := newWire(t, impatient)
		for _, reply := range w.say(raw) {
			if reply.status < 400 || !reply.closes {
				t.Errorf("%q: %d", raw, reply.status)
			}
		}
		if count, _ := w.handled(); count != 0 {
			t.Errorf("%q was run", raw)
		}
	}
}

// A7: 40 KB that would unpack into 40 MiB are refused as they are.
func TestA7APackedBodyIsNotUnpacked(t *testing.T) {
	var packed bytes.Buffer
	pack := gzip.NewWriter(&packed)
	if _, err := pack.Write(make([]byte, 40<<20)); err != nil {
		t.Fatal(err)
	}
	if err := pack.Close(); err != nil {
		t.Fatal(err)
	}
	c := guest(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, path := range []string{"/me/language", "/evidence/verify"} {
		method := map[bool]string{true: "PUT", false: "POST"}[path == "/me/language"]
		c.wantProblem(415, "encoding_unsupported", c.send(method, path, "", packed.Bytes(), func(r *http.Request) {
			r.Header.Set("Content-Encoding", "gzip")
		}))
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 10<<20 {
		t.Errorf("%d bytes were asked for", grown)
	}
}

// A14: what a handler keeps of a request stays what it was when the connection's buffer holds the next.
func TestA14KeptParametersStay(t *testing.T) {
	app := bareServer(t).newFiber()
	var mu sync.Mutex
	var kept []string
	app.Get("/kept/:name", func(c *fiber.Ctx) error {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, c.Params("name"), c.Query("q"), c.Get("X-Name"), c.Cookies("name"), c.Path()[len("/kept/"):])
		return nil
	})
	w := &wire{t: t, address: serveOn(t, app)}
	var raw strings.Builder
	for i := range 100 {
		fmt.Fprintf(&raw, "GET /kept/%03[1]d?q=%03[1]d HTTP/1.1\r\n%[2]sX-Name: %03[1]d\r\nCookie: name=%03[1]d\r\n", i, host)
		if i == 99 {
			raw.WriteString("Connection: close\r\n")
		}
		raw.WriteString("\r\n")
	}
	if replies := w.say(raw.String()); len(replies) != 100 {
		t.Fatalf("%d replies", len(replies))
	}
	for i, value := range kept {
		if want := fmt.Sprintf("%03d", i/5); value != want {
			t.Fatalf("kept value %d is %s, want %s", i, value, want)
		}
	}
}

// A15 in small: connections that send a byte now and then are closed when the time for a head is over, however alive
// they seem, and others are served meanwhile. scripts/drill has the full length.
func TestA15SlowRequestsAreClosed(t *testing.T) {
	w := newWire(t, impatient)
	var closed sync.WaitGroup
	for range 50 {
		closed.Go(func() { w.trickle() })
	}
	if replies := w.say(behind); len(replies) != 1 || replies[0].status != 200 {
		t.Errorf("another client got %+v", replies)
	}
	closed.Wait()
	if count, _ := w.handled(); count != 1 {
		t.Errorf("%d requests reached the handlers", count)
	}
}

// trickle sends bytes of a head that never ends until the server hangs up.
func (w *wire) trickle() {
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.t.Error(err)
		return
	}
	defer conn.Close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, conn) // however it ends
	}()
	for _, b := range []byte("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("a", 1000)) {
		select {
		case <-gone:
			return
		case <-time.After(10 * time.Millisecond):
			_, _ = conn.Write([]byte{b}) // fails once the server has gone; then gone tells
		}
	}
	w.t.Error("the server read on for a thousand bytes")
}
