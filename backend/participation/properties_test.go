package participation_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

// events is how many events a history has at most. Counter-examples to earlier wordings needed up to seven.
const events = 30

func TestNothingRaisesButTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := lives(t)
		for range rapid.IntRange(1, events).Draw(t, "events") {
			before, from := w.mode(), w.facts.Today
			e := happens(t, w)
			switch after := w.mode(); {
			case e.effect == neverRaises && after > before:
				t.Fatalf("%s raised from %s to %s", e.name, before, after)
			case e.effect == timePasses:
				checkDays(t, w, from)
			}
		}
	})
}

// checkDays walks from a day to today and checks that the mode rises only where time may raise it.
func checkDays(t *rapid.T, w *world, from calendar.Date) {
	walk, allowed := w.clone(), endsOfTime(w)
	walk.facts.Today = from
	for before := walk.mode(); walk.facts.Today.Before(w.facts.Today); before = walk.mode() {
		walk.facts.Today = walk.facts.Today.AddDays(1)
		if after := walk.mode(); after > before && !slices.Contains(allowed, walk.facts.Today) {
			t.Fatalf("%s raised from %s to %s by itself", walk.facts.Today, before, after)
		}
	}
}

func TestEndingASanctionOrHoldOrOwnLimitNeverLowers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := lives(t)
		for range rapid.IntRange(1, events).Draw(t, "events") {
			before := w.mode()
			e := happens(t, w)
			if after := w.mode(); e.effect == neverLowers && after < before {
				t.Fatalf("%s lowered from %s to %s", e.name, before, after)
			}
		}
	})
}

// A sanction takes away, it never gives: with sanctions the mode is never above what consent allows.
func TestWithSanctionsTheModeIsNeverAboveThatWithout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		free := w.clone()
		free.facts.Sanctions, free.facts.Meeting.TeacherLimits = nil, nil
		if with, without := w.mode(), free.mode(); with > without {
			t.Fatalf("%s with sanctions, %s without", with, without)
		}
	})
}

func TestNoLimitingActRaises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		before := w.mode()
		person := persons.Draw(t, "person")
		kind := rapid.SampledFrom([]participation.ActKind{participation.Answer, participation.Withdrawal, "unheard of"}).Draw(t, "kind")
		reach := limits.Draw(t, "reach")
		if kind == participation.Answer {
			reach = none
		}
		w.facts.Acts = append(w.facts.Acts, w.act(person, kind, reach)) // with or without a say
		if after := w.mode(); after > before {
			t.Fatalf("%s's %s of %s raised from %s to %s", person.ID, kind, reach, before, after)
		}
	})
}

func TestWhoeverHasASayCanLowerAtOnceAndItHoldsUntilTheirOwnYes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		say := participation.WhoHasSay(w.facts)
		if len(say) == 0 {
			t.Skip("nobody has a say")
		}
		person, left := rapid.SampledFrom(say).Draw(t, "person"), limits.Draw(t, "left")
		ceiling := left
		if w.facts.Meeting.Basis == participation.Statute {
			ceiling = audio
		}
		w.withdraws(person, left)
		for range rapid.IntRange(0, events).Draw(t, "later events") {
			if mode := w.mode(); participation.HasSay(w.facts, person) && mode > ceiling {
				t.Fatalf("%s limited to %s, and the mode is %s", person.ID, left, mode)
			}
			if e := happens(t, w); e.yes && e.by == person {
				return
			}
		}
	})
}

func TestAboveNoneThereIsAlwaysACountingYes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		byStatute := w.facts.Meeting.Basis == participation.Statute
		switch mode := w.mode(); {
		case mode == none, byStatute && mode == audio:
			return
		}
		if !someYesCounts(w) {
			t.Fatalf("%s without anybody's yes", w.mode())
		}
	})
}

// someYesCounts looks for a yes that counts in another way than the rule does: it is somebody's last yes,
// was not invalidated, was given to the edition in force, and to a schooling and, by a guardian, under a
// guardianship that still gives a say or did so before the pupil decided alone.
func someYesCounts(w *world) bool {
	f := w.facts
	for i, act := range f.Acts {
		isYes := act.Kind == participation.Answer && act.Reach > none
		replaced := slices.ContainsFunc(f.Acts[i+1:], func(later participation.Act) bool {
			return later.Person == act.Person && later.Kind == participation.Answer && later.Reach > none
		})
		atSchool := slices.ContainsFunc(f.Schoolings, func(s participation.Schooling) bool {
			return s.ID == act.Schooling && s.Days.Contains(f.Today)
		})
		if !isYes || replaced || act.Invalidated != 0 || !atSchool || act.Edition != w.edition().Number {
			continue
		}
		if act.Person == child || slices.ContainsFunc(f.Guardianships, func(g participation.Guardianship) bool {
			return g.ID == act.Guardianship && g.Custody != participation.NoCustody && !g.Prevented && act.Number > g.SaySince
		}) {
			return true
		}
	}
	return false
}

