package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
)

const (
	openStreams      = 1000
	streamsPerPerson = 5 // more would close the oldest
	// Four for each child of a class: so many that one collection of garbage among them does not make the percentile. With
	// the yes before, a guardian decides five times of the ten a day.
	streamedChanges = 4 * classSize
)

// measureStreams opens a running meeting's roster a thousand times and lets guardians of the class change their minds, no
// and yes by turns and one after the other. A wait is from sending the decision until a stream has read the event.
func measureStreams(ctx context.Context, folder string) ([]figure, error) {
	options := db.Options{File: filepath.Join(folder, "base.db")}
	w, err := newWorld(ctx, options, folder)
	if err != nil {
		return nil, err
	}
	tokens, err := w.signInOffice(ctx, options)
	if err != nil {
		return nil, err
	}
	stop, err := w.serve(options)
	if err != nil {
		return nil, err
	}
	waits, err := w.followChanges(tokens)
	if err := errors.Join(err, stop()); err != nil {
		return nil, err
	}
	slices.Sort(waits)
	all := outcome{waits: waits}
	bare, err := measureBareStreams()
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "a change on 1,000 open rosters, median", value: all.percentile(0.5), unit: "ms"},
		{name: "a change on 1,000 open rosters, 99th percentile", value: all.percentile(0.99), unit: "ms", limit: 25, atMost: true},
		{name: "as many bytes on 1,000 bare connections, 99th percentile", value: bare.percentile(0.99), unit: "ms"},
	}, nil
}

// measureBareStreams writes an event to as many connections, one after the other and from one goroutine: what this
// machine takes for it without a decision, a database or a roster.
func measureBareStreams() (all outcome, err error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return all, err
	}
	defer func() { err = errors.Join(err, listener.Close()) }()
	arrived := make(chan arrival, openStreams)
	var readers, writers []net.Conn
	defer func() {
		for _, conn := range slices.Concat(readers, writers) {
			err = errors.Join(err, conn.Close())
		}
	}()
	for range openStreams {
		reader, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return all, err
		}
		readers = append(readers, reader)
		writer, err := listener.Accept()
		if err != nil {
			return all, err
		}
		writers = append(writers, writer)
		go tellEvents(bufio.NewScanner(reader), arrived)
	}
	event := []byte("event: change\ndata: " + strings.Repeat("x", 300) + "\n\n")
	for range streamedChanges {
		time.Sleep(200 * time.Millisecond)
		sent := time.Now()
		for _, writer := range writers {
			if _, err := writer.Write(event); err != nil {
				return all, err
			}
		}
		if err := expect(arrived, "change", func(at time.Time) { all.waits = append(all.waits, at.Sub(sent)) }); err != nil {
			return all, err
		}
	}
	slices.Sort(all.waits)
	return all, nil
}

// signInOffice makes as many people as the streams need.
func (w *world) signInOffice(ctx context.Context, options db.Options) (tokens []string, err error) {
	a, err := w.open(options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	ctx = db.InSchool(ctx, w.school)
	for n := range openStreams / streamsPerPerson {
		token, err := w.signInStaff(ctx, a, n)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

func (w *world) signInStaff(ctx context.Context, a *app.App, n int) (string, error) {
	if _, err := w.staff(ctx, a, authz.Office, n); err != nil {
		return "", err
	}
	signedIn, err := signInWithPassword(ctx, a, staffEmail(authz.Office, n))
	return signedIn.AccessToken, err
}

func (w *world) followChanges(tokens []string) (waits []time.Duration, err error) {
	// Both guardians of each child of the first class say yes before anybody looks.
	class := w.guardians[:2*classSize]
	if _, err := spread(4, class, w.decideOnce, w.config.Addr); err != nil {
		return nil, err
	}
	arrived := make(chan arrival, openStreams)
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			err = errors.Join(err, conn.Close())
		}
	}()
	for n := range openStreams {
		conn, err := w.openStream(tokens[n/streamsPerPerson], arrived)
		if err != nil {
			return nil, err
		}
		conns = append(conns, conn)
	}
	client := &fasthttp.HostClient{Addr: w.config.Addr, MaxConns: 1}
	for n := range streamedChanges {
		time.Sleep(200 * time.Millisecond) // not at the same point of any period
		sent := time.Now()
		if err := w.decideOnce(client, class[2*(n%classSize)]); err != nil {
			return nil, err
		}
		if err := expect(arrived, "change", func(at time.Time) { waits = append(waits, at.Sub(sent)) }); err != nil {
			return nil, err
		}
	}
	return waits, nil
}

// arrival is an event that a stream has read.
type arrival struct {
	event string
	at    time.Time
}

// openStream asks for the roster's events, waits for the first, and tells each further one by name.
func (w *world) openStream(token string, arrived chan<- arrival) (net.Conn, error) {
	conn, err := net.Dial("tcp", w.config.Addr)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(conn, "GET %s/stream HTTP/1.1\r\nHost: %s\r\nX-App: 1\r\nCookie: __Host-einv_access=%s\r\n\r\n",
		w.rosterPath(), w.config.Addr, token); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, 1<<20) // a snapshot is one line
	if first := nextEvent(lines); first != "snapshot" {
		return nil, errors.Join(fmt.Errorf("a stream began with %q", first), lines.Err(), conn.Close())
	}
	go tellEvents(lines, arrived)
	return conn, nil
}

// tellEvents tells each event by name, until the stream ends.
func tellEvents(lines *bufio.Scanner, arrived chan<- arrival) {
	for event := nextEvent(lines); event != ""; event = nextEvent(lines) {
		arrived <- arrival{event, time.Now()}
	}
}

// nextEvent is the name of the next event; empty at the end of the stream. The data is never copied: a thousand readers'
// garbage would be collected in the process that is measured.
func nextEvent(lines *bufio.Scanner) string {
	for lines.Scan() {
		if event, ok := bytes.CutPrefix(lines.Bytes(), []byte("event: ")); ok {
			return string(event)
		}
	}
	return ""
}

// expect waits until every stream has read the event; others than pings are a fault.
func expect(arrived <-chan arrival, event string, each func(time.Time)) error {
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	for seen := 0; seen < openStreams; {
		select {
		case a := <-arrived:
			switch a.event {
			case event:
				seen++
				each(a.at)
			case "ping":
			default:
				return fmt.Errorf("a stream read %s instead of %s", a.event, event)
			}
		case <-late.C:
			return fmt.Errorf("%d of %d streams read %s", seen, openStreams, event)
		}
	}
	return nil
}
