package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/testkit"
)

// classes is the whole table, written down a second time: what is not named decides or reads, as its method says.
var classes = map[string]work{
	"withdraw": withdrawing, "receiveWithdrawal": withdrawing, "lower": withdrawing, "limitOneself": withdrawing, "sayNotMe": withdrawing,
	"signInWithLetter": signingIn, "signInWithPassword": signingIn, "refreshSession": signingIn, "signOut": signingIn,
	"streamRoster": streaming,
	"startOidc":    signingIn, "finishOidc": signingIn,
	"printLetters": files, "mailLetters": files, "printSlips": files, "printCards": files, "proposeImport": files, "setHolidays": files, "applyImport": files, "verifyReceipt": files,
}

func TestEveryOperationHasItsClassOfWork(t *testing.T) {
	s := bareServer(t)
	for _, op := range listOperations(s) {
		want, named := classes[op.OperationID]
		switch {
		case named:
		case op.Method == http.MethodGet:
			want = reading
		case strings.HasPrefix(op.Path, apiPrefix+"/session"):
			want = signingIn
		default:
			want = deciding
		}
		path := strings.NewReplacer("{", "", "}", "").Replace(op.Path)
		found := s.works.find(op.Method, path)
		if found == nil || found.OperationID != op.OperationID {
			t.Errorf("%s %s leads to %v", op.Method, path, found)
			continue
		}
		if got := classOf(found); got != want {
			t.Errorf("%s is %v, want %v", op.OperationID, got, want)
		}
	}
	for _, path := range []string{"", "/", "/api", apiPrefix + "/children/x", apiPrefix + "/children/x/consent/", "/api/v2/me"} {
		if op := s.works.find("GET", path); op != nil {
			t.Errorf("%q leads to %s", path, op.OperationID)
		}
	}
	if op := s.works.find("HEAD", apiPrefix+"/me"); op == nil || op.OperationID != "getMe" {
		t.Errorf("HEAD leads to %v", op)
	}
}

func TestAnAnswerOfNoAndAWithdrawalLower(t *testing.T) {
	for body, want := range map[string]bool{
		`{"answer": "none"}`: true, `{"extent": "all"}`: true, `{"extent": "picture", "answer": ""}`: true,
		`{"answer": "video"}`: false, `{"answer": "audio", "extent": "all"}`: false, `{}`: false, `none`: false, ``: false,
		`{"answer": ["none"]}`: false,
	} {
		if saysNo([]byte(body)) != want {
			t.Errorf("%s: want %t", body, want)
		}
	}
}

// small is a load of one place a class, and one that may wait for it.
func small() *load {
	var all [works]capacity
	for w := range works {
		all[w] = capacity{places: 1, queue: 1, wait: time.Hour, again: time.Second}
	}
	return newLoad(all)
}

func (l *load) mustEnter(t *testing.T, w work) *slot {
	t.Helper()
	p, err := l.enter(t.Context(), w)
	if err != nil {
		t.Fatalf("%v: %v", w, err)
	}
	return p
}

func (l *load) mustRefuse(t *testing.T, w work) {
	t.Helper()
	if _, err := l.enter(t.Context(), w); !fault.Has(err, fault.Overloaded) {
		t.Fatalf("%v got in: %v", w, err)
	}
}

// line puts somebody into the queue of the class.
func (l *load) line(t *testing.T, w work) *waiter {
	t.Helper()
	of, waiter := l.take(w)
	if waiter == nil {
		t.Fatalf("%v got %v", w, of)
	}
	return waiter
}

func (w *waiter) got() (of work, ok bool) {
	select {
	case of = <-w.given:
		return of, true
	default:
		return works, false
	}
}

