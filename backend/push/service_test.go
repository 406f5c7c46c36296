package push_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/push"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func TestRowsHaveTheColumnsOfTheirTables(t *testing.T) { testkit.CheckRows(t, push.Rows...) }

// What no message may hold.
const (
	childName  = "Lena"
	familyName = "Brückner"
	className  = "Igelklasse"
)

type families struct{ birth calendar.Date }

func (f families) BirthDates(*db.Tx, id.Person) ([]calendar.Date, error) {
	return []calendar.Date{f.birth}, nil
}

// world is a school with two guardians who are signed in, and a strict push service.
type world struct {
	*testkit.School
	t        *testing.T
	push     *push.Service
	accounts *account.Service
	service  *testkit.PushService
	guardian school.Guardian
	other    school.Guardian
	logs     *bytes.Buffer
}

func newWorld(t *testing.T, env *testkit.Env) *world {
	t.Helper()
	w := &world{School: env.NewSchool(t), t: t, logs: &bytes.Buffer{}}
	w.service = testkit.NewPushService(t, childName, familyName, className, "Gesamtschule", "Musterstadt")
	class := w.Class(className)
	pupil := w.Pupil(childName, familyName, "2014-03-12", class)
	w.guardian, w.other = w.Guardian("Vera", familyName, pupil), w.Guardian("Tom", familyName, pupil)
	log := slog.New(slog.NewTextHandler(w.logs, nil))
	w.accounts = account.NewService(env.DB, env.Vault, w.Log, families{calendar.MustParse("2014-03-12")}, env.Clock.Now, log).HashWeakly()
	client := w.service.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sender := push.NewSender(client, gateTo(w.service), "push@schule.example", env.Clock.Now, log)
	w.push = push.NewService(env.DB, env.Vault, sender, &url.URL{Scheme: "https", Host: "einverstanden.schule.example"}, log)
	w.accounts.WithSessionEnds(w.push.EndSessions)
	t.Cleanup(w.push.Wait)
	return w
}

func (w *world) signIn(guardian school.Guardian, deviceToken string) account.SignedIn {
	w.t.Helper()
	letters, err := w.accounts.IssueForSystem(w.Ctx, []account.Recipient{{Person: id.GuardianOf(guardian.ID)}})
	must(w.t, err)
	in, err := w.accounts.RedeemLetter(w.Ctx, letters[0].LetterNo, string(letters[0].Secret), calendar.MustParse("2014-03-12"),
		account.Device{Address: netip.MustParseAddr("203.0.113.9"), Token: deviceToken})
	must(w.t, err)
	return in
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !fault.Has(err, code) {
		t.Errorf("%v, want %s", err, code)
	}
}

func (w *world) browser() *testkit.PushBrowser { return w.service.Subscribe(w.key()) }

func (w *world) key() string {
	w.t.Helper()
	key, err := w.push.Key()
	must(w.t, err)
	return key.PublicText()
}

func (w *world) new(b *testkit.PushBrowser) push.New {
	return push.New{Endpoint: b.Endpoint, P256dh: b.P256dh, Auth: b.Auth, Key: w.key(), Language: "ar"}
}

func (w *world) subscribe(actor authz.Actor, b *testkit.PushBrowser) id.PushSubscription {
	w.t.Helper()
	kept, err := w.push.Subscribe(w.Ctx, actor, w.new(b))
	must(w.t, err)
	w.push.Wait()
	return kept
}

// active is a browser that has shown that messages arrive.
func (w *world) active(actor authz.Actor) *testkit.PushBrowser {
	w.t.Helper()
	b := w.browser()
	w.subscribe(actor, b)
	must(w.t, w.push.Activate(w.Ctx, proofIn(w.t, b)))
	return b
}

func proofIn(t *testing.T, b *testkit.PushBrowser) string {
	t.Helper()
	got := b.Got()
	if len(got) == 0 {
		t.Fatal("no opening message came")
	}
	proof, _ := got[len(got)-1].Payload["proof"].(string)
	return proof
}

func (w *world) tell(word push.Word) push.Report {
	w.t.Helper()
	report, err := w.push.Tell(w.Ctx, push.Recipient{Person: id.GuardianOf(w.guardian.ID)}, word)
	must(w.t, err)
	return report
}

