package conference

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"einverstanden/backend/fault"
	"einverstanden/backend/outbound"
)

const (
	answersWithin = 4 * time.Second // one call; with its repetition it stays below the ten seconds of a request of ours
	largestList   = 8 << 20         // bytes of a list of all open rooms: 3,000 people are 1.5 MiB
	mostServers   = 1000            // remembered at once
)

// Client calls conference servers. It is safe for concurrent use, and a process needs only one.
type Client struct {
	out    *outbound.Client
	clock  func() time.Time
	within time.Duration

	mu       sync.Mutex
	breakers map[string]*breaker // by the server's address
}

// NewClient takes the client that all calls go through, and the clock by which servers rest.
func NewClient(out *outbound.Client, clock func() time.Time) *Client {
	return &Client{out: out, clock: clock, within: answersWithin, breakers: map[string]*breaker{}}
}

// Within gives each call that long instead of four seconds.
func (c *Client) Within(call time.Duration) *Client {
	c.within = call
	return c
}

// Create makes the room, or finds it made by the same call before.
func (c *Client) Create(ctx context.Context, server Server, params Params) (Made, error) {
	a, err := c.call(ctx, server, "create", string(params))
	if err != nil {
		return Made{}, err
	}
	return a.made()
}

// End asks the server to end the room; it goes on for some seconds. A room that is not there has ended.
func (c *Client) End(ctx context.Context, server Server, room string) error {
	_, err := c.call(ctx, server, "end", url.Values{"meetingID": {room}}.Encode())
	if errors.Is(err, errNotFound) {
		return nil
	}
	return err
}

// Info tells who is in the room; ok is false when it is not open.
func (c *Client) Info(ctx context.Context, server Server, room string) (open Open, ok bool, err error) {
	a, err := c.call(ctx, server, "getMeetingInfo", url.Values{"meetingID": {room}}.Encode())
	if errors.Is(err, errNotFound) || err == nil && a.Ended == "true" {
		return Open{}, false, nil
	}
	if err != nil {
		return Open{}, false, err
	}
	open, err = a.open()
	return open, err == nil, err
}

// Meetings tells of all open rooms on the server, whoever made them, by their ids: one call for however many.
func (c *Client) Meetings(ctx context.Context, server Server) (map[string]Open, error) {
	a, err := c.call(outbound.WithAnswerOf(ctx, largestList), server, "getMeetings", "")
	if err != nil {
		return nil, err
	}
	all := make(map[string]Open, len(a.Meetings))
	for _, m := range a.Meetings {
		if m.Ended == "true" {
			continue
		}
		open, err := m.open()
		if err != nil {
			return nil, err
		}
		all[open.ID] = open
	}
	return all, nil
}

// call makes a call, and repeats it once where nobody answered: every call of ours may be repeated. Where the server is
// left alone from now on, the error says for how long.
func (c *Client) call(ctx context.Context, server Server, call, query string) (answer, error) {
	b := c.breakerOf(server.URL)
	if wait, ok := b.allows(c.clock()); !ok {
		return answer{}, fault.Wrap(fault.HostUnreachable, errResting).After(wait)
	}
	a, err := c.once(ctx, server, call, query)
	if fault.Has(err, fault.HostUnreachable) && ctx.Err() == nil {
		a, err = c.once(ctx, server, call, query)
	}
	switch {
	case err == nil, fault.Has(err, fault.ConferenceFailed), fault.Has(err, fault.ConferenceRefused):
		b.hears(c.clock(), true)
	case ctx.Err() == nil && !fault.Has(err, fault.HostRefused): // a caller who hangs up says nothing about the server
		return a, after(err, b.hears(c.clock(), false))
	}
	return a, err
}

// after says when trying again may help.
func after(err error, wait time.Duration) error {
	var known *fault.Error
	if errors.As(err, &known) && wait > 0 {
		return known.After(wait)
	}
	return err
}

var (
	errResting = errors.New("conference: the server has failed several times and is left alone for a while")
	errStatus  = errors.New("conference: not the status of an answer")
)

func (c *Client) once(ctx context.Context, server Server, call, query string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.address(call, query), nil)
	if err != nil {
		return answer{}, fault.New(fault.HostRefused) // the cause would hold the address
	}
	got, err := c.out.Do(request)
	if err != nil {
		return answer{}, err
	}
	if got.Status != http.StatusOK {
		return answer{}, fault.Wrap(fault.HostAnswer, errStatus)
	}
	return parse(call, got.Body)
}

func (c *Client) breakerOf(address string) *breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.breakers[address]
	if b == nil {
		if len(c.breakers) >= mostServers {
			clear(c.breakers)
		}
		b = &breaker{}
		c.breakers[address] = b
	}
	return b
}
