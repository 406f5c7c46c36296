package push_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/push"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

// RFC 8291, section 5 and Appendix A: the decryptor by which every message of the tests is judged.
func TestTheVectorOfRFC8291(t *testing.T) {
	decode := func(text string) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	private, err := ecdh.P256().NewPrivateKey(decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()); got != "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4" {
		t.Errorf("public key %s", got)
	}
	body := decode("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
	plain, err := testkit.DecryptPush(private, decode("BTBZMqHH6r4Tts7J_aSIgg"), body)
	if err != nil || string(plain) != "When I grow up, I want to be a watermelon" {
		t.Errorf("%q, %v", plain, err)
	}
	body[len(body)-1] ^= 1
	if _, err := testkit.DecryptPush(private, decode("BTBZMqHH6r4Tts7J_aSIgg"), body); err == nil {
		t.Error("a changed body opens")
	}
}

// bench is a sender with a strict push service and a clock that is moved by hand.
type bench struct {
	*push.Sender
	service *testkit.PushService
	key     vault.VAPIDKey
	now     time.Time
	logs    *bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	key, err := vault.NewVAPIDKey()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{service: testkit.NewPushService(t), key: key, now: time.Now(), logs: &bytes.Buffer{}}
	client := b.service.Client() // as outbound's, it follows no redirect
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.Sender = push.NewSender(client, gateTo(b.service), "push@schule.example", func() time.Time { return b.now },
		slog.New(slog.NewTextHandler(b.logs, nil)))
	return b
}

// gateTo lets the service of a test through, and the known ones.
func gateTo(service *testkit.PushService) push.Gate {
	return func(endpoint string) (push.Address, error) {
		if strings.HasPrefix(endpoint, service.URL+"/") {
			return push.Address{URL: endpoint, Origin: service.URL, Host: service.Host()}, nil
		}
		return push.KnownServices(endpoint)
	}
}

func (b *bench) browser() (*testkit.PushBrowser, push.Target) {
	browser := b.service.Subscribe(b.key.PublicText())
	return browser, push.Target{Endpoint: browser.Endpoint, P256dh: browser.P256dh, Auth: browser.Auth, Key: b.key}
}

func (b *bench) send(t *testing.T, to push.Target) push.Outcome {
	t.Helper()
	outcome, err := b.Send(t.Context(), to, push.Message{Payload: []byte(`{"a":1}`), TTL: time.Hour, Urgency: push.High})
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func (b *bench) want(t *testing.T, to push.Target, want push.Verdict) push.Outcome {
	t.Helper()
	outcome := b.send(t, to)
	if outcome.Verdict != want {
		t.Errorf("%s (%d, %s), want %s", outcome.Verdict, outcome.Status, outcome.Reason, want)
	}
	return outcome
}

// Run with -race: the library writes into spare capacity of what it is given.
func TestOnePayloadGoesToManyBrowsersAtOnce(t *testing.T) {
	b := newBench(t)
	backing := []byte(`{"text":"ein Text"}` + strings.Repeat("-", 2000))
	payload := backing[:len(`{"text":"ein Text"}`)]
	kept := string(backing)
	var wait sync.WaitGroup
	var browsers []*testkit.PushBrowser
	for range 8 {
		browser, to := b.browser()
		browsers = append(browsers, browser)
		wait.Go(func() {
			outcome, err := b.Send(t.Context(), to, push.Message{Payload: payload, TTL: time.Hour, Urgency: push.Normal, Topic: strings.Repeat("0a", 16)})
			if err != nil || outcome.Verdict != push.Accepted {
				t.Errorf("%+v, %v", outcome, err)
			}
		})
	}
	wait.Wait()
	for _, browser := range browsers {
		if got := browser.Got(); len(got) != 1 || got[0].Payload["text"] != "ein Text" {
			t.Errorf("%+v", got)
		}
	}
	if string(backing) != kept {
		t.Error("what lies behind the payload was overwritten")
	}
}

func TestWhatIsNeverSent(t *testing.T) {
	b := newBench(t)
	browser, good := b.browser()
	for name, spoil := range map[string]func(*push.Target, *push.Message){
		"a long payload":     func(_ *push.Target, m *push.Message) { m.Payload = make([]byte, push.MaxPayload+1) },
		"a long topic":       func(_ *push.Target, m *push.Message) { m.Topic = strings.Repeat("a", 33) },
		"a topic of letters": func(_ *push.Target, m *push.Message) { m.Topic = strings.Repeat("Z", 32) },
		"a short secret":     func(to *push.Target, _ *push.Message) { to.Auth = "AAAA" },
		"a key off the curve": func(to *push.Target, _ *push.Message) {
			to.P256dh = base64.RawURLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...))
		},
		"another endpoint": func(to *push.Target, _ *push.Message) { to.Endpoint = "https://push.schule.example/x" },
	} {
		to, m := good, push.Message{Payload: []byte(`{}`), TTL: time.Hour, Urgency: push.Normal}
		spoil(&to, &m)
		if outcome, err := b.Send(t.Context(), to, m); err == nil {
			t.Errorf("%s: %+v", name, outcome)
		}
	}
	if browser.Calls() != 0 {
		t.Error("something was sent")
	}
}

