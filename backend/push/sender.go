package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/SherClockHolmes/webpush-go"
)

// The limits of a message.
const (
	recordSize  = 2048 // bytes of every body, padding included: Firefox for Android fails from 3070 on
	MaxPayload  = 900  // bytes of JSON
	shortestTTL = time.Minute
	longestTTL  = 28 * 24 * time.Hour
	maxAnswer   = 4 << 10 // bytes that are read of an answer
)

// Urgency says how much of a device's battery a message is worth (RFC 8030, 5.3).
type Urgency string

// The urgencies in use.
const (
	Normal Urgency = "normal"
	High   Urgency = "high"
)

// Message is what one browser gets.
type Message struct {
	Payload []byte        // JSON, at most MaxPayload bytes
	TTL     time.Duration // how long a service keeps it for a browser that is away
	Urgency Urgency
	Topic   string // 32 hexadecimal digits: a later message of the topic replaces an earlier one; empty: none
}

// Faults of the caller; nothing was sent.
var (
	ErrTooLong = errors.New("push: the payload is too long")
	ErrTopic   = errors.New("push: a topic is 32 hexadecimal digits")
	ErrKeys    = errors.New("push: the subscription's keys are damaged")
)

// Client is what calls: outbound.Client.HTTP, with its dial gate, its deadlines, no proxy and no redirect followed.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Sender is the one way to a push service. It is safe for concurrent use; a process needs only one.
type Sender struct {
	client  Client
	gate    Gate
	contact string
	clock   func() time.Time
	log     *slog.Logger
	hosts   *hosts
	sleep   func(ctx context.Context, wait time.Duration) error
}

// NewSender needs the contact as Contact gives it.
func NewSender(client Client, gate Gate, contact string, clock func() time.Time, log *slog.Logger) *Sender {
	return &Sender{client: client, gate: gate, contact: contact, clock: clock, log: log, hosts: newHosts(clock), sleep: sleep}
}

// sleep ends early with ctx, and says so.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Send encrypts the message for the browser and hands it to the push service. An error means that nothing was sent, by a
// fault on our side; what a service says or does not say is an Outcome.
func (s *Sender) Send(ctx context.Context, to Target, m Message) (Outcome, error) {
	address, err := s.check(to, m)
	if err != nil {
		return Outcome{}, err
	}
	if wait := s.hosts.pausedFor(address.Host); wait > 0 {
		return Outcome{Verdict: Paused, Again: wait, Host: address.Host}, nil
	}
	if wait := s.turn(address.Host, m); wait > 0 {
		if err := s.sleep(ctx, wait); err != nil { // whoever cannot wait tries again
			return Outcome{Verdict: Paused, Again: wait, Host: address.Host}, nil
		}
	}
	outcome, err := s.post(ctx, address, to, m)
	if err == nil && outcome.Status == http.StatusUnauthorized { // each try signs anew
		outcome, err = s.post(ctx, address, to, m)
	}
	if err != nil {
		return Outcome{}, err
	}
	s.note(&outcome, to)
	return outcome, nil
}

// turn is how long the message waits for its turn; what hurries takes none.
func (s *Sender) turn(host string, m Message) time.Duration {
	if m.Urgency == High {
		return 0
	}
	return s.hosts.turn(host)
}

func (s *Sender) check(to Target, m Message) (Address, error) {
	address, err := s.gate(to.Endpoint)
	switch {
	case err != nil:
		return Address{}, err
	case len(m.Payload) > MaxPayload:
		return Address{}, ErrTooLong
	case m.Topic != "" && !isTopic(m.Topic):
		return Address{}, ErrTopic
	case !goodP256dh(to.P256dh) || !goodAuth(to.Auth):
		return Address{}, ErrKeys
	}
	return address, nil
}

func isTopic(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == 16 && hex.EncodeToString(raw) == text
}

// post calls the service once. The library's own client is never used: it has no deadline, asks the environment for a
// proxy and follows redirects to wherever they lead.
func (s *Sender) post(ctx context.Context, address Address, to Target, m Message) (Outcome, error) {
	response, err := webpush.SendNotificationWithContext(ctx,
		slices.Clip(m.Payload), // the library writes into spare capacity, which another message may share
		&webpush.Subscription{Endpoint: address.URL, Keys: webpush.Keys{P256dh: to.P256dh, Auth: to.Auth}},
		&webpush.Options{
			HTTPClient: s.client, RecordSize: recordSize, Subscriber: s.contact, Topic: m.Topic, Urgency: webpush.Urgency(m.Urgency),
			TTL:            int(min(max(m.TTL, shortestTTL), longestTTL) / time.Second),
			VAPIDPublicKey: to.Key.PublicText(), VAPIDPrivateKey: to.Key.PrivateText(),
		})
	if err != nil {
		var called *url.Error // it holds the whole endpoint
		if !errors.As(err, &called) {
			return Outcome{}, ErrKeys
		}
		return Outcome{Verdict: Unreachable, Host: address.Host, cause: called.Err}, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		body = nil // the status stands
	}
	return judge(address.Host, response, body, s.clock()), nil
}

// note keeps what the answer says about the service, and logs what an operator can do something about: host, the first
// digits of the endpoint's hash, and why, never the endpoint.
func (s *Sender) note(o *Outcome, to Target) {
	sum := sha256.Sum256([]byte(to.Endpoint))
	about := []any{"host", o.Host, "subscription", hex.EncodeToString(sum[:4]), "status", o.Status, "reason", o.Reason}
	change := s.hosts.note(o, sum)
	if change.clockOff != 0 {
		s.log.Warn("the clock differs from a push service's: tokens may be refused", "host", o.Host, "by", change.clockOff.String())
	}
	if change.stopped {
		s.log.Error("a push service refuses our key: nothing is sent to it for an hour", about...)
	}
	switch o.Verdict {
	case Unauthorized, Refused, TooLarge, Mismatched:
		s.log.Error("a push service refuses a message", about...)
	case Unreachable, Busy, Throttled:
		s.log.Warn("a push service takes nothing now", append(about, "cause", o.cause)...)
	case Accepted, Gone, Paused:
	}
}

// Counts tells what became of messages since the start, for each push service by its host.
func (s *Sender) Counts() map[string]Count { return s.hosts.counts() }
