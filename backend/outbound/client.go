package outbound

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"code.dny.dev/ssrf"

	"einverstanden/backend/fault"
)

const (
	dialWithin   = 5 * time.Second
	answerWithin = 10 * time.Second
	// MaxAnswer is how much of an answer is read, in bytes, where the caller does not ask for more.
	MaxAnswer  = 1 << 20
	maxHeader  = 16 << 10
	userAgent  = "Einverstanden/"
	perHost    = 64 // connections
	idleFor    = 90 * time.Second
	securePort = 443
)

// Client calls other servers. It is safe for concurrent use, and a process needs only one.
type Client struct{ http *http.Client }

// Answer is what came back: any status, redirects included. Body holds at most MaxAnswer bytes, or those of WithAnswerOf.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// New makes the client. private are the operator's hosts, as config reads them: host, which stands for the ports 80 and
// 443, or host:port. version is the program's, for the User-Agent.
func New(private []string, version string) *Client {
	return newClient(private, version, securePort)
}

// newClient lets through the given ports of public hosts.
func newClient(private []string, version string, ports ...uint16) *Client {
	hosts := newHosts(private)
	gate := ssrf.New(ssrf.WithPorts(ports...))
	guarded := &net.Dialer{Timeout: dialWithin, Control: gate.Safe}
	free := &net.Dialer{Timeout: dialWithin}
	return &Client{http: &http.Client{
		Timeout:       answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &transport{hosts: hosts, ports: ports, agent: userAgent + version, next: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if hosts.listed(address) {
					return free.DialContext(ctx, network, address)
				}
				return guarded.DialContext(ctx, network, address)
			},
			ForceAttemptHTTP2: true, // an own dialer switches it off otherwise
			MaxConnsPerHost:   perHost, IdleConnTimeout: idleFor, TLSHandshakeTimeout: dialWithin,
			ResponseHeaderTimeout: answerWithin, MaxResponseHeaderBytes: maxHeader, DisableCompression: true,
		}},
	}}
}

// HTTP is the client for libraries that want a *http.Client. Their errors hold the whole address, query included: take
// the fault out with errors.As, and log nothing else.
func (c *Client) HTTP() *http.Client { return c.http }

// Do sends the request, which must carry a context, and reads the whole answer.
func (c *Client) Do(request *http.Request) (Answer, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, faultOf(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, faultOf(err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Close lets go of connections that wait for another request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// transport judges each request before it leaves, and caps each answer.
type transport struct {
	hosts hosts
	ports []uint16
	agent string
	next  *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := t.check(request.URL); err != nil {
		return nil, errors.Join(err, closeBody(request))
	}
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", t.agent)
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, faultOf(err)
	}
	limit := answerOf(request.Context())
	if response.ContentLength > limit {
		return nil, errors.Join(fault.Wrap(fault.HostAnswer, errTooLong), response.Body.Close())
	}
	response.Body = &capped{ReadCloser: response.Body, left: limit}
	return response, nil
}

type answerKey struct{}

// WithAnswerOf lets the answers to the context's requests be as long as that, in bytes: for lists that are known to grow.
func WithAnswerOf(ctx context.Context, limit int64) context.Context {
	return context.WithValue(ctx, answerKey{}, limit)
}

func answerOf(ctx context.Context) int64 {
	if limit, ok := ctx.Value(answerKey{}).(int64); ok {
		return limit
	}
	return MaxAnswer
}

// CloseIdleConnections is what http.Client asks for.
func (t *transport) CloseIdleConnections() { t.next.CloseIdleConnections() }

func closeBody(request *http.Request) error {
	if request.Body == nil {
		return nil
	}
	return request.Body.Close()
}

var errTooLong = errors.New("outbound: the answer is too long")

// capped fails a byte after the limit, so that a cut answer is never taken for a whole one.
type capped struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.ReadCloser.Read(p)
	c.left -= int64(n)
	if c.left < 0 {
		return 0, fault.Wrap(fault.HostAnswer, errTooLong)
	}
	return n, err
}

// faultOf drops the address that net/http puts around every error: its query may hold secrets.
func faultOf(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return known
	}
	var around *url.Error
	if errors.As(err, &around) {
		err = around.Err
	}
	return fault.Wrap(fault.HostUnreachable, err)
}
