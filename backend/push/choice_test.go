package push_test

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/push"
	"einverstanden/backend/testkit"
)

func TestABrowserGetsTheKindsThatItsOwnerWants(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		b := w.active(actor)
		kept := w.list(actor)[0]
		if !slices.Equal(kept.Wanted, push.Choices) {
			t.Errorf("at first %v", kept.Wanted)
		}
		must(t, w.push.Choose(w.Ctx, actor, kept.ID, []push.Choice{push.Receipts, push.Other}))
		w.subscribe(actor, b) // the next start keeps the choice
		if got := w.list(actor)[0].Wanted; !slices.Equal(got, []push.Choice{push.Receipts, push.Other}) {
			t.Errorf("%v", got)
		}
		if report := w.tell(word("asked")); report != (push.Report{}) {
			t.Errorf("told of what is not wanted: %+v", report)
		}
		for kind, want := range map[push.Kind]bool{push.OpenConsent: false, push.Receipt: true} {
			for _, one := range []id.Person{{}, id.GuardianOf(w.guardian.ID)} { // a reminder that no browser takes wants another way
				if got := w.reached(kind, one); (len(got) == 1) != want {
					t.Errorf("%s reaches %v", kind, got)
				}
			}
		}
		receipt := push.Word{Event: "signed", Kind: push.Receipt, Object: "x", Path: "/receipts/x"}
		if report := w.tell(receipt); report.Accepted != 1 {
			t.Errorf("%+v", report)
		}
		must(t, w.push.Choose(w.Ctx, actor, kept.ID, nil)) // by mail alone
		receipt.Event = "signed again"
		if report := w.tell(receipt); report != (push.Report{}) {
			t.Errorf("by mail alone: %+v", report)
		}
		env.Clock.Advance(testPause)
		if verdict, err := w.push.Test(w.Ctx, actor, kept.ID); err != nil || verdict != push.Accepted {
			t.Errorf("a test comes all the same: %s, %v", verdict, err)
		}
		wantFault(t, w.push.Choose(w.Ctx, actor, kept.ID, []push.Choice{"test"}), fault.InvalidInput)
		wantFault(t, w.push.Choose(w.Ctx, w.signIn(w.other, "").Actor, kept.ID, nil), fault.NothingHere)
	})
}

func (w *world) reached(kind push.Kind, one id.Person) (persons []id.Person) {
	w.Read(func(tx *db.Tx) (err error) {
		persons, err = w.push.Reached(tx, kind, one)
		return err
	})
	return persons
}

func TestWhatSomebodyLooksAtIsNotTold(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		must(t, w.push.Seen(w.Ctx, actor, "/receipts/early")) // before there is a browser to tell: nothing is kept
		b := w.active(actor)
		receipt := func(name string) push.Word {
			return push.Word{Event: name, Kind: push.Receipt, Object: name, Path: "/receipts/" + name}
		}
		for range 2 {
			must(t, w.push.Seen(w.Ctx, actor, "/receipts/seen"))
		}
		if report := w.tell(receipt("seen")); report != (push.Report{}) || len(b.Got()) != 1 {
			t.Errorf("%+v, %d messages", report, len(b.Got()))
		}
		for _, name := range []string{"early", "other"} {
			if report := w.tell(receipt(name)); report.Accepted != 1 {
				t.Errorf("%s: %+v", name, report)
			}
		}
		env.Clock.Advance(25 * time.Hour)
		must(t, w.push.Tidy(w.Ctx))
		if report := w.tell(receipt("seen")); report.Accepted != 1 {
			t.Errorf("a day later nobody knows who looked at what: %+v", report)
		}
	})
}

// The browser does not notice by itself that its service has let it go, and offers the same endpoint at every start.
func TestAnEndpointThatIsOverIsNotTakenAgain(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		b := w.active(actor)
		b.AnswersStatus(http.StatusGone)
		w.tell(word("asked"))
		w.wantBrowsers(actor, 0)
		if _, err := w.push.Subscribe(w.Ctx, actor, w.new(b)); !errors.Is(err, push.ErrEnded) {
			t.Errorf("%v", err)
		}
		w.active(actor)
		w.wantBrowsers(actor, 1)
		env.Clock.Advance(61 * 24 * time.Hour)
		must(t, w.push.Tidy(w.Ctx))
		if _, err := w.push.Subscribe(w.Ctx, w.signIn(w.guardian, "").Actor, w.new(b)); err != nil {
			t.Errorf("after 60 days: %v", err)
		}
	})
}