func TestAClassHasItsPlacesAndItsQueueAndThenRefuses(t *testing.T) {
	for w := range works {
		l := small()
		first := l.mustEnter(t, w)
		if w == withdrawing {
			for range lenders {
				l.mustEnter(t, w)
			}
		}
		next := l.line(t, w)
		l.mustRefuse(t, w)
		if _, ok := next.got(); ok {
			t.Fatalf("%v: let in with no place", w)
		}
		first.leave()
		first.leave() // a second time gives nothing back
		if of, ok := next.got(); !ok || of != w {
			t.Errorf("%v: who waited got %v, %t", w, of, ok)
		}
		l.line(t, w)
		l.mustRefuse(t, w)
	}
}

func TestAFullClassTakesNothingFromTheOthers(t *testing.T) {
	l := small()
	l.mustEnter(t, files)
	l.line(t, files)
	l.mustRefuse(t, files)
	for _, w := range []work{withdrawing, signingIn, deciding, reading, streaming} {
		l.mustEnter(t, w)
	}
}

// Lowering takes what the others have free, files first, and gives it back to them.
func TestLoweringTakesAnyFreePlace(t *testing.T) {
	l := small()
	own := l.mustEnter(t, withdrawing)
	var borrowed []*slot
	for _, of := range lenders {
		p := l.mustEnter(t, withdrawing)
		if p.of != of {
			t.Errorf("took the place of %v, want %v", p.of, of)
		}
		borrowed = append(borrowed, p)
	}
	waiting := l.line(t, reading)
	own.leave()
	if of, ok := waiting.got(); ok {
		t.Errorf("reading got the place of %v", of)
	}
	for _, p := range borrowed {
		p.leave()
	}
	if of, ok := waiting.got(); !ok || of != reading {
		t.Errorf("reading waited and got %v, %t", of, ok)
	}
}

// While a withdrawal waits, nobody else gets a place or waits for one: so it is never refused before all others.
func TestLoweringIsRefusedLast(t *testing.T) {
	l := small()
	reader := l.mustEnter(t, reading)
	earlier := l.line(t, reading)
	for range works - 2 { // all but those of reading and streaming
		l.mustEnter(t, withdrawing)
	}
	withdrawal := l.line(t, withdrawing)
	for _, w := range []work{signingIn, deciding, reading, streaming, files} {
		l.mustRefuse(t, w)
	}
	l.mustRefuse(t, withdrawing)
	reader.leave()
	if of, ok := withdrawal.got(); !ok || of != reading {
		t.Errorf("the withdrawal got %v, %t", of, ok)
	}
	if _, ok := earlier.got(); ok {
		t.Error("who came earlier was let in before the withdrawal")
	}
	l.mustEnter(t, streaming)
}

func TestWhoGivesUpWaitingTakesNoPlace(t *testing.T) {
	l := small()
	first := l.mustEnter(t, reading)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := l.enter(gone, reading); !fault.Has(err, fault.Overloaded) {
		t.Errorf("who has gone: %v", err)
	}
	l.pools[reading].wait = 0
	l.mustRefuse(t, reading)
	first.leave()
	l.mustEnter(t, reading)
}

// Whoever comes and goes at the same time as others: every place is there again at the end, and no more.
func TestPlacesAreNeitherLostNorMade(t *testing.T) {
	l := small()
	for w := range works {
		l.pools[w].queue, l.pools[w].wait = 5, time.Millisecond
	}
	done := make(chan struct{})
	for i := range 64 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 200 {
				if p, err := l.enter(t.Context(), work(i)%works); err == nil {
					p.leave()
				}
			}
		}()
	}
	for range 64 {
		<-done
	}
	for w := range works {
		if p := l.pools[w]; p.taken != 0 || len(p.waiting) != 0 {
			t.Errorf("%v: %d taken, %d waiting", w, p.taken, len(p.waiting))
		}
	}
}