func TestTheStandingIsConstantUntilItSaysOtherwise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		today := w.standing()
		last := w.facts.Today.AddDays(800)
		if !today.Until.IsZero() {
			if !today.Until.After(w.facts.Today) {
				t.Fatalf("until %s, which has come", today.Until)
			}
			last = today.Until.AddDays(-1)
		}
		for w.facts.Today.Before(last) {
			w.facts.Today = w.facts.Today.AddDays(1)
			if later := w.standing(); !reflect.DeepEqual(later, today) {
				t.Fatalf("on %s %+v, although %+v was to hold", w.facts.Today, later, today)
			}
		}
	})
}

func TestTheOrderOfDifferentPeoplesActsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		want := w.standing()
		for range rapid.IntRange(1, 20).Draw(t, "swaps") {
			swap(t, w)
		}
		if got := w.standing(); !reflect.DeepEqual(got, want) {
			t.Fatalf("in another order %+v, before %+v", got, want)
		}
	})
}

// swap exchanges the places in the log of two neighbouring acts of different people, unless a guardianship
// changed between them.
func swap(t *rapid.T, w *world) {
	acts := w.facts.Acts
	if len(acts) < 2 {
		return
	}
	i := rapid.IntRange(0, len(acts)-2).Draw(t, "swap")
	a, b := &acts[i], &acts[i+1]
	for _, g := range w.facts.Guardianships {
		if a.Number < g.SaySince && g.SaySince < b.Number {
			return
		}
	}
	if a.Person != b.Person {
		a.Number, b.Number = b.Number, a.Number
		*a, *b = *b, *a
	}
}

func TestTheOrderOfTheSlicesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		want := w.standing()
		w.facts.Acts = rapid.Permutation(w.facts.Acts).Draw(t, "acts")
		w.facts.Versions = rapid.Permutation(w.facts.Versions).Draw(t, "versions")
		w.facts.Schoolings = rapid.Permutation(w.facts.Schoolings).Draw(t, "schoolings")
		if got := w.standing(); !reflect.DeepEqual(got, want) {
			t.Fatalf("in another order %+v, before %+v", got, want)
		}
		w.facts.Guardianships = rapid.Permutation(w.facts.Guardianships).Draw(t, "guardianships")
		if got := w.standing(); got.Mode != want.Mode || got.Until != want.Until || got.Conflict != want.Conflict {
			t.Fatalf("with the guardians in another order %+v, before %+v", got, want)
		}
	})
}

func TestTheSameActTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		acts := len(w.facts.Acts)
		rapid.SampledFrom([]happening{answering, withdrawing}).Draw(t, "act")(t, w)
		if len(w.facts.Acts) == acts {
			t.Skip("no say, or the same stance already")
		}
		want := w.standing()
		again := w.facts.Acts[acts]
		again.Number = w.next()
		if !participation.SameStance(w.facts, again) {
			t.Fatalf("the second %s of %s by %s is not recognised", again.Kind, again.Reach, again.Person.ID)
		}
		w.facts.Acts = append(w.facts.Acts, again)
		if got := w.standing(); !reflect.DeepEqual(got, want) {
			t.Fatalf("after the second time %+v, before %+v", got, want)
		}
	})
}

// Leaving out an act because it is the same stance must never be felt later, whatever happens then.
func TestLeavingOutTheSameStanceIsNeverFelt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		logged := w.clone()
		for _, person := range participation.WhoHasSay(w.facts) {
			act := w.act(person, participation.Answer, modes.Draw(t, "answer"))
			if rapid.Bool().Draw(t, "withdrawal") {
				act.Kind, act.Reach = participation.Withdrawal, limits.Draw(t, "left")
			}
			// A pupil's answer is dated: the later one may be the one that is given alone.
			if act.Kind == participation.Withdrawal || person.Kind == participation.Guardian {
				w.record(act)
				logged.facts.Acts = append(logged.facts.Acts, act)
			}
		}
		days, edition := rapid.IntRange(0, 800).Draw(t, "days"), rapid.Bool().Draw(t, "new edition")
		for _, later := range []*world{w, logged} {
			later.facts.Today = later.facts.Today.AddDays(days)
			if edition {
				later.newEdition()
			}
		}
		if w.mode() != logged.mode() {
			t.Fatalf("%s with every act logged, %s with the same stance left out", logged.mode(), w.mode())
		}
	})
}