// 45 days without a start: its owner is told. After 60 the browser is forgotten.
func TestPushRestsWhereNobodyStartsTheApp(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		resting := func() (rests []push.Rest) {
			w.Read(func(tx *db.Tx) (err error) {
				rests, err = w.push.Resting(tx, id.Person{})
				return err
			})
			return rests
		}
		actor := w.signIn(w.guardian, "").Actor
		first := w.browser()
		w.active(actor)
		w.subscribe(actor, first) // has never shown that messages arrive
		env.Clock.Advance(44 * 24 * time.Hour)
		if got := resting(); len(got) != 0 {
			t.Errorf("after 44 days: %+v", got)
		}
		second := w.active(actor)
		env.Clock.Advance(44 * 24 * time.Hour)
		if got := resting(); len(got) != 0 {
			t.Errorf("another browser is in use: %+v", got)
		}
		env.Clock.Advance(25 * time.Hour)
		before := resting()
		if len(before) != 1 || before[0].Person != id.GuardianOf(w.guardian.ID) {
			t.Fatalf("%+v", before)
		}
		env.Clock.Advance(24 * time.Hour)
		if again := resting(); len(again) != 1 || again[0] != before[0] {
			t.Errorf("another rest: %+v and %+v", before, again)
		}
		w.subscribe(actor, second)
		if got := resting(); len(got) != 0 {
			t.Errorf("it was started again: %+v", got)
		}
	})
}

// What the matter of a message needs: no try after its end, and haste on its last day.
func TestAMessageEndsWithItsMatter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		b := w.active(w.signIn(w.guardian, "").Actor)
		now := env.Clock.Now()
		for _, tt := range []struct {
			left    time.Duration
			ttl     time.Duration
			urgency string
		}{{2 * 24 * time.Hour, 2 * 24 * time.Hour, "normal"}, {90 * time.Minute, 90 * time.Minute, "high"}, {9 * 24 * time.Hour, 3 * 24 * time.Hour, "normal"}} {
			soon := word("in " + tt.left.String())
			soon.Until = now.Add(tt.left)
			w.tell(soon)
			if got := b.Got()[len(b.Got())-1]; got.TTL != int(tt.ttl.Seconds()) || got.Urgency != tt.urgency {
				t.Errorf("%s before the end: TTL %d, %s", tt.left, got.TTL, got.Urgency)
			}
		}
		calls := b.Calls()
		b.AnswersStatus(http.StatusServiceUnavailable)
		w.tell(word("ill"))
		w.wantWaiting(1, now)
		env.Clock.Advance(3 * 24 * time.Hour)
		if report := w.tell(word("ill")); report.Failed != 1 || b.Calls() != calls+1 {
			t.Errorf("%+v after %d calls", report, b.Calls()-calls)
		}
		w.wantWaiting(0, time.Time{})
	})
}

func (w *world) wantWaiting(want int64, since time.Time) {
	w.t.Helper()
	count, oldest, err := w.push.Waiting(w.Ctx)
	if err != nil || count != want || !oldest.Equal(since.Truncate(time.Microsecond)) {
		w.t.Errorf("%d wait since %s, %v", count, oldest, err)
	}
}

const (
	teacherEmail    = "kim@schule.example"
	teacherPassword = "kupfer-Lampe-41-wiese"
)

var teacherSecret = account.TOTPSecret("20 bytes of a secret")

func (w *world) teacher() authz.Actor {
	w.t.Helper()
	made, err := w.accounts.CreateStaff(w.Ctx, account.NewStaff{
		Name: "Kim", Email: teacherEmail, Role: authz.Teacher, Password: teacherPassword, Language: "de",
	})
	must(w.t, err)
	must(w.t, w.accounts.SetUpTOTP(w.Ctx, made, teacherSecret))
	return w.signInTeacher()
}

