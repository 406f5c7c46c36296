package api

// Checklist A, from the outside: bytes on a connection, and what came of them.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofiber/fiber/v2"
)

// wire is a server without anything behind it, and what it has written into its log.
type wire struct {
	t       *testing.T
	server  *Server
	address string
	logs    *logged
}

// logged is read while the server still writes.
type logged struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// newWire starts the server; change may set what cannot be set from outside.
func newWire(t *testing.T, change func(*Server)) *wire {
	t.Helper()
	w := &wire{t: t, logs: &logged{}}
	var err error
	w.server, err = New(Deps{
		URL: &url.URL{Scheme: "https", Host: "einverstanden.schule.example"}, Clock: time.Now, Version: "1",
		Log: slog.New(slog.NewJSONHandler(w.logs, nil)), Web: fstest.MapFS{"index.html": {Data: []byte(shell)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(w.server)
	}
	w.address = serveOn(t, w.server.app)
	return w
}

func serveOn(t *testing.T, app *fiber.App) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- app.Listener(listener) }()
	t.Cleanup(func() {
		if err := errors.Join(app.Shutdown(), <-stopped); err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// handled is how many requests reached our handlers, and whether one of them was the one behind.
func (w *wire) handled() (count int, behind bool) {
	logs := w.logs.String()
	return strings.Count(logs, `"msg":"request"`), strings.Contains(logs, `"route":"/livez"`)
}

// behind is a second request, hidden or honest; it ends the connection.
const behind = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

// say sends bytes and reads until the server closes the connection, which it must.
func (w *wire) say(raw string) []reply11 {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second)) // only so that a test that fails ends
	go func() { _, _ = io.WriteString(conn, raw) }()       // the server may close before it has read everything
	content, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) { // a reset is an end as well
		w.t.Fatalf("%.60q: the connection stays open", raw)
	}
	return w.parse(content)
}

// reply11 is what stood on the wire.
type reply11 struct {
	status int
	closes bool
	header http.Header
	body   []byte
}

func (w *wire) parse(content []byte) (all []reply11) {
	w.t.Helper()
	reader := bufio.NewReader(bytes.NewReader(content))
	for {
		if _, err := reader.Peek(1); err != nil {
			return all
		}
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			w.t.Fatalf("%q: %v", content, err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			w.t.Fatalf("%q: %v", content, err)
		}
		response.Body.Close()
		all = append(all, reply11{response.StatusCode, response.Close, response.Header, body})
	}
}

func putRaw(headers, body string) string {
	return "PUT /api/v1/me/language HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body
}

func encode(t *testing.T, body any) []byte {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
