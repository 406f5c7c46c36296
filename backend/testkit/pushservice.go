package testkit

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// PushService plays a push service on the loopback address, and is stricter than any real one: whatever RFC 8030, 8188,
// 8291 and 8292 want and push.md adds is checked in every message, and what is wrong fails the test.
type PushService struct {
	*httptest.Server
	tb testing.TB

	mu        sync.Mutex
	browsers  map[string]*PushBrowser
	forbidden []string
}

// PushBrowser is a browser that has subscribed, seen from its push service.
type PushBrowser struct {
	Endpoint, P256dh, Auth string

	key     string // applicationServerKey
	private *ecdh.PrivateKey
	auth    []byte

	mu     sync.Mutex
	answer http.HandlerFunc
	calls  int
	got    []PushMessage
}

// PushMessage is a message as its browser decrypts it.
type PushMessage struct {
	TTL            int
	Topic, Urgency string
	Plain          []byte
	Payload        map[string]any
}

// NewPushService starts one; no message may hold one of the forbidden words.
func NewPushService(tb testing.TB, forbidden ...string) *PushService {
	tb.Helper()
	s := &PushService{tb: tb, browsers: map[string]*PushBrowser{}, forbidden: forbidden}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.EnableHTTP2 = true
	s.StartTLS()
	tb.Cleanup(s.Close)
	return s
}

// Host is the service's host and port.
func (s *PushService) Host() string { return strings.TrimPrefix(s.URL, "https://") }

// Subscribe makes a browser that has subscribed with the application's key.
func (s *PushService) Subscribe(key string) *PushBrowser {
	s.tb.Helper()
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		s.tb.Fatal(err)
	}
	token := rand.Text()
	b := &PushBrowser{
		Endpoint: s.URL + "/wpush/v2/" + token, P256dh: base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()),
		auth: []byte(rand.Text())[:16], key: key, private: private,
	}
	b.Auth = base64.RawURLEncoding.EncodeToString(b.auth)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.browsers[token] = b
	return b
}

// Answers makes the service answer messages to the browser in another way than 201.
func (b *PushBrowser) Answers(with http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = with
}

// AnswersStatus is Answers by a status and a header's name and value, if any.
func (b *PushBrowser) AnswersStatus(status int, header ...string) {
	b.Answers(func(w http.ResponseWriter, _ *http.Request) {
		for pair := range slices.Chunk(header, 2) {
			w.Header().Set(pair[0], pair[1])
		}
		w.WriteHeader(status)
	})
}

// Got are the messages that the browser was sent, those that the service refused left out.
func (b *PushBrowser) Got() []PushMessage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

// Calls counts the requests for the browser.
func (b *PushBrowser) Calls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls
}

func (s *PushService) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	b := s.browsers[strings.TrimPrefix(r.URL.Path, "/wpush/v2/")]
	s.mu.Unlock()
	if b == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	message, err := s.read(b, r)
	if err != nil {
		s.tb.Errorf("push service: %v", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	answer := b.answer
	b.calls++
	if answer == nil {
		b.got = append(b.got, message)
	}
	b.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	w.Header().Set("Location", r.URL.Path+"/message")
	w.WriteHeader(http.StatusCreated)
}

// pushBody is the length of every message's body.
const pushBody = 2048

func (s *PushService) read(b *PushBrowser, r *http.Request) (m PushMessage, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return m, err
	}
	h := r.Header
	m = PushMessage{Topic: h.Get("Topic"), Urgency: h.Get("Urgency")}
	if m.TTL, err = strconv.Atoi(h.Get("TTL")); err != nil || m.TTL < 60 || m.TTL > 2_419_200 {
		return m, fmt.Errorf("TTL %q", h.Get("TTL"))
	}
	switch {
	case r.Method != http.MethodPost:
		return m, fmt.Errorf("method %s", r.Method)
	case h.Get("Content-Encoding") != "aes128gcm" || h.Get("Content-Type") != "application/octet-stream":
		return m, fmt.Errorf("content %q, %q", h.Get("Content-Encoding"), h.Get("Content-Type"))
	case len(body) != pushBody:
		return m, fmt.Errorf("a body of %d bytes", len(body))
	case !regexp.MustCompile(`^([0-9a-f]{32})?$`).MatchString(m.Topic):
		return m, fmt.Errorf("topic %q", m.Topic)
	case !slices.Contains([]string{"very-low", "low", "normal", "high"}, m.Urgency):
		return m, fmt.Errorf("urgency %q", m.Urgency)
	}
	if err := CheckVAPID(h.Get("Authorization"), s.URL, b.key); err != nil {
		return m, err
	}
	if m.Plain, err = DecryptPush(b.private, b.auth, body); err != nil {
		return m, err
	}
	if len(m.Plain) > 900 {
		return m, fmt.Errorf("%d bytes of text", len(m.Plain))
	}
	if err := json.Unmarshal(m.Plain, &m.Payload); err != nil {
		return m, fmt.Errorf("%q: %w", m.Plain, err)
	}
	for _, word := range s.forbidden {
		if strings.Contains(strings.ToLower(string(m.Plain)+r.URL.String()+m.Topic), strings.ToLower(word)) {
			return m, fmt.Errorf("a message holds %q: %s", word, m.Plain)
		}
	}
	return m, nil
}

// CheckVAPID judges an Authorization header (RFC 8292): made out to the origin, for at most a day, by somebody who can be
// reached, signed with the key that it names and that the browser subscribed with.
func CheckVAPID(header, origin, key string) error {
	parts := regexp.MustCompile(`^vapid t=([^,]+), k=([\w-]+)$`).FindStringSubmatch(header)
	if parts == nil || parts[2] != key {
		return fmt.Errorf("authorization %q, want the key %s", header, key)
	}
	raw, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		return err
	}
	claims := jwt.MapClaims{}
	_, err = jwt.ParseWithClaims(parts[1], claims, func(*jwt.Token) (any, error) { return public, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithExpirationRequired())
	if err != nil {
		return err
	}
	audience, subject := claims["aud"], fmt.Sprint(claims["sub"])
	expires, err := claims.GetExpirationTime()
	contact, ok := strings.CutPrefix(subject, "mailto:")
	if !ok {
		u, bad := url.Parse(subject)
		ok = bad == nil && u.Scheme == "https" && strings.Contains(u.Host, ".")
	} else {
		ok = regexp.MustCompile(`^[^@:\s]+@[\w-]+(\.[\w-]+)+$`).MatchString(contact)
	}
	switch {
	case err != nil:
		return err
	case time.Until(expires.Time) > 24*time.Hour:
		return fmt.Errorf("a token that lasts till %v", expires)
	case audience != origin:
		return fmt.Errorf("a token for %v at %s", audience, origin)
	case !ok:
		return fmt.Errorf("a token of %q", subject)
	}
	return nil
}