func word(event string) push.Word {
	open := 2
	return push.Word{Event: event, Kind: push.OpenConsent, Object: "x", Path: "/home", Badge: &open}
}

func (w *world) list(actor authz.Actor) []push.Subscription {
	w.t.Helper()
	all, err := w.push.List(w.Ctx, actor)
	must(w.t, err)
	return all
}

func (w *world) wantBrowsers(actor authz.Actor, want int) {
	w.t.Helper()
	if got := len(w.list(actor)); got != want {
		w.t.Errorf("%d browsers, want %d", got, want)
	}
}

// F3, and the whole way: nothing real comes before the proof is back; then each event comes once, naming nobody.
func TestF3FromTheFirstMessageToTheLinkInIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		b := w.browser()
		kept := w.subscribe(actor, b)
		if again := w.subscribe(actor, b); again != kept || len(b.Got()) != 1 {
			t.Errorf("subscribing again: %s and %s, %d messages", kept, again, len(b.Got()))
		}
		if report := w.tell(word("too early")); report != (push.Report{}) {
			t.Errorf("before the proof: %+v", report)
		}
		wantFault(t, w.push.Activate(w.Ctx, string(w.ID)+".AAAAAAAAAAAAAAAAAAAAAA"), fault.PushProofUnknown)
		wantFault(t, w.push.Activate(w.Ctx, "x"), fault.PushProofUnknown)
		must(t, w.push.Activate(w.Ctx, proofIn(t, b)))
		wantFault(t, w.push.Activate(w.Ctx, proofIn(t, b)), fault.PushProofUnknown)

		for range 2 { // the queue delivers at least once
			if report := w.tell(word("asked")); report.Accepted != 1 || report.Waiting+report.Failed != 0 {
				t.Errorf("%+v", report)
			}
		}
		got := b.Got()
		if len(got) != 2 {
			t.Fatalf("%d messages", len(got))
		}
		m := got[1]
		shown := m.Payload["notification"].(map[string]any)
		link, _ := strings.CutPrefix(shown["navigate"].(string), "https://einverstanden.schule.example/o/")
		if m.TTL != 3*24*3600 || m.Urgency != "normal" || m.Topic == "" || shown["tag"] != m.Topic || m.Payload["app_badge"] != "2" ||
			shown["lang"] != "ar" || shown["dir"] != "rtl" || m.Payload["web_push"] != 8030.0 || len(link) != 22 {
			t.Errorf("%+v %s", m, m.Plain)
		}
		opened, err := w.push.Open(w.Ctx, actor, link)
		if err != nil || opened.Path != "/home" || opened.Kind != push.OpenConsent {
			t.Errorf("%+v, %v", opened, err)
		}
		_, err = w.push.Open(w.Ctx, w.signIn(w.other, "").Actor, link)
		wantFault(t, err, fault.NothingHere)
		later := w.signIn(w.guardian, "").Actor // a new letter ends all before it
		if opened, err = w.push.Open(w.Ctx, later, link); err != nil || opened.Path != "/home" {
			t.Errorf("after signing in again: %+v, %v", opened, err)
		}
		w.wantBrowsers(later, 0)
		for _, secret := range []string{b.Endpoint, b.Auth, b.P256dh} {
			if strings.Contains(w.logs.String(), secret) {
				t.Errorf("the log holds %s", secret)
			}
		}
	})
}

func TestWhatASubscriptionMustBe(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		for field, spoil := range map[string]func(*push.New){
			"endpoint":    func(n *push.New) { n.Endpoint = "https://127.0.0.1/x" },
			"keys.p256dh": func(n *push.New) { n.P256dh = strings.Repeat("A", 87) },
			"keys.auth":   func(n *push.New) { n.Auth = "AAAA" },
			"key":         func(n *push.New) { n.Key = n.P256dh },
		} {
			wanted := w.new(w.browser())
			spoil(&wanted)
			_, err := w.push.Subscribe(w.Ctx, actor, wanted)
			wantFault(t, err, fault.InvalidInput)
			var known *fault.Error
			if !errors.As(err, &known) || known.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		actor.NoSay = true // came by a card, on somebody's tablet
		_, err := w.push.Subscribe(w.Ctx, actor, w.new(w.browser()))
		wantFault(t, err, fault.NotAllowedHere)
		off := push.NewService(env.DB, env.Vault, nil, &url.URL{}, slog.New(slog.DiscardHandler))
		_, err = off.Key()
		wantFault(t, err, fault.PushOff)
	})
}

