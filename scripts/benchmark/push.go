package main

import (
	"bufio"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"einverstanden/backend/outbound"
	"einverstanden/backend/push"
	"einverstanden/backend/vault"
)

const (
	pushMessages  = 8000
	pushRounds    = 3
	pushAtOnce    = 64
	pushGuardians = 3000 // of one school
	pushAnswer    = 50 * time.Millisecond
	pushSinkArg   = "push-sink"
)

// pushSink is a push service in a process of its own, so that its work is not counted: it takes everything, below /slow/
// after a while. It prints its address and the file of its certificate, and ends with its input.
func pushSink(folder string) error {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasPrefix(r.URL.Path, "/slow/") {
			time.Sleep(pushAnswer)
		}
		w.WriteHeader(http.StatusCreated)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(folder, "sink.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil { //nolint:gosec // the folder is ours, made by measure
		return err
	}
	_, err := fmt.Fprintf(os.Stdout, "%s %s\n", server.URL, file)
	_, ended := io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, ended)
}

// measurePush sends encrypted messages through the product's own sender and client to a sink on this machine.
func measurePush(ctx context.Context, folder string) ([]figure, error) {
	sink := exec.CommandContext(ctx, os.Args[0], pushSinkArg, folder) //nolint:gosec // this very program
	in, err1 := sink.StdinPipe()
	out, err2 := sink.StdoutPipe()
	if err := errors.Join(err1, err2, sink.Start()); err != nil {
		return nil, err
	}
	var url, file string
	_, err := fmt.Fscan(bufio.NewReader(out), &url, &file)
	if err == nil {
		err = os.Setenv("SSL_CERT_FILE", file) // before anything has looked for certificates
	}
	var figures []figure
	if err == nil {
		figures, err = measurePushTo(ctx, url)
	}
	return figures, errors.Join(err, in.Close(), sink.Wait())
}

func measurePushTo(ctx context.Context, url string) ([]figure, error) {
	b, err := newPushBench(url)
	if err != nil {
		return nil, err
	}
	if _, err := b.send(ctx, "/fast/", push.High, pushMessages/4); err != nil { // connections are made
		return nil, err
	}
	if _, err := b.library(ctx, pushMessages/4); err != nil {
		return nil, err
	}
	var ours, shares []float64
	for range pushRounds {
		sender, err := b.send(ctx, "/fast/", push.High, pushMessages)
		if err != nil {
			return nil, err
		}
		library, err := b.library(ctx, pushMessages)
		if err != nil {
			return nil, err
		}
		ours = append(ours, pushMessages/sender.processor.Seconds())
		shares = append(shares, library.processor.Seconds()/sender.processor.Seconds())
	}
	school, err := b.send(ctx, "/slow/", push.Normal, pushGuardians)
	if err != nil {
		return nil, err
	}
	theirs, err := b.comparePush(ctx)
	return []figure{
		{name: "encrypted messages per second of one processor", value: middle(ours), limit: 5500},
		{name: "of what webpush-go alone sends over HTTP/2", value: middle(shares), limit: libraryShare},
		{name: "the same by npm web-push", value: theirs},
		{name: "3,000 guardians, a service that answers after 50 ms", value: school.wall.Seconds(), unit: "s", limit: 4, atMost: true},
	}, err
}

type pushBench struct {
	sender *push.Sender
	to     push.Target
	url    string
}

func newPushBench(url string) (*pushBench, error) {
	key, err1 := vault.NewVAPIDKey()
	browser, err2 := ecdh.P256().GenerateKey(rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	host := strings.TrimPrefix(url, "https://")
	gate := func(endpoint string) (push.Address, error) {
		return push.Address{URL: endpoint, Origin: url, Host: host}, nil
	}
	client := outbound.New([]string{host}, "benchmark")
	return &pushBench{
		sender: push.NewSender(client.HTTP(), gate, "push@schule.example", time.Now, slog.New(slog.DiscardHandler)), url: url,
		to: push.Target{
			P256dh: base64.RawURLEncoding.EncodeToString(browser.PublicKey().Bytes()), Auth: "AAAAAAAAAAAAAAAAAAAAAA", Key: key,
		},
	}, nil
}

const pushPayload = `{"web_push":8030,"notification":{"title":"Einverstanden","body":"Eine Einwilligung wartet auf Sie."}}`

type pushCost struct{ wall, processor time.Duration }

// send sends n messages, many at once, and tells what that cost this process. Those that hurry are not paced.
func (b *pushBench) send(ctx context.Context, path string, urgency push.Urgency, n int64) (pushCost, error) {
	message := push.Message{Payload: []byte(pushPayload), TTL: time.Hour, Urgency: urgency}
	to := b.to
	to.Endpoint = b.url + path
	return atOnce(n, func() error {
		outcome, err := b.sender.Send(ctx, to, message)
		if err == nil && outcome.Verdict != push.Accepted {
			err = fmt.Errorf("a message got %v", outcome)
		}
		return err
	})
}

// atOnce sends n messages, many at once.
func atOnce(n int64, send func() error) (pushCost, error) {
	before, began := processorTime(), time.Now()
	var next, lost atomic.Int64
	var wait sync.WaitGroup
	for range pushAtOnce {
		wait.Go(func() {
			for next.Add(1) <= n {
				if send() != nil {
					lost.Add(1)
				}
			}
		})
	}
	wait.Wait()
	cost := pushCost{wall: time.Since(began), processor: processorTime() - before}
	if lost.Load() > 0 {
		return cost, fmt.Errorf("%d messages were not accepted", lost.Load())
	}
	return cost, nil
}

func processorTime() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // it fails for a wrong argument alone
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// comparePush gives the messages per second of one processor of the most used sender of another language.
func (b *pushBench) comparePush(ctx context.Context) (perSecond float64, err error) {
	settings, err := json.Marshal(map[string]any{
		"endpoint": b.url + "/fast/", "p256dh": b.to.P256dh, "auth": b.to.Auth, "payload": pushPayload, "messages": pushMessages / 4,
		"publicKey": b.to.Key.PublicText(), "privateKey": b.to.Key.PrivateText(),
	})
	if err != nil {
		return 0, err
	}
	script := exec.CommandContext(ctx, "node", "--no-warnings", "scripts/push/rate.js")
	script.Stdin = strings.NewReader(string(settings))
	script.Env = append(os.Environ(), "NODE_TLS_REJECT_UNAUTHORIZED=0")
	script.Stderr = os.Stderr
	out, err := script.Output()
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(out), &perSecond)
	return perSecond, err
}