// signInTeacher takes a code of its own, since none counts twice.
func (w *world) signInTeacher() authz.Actor {
	w.t.Helper()
	w.Clock.Advance(30 * time.Second)
	code, err := teacherSecret.Code(w.Clock.Now())
	must(w.t, err)
	in, err := w.accounts.SignInWithPassword(w.Ctx, teacherEmail, teacherPassword, account.Proof{Code: code}, account.Device{Address: netip.MustParseAddr("203.0.113.9")})
	must(w.t, err)
	return in.Actor
}

// Staff subscribe as everybody does, are told by account, and nothing of what goes to a person.
func TestMembersOfStaffAreToldByTheirAccount(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		teacher := w.teacher()
		b := w.active(teacher)
		lesson := push.Word{Event: "moved", Kind: push.Lesson, Object: "lesson", Path: "/meetings"}
		report, err := w.push.Tell(w.Ctx, push.Recipient{Account: teacher.Account}, lesson)
		if err != nil || report.Accepted != 1 {
			t.Errorf("%+v, %v", report, err)
		}
		got := b.Got()[1]
		link := got.Payload["notification"].(map[string]any)["navigate"].(string)
		opened, err := w.push.Open(w.Ctx, teacher, link[strings.LastIndex(link, "/")+1:])
		if err != nil || opened.Path != "/meetings" || got.Urgency != "high" {
			t.Errorf("%+v, %v, %+v", opened, err, got)
		}
		if report := w.tell(word("asked")); report != (push.Report{}) {
			t.Errorf("%+v", report)
		}
		must(t, w.accounts.DisableAccount(w.Ctx, w.Staff(authz.Head), teacher.Account))
		w.wantCount(0)
		must(t, w.accounts.EnableAccount(w.Ctx, w.Staff(authz.Head), teacher.Account))
		w.active(w.signInTeacher())
		env.Clock.Advance(13 * time.Hour) // the sign-in of staff ends with the day, and its browser with it
		lesson.Event = "moved again"
		if report, err := w.push.Tell(w.Ctx, push.Recipient{Account: teacher.Account}, lesson); err != nil || report != (push.Report{}) {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

// The status table in one sweep, with a service that does not answer before somebody else has been served: whoever writes
// and reads meanwhile does not wait for it.
func TestF2WhateverAServiceDoesNobodyElseWaits(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		for name, tt := range map[string]struct {
			status  int
			header  []string
			want    push.Report
			browser int // rows that are left
		}{
			"hangs and dies":    {0, nil, push.Report{Waiting: 1}, 1},
			"wants a pause":     {429, []string{"Retry-After", "30"}, push.Report{Waiting: 1, Again: 30 * time.Second, Status: 429}, 1},
			"refuses us":        {403, nil, push.Report{Failed: 1, Status: 403}, 1},
			"knows it no more":  {410, nil, push.Report{Gone: 1, Status: 410}, 0},
			"is ill":            {503, nil, push.Report{Waiting: 1, Status: 503}, 1},
			"takes it, at last": {201, nil, push.Report{Accepted: 1, Status: 201}, 1},
		} {
			actor := w.signIn(w.guardian, "").Actor // ends all sign-ins before
			b := w.active(actor)
			asked, served := make(chan struct{}), make(chan struct{})
			b.Answers(func(rw http.ResponseWriter, _ *http.Request) {
				close(asked)
				<-served
				if tt.status == 0 {
					panic(http.ErrAbortHandler)
				}
				for i := 0; i < len(tt.header); i += 2 {
					rw.Header().Set(tt.header[i], tt.header[i+1])
				}
				rw.WriteHeader(tt.status)
			})
			told := make(chan push.Report)
			go func() { told <- w.tell(word(name)) }()
			<-asked
			w.subscribe(w.signIn(w.other, "").Actor, w.browser()) // writes and reads in the same school
			w.wantBrowsers(actor, 1)
			close(served)
			report := <-told
			report.Host = ""
			if report != tt.want {
				t.Errorf("%s: %+v, want %+v", name, report, tt.want)
			}
			w.wantBrowsers(actor, tt.browser)
			env.Clock.Advance(time.Minute) // whatever pause there was is over
		}
	})
}
