package sanction_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

type world struct {
	*testkit.School
	t         *testing.T
	sanctions *sanction.Service
	head      authz.Actor
	pupil     school.Pupil
	guardian  school.Guardian
}

func newWorld(t *testing.T, env *testkit.Env) *world {
	t.Helper()
	s := env.NewSchool(t)
	w := &world{School: s, t: t, sanctions: sanction.NewService(env.DB, s.Log, s.Service, readyRules(t, s), s.Hub), head: s.Staff(authz.Head)}
	w.pupil = s.Pupil("Lena", "Brückner", "2014-03-12", s.Class("7b"))
	w.guardian = s.Guardian("Vera", "Brückner", w.pupil)
	return w
}

func (w *world) formal() sanction.New {
	return sanction.New{
		Pupil: w.pupil.ID, Kind: sanction.Formal, Measure: sanction.Excluded, RuleKey: "NO_RECORDING",
		Heard:   []sanction.Party{sanction.Parents, sanction.Pupil, sanction.Pupil}, // as they were ticked
		NotedOn: w.Today(), From: w.Today(), Until: w.Today().AddDays(7),
	}
}

func (w *world) impose() id.Sanction {
	w.t.Helper()
	made, err := w.sanctions.Impose(w.Ctx, w.head, w.formal())
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func (w *world) object(actor authz.Actor, against id.Sanction) (made id.Objection, err error) {
	w.t.Helper()
	err = w.DB.Write(w.Ctx, func(tx *db.Tx) error {
		known, err := sanction.Find(tx, against)
		if err == nil {
			made, err = w.sanctions.ObjectIn(tx, actor, known)
		}
		return err
	})
	return made, err
}

func (w *world) find(wanted id.Sanction) (found sanction.Sanction) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) (err error) {
		found, err = sanction.Find(tx, wanted)
		return err
	})
	return found
}

func (w *world) topics() (topics []string) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error { return tx.G().Table("outbox").Order("id").Pluck("topic", &topics).Error })
	return topics
}