// occupy takes every place of the class, and lets nobody wait.
func (h *house) occupy(w work) (leave func()) {
	h.t.Helper()
	h.server.load.mu.Lock()
	defer h.server.load.mu.Unlock()
	p := &h.server.load.pools[w]
	was := *p
	p.taken, p.queue = p.places, 0
	return func() {
		h.server.load.mu.Lock()
		defer h.server.load.mu.Unlock()
		p.taken, p.queue = p.taken-was.places, was.queue
	}
}

func (c *client) wantShed(again string, got answer) {
	c.h.t.Helper()
	c.wantProblem(503, "overloaded", got)
	if got.header.Get("Retry-After") != again {
		c.h.t.Errorf("Retry-After: %q, want %q", got.header.Get("Retry-After"), again)
	}
}

// H7 in small: what matters least is refused first, and a withdrawal goes through until nothing else does.
func TestH7WithdrawalsGoBeforeExports(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		guardian, office, teacher := h.as(authz.Guardian), h.as(authz.Office), h.as(authz.Teacher)
		withdrawals := "/children/" + string(h.pupil.ID) + "/withdrawals"
		keys := 0
		lower := func() answer {
			keys++
			return guardian.post(withdrawals, fmt.Sprint(keys), object{"extent": "all"})
		}
		guardian.want(201, guardian.post(guardian.decisions(), "no", guardian.yes("none")))
		video := guardian.yes("video")

		h.occupy(files)
		office.wantShed("10", office.post("/letters", "k", object{}))
		office.want(200, office.get("/pupils"))
		guardian.want(200, lower())
		h.occupy(reading)
		office.wantShed("2", office.get("/pupils"))
		guardian.want(200, lower())
		h.occupy(streaming)
		teacher.wantShed("5", teacher.get("/meetings/x/roster/stream"))
		endDeciding := h.occupy(deciding)
		guardian.wantShed("2", guardian.post(guardian.decisions(), "again", video))
		guardian.want(200, lower())
		h.occupy(signingIn)
		guardian.wantShed("2", guardian.post("/session/refresh", "", nil))
		guardian.want(200, lower())
		h.occupy(withdrawing)
		guardian.wantShed("1", lower())
		endDeciding() // and with any place that is free it goes on
		guardian.want(200, lower())
		if !strings.Contains(h.logs.String(), `"status":503`) || strings.Contains(h.logs.String(), `"overloaded"`) {
			t.Error("the log must tell of each refusal in the request's line alone")
		}
		for _, probe := range []string{"/livez", "/readyz"} {
			guardian.want(200, guardian.get(probe))
		}
	})
}

// An answer of no goes by its own class, though the same route also takes a yes.
func TestAnAnswerOfNoGoesThroughWhereAYesWaits(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	c := h.as(authz.Guardian)
	video, none := c.yes("video"), c.yes("none")
	h.occupy(deciding)
	c.wantShed("2", c.post(c.decisions(), "yes", video))
	c.want(201, c.post(c.decisions(), "no", none))
}

// A stream holds its place until it ends, and whatever fails before it begins gives it back.
func TestAStreamHoldsItsPlaceWhileItIsOpen(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	w.server.checkEvery = time.Millisecond
	held := func() int {
		w.server.load.mu.Lock()
		defer w.server.load.mu.Unlock()
		return w.server.load.pools[streaming].taken
	}
	teacher := w.as(authz.Teacher)
	teacher.wantProblem(404, "not_found", teacher.get("/meetings/x/roster/stream"))
	if held() != 0 {
		t.Fatalf("%d places held by a stream that never began", held())
	}
	events := teacher.stream(meetingAt("/roster/stream")(w, own, authz.Teacher).path)
	events.next(t)
	if held() != 1 {
		t.Errorf("%d places held by an open stream", held())
	}
	teacher.want(204, teacher.send("DELETE", "/session", "", nil, nil))
	for events.lines.Scan() { // until the server ends it
	}
	for held() != 0 { // the place is left just after the last word; the test's own deadline ends this
		time.Sleep(time.Millisecond)
	}
}