func TestATTLStaysWithinWhatEveryServiceTakes(t *testing.T) {
	b := newBench(t)
	browser, to := b.browser()
	for _, ttl := range []time.Duration{-time.Hour, 0, time.Hour, 365 * 24 * time.Hour} {
		if _, err := b.Send(t.Context(), to, push.Message{Payload: []byte(`{}`), TTL: ttl, Urgency: push.Normal}); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{60, 60, 3600, 2_419_200} {
		if got := browser.Got()[i].TTL; got != want {
			t.Errorf("message %d: TTL %d, want %d", i, got, want)
		}
	}
}

func TestWhatAServiceAnswersAndWhatFollows(t *testing.T) {
	for status, want := range map[int]push.Verdict{
		200: push.Accepted, 202: push.Accepted, 301: push.Refused, 307: push.Refused, 400: push.Refused, 403: push.Unauthorized,
		404: push.Gone, 408: push.Busy, 410: push.Gone, 413: push.TooLarge, 425: push.Busy, 500: push.Busy, 503: push.Busy,
	} {
		b := newBench(t)
		browser, to := b.browser()
		browser.AnswersStatus(status, "Location", "https://127.0.0.1:1/geheim")
		if outcome := b.want(t, to, want); outcome.Status != status || outcome.Deletable || browser.Calls() != 1 {
			t.Errorf("%d: %+v after %d calls", status, outcome, browser.Calls())
		}
	}
	for body, want := range map[string]push.Verdict{
		`{"reason":"VapidPkHashMismatch"}`: push.Mismatched, "<TITLE>UnauthorizedRegistration</TITLE>": push.Mismatched,
		`{"errno": 113}`: push.Refused,
	} {
		b := newBench(t)
		browser, to := b.browser()
		browser.Answers(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(body))
		})
		b.want(t, to, want)
	}
}

func TestATokenIsSignedAnewOnce(t *testing.T) {
	b := newBench(t)
	browser, to := b.browser()
	browser.AnswersStatus(http.StatusUnauthorized)
	b.want(t, to, push.Unauthorized)
	if browser.Calls() != 2 {
		t.Errorf("%d calls", browser.Calls())
	}
}