func TestWhatNoHeadMayDecideNamesItsField(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		today := w.Today()
		for name, c := range map[string]struct {
			change func(*sanction.New)
			field  string
			code   fault.Code
		}{
			"no kind":              {func(n *sanction.New) { n.Kind = "" }, "kind", fault.FieldInvalid},
			"no measure":           {func(n *sanction.New) { n.Measure = "" }, "measure", fault.FieldInvalid},
			"an unknown rule":      {func(n *sanction.New) { n.RuleKey = "camera" }, "ruleKey", fault.RuleUnknown},
			"parents not heard":    {func(n *sanction.New) { n.Heard = []sanction.Party{sanction.Pupil} }, "heard", fault.HearingMissing},
			"the pupil not heard":  {func(n *sanction.New) { n.Heard = []sanction.Party{sanction.Parents} }, "heard", fault.HearingMissing},
			"somebody else heard":  {func(n *sanction.New) { n.Heard = append(n.Heard, "neighbour") }, "heard", fault.FieldInvalid},
			"no file note":         {func(n *sanction.New) { n.NotedOn = calendar.Date{} }, "notedOn", fault.FieldMissing},
			"a file note to come":  {func(n *sanction.New) { n.NotedOn = today.AddDays(1) }, "notedOn", fault.FieldInvalid},
			"no first day":         {func(n *sanction.New) { n.From = calendar.Date{} }, "from", fault.FieldMissing},
			"two days ago":         {func(n *sanction.New) { n.From = today.AddDays(-2) }, "from", fault.SanctionFromPast},
			"no last day":          {func(n *sanction.New) { n.Until = calendar.Date{} }, "until", fault.FieldMissing},
			"until before from":    {func(n *sanction.New) { n.Until = n.From.AddDays(-1) }, "until", fault.SanctionEndsEarly},
			"more than a halfyear": {func(n *sanction.New) { n.Until = sanction.LastDay(n.From).AddDays(1) }, "until", fault.SanctionTooLong},
		} {
			in := w.formal()
			c.change(&in)
			_, err := w.sanctions.Impose(w.Ctx, w.head, in)
			if want := fault.InvalidField(c.field, c.code); err == nil || err.Error() != want.Error() {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		for name, change := range map[string]func(*sanction.New){
			"yesterday":                      func(n *sanction.New) { n.From = today.AddDays(-1) },
			"a single day":                   func(n *sanction.New) { n.Until = n.From },
			"a whole half-year":              func(n *sanction.New) { n.Until = sanction.LastDay(n.From) },
			"educational with nobody heard":  func(n *sanction.New) { n.Kind, n.Heard = sanction.Educational, nil },
			"formal with the class teacher":  func(n *sanction.New) { n.Heard = sanction.Parties },
			"a file note of long before now": func(n *sanction.New) { n.NotedOn = today.AddDays(-40) },
		} {
			in := w.formal()
			change(&in)
			if _, err := w.sanctions.Impose(w.Ctx, w.head, in); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		stranger := w.formal()
		stranger.Pupil = "nobody"
		if _, err := w.sanctions.Impose(w.Ctx, w.head, stranger); !fault.Has(err, fault.NothingHere) {
			t.Errorf("a pupil who is none: %v", err)
		}
	})
}

func TestASchoolHalfYearIsSixMonths(t *testing.T) {
	for from, want := range map[string]string{
		"2026-08-01": "2027-01-31", "2026-02-01": "2026-07-31", "2026-11-28": "2027-05-27",
		"2026-08-31": "2027-02-28", "2027-08-31": "2028-02-29", "2026-12-31": "2027-06-30",
	} {
		if got := sanction.LastDay(calendar.MustParse(from)); got.String() != want {
			t.Errorf("from %s until %s, want %s", from, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		from := calendar.MustParse("2026-01-01").AddDays(rapid.IntRange(0, 4000).Draw(t, "day"))
		if days, ok := from.DaysUntil(sanction.LastDay(from)); !ok || days < 180 || days > 184 {
			t.Fatalf("from %s: %d days", from, days)
		}
	})
}

func TestAnObjectionIsTakenOnceAndAnsweredOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		parent, against := w.As(id.GuardianOf(w.guardian.ID)), w.impose()
		if got := w.find(against); !slices.Equal(got.Heard, []sanction.Party{sanction.Pupil, sanction.Parents}) || got.NotedOn != w.Today() {
			t.Fatalf("got %+v", got)
		}
		objection, err := w.object(parent, against)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.object(parent, against); !fault.Has(err, fault.AlreadyDone) {
			t.Errorf("a second one: %v", err)
		}
		for _, c := range []struct {
			outcome sanction.Outcome
			next    sanction.Instance
		}{{"", ""}, {sanction.Kept, ""}, {sanction.Upheld, sanction.SchoolAuthority}, {sanction.Kept, "king"}} {
			if err := w.sanctions.Answer(w.Ctx, w.head, against, objection, c.outcome, c.next); !fault.Has(err, fault.InvalidInput) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		if err := w.sanctions.Answer(w.Ctx, w.head, w.impose(), objection, sanction.Upheld, ""); !fault.Has(err, fault.NothingHere) {
			t.Errorf("against another sanction: %v", err)
		}
		if err := w.sanctions.Answer(w.Ctx, w.head, against, objection, sanction.Kept, sanction.SchoolAuthority); err != nil {
			t.Fatal(err)
		}
		if !w.find(against).EndedAt.IsZero() {
			t.Error("a sanction that is kept was ended")
		}
		if err := w.sanctions.Answer(w.Ctx, w.head, against, objection, sanction.Upheld, ""); !fault.Has(err, fault.AlreadyDone) {
			t.Errorf("answered again: %v", err)
		}
	})
}

func TestAnUpheldObjectionEndsTheSanctionAndEverybodyHears(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		against := w.impose()
		var made []id.Objection
		for _, guardian := range []school.Guardian{w.guardian, w.Guardian("Udo", "Brückner", w.pupil)} {
			objection, err := w.object(w.As(id.GuardianOf(guardian.ID)), against)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, objection)
		}
		for _, objection := range made { // the second is upheld when the sanction has ended already
			if err := w.sanctions.Answer(w.Ctx, w.head, against, objection, sanction.Upheld, ""); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.find(against); got.EndedAt.IsZero() || got.InForce(w.Today()) {
			t.Errorf("got %+v", got)
		}
		if err := w.sanctions.End(w.Ctx, w.head, against); !fault.Has(err, fault.AlreadyDone) {
			t.Errorf("ended twice: %v", err)
		}
		if _, err := w.object(w.As(id.PupilOf(w.pupil.ID)), against); !fault.Has(err, fault.AlreadyDone) {
			t.Errorf("an objection to what has ended: %v", err)
		}
		want := []string{
			"sanction.imposed", "sanction.objection", "sanction.objection", "sanction.ended", "sanction.objection", "sanction.objection",
		}
		if got := w.topics(); !slices.Equal(got, want) {
			t.Errorf("jobs %v", got)
		}
	})
}

