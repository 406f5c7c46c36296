package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	slowConnections = 500
	slowLimit       = 10.0 // seconds
	patience        = 30 * time.Second
)

// drillSlowloris is checklist A15: connections that send a byte a second, and another client meanwhile.
func drillSlowloris(ctx context.Context, d *demo) ([]figure, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var lives []time.Duration
	var failed error
	var open sync.WaitGroup
	for range slowConnections {
		open.Go(func() {
			life, err := trickle(ctx, d.address)
			mu.Lock()
			defer mu.Unlock()
			lives, failed = append(lives, life), errors.Join(failed, err)
		})
	}
	ended := make(chan struct{})
	go func() {
		open.Wait()
		close(ended)
	}()
	var others sample
	client := d.client()
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for running := true; running; {
		select {
		case <-ended:
			running = false
		case <-pace.C:
			status, took, err := d.do(client, call{"GET", "/me", nil, d.office})
			if err != nil {
				return nil, err
			}
			others.add(status, took)
		}
	}
	if failed != nil {
		return nil, failed
	}
	slow := sample{waits: lives}
	return []figure{
		atLeast(slowConnections, figure{name: "slow connections closed", value: float64(len(lives))}),
		// The program looks at the clock when the first byte has come, hence the second more.
		atMost(slowLimit+1, figure{name: "the longest of them lived", value: slow.percentile(1) / 1000, unit: "s"}),
		atMost(0, figure{name: "another client's requests that failed", value: float64(others.count() - others.by(200))}),
		atMost(300, figure{name: "another client's 99th percentile", value: others.percentile(0.99), unit: "ms"}),
	}, nil
}

// trickle sends a head that never ends, and tells how long the server listened.
func trickle(ctx context.Context, address string) (time.Duration, error) {
	conn, err := net.Dial("tcp", address) //nolint:gosec // the address of the demo that we have started
	if err != nil {
		return 0, err
	}
	began := time.Now()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, conn) // however it ends
	}()
	byByte := time.NewTicker(time.Second)
	defer byByte.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	head := []byte("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ")
	for i := 0; ; i++ {
		next := byte('a')
		if i < len(head) {
			next = head[i]
		}
		_, _ = conn.Write([]byte{next}) // fails once the server has gone; then gone tells
		select {
		case <-gone:
			return time.Since(began), conn.Close()
		case <-late.C:
			return 0, errors.Join(errors.New("a slow connection was never closed"), conn.Close())
		case <-ctx.Done():
			return 0, errors.Join(ctx.Err(), conn.Close())
		case <-byByte.C:
		}
	}
}
