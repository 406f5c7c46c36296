package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// sample is a kind of request: how often it got which status, and how long it took.
type sample struct {
	mu       sync.Mutex
	statuses map[int]int
	waits    []time.Duration
	shed     []time.Duration // of the refused
}

func (s *sample) add(status int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.statuses == nil {
		s.statuses = map[int]int{}
	}
	s.statuses[status]++
	s.waits = append(s.waits, took)
	if status == 503 {
		s.shed = append(s.shed, took)
	}
}

func (s *sample) by(statuses ...int) (count int) {
	for _, status := range statuses {
		count += s.statuses[status]
	}
	return count
}

func (s *sample) count() int { return len(s.waits) }

func (s *sample) share(statuses ...int) float64 {
	return 100 * float64(s.by(statuses...)) / float64(max(1, s.count()))
}

// percentile of the waits, in milliseconds.
func (s *sample) percentile(p float64) float64 { return percentile(s.waits, p) }

func percentile(waits []time.Duration, p float64) float64 {
	if len(waits) == 0 {
		return 0
	}
	slices.Sort(waits)
	return float64(waits[min(len(waits)-1, int(float64(len(waits))*p))].Microseconds()) / 1000
}

const (
	peakClients   = 32  // as many as read at once
	crowd         = 640 // more than read at once and wait for it together, twice over
	exporters     = 24
	peakTime      = 10 * time.Second
	overloadTime  = 60 * time.Second
	withdrawEvery = 100 * time.Millisecond
)

// drillOverload is checklist H7: first what the program does at its best, then twice as many readers as it takes, with
// exports and withdrawals among them.
func drillOverload(ctx context.Context, d *demo) ([]figure, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	read := func() call { return call{"GET", "/pupils", nil, d.office} }
	export := func() call {
		return call{"POST", "/letters", map[string]any{"pupils": []string{d.known.IDs.Pupil}}, d.office}
	}
	withdraw := func() call {
		return call{"POST", "/children/" + d.known.IDs.Pupil + "/withdrawals", map[string]any{"extent": "all"}, d.guardian}
	}
	var peak, reading, exports, withdrawals sample
	if err := d.load(ctx, peakTime, group{peakClients, 0, read, &peak}); err != nil {
		return nil, err
	}
	err := d.load(ctx, overloadTime, group{crowd, 0, read, &reading}, group{exporters, 0, export, &exports}, group{1, withdrawEvery, withdraw, &withdrawals})
	if err != nil {
		return nil, err
	}
	best := float64(peak.by(200)) / peakTime.Seconds()
	good := float64(reading.by(200)+exports.by(200)+withdrawals.by(200, 201)) / overloadTime.Seconds()
	shed := slices.Concat(reading.shed, exports.shed, withdrawals.shed)
	return []figure{
		{name: "peak: answers with 32 readers", value: best, unit: "/s"},
		{name: "overload: requests made", value: float64(reading.count()+exports.count()+withdrawals.count()) / overloadTime.Seconds(), unit: "/s"},
		atLeast(80, figure{name: "overload: answers, of the peak", value: 100 * good / best, unit: "%"}),
		{name: "reading: refused", value: reading.share(503), unit: "%"},
		{name: "exports: refused", value: exports.share(503), unit: "%"},
		{name: "exports: carried out", value: float64(exports.by(200))},
		{name: "withdrawals: asked for", value: float64(withdrawals.count())},
		atMost(0, figure{name: "withdrawals: not carried out", value: float64(withdrawals.count() - withdrawals.by(200, 201))}),
		{name: "withdrawals: 99th percentile", value: withdrawals.percentile(0.99), unit: "ms"},
		{name: "refused: median", value: percentile(shed, 0.5), unit: "ms"},
		{name: "refused: 99th percentile, on shared processors", value: percentile(shed, 0.99), unit: "ms"},
		atMost(0, figure{name: "neither an answer nor a refusal", value: float64(reading.count() + exports.count() - reading.by(200, 503) - exports.by(200, 503))}),
	}, nil
}

// group is so many clients of one kind, who ask again when they have an answer, every so often at most.
type group struct {
	clients int
	every   time.Duration
	next    func() call
	seen    *sample
}

// afterRefusal is how soon an impatient client asks again; Retry-After asks for seconds.
const afterRefusal = 50 * time.Millisecond

func (d *demo) load(ctx context.Context, length time.Duration, groups ...group) error {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for _, g := range groups {
		for range g.clients {
			all.Go(func() {
				err := d.askOn(ctx, g)
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, err)
			})
		}
	}
	all.Wait()
	return failed
}

func (d *demo) askOn(ctx context.Context, g group) error {
	client := d.client()
	defer client.CloseIdleConnections()
	for ctx.Err() == nil {
		status, took, err := d.do(client, g.next())
		if err != nil {
			return err
		}
		g.seen.add(status, took)
		pause := g.every
		if status >= 300 || status == 0 {
			pause = max(pause, afterRefusal)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}
