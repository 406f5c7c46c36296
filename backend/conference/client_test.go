package conference

// White box: the tests wait for a silent server a moment only.

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"einverstanden/backend/conference/bbbtest"
	"einverstanden/backend/fault"
	"einverstanden/backend/outbound"
)

const secret = "unter uns"

// bench is a client and the server that it calls.
type bench struct {
	t      *testing.T
	double *bbbtest.Double
	client *Client
	server Server
	now    time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, double: bbbtest.New(secret), now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	here := httptest.NewServer(b.double)
	t.Cleanup(here.Close)
	out := outbound.New([]string{strings.TrimPrefix(here.URL, "http://")}, "test")
	t.Cleanup(out.Close)
	b.client = NewClient(out, func() time.Time { return b.now })
	b.server = Server{URL: here.URL + "/bigbluebutton", Secret: secret}
	return b
}

func (b *bench) create(room Room) Made {
	b.t.Helper()
	made, err := b.client.Create(b.t.Context(), b.server, room.Params())
	if err != nil {
		b.t.Fatal(err)
	}
	return made
}

func (b *bench) visit(address string) int {
	b.t.Helper()
	response, err := http.Get(address)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		return 0 // FAILED
	}
	return response.StatusCode
}

func TestARoomFromItsMakingToItsEnd(t *testing.T) {
	b := newBench(t)
	room := Room{ID: "e-1", Name: "Mathe & Übung", Style: NoCameras, ViewerWord: "v", ModeratorWord: "m"}
	made := b.create(room)
	if again := b.create(room); again != made {
		t.Errorf("a repeated call made %+v, want %+v", again, made)
	}
	room.ViewerWord = "other"
	if _, err := b.client.Create(t.Context(), b.server, room.Params()); !fault.Has(err, fault.ConferenceFailed) {
		t.Errorf("the same id with other words: %v", err)
	}
	lena := b.server.JoinURL(made, Join{Name: "Lena B.", UserID: "ref-1", NoCamera: true})
	if b.visit(lena) != 200 || b.visit(b.server.JoinURL(made, Join{Name: "Kim", UserID: "ref-2", Moderator: true})) != 200 {
		t.Fatal("somebody was not let in")
	}
	if b.visit(strings.Replace(lena, "VIEWER", "MODERATOR", 1)) != 0 {
		t.Error("a changed address was let in")
	}
	b.double.Change("e-1", func(r *bbbtest.Room) {
		if r.Viewer("ref-1", true) {
			t.Error("a viewer's camera came on in a room without cameras")
		}
		r.Viewer("ref-2", true)
		r.Recording = true
	})
	all, err := b.client.Meetings(t.Context(), b.server)
	if err != nil {
		t.Fatal(err)
	}
	got := all["e-1"]
	want := []Present{{UserID: "ref-1"}, {UserID: "ref-2", Moderator: true, Camera: true}}
	if len(all) != 1 || !got.Recording || got.Made != made || len(got.People) != 2 || got.People[0] != want[0] || got.People[1] != want[1] {
		t.Errorf("open are %+v", all)
	}
	if info, ok, err := b.client.Info(t.Context(), b.server, "e-1"); err != nil || !ok || len(info.People) != 2 {
		t.Errorf("the room is %+v, %t, %v", info, ok, err)
	}
	for range 2 { // ending twice is ending once
		if err := b.client.End(t.Context(), b.server, "e-1"); err != nil {
			t.Fatal(err)
		}
		if all, err := b.client.Meetings(t.Context(), b.server); err != nil || len(all) != 0 {
			t.Errorf("after the end: %+v, %v", all, err)
		}
	}
	if b.visit(lena) != 0 {
		t.Error("the address of a room that has ended was let in")
	}
	if _, ok, err := b.client.Info(t.Context(), b.server, "e-1"); ok || err != nil {
		t.Errorf("a room that has ended: %t, %v", ok, err)
	}
	if anew := b.create(Room{ID: "e-1", Name: "Mathe", ViewerWord: "v"}); anew == made || b.visit(lena) != 0 {
		t.Error("an old address opens the room that was made anew")
	}
}

