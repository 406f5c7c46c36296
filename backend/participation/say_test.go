package participation_test

import (
	"slices"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

func TestWhoHasASay(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world)
		want   []participation.Person
	}{
		{"joint custody", func(w *world) {}, []participation.Person{mother, father}},
		{"no custody", func(w *world) { w.guardianship(father).Custody = participation.NoCustody }, []participation.Person{mother}},
		{"prevented", func(w *world) { w.guardianship(father).Prevented = true }, []participation.Person{mother}},
		{"disputed keeps the say", func(w *world) { w.guardianship(father).Disputed = true }, []participation.Person{mother, father}},
		{"custody unknown", func(w *world) { w.guardianship(father).Custody = "" }, []participation.Person{mother}},
		{"ended yesterday", func(w *world) { w.guardianship(father).Days.Until = day("2026-11-22") }, []participation.Person{mother}},
		{"ends today", func(w *world) { w.guardianship(father).Days.Until = day("2026-11-23") }, []participation.Person{mother, father}},
		{"begins tomorrow", func(w *world) { w.guardianship(father).Days.From = day("2026-11-24") }, []participation.Person{mother}},
		{"two guardianships of one guardian", func(w *world) {
			second := guardianshipOf("mother")
			second.ID = "second"
			w.facts.Guardianships = append(w.facts.Guardianships, second)
		}, []participation.Person{mother, father}},
		{"adult", func(w *world) { w.born("2008-11-23") }, []participation.Person{child}},
		{"the eve of coming of age", func(w *world) { w.born("2008-11-24") }, []participation.Person{mother, father}},
		{"beside guardians", func(w *world) { w.born("2012-11-23").ages(participation.FromFourteen()) }, []participation.Person{mother, father, child}},
		{"birth date unknown", func(w *world) { w.facts.Birth = calendar.Date{} }, nil},
		{"not yet born", func(w *world) { w.born("2026-11-24") }, nil},
		{"ages unknown", func(w *world) { w.ages(participation.Ages{}) }, nil},
		{"ages beyond adulthood", func(w *world) { w.ages(participation.Ages{AloneFrom: 19}) }, nil},
		{"ages the wrong way round", func(w *world) { w.ages(participation.Ages{BesideFrom: 16, AloneFrom: 14}) }, nil},
		{"today unknown", func(w *world) { w.facts.Today = calendar.Date{} }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			tt.change(w)
			if got := participation.WhoHasSay(w.facts); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			for _, person := range []participation.Person{mother, father, child} {
				if participation.HasSay(w.facts, person) != slices.Contains(tt.want, person) {
					t.Errorf("HasSay and WhoHasSay differ about %v", person)
				}
			}
		})
	}
}

func TestAPupilsYesBesideGuardiansDoesNotCountAlone(t *testing.T) {
	w := newWorld().born("2012-05-17").ages(participation.FromFourteen()).on("2026-11-23")
	w.answers(child, video).want(t, none).
		wantReasons(t, participation.Unanswered, participation.Unanswered, participation.PupilBeside)
	w.clone().with(func(f *participation.Facts) { f.Guardianships = nil }).want(t, none).wantReasons(t, participation.PupilBeside)
	w.clone().answers(mother, video).want(t, video)
	w.answers(mother, video).withdraws(child, audio).want(t, audio)
}

func TestADisputedGuardianIsNeededAndNeverSufficesAlone(t *testing.T) {
	w := newWorld()
	w.guardianship(father).Disputed = true
	w.clone().answers(father, video).want(t, none).wantReasons(t, participation.Unanswered, participation.Disputed)
	w.clone().answers(mother, video).want(t, none).wantReasons(t, participation.Unanswered)
	w.clone().answers(mother, video).answers(father, video).want(t, video).wantReasons(t)
	w.guardianship(mother).Disputed = true
	w.answers(mother, video).answers(father, video).want(t, none).wantReasons(t, participation.Disputed, participation.Disputed)
}

func TestSoleCustodyBesideAnotherCountsAsDisputedUntilSettled(t *testing.T) {
	w := newWorld().answers(father, video).want(t, video)
	claim := w.guardianship(mother)
	claim.Custody, claim.Basis = participation.Sole, participation.Declared
	w.want(t, none)
	w.clone().answers(mother, video).want(t, video)

	claim.Basis = participation.Confirmed
	w.want(t, none) // beside a custody that the office has not confirmed it is not settled
	w.guardianship(father).Basis = participation.Confirmed
	w.want(t, video)

	w.guardianship(father).Basis = participation.Assumed
	w.guardianship(father).Prevented = true
	w.answers(mother, video).want(t, none).wantReasons(t, participation.Disputed)
	w.guardianship(father).Custody = participation.NoCustody
	w.want(t, video)
}

func TestACustodyRegainedNeedsAFreshYes(t *testing.T) {
	w := newWorld().answers(father, video)
	w.guardianship(father).Custody = participation.NoCustody
	w.want(t, none)
	w.guardianship(father).Custody = participation.Joint
	w.guardianship(father).SaySince = w.next()
	w.want(t, none).answers(father, video).want(t, video)
}

func TestALimitReturnsWithTheSay(t *testing.T) {
	w := newWorld().answers(mother, video).answers(father, none).want(t, none)
	w.guardianship(father).Prevented = true
	w.want(t, video)
	w.guardianship(father).Prevented = false
	w.guardianship(father).SaySince = w.next()
	w.want(t, none)
}

func TestAYesUnderAnotherGuardianshipDoesNotCount(t *testing.T) {
	w := newWorld().answers(mother, video)
	w.guardianship(mother).ID = "a new one"
	w.want(t, none).answers(mother, video).want(t, video)
	w.facts.Acts[len(w.facts.Acts)-1].Guardianship = "of-father"
	w.want(t, none)
}
