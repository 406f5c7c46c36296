package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"einverstanden/backend/db"
)

const (
	rosterClients  = 8
	rosterRequests = 2000
)

// measureRoster compares the roster of a class of 30 with a bare route that runs the same queries through database/sql
// and answers as many bytes.
func measureRoster(ctx context.Context, folder string) ([]figure, error) {
	inner, err := driverOf("sqlite")
	if err != nil {
		return nil, err
	}
	recorded := register("sqlite-roster", inner)
	w, base, err := newSQLiteWorld(ctx, folder)
	if err != nil {
		return nil, err
	}
	if err = w.answerOnce(base); err != nil {
		return nil, err
	}
	queries, answer, err := w.recordRoster(base, recorded)
	if err != nil {
		return nil, err
	}
	var plain, kept, speeds, waits []float64
	for range runs {
		ours, err := w.loadRoster(base)
		if err != nil {
			return nil, err
		}
		for _, prepare := range []bool{false, true} {
			theirs, err := loadBareRoute(ctx, base, queries, len(answer), prepare)
			if err != nil {
				return nil, err
			}
			ratio := ours.perSecond() / theirs.perSecond()
			if prepare {
				kept = append(kept, ratio)
			} else {
				plain = append(plain, ratio)
			}
		}
		speeds, waits = append(speeds, ours.perSecond()), append(waits, ours.percentile(0.99))
	}
	return []figure{
		{name: "rosters of 30 over HTTP, 8 clients", value: middle(speeds), unit: "/s"},
		{name: "a roster's 99th percentile", value: middle(waits), unit: "ms"},
		{name: "of the same queries through database/sql", value: middle(plain), limit: 0.5},
		{name: "of the same queries, each kept prepared", value: middle(kept)},
	}, nil
}

// answerOnce lets every guardian say yes.
func (w *world) answerOnce(file string) error {
	stop, err := w.serve(db.Options{File: file})
	if err != nil {
		return err
	}
	_, err = w.decide(4, 1)
	return errors.Join(err, stop())
}

func (w *world) rosterPath() string { return "/api/v1/meetings/" + string(w.meeting) + "/roster" }

// recordRoster gives what one roster asks of the database, and its answer.
func (w *world) recordRoster(file string, recorded *recorder) (queries []transaction, answer []byte, err error) {
	stop, err := w.serve(db.Options{File: file, Driver: "sqlite-roster"})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	client := &fasthttp.HostClient{Addr: w.config.Addr}
	if _, err = w.get(client, w.rosterPath(), w.token); err != nil {
		return nil, nil, err
	}
	recorded.take()
	if answer, err = w.get(client, w.rosterPath(), w.token); err != nil {
		return nil, nil, err
	}
	for _, t := range recorded.take() {
		if !strings.HasPrefix(t[0].sql, "PRAGMA") && !strings.HasPrefix(t[0].sql, "SAVEPOINT") { // the watch for other processes, and what tidies, run all the time
			queries = append(queries, t)
		}
	}
	if rows := strings.Count(string(answer), `"mode"`); rows != classSize {
		err = fmt.Errorf("the roster has %d rows instead of %d", rows, classSize)
	}
	return queries, answer, err
}

func (w *world) loadRoster(file string) (outcome, error) {
	stop, err := w.serve(db.Options{File: file})
	if err != nil {
		return outcome{}, err
	}
	measured, err := spread(rosterClients, make([]struct{}, rosterRequests), func(c *fasthttp.HostClient, _ struct{}) error {
		_, err := w.get(c, w.rosterPath(), w.token)
		return err
	}, w.config.Addr)
	return measured, errors.Join(err, stop())
}

// loadBareRoute answers with the given number of bytes after the queries, on as many connections as package db has.
func loadBareRoute(ctx context.Context, file string, queries []transaction, length int, prepare bool) (measured outcome, err error) {
	players, closePlayers, err := openPlayers(ctx, file, max(4, runtime.NumCPU()), prepare)
	if err != nil {
		return outcome{}, err
	}
	defer func() { err = errors.Join(err, closePlayers()) }()
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	answer := strings.Repeat("x", length)
	app.Get("/roster", func(c *fiber.Ctx) error {
		p := <-players
		defer func() { players <- p }()
		for _, t := range queries {
			if err := p.play(c.Context(), t); err != nil {
				return err
			}
		}
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.SendString(answer)
	})
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return outcome{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(listener) }()
	measured, err = spread(rosterClients, make([]struct{}, rosterRequests), func(c *fasthttp.HostClient, _ struct{}) error {
		status, body, err := c.Get(nil, "http://"+listener.Addr().String()+"/roster")
		if err == nil && (status != fiber.StatusOK || len(body) != length) {
			err = fmt.Errorf("the bare route answered %d with %d bytes: %s", status, len(body), body)
		}
		return err
	}, listener.Addr().String())
	return measured, errors.Join(err, app.Shutdown(), <-ended)
}

// openPlayers opens reading connections.
func openPlayers(ctx context.Context, file string, count int, prepare bool) (players chan *player, closeAll func() error, err error) {
	pool, err := sql.Open("sqlite", "file:"+file+pragmas)
	if err != nil {
		return nil, nil, err
	}
	players = make(chan *player, count)
	for range count {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return nil, nil, errors.Join(err, pool.Close())
		}
		players <- &player{conn: conn, prepare: prepare, kept: map[string]*sql.Stmt{}}
	}
	return players, func() error {
		var errs []error
		for range count {
			errs = append(errs, (<-players).conn.Close())
		}
		return errors.Join(append(errs, pool.Close())...)
	}, nil
}
