package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"einverstanden/backend/id"
)

// outcome is what a load measured.
type outcome struct {
	count int
	took  time.Duration
	waits []time.Duration // of each request, shortest first
}

func (o outcome) perSecond() float64 { return float64(o.count) / o.took.Seconds() }

// percentile of the waits, in milliseconds.
func (o outcome) percentile(p float64) float64 {
	if len(o.waits) == 0 {
		return 0
	}
	at := min(len(o.waits)-1, int(float64(len(o.waits))*p))
	return float64(o.waits[at].Microseconds()) / 1000
}

// spread runs work for every item, by so many clients at once, each with a connection of its own.
func spread[T any](clients int, items []T, work func(c *fasthttp.HostClient, item T) error, address string) (outcome, error) {
	queue := make(chan T, len(items))
	for _, item := range items {
		queue <- item
	}
	close(queue)
	var mu sync.Mutex
	var all outcome
	var failed error
	var wait sync.WaitGroup
	began := time.Now()
	for range clients {
		wait.Go(func() {
			client := &fasthttp.HostClient{Addr: address, MaxConns: 1}
			var waits []time.Duration
			var err error
			for item := range queue {
				at := time.Now()
				if err = work(client, item); err != nil {
					break
				}
				waits = append(waits, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			all.waits = append(all.waits, waits...)
			if err != nil {
				failed = err
			}
		})
	}
	wait.Wait()
	all.took, all.count = time.Since(began), len(all.waits)
	slices.Sort(all.waits)
	return all, failed
}

// rounds are how often each guardian decides while it is measured: yes with a drawn signature, no, yes, no. More than
// ten a day are refused.
const rounds = 6

// decide lets every guardian decide so many times.
func (w *world) decide(clients, rounds int) (outcome, error) {
	var all outcome
	for range rounds {
		one, err := spread(clients, w.guardians, w.decideOnce, w.config.Addr)
		if err != nil {
			return all, err
		}
		all.count += one.count
		all.took += one.took
		all.waits = append(all.waits, one.waits...)
	}
	slices.Sort(all.waits)
	return all, nil
}

type point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

type body map[string]any

// drawn is a signature of three strokes and 90 points.
var drawn = func() body {
	var strokes [][]point
	for s := range 3 {
		var stroke []point
		for i := range 30 {
			stroke = append(stroke, point{20 + s*90 + i*3, 60 + (i*37)%41})
		}
		strokes = append(strokes, stroke)
	}
	return body{"kind": "drawn", "width": 320, "height": 160, "strokes": strokes}
}()

func (w *world) decideOnce(client *fasthttp.HostClient, g *guardian) error {
	wanted := body{"answer": "none", "formVersion": w.version, "textSha256": w.textHash, "language": "de", "after": nil, "relation": "together"}
	if g.now.last != "" {
		wanted["after"] = g.now.last
	}
	if g.now.turn%2 == 0 {
		wanted["answer"], wanted["signature"] = "video", drawn
	}
	g.now.turn++
	content, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	w.address(request, "/api/v1/children/"+string(g.pupil)+"/decisions", g.token)
	request.Header.SetMethod("POST")
	request.Header.SetContentType("application/json")
	request.Header.Set("Idempotency-Key", string(id.New[id.Decision]()))
	request.SetBody(content)
	if err := client.Do(request, response); err != nil {
		return err
	}
	if response.StatusCode() != 201 {
		return fmt.Errorf("a decision got %d: %s", response.StatusCode(), response.Body())
	}
	var made struct{ Decision, Receipt struct{ ID string } }
	err = json.Unmarshal(response.Body(), &made)
	g.now.last, g.now.receipt = made.Decision.ID, made.Receipt.ID
	return err
}

// address fills in what every request of a browser carries.
func (w *world) address(request *fasthttp.Request, path, token string) {
	request.SetRequestURI("http://" + w.config.Addr + path)
	request.Header.Set("Origin", "http://"+w.config.Addr)
	request.Header.Set("X-App", "1")
	request.Header.SetCookie("__Host-einv_access", token)
}

// get fetches a page and gives back its body.
func (w *world) get(client *fasthttp.HostClient, path, token string) ([]byte, error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	w.address(request, path, token)
	if err := client.Do(request, response); err != nil {
		return nil, err
	}
	if response.StatusCode() != 200 {
		return nil, fmt.Errorf("%s got %s: %s", path, strconv.Itoa(response.StatusCode()), response.Body())
	}
	return append([]byte{}, response.Body()...), nil
}