// Each way in which a server fails is a code, and what it wrote is in no error.
func TestFailuresAreCodes(t *testing.T) {
	for failure, want := range map[bbbtest.Failure]struct {
		code    fault.Code
		finding Finding
	}{
		bbbtest.Garbage: {fault.HostAnswer, NotAServer}, bbbtest.Truncated: {fault.HostAnswer, NotAServer},
		bbbtest.Entities: {fault.HostAnswer, NotAServer}, bbbtest.Redirect: {fault.HostAnswer, NotAServer},
		bbbtest.Broken: {fault.HostAnswer, NotAServer}, bbbtest.Huge: {fault.HostAnswer, NotAServer},
		bbbtest.Failed: {fault.ConferenceFailed, CallFailed}, bbbtest.Refusal: {fault.ConferenceRefused, SecretRefused},
		bbbtest.Silence: {fault.HostUnreachable, Unreachable},
	} {
		t.Run(string(failure), func(t *testing.T) {
			b := newBench(t)
			if failure == bbbtest.Silence {
				b.client.within = 20 * time.Millisecond
			}
			b.double.Fail(failure)
			_, err := b.client.Meetings(t.Context(), b.server)
			if !fault.Has(err, want.code) || strings.Contains(err.Error(), "secret-of-the-other-side") ||
				strings.Contains(err.Error(), "checksum=") || strings.Contains(err.Error(), b.server.URL) {
				t.Errorf("got %v, want %s", err, want.code)
			}
			if finding := b.client.Probe(t.Context(), b.server); finding != want.finding {
				t.Errorf("found %s, want %s", finding, want.finding)
			}
			b.double.Fail("")
			if finding := b.client.Probe(t.Context(), b.server); finding != Fine {
				t.Errorf("afterwards found %s", finding)
			}
		})
	}
}

func TestX17AWrongSecretAndAClosedNetworkAreTold(t *testing.T) {
	b := newBench(t)
	if found := b.client.Probe(t.Context(), Server{URL: b.server.URL, Secret: "falsch"}); found != SecretRefused {
		t.Errorf("a wrong secret: %s", found)
	}
	for _, address := range []string{"http://bbb.schule.example", "https://127.0.0.1:9", "https://a:b@bbb.schule.example"} {
		if found := b.client.Probe(t.Context(), Server{URL: address, Secret: secret}); found != AddressRefused {
			t.Errorf("%s: %s", address, found)
		}
	}
	if found := b.client.Probe(t.Context(), Server{URL: "https://127.0.0.1", Secret: secret}); found != Unreachable { // X17: the dial gate
		t.Errorf("a private address: %s", found)
	}
}

func TestNobodyThereIsTriedTwice(t *testing.T) {
	b := newBench(t)
	var asked atomic.Int64
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if asked.Add(1) == 1 {
			panic(http.ErrAbortHandler) // hangs up
		}
		b.double.ServeHTTP(w, request)
	}))
	defer here.Close()
	b.client.out = outbound.New([]string{strings.TrimPrefix(here.URL, "http://")}, "test")
	defer b.client.out.Close()
	if _, err := b.client.Meetings(t.Context(), Server{URL: here.URL + "/bigbluebutton", Secret: secret}); err != nil || asked.Load() != 2 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

func TestAServerThatKeepsFailingIsLeftAlone(t *testing.T) {
	b := newBench(t)
	b.double.Fail(bbbtest.Broken)
	ask := func() error {
		_, err := b.client.Meetings(t.Context(), b.server)
		return err
	}
	for range patience {
		if err := ask(); !fault.Has(err, fault.HostAnswer) {
			t.Fatal(err)
		}
	}
	called := b.double.Calls("")
	b.double.Fail("")
	if err := ask(); !fault.Has(err, fault.HostUnreachable) || b.double.Calls("") != called {
		t.Errorf("a server at rest was called: %v", err)
	}
	b.now = b.now.Add(rest)
	if err := ask(); err != nil {
		t.Errorf("after its rest: %v", err)
	}
	if err := ask(); err != nil {
		t.Errorf("once it answers again: %v", err)
	}
}

func TestAfterItsRestOneCallTriesTheServer(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	b := &breaker{}
	for range patience {
		b.hears(now, false)
	}
	if wait, ok := b.allows(now); ok || wait != rest {
		t.Errorf("allowed %t, wait %s", ok, wait)
	}
	now = now.Add(rest)
	if _, ok := b.allows(now); !ok {
		t.Error("nobody may try")
	}
	if _, ok := b.allows(now); ok {
		t.Error("a second call tries beside the first")
	}
	b.hears(now, false)
	if _, ok := b.allows(now); ok {
		t.Error("a failed trial ends the rest")
	}
}

// A refusal is an answer: a wrong secret must not look like a dead server.
func TestRefusalsAndCallersWhoHangUpWearNobodyOut(t *testing.T) {
	b := newBench(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range patience + 1 {
		if _, err := b.client.Meetings(t.Context(), Server{URL: b.server.URL, Secret: "falsch"}); !fault.Has(err, fault.ConferenceRefused) {
			t.Fatal(err)
		}
		if _, err := b.client.Meetings(gone, b.server); err == nil {
			t.Fatal("a call without a caller went through")
		}
	}
	if _, err := b.client.Meetings(t.Context(), b.server); err != nil {
		t.Error(err)
	}
}
