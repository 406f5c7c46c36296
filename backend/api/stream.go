package api

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
)

const (
	pingEvery    = 15 * time.Second // the only way to notice a reader that has gone
	checkEvery   = 4 * time.Second  // so that a right that is gone ends a stream within 5 s (B9)
	streamEnds   = 5 * time.Minute  // then the browser connects again, and its right is checked again
	writeWithin  = 10 * time.Second // a reader that takes longer is cut off
	retryPreface = "retry: 1000\n\n"
)

// pingBody is the server's word that nothing has changed up to now; without one the page must call itself stale.
type pingBody struct {
	AsOf time.Time `json:"asOf"`
}

type streamBody struct {
	AsOf time.Time  `json:"asOf"`
	Rows []rowBody  `json:"rows"`
	Gone []id.Pupil `json:"gone,omitempty"`
	Room *roomState `json:"room,omitempty"`
}

// streamRoute registers the live roster. Server-sent events do not fit huma's replies, so the handler is Fiber's and
// the operation is documented by hand; rights are checked like everywhere.
func (s *Server) streamRoute() {
	op := get("/meetings/{id}/roster/stream", "meetings", "streamRoster", "Live roster (server-sent events)")
	op.Description = "`snapshot` {asOf, rows, room} on every connect, then `change` {asOf, rows: changed or new, gone: pupil ids, room: if it differs}; " +
		"`ping` {asOf} every 15 s; `end` before the server closes, after 5 minutes at the latest."
	op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
	op.Responses = map[string]*huma.Response{"200": {
		Description: "events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
	}}
	op = as(streaming, op)
	s.declare(authz.SeeModes, &op)
	for _, status := range append(op.Errors, http.StatusInternalServerError) {
		op.Responses[strconv.Itoa(status)] = s.problemResponse(status)
	}
	s.huma.OpenAPI().AddOperation(&op)
	s.app.Add(http.MethodGet, fiberPath(op.Path), func(c *fiber.Ctx) error {
		if err := s.before(&op, c); err != nil {
			return err
		}
		return s.streamRoster(c)
	})
}

func (s *Server) problemResponse(status int) *huma.Response {
	schema := s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	return &huma.Response{
		Description: http.StatusText(status), Content: map[string]*huma.MediaType{problemType: {Schema: schema}},
	}
}

func (s *Server) streamRoster(c *fiber.Ctx) error {
	actor, err := authz.Of(c.UserContext())
	if err != nil {
		return err
	}
	watched := id.Meeting(strings.Clone(c.Params("id")))
	stream, err := s.Live.Open(c.UserContext(), actor, watched)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-cache, no-store, no-transform")
	c.Set("X-Accel-Buffering", "no")
	w := &rosterWriter{
		server: s, stream: stream, actor: actor, meeting: watched,
		who: credentialOf(c), request: requestOf(c.UserContext()).id, revoked: make(chan struct{}),
	}
	w.revoke = sync.OnceFunc(func() { close(w.revoked) })
	leave := keepPlace(c)
	s.streams.Add(1)
	w.release = sync.OnceFunc(func() {
		stream.Close()
		leave()
		s.streams.Done()
	})
	w.takeOver(c.Context())
	return nil
}

// takeOver has the stream write to its connection itself. Through fasthttp's stream of a body each event passes two
// goroutines and three buffers, a thousand times for a thousand who look. The body ends with the connection, which
// every version of HTTP allows (RFC 9112, 6.3).
func (w *rosterWriter) takeOver(c *fasthttp.RequestCtx) {
	c.Response.Header.SetConnectionClose()
	c.HijackSetNoResponse(true)
	untaken := time.AfterFunc(writeWithin, w.release) // a connection that broke meanwhile is never handed over
	c.Hijack(func(conn net.Conn) {
		if untaken.Stop() {
			w.run(conn, c.Response.Header.Header()) // c is ours until this ends
		}
	})
}

// rosterWriter sends one stream.
type rosterWriter struct {
	server  *Server
	stream  *meeting.Stream
	conn    net.Conn
	actor   authz.Actor
	meeting id.Meeting
	who     credential
	request string
	revoked chan struct{} // closed when the right to look is gone
	revoke  func()
	release func() // gives up what the stream holds; may be called more than once
}

// run sends until the reader goes, the right to look ends, or time is up. A panic here would end the process.
func (w *rosterWriter) run(conn net.Conn, header []byte) {
	defer w.release()
	defer w.server.guard.watch(w)()
	defer func() {
		if r := recover(); r != nil {
			w.server.log.Error("panic in a stream", "request", w.request, "panic", r)
		}
	}()
	w.conn = conn
	if w.send(header) != nil || w.send([]byte(retryPreface)) != nil || w.snapshot() != nil {
		return
	}
	w.follow()
}

func (w *rosterWriter) follow() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	end := time.NewTimer(streamEnds)
	defer end.Stop()
	for {
		var err error
		select {
		case change := <-w.stream.Changes():
			if change == nil {
				err = w.snapshot()
			} else {
				err = w.send(change.Cache(encodeChange))
			}
		case <-w.revoked:
			_ = w.send(event("end", struct{}{})) // the reader may be gone already
			return
		case <-ping.C:
			err = w.send(event("ping", pingBody{AsOf: w.server.clock()}))
		case <-end.C:
			_ = w.send(event("end", struct{}{}))
			return
		case <-w.stream.Closed():
			_ = w.send(event("end", struct{}{}))
			return
		case <-w.server.closed:
			_ = w.send([]byte(retryPreface))
			return
		}
		if err != nil {
			return
		}
	}
}

func (w *rosterWriter) snapshot() error {
	roster := w.stream.Snapshot()
	state := stateOf(roster.Room)
	return w.send(event("snapshot", streamBody{AsOf: roster.AsOf, Rows: rowsOf(roster.Rows), Room: &state}))
}

func (w *rosterWriter) send(frame []byte) error {
	if err := w.conn.SetWriteDeadline(w.server.clock().Add(writeWithin)); err != nil {
		return err
	}
	_, err := w.conn.Write(frame)
	return err
}

func encodeChange(change *meeting.Change) []byte {
	body := streamBody{AsOf: change.AsOf, Rows: rowsOf(change.Rows), Gone: change.Gone}
	if change.Room != nil {
		state := stateOf(*change.Room)
		body.Room = &state
	}
	return event("change", body)
}

func event(name string, body any) []byte {
	var frame bytes.Buffer
	frame.WriteString("event: " + name + "\ndata: ")
	if err := json.NewEncoder(&frame).Encode(body); err != nil { // ends with the line feed that ends the data
		panic(err) // our own bodies always encode
	}
	frame.WriteString("\n")
	return frame.Bytes()
}