func TestAPauseHoldsForTheWholeService(t *testing.T) {
	b := newBench(t)
	browser, to := b.browser()
	_, other := b.browser()
	browser.AnswersStatus(http.StatusTooManyRequests, "Retry-After", "30")
	if outcome := b.want(t, to, push.Throttled); outcome.Again != 30*time.Second {
		t.Errorf("again after %s", outcome.Again)
	}
	b.want(t, other, push.Paused)
	b.now = b.now.Add(30 * time.Second)
	b.want(t, other, push.Accepted)

	browser.AnswersStatus(http.StatusNotAcceptable) // as WNS says it, without a time
	for i, want := range []time.Duration{2 * time.Minute, 4 * time.Minute} {
		if outcome := b.want(t, to, push.Throttled); outcome.Again != want {
			t.Errorf("pause %d: %s", i, outcome.Again)
		}
		b.now = b.now.Add(want)
	}
	browser.AnswersStatus(http.StatusTooManyRequests, "Retry-After", b.now.Add(1000*time.Hour).UTC().Format(http.TimeFormat))
	if outcome := b.want(t, to, push.Throttled); outcome.Again != time.Hour {
		t.Errorf("again after %s", outcome.Again)
	}
}

func TestAServiceThatRefusesOurKeyIsLeftAloneForAnHour(t *testing.T) {
	b := newBench(t)
	var all []push.Target
	for range 3 {
		browser, to := b.browser()
		browser.AnswersStatus(http.StatusForbidden)
		all = append(all, to)
	}
	good, fine := b.browser()
	for i := range 4 {
		b.want(t, all[i%2], push.Unauthorized)
	}
	b.want(t, all[0], push.Unauthorized) // the fifth, but of two browsers alone
	b.want(t, all[2], push.Unauthorized)
	b.want(t, fine, push.Paused)
	if good.Calls() != 0 || !strings.Contains(b.logs.String(), "refuses our key") {
		t.Errorf("%d calls; %s", good.Calls(), b.logs)
	}
	b.now = b.now.Add(time.Hour)
	b.want(t, all[0], push.Unauthorized) // one try decides
	b.want(t, fine, push.Paused)
	b.now = b.now.Add(time.Hour)
	b.want(t, fine, push.Accepted)
	if outcome := b.want(t, all[0], push.Unauthorized); !outcome.Deletable {
		t.Error("a refusal among good ones is about the browser")
	}
	counts := b.Counts()[b.service.Host()]
	if counts.Accepted != 1 || counts.Failed != 8 {
		t.Errorf("%+v", counts)
	}
}

