package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

const (
	doorPath     = "/api/v1/entry" // public, one row of one table; whoever sends a token is asked who they are first
	doorClients  = 8
	doorReads    = 8000
	doorPrograms = 40 // each may ask 300 times a minute
	doorLetters  = 30_000
	guessers     = 4 // more than hash at once, so that a queue stands
	pacedReads   = 300
	pacedClients = 4
	pace         = 5 * time.Millisecond
)

// measureDoor compares one route with and without signing in, counts letters, and looks how long others wait while
// passwords are hashed.
func measureDoor(ctx context.Context, folder string) ([]figure, error) {
	options := db.Options{File: filepath.Join(folder, "base.db")}
	w, err := newWorld(ctx, options, folder)
	if err != nil {
		return nil, err
	}
	programs, err := w.makePrograms(ctx, options)
	if err != nil {
		return nil, err
	}
	stop, err := w.serve(options)
	if err != nil {
		return nil, err
	}
	reads, err := w.measureReads(programs)
	var hashing []figure
	if err == nil {
		hashing, err = w.measureHashing()
	}
	if err = errors.Join(err, stop()); err != nil {
		return nil, err
	}
	letters, err := w.measureLetters(ctx, options)
	return append(append(reads, letters...), hashing...), err
}

// makePrograms gives the tokens of as many programs.
func (w *world) makePrograms(ctx context.Context, options db.Options) (tokens []string, err error) {
	a, err := w.open(options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	ctx = db.InSchool(ctx, w.school)
	office, err := w.staff(ctx, a, authz.Office, 0)
	if err != nil {
		return nil, err
	}
	actor := authz.Actor{School: w.school, Account: office, Role: authz.Office}
	for i := range doorPrograms {
		made, err := a.Accounts.MakeAPIToken(ctx, actor, account.NewAPIToken{Name: fmt.Sprintf("Anzeige %d", i), Scopes: authz.AllScopes})
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, string(made.Secret))
	}
	return tokens, nil
}

// caller makes a request that of somebody.
type caller func(request *fasthttp.Request, n int)

func (w *world) measureReads(programs []string) ([]figure, error) {
	nobody := func(*fasthttp.Request, int) {}
	callers := map[string]caller{
		"one": func(r *fasthttp.Request, _ int) { r.Header.SetCookie("__Host-einv_access", w.token) },
		"many": func(r *fasthttp.Request, n int) {
			r.Header.SetCookie("__Host-einv_access", w.guardians[n%len(w.guardians)].token)
		},
		"programs": func(r *fasthttp.Request, n int) {
			r.Header.Set("Authorization", "Bearer "+programs[n%len(programs)])
		},
	}
	if _, err := w.reads(nobody); err != nil { // warms up
		return nil, err
	}
	ratios, speeds := map[string][]float64{}, []float64{}
	for range runs {
		for name, who := range callers {
			if name == "programs" && len(ratios[name]) > 0 {
				continue // they have asked as often as they may in this minute
			}
			free, err := w.reads(nobody)
			if err != nil {
				return nil, err
			}
			known, err := w.reads(who)
			if err != nil {
				return nil, err
			}
			ratios[name] = append(ratios[name], known.perSecond()/free.perSecond())
			speeds = append(speeds, free.perSecond())
		}
	}
	return []figure{
		{name: "reads of one row without signing in, 8 clients", value: middle(speeds), unit: "/s"},
		{name: "the same signed in, one session", value: middle(ratios["one"]), limit: 0.5},
		{name: "the same signed in, 540 sessions by turns", value: middle(ratios["many"]), limit: 0.5},
		{name: "the same with API tokens, looked up each time", value: middle(ratios["programs"])},
	}, nil
}

func (w *world) reads(who caller) (outcome, error) {
	var turn atomic.Int64
	return spread(doorClients, make([]struct{}, doorReads), func(c *fasthttp.HostClient, _ struct{}) error {
		return w.read(c, who, int(turn.Add(1)))
	}, w.config.Addr)
}

func (w *world) read(c *fasthttp.HostClient, who caller, n int) error {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI("http://" + w.config.Addr + doorPath)
	who(request, n)
	if err := c.Do(request, response); err != nil {
		return err
	}
	if response.StatusCode() != fasthttp.StatusOK {
		return fmt.Errorf("a read got %d: %s", response.StatusCode(), response.Body())
	}
	return nil
}

