package rules

// White box: which questions are asked and what is due are pure.

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func shipped(t *testing.T) Draft {
	t.Helper()
	draft, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return draft
}

// R1 to R5 and S8 of the letter; seven languages, at most fifteen words a sentence.
func TestR0TheShippedSetHasEveryRuleInEveryLanguage(t *testing.T) {
	draft := shipped(t)
	for _, key := range []string{"ON_TIME", "NO_RECORDING", "TALK_RULES", "FRIENDLY", "PRIVACY", "FAMILY_PRIVACY"} {
		if !slices.ContainsFunc(draft.Rules, func(r DraftRule) bool { return r.Key == key }) {
			t.Errorf("%s is missing", key)
		}
	}
	if got := draft.tags(); !slices.Equal(got, []string{"de", "de-simple", "en", "tr", "ar", "uk", "ru"}) {
		t.Errorf("languages %v", got)
	}
	for _, texts := range draft.Languages {
		var all []string
		for _, card := range texts.Rules {
			all = append(all, card.Text, card.FromTwelve)
		}
		for _, q := range texts.Questions {
			all = append(all, q.Text, q.Why)
			for _, answer := range q.Answers {
				all = append(all, answer.Text)
			}
		}
		for _, text := range all {
			for _, sentence := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".?!؟", r) }) {
				if len(strings.Fields(sentence)) > 15 {
					t.Errorf("%s: %q is long", texts.Language, sentence)
				}
			}
		}
	}
}