func TestAHangIsLeft(t *testing.T) {
	b := newBench(t)
	browser, to := b.browser()
	asked := make(chan struct{})
	browser.Answers(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	outcome, err := b.Send(ctx, to, push.Message{Payload: []byte(`{}`), TTL: time.Hour, Urgency: push.Normal})
	if err != nil || outcome.Verdict != push.Unreachable {
		t.Errorf("%+v, %v", outcome, err)
	}
	b.service.CloseClientConnections()
	for _, secret := range []string{browser.Endpoint, strings.TrimPrefix(browser.Endpoint, b.service.URL), to.Auth, to.P256dh} {
		if strings.Contains(b.logs.String()+fmt.Sprintf("%v %+v %#v", to, to, outcome), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
}

func TestAClockThatIsOffIsSaidOnce(t *testing.T) {
	b := newBench(t)
	_, to := b.browser()
	b.now = b.now.Add(2 * time.Minute)
	for range 2 {
		b.want(t, to, push.Accepted)
	}
	if got := strings.Count(b.logs.String(), "the clock differs"); got != 1 {
		t.Errorf("said %d times", got)
	}
}

// F1: what is no push service is refused as text.
func TestF1EndpointsThatAreNoPushService(t *testing.T) {
	for _, endpoint := range []string{
		"", "http://fcm.googleapis.com/x", "https://fcm.googleapis.com:22/x", "https://fcm.googleapis.com:0/x", "https://fcm.googleapis.com:/x",
		"https://name@fcm.googleapis.com/x", "https://name:geheim@fcm.googleapis.com/x", "https://127.0.0.1/x", "https://[::1]/x",
		"https://[::ffff:7f00:1]/x", "https://169.254.169.254/latest", "https://[64:ff9b::7f00:1]/x", "https://localhost/x",
		"https://10.0.0.1:8080/admin/.google.com/", "https://127.0.0.1/x?.googleapis.com/", "https://fcm.googleapis.com.evil.example/x",
		"https://evil.example/fcm.googleapis.com", "https://.push.apple.com/x", "https://push.apple.com/x", "https://a..push.apple.com/x",
		"https://xpush.apple.com/x", "https://fcm.googleapis.com./x", "https://fcm.googleapis.com/x#y", "https://fcm.googleapis.com/x#",
		"https:fcm.googleapis.com/x", "//fcm.googleapis.com/x", "ftp://fcm.googleapis.com/x", "javascript:alert(1)",
		"https://fcm.googleapis.com\\@evil.example/x", "https://fcm%2egoogleapis.com/x", "https://fcm.googleapis.com%00.evil.example/x",
		"https://fcm.googleapis.com/" + strings.Repeat("a", 1024), "https://ﬀcm.googleapis.com/x", "https://x.push.services.mozilla.com@evil.example/",
	} {
		if address, err := push.KnownServices(endpoint); !errors.Is(err, push.ErrEndpoint) {
			t.Errorf("%q gives %+v", endpoint, address)
		}
	}
	for endpoint, origin := range map[string]string{
		"https://fcm.googleapis.com/fcm/send/abc:def":            "https://fcm.googleapis.com",
		"https://FCM.GoogleAPIs.com:443/x":                       "https://fcm.googleapis.com",
		"https://jmt17.google.com/x":                             "https://jmt17.google.com",
		"https://updates.push.services.mozilla.com/wpush/v2/x":   "https://updates.push.services.mozilla.com",
		"https://web.push.apple.com/QaBc":                        "https://web.push.apple.com",
		"https://db5p.notify.windows.com/w/?token=BQYAAAB%2f%3d": "https://db5p.notify.windows.com",
	} {
		address, err := push.KnownServices(endpoint)
		if err != nil || address.Origin != origin || !strings.HasPrefix(address.URL, origin+"/") {
			t.Errorf("%q gives %+v, %v", endpoint, address, err)
		}
	}
}

// What does not hurry goes in a rush of a school, then at a pace, for each service by itself. What hurries takes no turn,
// and who cannot wait any longer is tried later.
func TestWhatDoesNotHurryIsPaced(t *testing.T) {
	b := newBench(t)
	client := taker{}
	now := b.now
	b.Sender = push.NewSender(client, push.KnownServices, "push@schule.example", func() time.Time { return now }, slog.New(slog.DiscardHandler))
	var waits []time.Duration
	impatient := error(nil)
	b.SleepBy(func(_ context.Context, wait time.Duration) error {
		waits = append(waits, wait)
		return impatient
	})
	_, to := b.browser()
	send := func(endpoint string, urgency push.Urgency) push.Outcome {
		t.Helper()
		to.Endpoint = endpoint
		outcome, err := b.Send(t.Context(), to, push.Message{Payload: []byte(`{"a":1}`), TTL: time.Hour, Urgency: urgency})
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	const google, apple = "https://fcm.googleapis.com/fcm/send/x", "https://web.push.apple.com/x"
	b.TakeTurns("fcm.googleapis.com", push.Rush)
	send(google, push.Normal)
	send(google, push.Normal)
	send(google, push.High)
	send(apple, push.Normal)
	now = now.Add(20 * time.Millisecond) // four turns later: two were taken
	send(google, push.Normal)
	if want := []time.Duration{5 * time.Millisecond, 10 * time.Millisecond}; !slices.Equal(waits, want) {
		t.Errorf("waits %v, want %v", waits, want)
	}
	impatient = context.Canceled
	send(google, push.Normal)
	b.TakeTurns("fcm.googleapis.com", 1)
	if outcome := send(google, push.Normal); outcome.Verdict != push.Paused || outcome.Again <= 0 {
		t.Errorf("%+v", outcome)
	}
}
