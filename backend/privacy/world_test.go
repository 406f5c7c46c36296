package privacy_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/config"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/privacy"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// world is the whole program on a fresh school, so that what app registers is what is tested.
type world struct {
	*testkit.School
	t      *testing.T
	app    *app.App
	office authz.Actor
	head   authz.Actor
	class  school.Class
	log    *logBuffer
}

func newWorld(t *testing.T, env *testkit.Env) *world {
	t.Helper()
	w := &world{School: env.NewSchool(t), t: t, log: &logBuffer{}}
	var err error
	w.app, err = app.Build(config.Config{
		URL: &url.URL{Scheme: "http", Host: "localhost"}, Data: t.TempDir(),
		SMTP: config.SMTP{Host: "127.0.0.1", Port: 1, Security: config.Plain, From: "schule@schule.example"}, // nobody listens
	}, env.DB, env.Vault, slog.New(slog.NewJSONHandler(io.MultiWriter(w.log, t.Output()), nil)))
	if err != nil {
		t.Fatal(err)
	}
	w.app.Consents.WithSessions(nil) // nobody here signs in
	w.office, w.head, w.class = w.Staff(authz.Office), w.Staff(authz.Head), w.Class("7b")
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one",
		"say": {"preset": "letter"}, "languages": {"de": {"title": "Videokonferenzen", "blocks": [{"id": "what", "kind": "paragraph", "text": "Es geht um Video."}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Consents.Publish(w.Ctx, w.head, draft, w.Today()); err != nil {
		t.Fatal(err)
	}
	w.run() // the first look at the clock
	return w
}

type logBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *logBuffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buffer.Bytes())
}

// household is a pupil with one guardian.
type household struct {
	pupil    school.Pupil
	guardian school.Guardian
}

func (h household) child() id.Person  { return id.PupilOf(h.pupil.ID) }
func (h household) parent() id.Person { return id.GuardianOf(h.guardian.ID) }

func (w *world) household(given, family string) household {
	w.t.Helper()
	pupil := w.Pupil(given, family, "2014-05-17", w.class)
	return household{pupil, w.Guardian("Ruth", family, pupil)}
}

// many fills the school, so that one person is no twentieth of it.
func (w *world) many() {
	w.t.Helper()
	for range 15 {
		w.household("Ole", "Vielfach")
	}
}

func (w *world) answers(guardian school.Guardian, pupil school.Pupil, answer participation.Mode) consent.Outcome {
	w.t.Helper()
	actor := w.As(id.GuardianOf(guardian.ID))
	in := consent.AnswerInput{Pupil: pupil.ID, Answer: answer, Language: consent.German}
	w.Read(func(tx *db.Tx) error {
		sheet, err := w.app.Consents.Sheet(tx, actor, pupil.ID, consent.German)
		in.Version, in.TextSHA256, in.After = sheet.Version.ID, sheet.German.SHA256, sheet.After
		return err
	})
	if answer > participation.None {
		in.Signature, in.Place = &consent.Signature{Kind: string(consent.TypedSignature), Name: guardian.Full()}, "Bad Kanarienhausen"
	}
	outcome, err := w.app.Consents.Answer(w.Ctx, actor, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return outcome
}

// leaves ends a pupil's time at the school.
func (w *world) leaves(pupil school.Pupil, last string) {
	w.t.Helper()
	w.Write(func(tx *db.Tx) error {
		times, err := w.Service.SchoolingsOf(tx, []id.Pupil{pupil.ID})
		if err != nil {
			return err
		}
		schooling := times[pupil.ID][0]
		schooling.Period.Until = calendar.MustParse(last)
		return w.Service.ChangeSchooling(tx, schooling)
	})
}

// at sets the clock, and has the operator confirm it.
func (w *world) at(day string) {
	w.t.Helper()
	w.Clock.Set(calendar.MustParse(day).StartIn(time.UTC).Add(10 * time.Hour))
	w.confirmClock()
}

func (w *world) passes(d time.Duration) {
	w.t.Helper()
	w.Clock.Advance(d)
	w.confirmClock()
}

func (w *world) confirmClock() {
	w.t.Helper()
	if err := w.app.Privacy.ConfirmClock(w.Ctx); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run() privacy.Report {
	w.t.Helper()
	report, err := w.app.Privacy.Run(w.Ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

const fortnight = 14 * 24 * time.Hour

// mark has the office ask and the head approve.
func (w *world) mark(person id.Person) id.Erasure {
	w.t.Helper()
	erasure, err := w.app.Privacy.Mark(w.Ctx, w.office, person)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.app.Privacy.Approve(w.Ctx, w.head, erasure); err != nil {
		w.t.Fatal(err)
	}
	return erasure
}

// erases carries people out of the school, as Mark and Run do.
func (w *world) erases(people ...id.Person) {
	w.t.Helper()
	for _, person := range people {
		w.mark(person)
	}
	w.passes(fortnight)
	if report := w.run(); len(report.Erased) != len(people) {
		w.t.Fatalf("erased %d of %d: %+v", len(report.Erased), len(people), report)
	}
}

func (w *world) wantMarkFault(person id.Person, code fault.Code) {
	w.t.Helper()
	if _, err := w.app.Privacy.Mark(w.Ctx, w.office, person); !fault.Has(err, code) {
		w.t.Errorf("marking the %s: %v, want %s", person.Kind, err, code)
	}
}

func (w *world) exec(sql string, values ...any) {
	w.t.Helper()
	w.Write(func(tx *db.Tx) error { return tx.G().Exec(sql, values...).Error })
}

func (w *world) count(sql string, values ...any) (n int) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error { return tx.G().Raw(sql, values...).Scan(&n).Error })
	return n
}