func TestADraftThatIsIncompleteNamesThePlace(t *testing.T) {
	for want, spoil := range map[string]func(*Draft){
		"rules":                               func(d *Draft) { d.Rules = nil },
		"rules.ON_TIME":                       func(d *Draft) { d.Rules[1].Key = "ON_TIME" },
		"rules.on time":                       func(d *Draft) { d.Rules[1].Key = "on time" },
		"rules.ON_TIME.questions":             func(d *Draft) { d.Rules[0].Questions = d.Rules[0].Questions[:1] },
		"rules.ON_TIME.questions.on_time_1":   func(d *Draft) { d.Rules[0].Questions[0].Right = "c" },
		"languages.de":                        func(d *Draft) { d.Languages = d.Languages[1:] },
		"languages.tr":                        func(d *Draft) { d.Languages[2].Language = "tr" },
		"languages.en.line":                   func(d *Draft) { d.Languages[2].Line = " " },
		"languages.en.rules.FRIENDLY":         func(d *Draft) { d.Languages[2].Rules[3].Title = strings.Repeat("x", 401) },
		"languages.ar.rules.NO_RECORDING":     func(d *Draft) { d.Languages[4].Rules[1].FromTwelve = "" },
		"languages.uk.questions.friendly_2":   func(d *Draft) { d.Languages[5].Questions[7].Why = "" },
		"languages.ru.questions.talk_rules_1": func(d *Draft) { d.Languages[6].Questions[4].Answers[1].ID = "z" },
	} {
		draft := shipped(t)
		spoil(&draft)
		var found *Flaw
		if err := draft.Check(); !errors.As(err, &found) || found.Field != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := ParseDraft([]byte(`{"rules": [], "more": 1}`)); err == nil {
		t.Error("an unknown field is taken")
	}
}

func versions(t *testing.T, changes ...func(*Draft)) []Version {
	t.Helper()
	all := make([]Version, len(changes))
	for i, change := range changes {
		draft := shipped(t)
		change(&draft)
		all[i] = Version{ID: id.RulesVersion(fmt.Sprint("v", i)), Number: i + 1, set: &draft}
	}
	return all
}

func same(*Draft) {}

func TestOnlyARuleThatChangedIsReadAgain(t *testing.T) {
	all := versions(t, same, func(d *Draft) {
		d.Languages[0].Rules[3].Text = "Seid alle freundlich."   // FRIENDLY, in German
		d.Languages[2].Rules[4].Text = "Better English."         // PRIVACY, a reading aid
		d.Languages[0].Questions[0].Why = "Besser erklärt."      // a question
		d.Languages[0].Rules[1].FromTwelve = "Das ist verboten." // NO_RECORDING, for pupils of twelve
	})
	keys := []string{"ON_TIME", "NO_RECORDING", "TALK_RULES", "FRIENDLY", "PRIVACY", "FAMILY_PRIVACY"}
	first, second := present{versions: all, version: all[0]}, present{versions: all, version: all[1]}
	read := []acknowledgement{{version: "v0", keys: keys}}
	if due := first.due(nil); !slices.Equal(due, keys) {
		t.Errorf("at first %v are due", due)
	}
	if due := first.due(read); due != nil {
		t.Errorf("after reading %v are due", due)
	}
	changed := []string{"NO_RECORDING", "FRIENDLY"}
	if due := second.due(read); !slices.Equal(due, changed) {
		t.Errorf("of the second version %v are due", due)
	}
	read = append(read, acknowledgement{version: "v1", keys: changed})
	if due := second.due(read); due != nil {
		t.Errorf("after reading those %v are due", due)
	}
	if due := second.due([]acknowledgement{{version: "unknown", keys: keys}}); !slices.Equal(due, keys) {
		t.Errorf("of a version that nobody knows %v are due", due)
	}
}

func TestTwoQuestionsAreAskedThatStayTheSame(t *testing.T) {
	all := versions(t, same)
	now := present{versions: all, version: all[0], halfYear: calendar.HalfYearOf(calendar.MustParse("2026-11-24"))}
	later := now
	later.halfYear = calendar.HalfYearOf(calendar.MustParse("2027-02-01"))
	seen, moved := map[string]bool{}, false
	for i := range 200 {
		pupil := id.Pupil(fmt.Sprint("pupil ", i))
		drawn := now.questions(now.due(nil), pupil)
		if len(drawn) != 2 || drawn[0].rule == drawn[1].rule {
			t.Fatalf("drawn %+v", drawn)
		}
		again := now.questions(now.due(nil), pupil)
		if drawn[0].ID != again[0].ID || drawn[1].ID != again[1].ID {
			t.Fatal("they differ without a reason")
		}
		seen[drawn[0].ID], seen[drawn[1].ID] = true, true
		moved = moved || later.questions(now.due(nil), pupil)[0].ID != drawn[0].ID
		one := now.questions([]string{"FRIENDLY"}, pupil)
		if len(one) != 2 || one[0].ID == one[1].ID || one[0].rule != "FRIENDLY" || one[1].rule != "FRIENDLY" {
			t.Fatalf("of one rule %+v", one)
		}
	}
	if len(seen) != 12 || !moved {
		t.Errorf("%d of 12 questions are ever asked; others in the other half-year: %t", len(seen), moved)
	}
	if drawn := now.questions(nil, "x"); drawn != nil {
		t.Errorf("nothing is due and %v is asked", drawn)
	}
}

func TestAfterTwoWrongAnswersTheChildGoesIn(t *testing.T) {
	asked := []pooled{{DraftQuestion{ID: "p", Answers: []string{"a", "b"}, Right: "a"}, "P"}, {DraftQuestion{ID: "q", Answers: []string{"a", "b"}, Right: "b"}, "Q"}}
	for given, want := range map[string]string{
		"pa qb":       "in",
		"pb pa qb":    "in",
		"pb pa qa":    "explain",
		"pb pb":       "explain",
		"pb pb pa qb": "explain",
		"pa":          "field_missing",
		"pb":          "field_missing",
		"":            "field_missing",
		"pa pa":       "field_missing",
		"pa qc":       "field_invalid",
		"xa":          "field_invalid",
	} {
		var answers []Given
		for _, answer := range strings.Fields(given) {
			answers = append(answers, Given{Question: answer[:1], Answer: answer[1:]})
		}
		explain, err := judge(asked, answers)
		got := map[bool]string{true: "explain", false: "in"}[explain]
		var refused *fault.Error
		if errors.As(err, &refused) {
			got = string(refused.Fields[0].Code)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", given, got, want)
		}
	}
}

// reader is a pupil who reads.
type reader struct {
	*testkit.School
	t       *testing.T
	service *Service
}

func newReader(t *testing.T, env *testkit.Env) *reader {
	t.Helper()
	s := env.NewSchool(t)
	r := &reader{School: s, t: t, service: NewService(env.DB, s.Service, s.Hub)}
	if err := r.service.Ready(s.Ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) sheet(pupil id.Pupil, language string) (sheet Sheet) {
	r.t.Helper()
	r.Read(func(tx *db.Tx) (err error) {
		sheet, err = r.service.Sheet(tx, pupil, language)
		return err
	})
	return sheet
}

func (r *reader) state(pupil id.Pupil) State {
	r.t.Helper()
	var states map[id.Pupil]State
	r.Read(func(tx *db.Tx) (err error) {
		states, err = r.service.Of(tx, []id.Pupil{pupil})
		return err
	})
	return states[pupil]
}

func (r *reader) reads(pupil id.Pupil, right bool) {
	r.t.Helper()
	sheet := r.sheet(pupil, "")
	var given []Given
	for _, q := range sheet.Questions {
		for _, answer := range q.Answers {
			if (answer.ID == q.Right) == right {
				given = append(given, Given{q.ID, answer.ID})
			}
		}
	}
	r.Write(func(tx *db.Tx) error {
		return r.service.Acknowledge(tx, r.As(id.PupilOf(pupil)), sheet.Version.ID, given)
	})
}

func (r *reader) due(pupil id.Pupil) (keys []string) {
	r.t.Helper()
	for _, rule := range r.sheet(pupil, "").Rules {
		if rule.Due {
			keys = append(keys, rule.Key)
		}
	}
	return keys
}

// wantNoAttempts looks for what was asked and answered in all that is kept of readers.
func (r *reader) wantNoAttempts(asked []Question) {
	r.t.Helper()
	var rows []map[string]any
	r.Read(func(tx *db.Tx) error { return tx.G().Table("acknowledgement").Find(&rows).Error })
	if len(rows) != 1 || len(asked) == 0 {
		r.t.Errorf("%d rows are kept of one reading of %d questions", len(rows), len(asked))
	}
	for _, q := range asked {
		if strings.Contains(fmt.Sprint(rows), q.ID) {
			r.t.Errorf("%s is kept: %v", q.ID, rows)
		}
	}
	var columns []string
	for name := range rows[0] {
		columns = append(columns, name)
	}
	slices.Sort(columns)
	if kept := strings.Join(columns, " "); kept != "at explain half_year_from id pupil_id rule_keys school_id version_id" {
		r.t.Errorf("kept are %s", kept)
	}
}

func TestRulesAreReadOncePerVersionAndHalfYear(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		r := newReader(t, env)
		class := r.Class("7b")
		lena, ben := r.Pupil("Lena", "Brückner", "2014-03-12", class), r.Pupil("Ben", "Arndt", "2014-05-01", class)
		head := r.Staff(authz.Head)
		want := func(state State, due ...string) {
			t.Helper()
			if got := r.state(lena.ID); got != state || !slices.Equal(r.due(lena.ID), due) {
				t.Errorf("%+v, due %v; want %+v, %v", got, r.due(lena.ID), state, due)
			}
		}
		want(State{}, "ON_TIME", "NO_RECORDING", "TALK_RULES", "FRIENDLY", "PRIVACY", "FAMILY_PRIVACY")
		asked := r.sheet(lena.ID, "").Questions
		r.reads(lena.ID, false)
		want(State{Read: true, Explain: true})
		r.wantNoAttempts(asked)
		r.reads(lena.ID, true) // again: changes nothing
		if r.state(ben.ID) != (State{}) || len(r.sheet(lena.ID, "").Questions) != 0 {
			t.Error("one pupil's reading counts for another, or is asked again")
		}

		changed := shipped(t)
		changed.Languages[0].Rules[3].Text = "Sei zu allen freundlich."
		published, err := r.service.Publish(r.Ctx, head, changed, calendar.Date{})
		if err != nil || published.Number != 2 || published.InForceOn != r.Today().AddDays(14) {
			t.Fatalf("published %+v: %v", published, err)
		}
		if _, err := r.service.Publish(r.Ctx, head, changed, r.Today().AddDays(13)); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("before an earlier version: %v", err)
		}
		env.Clock.Advance(13 * 24 * time.Hour)
		want(State{Read: true})
		env.Clock.Advance(24 * time.Hour)
		want(State{}, "FRIENDLY")
		r.reads(lena.ID, true)
		want(State{Read: true})

		zone := school.Settings{}.Location()
		env.Clock.Set(time.Date(2027, 1, 31, 23, 59, 59, 0, zone))
		want(State{Read: true})
		env.Clock.Set(time.Date(2027, 2, 1, 0, 0, 0, 0, zone))
		want(State{}, "ON_TIME", "NO_RECORDING", "TALK_RULES", "FRIENDLY", "PRIVACY", "FAMILY_PRIVACY")

		all, err := r.service.Versions(r.Ctx)
		if err != nil || len(all) != 2 || all[0].ID != published.ID {
			t.Errorf("versions %+v: %v", all, err)
		}
		err = r.DB.WriteUnaudited(r.Ctx, func(tx *db.Tx) error { return tx.G().Exec("UPDATE rules_version SET number = 9").Error })
		if !db.Violated(err, db.ErrAppendOnly) {
			t.Errorf("a published version is changed: %v", err)
		}
	})
}