var placeholder = regexp.MustCompile(`\{\{|\}\}`)

func TestEveryNoticeIsWrittenInEveryLanguage(t *testing.T) {
	if got := sanction.Languages(); !slices.Equal(got, []string{"ar", "de", "en", "ru", "tr", "uk"}) {
		t.Fatalf("languages %v", got)
	}
	at := time.Date(2026, 11, 28, 23, 30, 0, 0, time.UTC)
	day := calendar.MustParse("2026-11-29") // in Berlin the next day has begun
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range sanction.Languages() {
		seen := map[string]bool{}
		for _, measure := range []sanction.Measure{sanction.AudioOnly, sanction.Excluded} {
			s := sanction.Sanction{Measure: measure, Period: calendar.Period{From: day, Until: day.AddDays(6)}}
			check := func(name string, n sanction.Notice) {
				t.Helper()
				text := n.Title + "\n" + strings.Join(n.Paragraphs, "\n")
				if n.Title == "" || len(n.Paragraphs) == 0 || slices.Contains(n.Paragraphs, "") || placeholder.MatchString(text) {
					t.Errorf("%s, %s: %q", language, name, n)
				}
				seen[text] = true
			}
			for _, kind := range []sanction.Kind{sanction.Educational, sanction.Formal} {
				for _, rule := range []string{"Eulen zählen", ""} {
					s.Kind = kind
					n := sanction.ForGuardian(language, sanction.Imposed, s, rule, sanction.Objection{}, zone)
					check("imposed", n)
					if !strings.Contains(n.Paragraphs[0], "29.11.2026") || !strings.Contains(n.Paragraphs[0], "05.12.2026") {
						t.Errorf("%s: no days in %q", language, n.Paragraphs[0])
					}
				}
			}
			check("ended", sanction.ForGuardian(language, sanction.Ended, s, "", sanction.Objection{}, zone))
			check("for the pupil", sanction.ForPupil(language, sanction.Imposed, s))
			check("ended for the pupil", sanction.ForPupil(language, sanction.Ended, s))
			for _, o := range []sanction.Objection{
				{ReceivedAt: at}, {Outcome: sanction.Upheld, AnsweredAt: at},
				{Outcome: sanction.Kept, AnsweredAt: at, Next: sanction.SchoolAuthority}, {Outcome: sanction.Kept, AnsweredAt: at, Next: sanction.AdministrativeCourt},
			} {
				n := sanction.ForGuardian(language, o.Step(), s, "", o, zone)
				check("an objection", n)
				if !strings.Contains(n.Paragraphs[0], "29.11.2026") {
					t.Errorf("%s: no day of the school's zone in %q", language, n.Paragraphs[0])
				}
			}
		}
		if len(seen) != 2*2*2+1+2+1+4 { // measures, kinds, with and without a rule; ended; the pupil's; of an objection
			t.Errorf("%s: %d different notices: %v", language, len(seen), slices.Sorted(maps.Keys(seen)))
		}
	}
	german := sanction.ForPupil("de", sanction.Ended, sanction.Sanction{})
	if got := sanction.ForPupil("xx", sanction.Ended, sanction.Sanction{}); got.Title != german.Title {
		t.Errorf("a language without texts reads %q", got.Title)
	}
}

// readyRules gives the school the rules that ship.
func readyRules(tb testing.TB, s *testkit.School) *rules.Service {
	tb.Helper()
	service := rules.NewService(s.DB, s.Service, s.Hub)
	if err := service.Ready(s.Ctx); err != nil {
		tb.Fatal(err)
	}
	return service
}
