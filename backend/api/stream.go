package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
)

const (
	pingEvery    = 15 * time.Second // the only way to notice a reader that has gone
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
}

// streamRoute registers the live roster. Server-sent events do not fit huma's replies, so the handler is Fiber's and
// the operation is documented by hand; rights are checked like everywhere.
func (s *Server) streamRoute() {
	op := get("/meetings/{id}/roster/stream", "meetings", "streamRoster", "Live roster (server-sent events)")
	op.Description = "`snapshot` {asOf, rows} on every connect, then `change` {asOf, rows: changed or new, gone: pupil ids}; " +
		"`ping` {asOf} every 15 s; `end` before the server closes, after 5 minutes at the latest."
	op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
	op.Responses = map[string]*huma.Response{"200": {
		Description: "events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
	}}
	s.declare(authz.SeeModes, &op)
	s.huma.OpenAPI().AddOperation(&op)
	s.app.Add(http.MethodGet, strings.NewReplacer("{", ":", "}", "").Replace(op.Path), func(c *fiber.Ctx) error {
		if err := s.permit(c.UserContext(), &op); err != nil {
			return err
		}
		return s.streamRoster(c)
	})
}

func (s *Server) streamRoster(c *fiber.Ctx) error {
	actor, err := authz.Of(c.UserContext())
	if err != nil {
		return err
	}
	stream, err := s.Live.Open(c.UserContext(), actor, id.Meeting(strings.Clone(c.Params("id"))))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-cache, no-store, no-transform")
	c.Set("X-Accel-Buffering", "no")
	w := rosterWriter{server: s, stream: stream, conn: c.Context().Conn(), token: strings.Clone(c.Cookies(accessCookie)), request: requestOf(c.UserContext()).id}
	c.Context().SetBodyStreamWriter(w.run)
	return nil
}

// rosterWriter sends one stream. It never touches the request's context, which is reused as soon as the handler ends.
type rosterWriter struct {
	server  *Server
	stream  *meeting.Stream
	conn    net.Conn
	token   string
	request string
	out     *bufio.Writer
}

// run sends until the reader goes, the right to look ends, or time is up. A panic here would end the process.
func (w *rosterWriter) run(out *bufio.Writer) {
	defer w.stream.Close()
	defer func() {
		if r := recover(); r != nil {
			w.server.log.Error("panic in a stream", "request", w.request, "panic", r)
		}
	}()
	w.out = out
	if w.send([]byte(retryPreface)) != nil || w.snapshot() != nil {
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
		case <-ping.C:
			if !w.stillAllowed() {
				_ = w.send(event("end", struct{}{})) // the reader may be gone already
				return
			}
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

// stillAllowed asks again whether the session lives: signing out ends open rosters too.
func (w *rosterWriter) stillAllowed() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_, err := w.server.Accounts.Authenticate(ctx, w.token)
	return err == nil
}

func (w *rosterWriter) snapshot() error {
	roster := w.stream.Snapshot()
	return w.send(event("snapshot", streamBody{AsOf: roster.AsOf, Rows: rowsOf(roster.Rows)}))
}

func (w *rosterWriter) send(frame []byte) error {
	if err := w.conn.SetWriteDeadline(w.server.clock().Add(writeWithin)); err != nil {
		return err
	}
	if _, err := w.out.Write(frame); err != nil {
		return err
	}
	return w.out.Flush()
}

func encodeChange(change *meeting.Change) []byte {
	return event("change", streamBody{AsOf: change.AsOf, Rows: rowsOf(change.Rows), Gone: change.Gone})
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