// L27: what may be a crime is told from twelve; simple German is for children below ten.
func TestL27WhatIsToldFollowsTheAge(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		r := newReader(t, env) // 24 November 2026
		class := r.Class("7b")
		for birth, want := range map[string]struct {
			language string
			crime    bool
		}{
			"2014-11-24": {"de", true}, "2014-11-25": {"de", false}, "2016-11-24": {"de", false}, "2016-11-25": {"de-simple", false},
			"2008-01-01": {"de", true}, "": {"de", false},
		} {
			pupil := r.Pupil("Kim", "Muster", birth, class)
			sheet := r.sheet(pupil.ID, "")
			text, err := json.Marshal(sheet.Rules)
			if err != nil {
				t.Fatal(err)
			}
			if sheet.Language != want.language || strings.Contains(string(text), "201") != want.crime {
				t.Errorf("born %q: %s, crime %t", birth, sheet.Language, !want.crime)
			}
		}
		pupil := r.Pupil("Kim", "Muster", "2018-01-01", class).ID
		for wanted, got := range map[string]string{"tr": "tr", "de": "de", "de-simple": "de-simple", "en-GB": "en", "xx": "de"} {
			if sheet := r.sheet(pupil, wanted); sheet.Language != got || sheet.Line == "" {
				t.Errorf("asked for %s, got %s", wanted, sheet.Language)
			}
		}
	})
}