// measureLetters issues as many letters as a large deployment prints at once.
func (w *world) measureLetters(ctx context.Context, options db.Options) (figures []figure, err error) {
	a, err := w.open(options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	took, err := issueLetters(db.InSchool(ctx, w.school), a)
	return []figure{{name: "30,000 letters issued", value: took.Seconds(), unit: "s", limit: 30, atMost: true}}, err
}

func issueLetters(ctx context.Context, a *app.App) (time.Duration, error) {
	recipients := make([]account.Recipient, doorLetters)
	for i := range recipients {
		recipients[i].Person = id.GuardianOf(id.New[id.Guardian]())
	}
	began := time.Now()
	issued, err := a.Accounts.IssueForSystem(ctx, recipients)
	if err == nil && len(issued) != doorLetters {
		err = fmt.Errorf("%d letters were issued", len(issued))
	}
	return time.Since(began), err
}

// measureHashing sends reads at an even pace, with and without somebody beside them who tries passwords as fast as they
// are hashed. How many are hashed at once, a test of package account counts.
func (w *world) measureHashing() ([]figure, error) {
	var alone, beside, delays, guesses []float64
	for range runs {
		quiet, err := w.pacedReads()
		if err != nil {
			return nil, err
		}
		tried, loud, err := w.besideGuessers()
		if err != nil {
			return nil, err
		}
		alone, beside = append(alone, quiet.percentile(0.99)), append(beside, loud.percentile(0.99))
		delays = append(delays, loud.percentile(0.99)-quiet.percentile(0.99))
		guesses = append(guesses, float64(tried)/loud.took.Seconds())
	}
	return []figure{
		{name: "passwords hashed beside reads", value: middle(guesses), unit: "/s"},
		{name: "a paced read's 99th percentile alone", value: middle(alone), unit: "ms"},
		{name: "a paced read's 99th percentile beside hashing", value: middle(beside), unit: "ms"},
		{name: "what hashing adds to the 99th percentile", value: middle(delays), unit: "ms", limit: 50, atMost: true},
	}, nil
}

// pacedReads leaves a pause after each read, which is no part of what is measured.
func (w *world) pacedReads() (outcome, error) {
	var mu sync.Mutex
	var waits []time.Duration
	all, err := spread(pacedClients, make([]struct{}, pacedClients*pacedReads), func(c *fasthttp.HostClient, _ struct{}) error {
		at := time.Now()
		err := w.read(c, func(*fasthttp.Request, int) {}, 0)
		mu.Lock()
		waits = append(waits, time.Since(at))
		mu.Unlock()
		time.Sleep(pace)
		return err
	}, w.config.Addr)
	slices.Sort(waits)
	all.waits = waits
	return all, err
}

// besideGuessers reads while others guess.
func (w *world) besideGuessers() (tried int64, reads outcome, err error) {
	done := make(chan struct{})
	var guessing sync.WaitGroup
	var count atomic.Int64
	failed := make(chan error, guessers)
	for range guessers {
		guessing.Go(func() {
			client := &fasthttp.HostClient{Addr: w.config.Addr, MaxConns: 1}
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := w.guess(client); err != nil {
					failed <- err
					return
				}
				count.Add(1)
			}
		})
	}
	reads, err = w.pacedReads()
	close(done)
	guessing.Wait()
	close(failed)
	for one := range failed {
		err = errors.Join(err, one)
	}
	return count.Load(), reads, err
}

// guess tries a password of an address that nobody has, which is hashed all the same.
func (w *world) guess(client *fasthttp.HostClient) error {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI("http://" + w.config.Addr + "/api/v1/session/password")
	request.Header.SetMethod("POST")
	request.Header.SetContentType("application/json")
	request.SetBodyString(fmt.Sprintf(`{"email": "%s@messung.example", "password": "geraten"}`, id.New[id.Account]()))
	if err := client.Do(request, response); err != nil {
		return err
	}
	if response.StatusCode() != fasthttp.StatusUnauthorized {
		return fmt.Errorf("a guess got %d: %s", response.StatusCode(), response.Body())
	}
	return nil
}