func TestIfAllWithASayAnswerVideoAfreshTheModeIsVideo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		w.facts.Sanctions, w.facts.Holds, w.facts.OwnLimits, w.facts.Meeting.TeacherLimits = nil, nil, nil, nil
		say := participation.WhoHasSay(w.facts)
		for _, person := range rapid.Permutation(say).Draw(t, "order") {
			w.answers(person, video)
		}
		want := none
		if w.facts.Meeting.Basis == participation.Statute {
			want = audio
		}
		if !atSchool(w) {
			want = none
		} else if someoneUndisputed(w, say) {
			want = video
		}
		if got := w.standing(); got.Mode != want {
			t.Fatalf("%s because of %v, want %s", got.Mode, kinds(got), want)
		}
	})
}

func atSchool(w *world) bool {
	return slices.ContainsFunc(w.facts.Schoolings, func(s participation.Schooling) bool {
		return s.Days.Contains(w.facts.Today)
	})
}

// someoneUndisputed reports whether among those with a say is one whose yes can suffice: the pupil where
// nobody else has a say by age, or a guardian who is not disputed and claims no sole custody beside another.
func someoneUndisputed(w *world, say []participation.Person) bool {
	age, _ := calendar.AgeOn(w.facts.Birth, w.facts.Today)
	if ages := w.edition().Ages; ages.Valid() && age >= ages.AloneFrom {
		return true
	}
	inForce := slices.DeleteFunc(slices.Clone(w.facts.Guardianships), func(g participation.Guardianship) bool {
		return g.Custody == participation.NoCustody || !g.Days.Contains(w.facts.Today)
	})
	return slices.ContainsFunc(inForce, func(g participation.Guardianship) bool {
		contradicted := g.Custody == participation.Sole && slices.ContainsFunc(inForce, func(other participation.Guardianship) bool {
			settled := g.Basis == participation.Confirmed && other.Basis == participation.Confirmed
			return other.Guardian != g.Guardian && !settled
		})
		hasSay := slices.Contains(say, participation.Person{Kind: participation.Guardian, ID: g.Guardian})
		return hasSay && !g.Prevented && !g.Disputed && !contradicted
	})
}

func TestTheModeIsTheLowestCeilingOfItsReasons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := history(t, events).standing()
		lowest := video
		for _, r := range s.Reasons {
			lowest = min(lowest, r.Ceiling)
			if r.Audience == 0 {
				t.Fatalf("nobody may see %s", r.Kind)
			}
		}
		if s.Mode != lowest {
			t.Fatalf("%s, but the reasons %v allow %s", s.Mode, kinds(s), lowest)
		}
	})
}

// While guardians decide, the civil day of an act means nothing: the log alone orders acts.
func TestDaysNeverOrderActs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		if age, _ := calendar.AgeOn(w.facts.Birth, w.facts.Today); age >= 12 {
			t.Skip("old enough for the day to matter")
		}
		want := w.standing()
		for i := range w.facts.Acts {
			w.facts.Acts[i].Day = day("2020-01-01").AddDays(rapid.IntRange(0, 4000).Draw(t, "day"))
		}
		if got := w.standing(); !reflect.DeepEqual(got, want) {
			t.Fatalf("with other clocks %+v, before %+v", got, want)
		}
	})
}

func TestWhoIsAskedHasASayAndHasNotAnswered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t, events)
		asks := participation.OpenAsks(w.facts)
		for _, ask := range asks {
			if ask.From.IsZero() && (!participation.HasSay(w.facts, ask.Person) || participation.HasAnswered(w.facts, ask.Person)) {
				t.Fatalf("%v is asked without need", ask)
			}
			if !ask.From.IsZero() && ask.Person != child {
				t.Fatalf("%v is asked ahead of time", ask)
			}
		}
		for _, person := range participation.WhoHasSay(w.facts) {
			w.answers(person, modes.Draw(t, "answer"))
		}
		for _, ask := range participation.OpenAsks(w.facts) {
			if ask.From.IsZero() {
				t.Fatalf("%v is asked after having answered", ask)
			}
		}
	})
}