func TestABrowserBelongsToWhoeverIsSignedInThere(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		first := w.signIn(w.guardian, "").Actor
		b := w.active(first)
		second := w.signIn(w.other, "").Actor
		kept := w.subscribe(second, b)
		w.wantBrowsers(first, 0)
		if report := w.tell(word("asked")); report != (push.Report{}) {
			t.Errorf("%+v", report)
		}
		wantFault(t, w.push.Remove(w.Ctx, first, kept), fault.NothingHere)
		_, err := w.push.Test(w.Ctx, first, kept)
		wantFault(t, err, fault.NothingHere)
		must(t, w.push.Remove(w.Ctx, second, kept))
		w.wantBrowsers(second, 0)

		var oldest id.PushSubscription
		for i := range 11 {
			env.Clock.Advance(time.Minute)
			kept := w.subscribe(second, w.browser())
			if i == 0 {
				oldest = kept
			}
		}
		left := w.list(second)
		if len(left) != 10 || slices.ContainsFunc(left, func(one push.Subscription) bool { return one.ID == oldest }) {
			t.Errorf("%d are left", len(left))
		}
	})
}

func TestABrowserThatOthersUseTooGetsNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		w.Write(func(tx *db.Tx) error {
			return tx.G().Exec("UPDATE session SET shared = ? WHERE id = ?", true, actor.Session).Error
		})
		_, err := w.push.Subscribe(w.Ctx, actor, w.new(w.browser()))
		wantFault(t, err, fault.NotAllowedHere)
	})
}

// F2: whoever subscribes does not wait for the push service.
func TestF2AServiceThatHangsHoldsNobody(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		b := w.browser()
		let := make(chan struct{})
		b.Answers(func(http.ResponseWriter, *http.Request) { <-let })
		_, err := w.push.Subscribe(w.Ctx, actor, w.new(b))
		must(t, err)
		w.wantBrowsers(actor, 1)
		close(let)
		w.push.Wait()
		if listed := w.list(actor); len(listed) != 1 || listed[0].Accepted.IsZero() {
			t.Errorf("%+v", listed)
		}
	})
}

func TestABrowserIsToldNothingAfterItsSignInIsOver(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		in := w.signIn(w.guardian, "")
		b := w.active(in.Actor)
		must(t, w.accounts.SignOut(w.Ctx, in.Actor))
		w.tell(word("asked"))
		w.wantCount(0)

		in = w.signIn(w.guardian, "")
		b2 := w.active(in.Actor)
		env.Clock.Advance(181 * 24 * time.Hour) // the session runs out by itself
		w.tell(word("asked"))
		w.wantCount(1)
		must(t, w.push.Tidy(w.Ctx))
		w.wantCount(0)

		in = w.signIn(w.guardian, "")
		w.active(in.Actor)
		env.Clock.Advance(61 * 24 * time.Hour) // nobody started the app
		must(t, w.push.Tidy(w.Ctx))
		w.wantCount(0)

		w.active(w.signIn(w.guardian, "").Actor)
		w.Write(func(tx *db.Tx) error { return push.Erase(tx, id.GuardianOf(w.guardian.ID), nil) })
		w.wantCount(0)
		if len(b.Got()) != 1 || len(b2.Got()) != 1 {
			t.Errorf("%d and %d messages", len(b.Got()), len(b2.Got()))
		}
	})
}

// wantCount counts the rows, whoever's they are.
func (w *world) wantCount(want int) {
	w.t.Helper()
	uses, err := w.push.Uses(w.Ctx)
	must(w.t, err)
	total := 0
	for _, n := range uses {
		total += n
	}
	if total != want {
		w.t.Errorf("%d subscriptions, want %d", total, want)
	}
}

// F2: what passes is tried again for that browser alone, what is over is forgotten.
func TestF2OneBrowserFailsAndTheOthersAreTold(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		good, ill, gone := w.active(actor), w.active(actor), w.active(actor)
		ill.AnswersStatus(http.StatusServiceUnavailable)
		gone.AnswersStatus(http.StatusGone)
		if report := w.tell(word("asked")); report.Accepted != 1 || report.Waiting != 1 || report.Gone != 1 {
			t.Errorf("%+v", report)
		}
		w.wantBrowsers(actor, 2)
		if listed := w.list(actor); !slices.ContainsFunc(listed, func(one push.Subscription) bool { return one.LastError == push.Busy }) {
			t.Errorf("%+v", listed)
		}
		ill.Answers(nil)
		if report := w.tell(word("asked")); report.Accepted != 2 || report.Waiting+report.Failed != 0 {
			t.Errorf("%+v", report)
		}
		if len(good.Got()) != 2 || len(ill.Got()) != 2 || gone.Calls() != 2 {
			t.Errorf("%d, %d messages, %d calls", len(good.Got()), len(ill.Got()), gone.Calls())
		}
		ill.AnswersStatus(http.StatusServiceUnavailable)
		w.tell(word("another"))
		ill.Answers(nil)
		settled := word("another")
		settled.Still = func(*db.Tx) (bool, error) { return false, nil }
		w.tell(settled)
		over := word("another")
		over.Until = env.Clock.Now()
		if report := w.tell(over); report.Failed != 1 || len(ill.Got()) != 2 {
			t.Errorf("%+v, %d messages", report, len(ill.Got()))
		}
	})
}

func TestABrowserIsForgottenForARefusalOnlyAmongGoodOnes(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		bad, good := w.active(actor), w.active(actor)
		mismatch := func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusBadRequest)
			_, _ = rw.Write([]byte(`{"reason":"VapidPkHashMismatch"}`))
		}
		bad.Answers(mismatch)
		good.Answers(mismatch) // as after an exchanged key: then nothing goes
		env.Clock.Advance(2 * time.Hour)
		for i := range 4 {
			env.Clock.Advance(10 * time.Hour)
			w.tell(word(fmt.Sprint("all refused ", i)))
		}
		w.wantBrowsers(actor, 2)
		good.Answers(nil)
		env.Clock.Advance(time.Hour)
		w.tell(word("good again")) // in whichever order: after this the service counts as taking ours
		w.tell(word("bad goes"))
		if left := w.list(actor); len(left) != 1 || left[0].LastError != "" || left[0].Accepted.IsZero() {
			t.Errorf("%+v", left)
		}
	})
}

func TestATestSaysWhatBecameOfIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		actor := w.signIn(w.guardian, "").Actor
		b := w.browser()
		kept := w.subscribe(actor, b)
		_, err := w.push.Test(w.Ctx, actor, kept)
		wantFault(t, err, fault.TooManyRequests)
		env.Clock.Advance(testPause)
		if verdict, err := w.push.Test(w.Ctx, actor, kept); err != nil || verdict != push.Accepted {
			t.Errorf("%s, %v", verdict, err)
		}
		must(t, w.push.Activate(w.Ctx, proofIn(t, b))) // the test brings another proof
		env.Clock.Advance(testPause)
		b.AnswersStatus(http.StatusGone)
		if verdict, err := w.push.Test(context.Background(), actor, kept); err != nil || verdict != push.Gone {
			t.Errorf("%s, %v", verdict, err)
		}
		w.wantBrowsers(actor, 0)
	})
}

const testPause = 10 * time.Second

// Every language has a text for every kind, short enough whatever else a message holds.
func TestTextsAreCompleteAndShort(t *testing.T) {
	for _, language := range push.Languages {
		for _, kind := range push.Kinds() {
			if push.ChoiceOf(kind) == "" != (kind == push.Opening || kind == push.Test) {
				t.Errorf("%s: nobody can choose whether it comes", kind)
			}
			payload, err := push.Encode(kind, language, "https://"+strings.Repeat("a", 200)+"/o/"+strings.Repeat("b", 22))
			if err != nil || len(payload) > push.MaxPayload || !bytes.Contains(payload, []byte(`"body":"`)) || bytes.Contains(payload, []byte(`"body":""`)) {
				t.Errorf("%s %s: %d bytes, %v", language, kind, len(payload), err)
			}
		}
	}
}
