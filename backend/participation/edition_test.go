package participation_test

import (
	"slices"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

func TestAnEditorialVersionAsksNobody(t *testing.T) {
	w := newWorld().answers(mother, video)
	w.publishes(participation.Editorial, participation.One, participation.AsTheLetter(), w.facts.Today).want(t, video)
	w.publishes("", participation.One, participation.AsTheLetter(), w.facts.Today).want(t, none)
}

func TestAVersionThatAltersTheTermsAsksEveryone(t *testing.T) {
	tighter := newWorld().answers(mother, video)
	tighter.publishes(participation.Editorial, participation.All, participation.AsTheLetter(), tighter.facts.Today).want(t, none)

	looser := newWorld().policy(participation.All).answers(mother, video).want(t, none)
	looser.publishes(participation.Editorial, participation.One, participation.AsTheLetter(), looser.facts.Today).want(t, none)

	ages := newWorld().answers(mother, video)
	ages.publishes(participation.Editorial, participation.One, participation.FromFourteen(), ages.facts.Today).want(t, none)
}

func TestAVersionComesIntoForceOnItsDate(t *testing.T) {
	w := newWorld().answers(mother, video)
	w.publishes(participation.Material, participation.One, participation.AsTheLetter(), day("2026-12-07")).want(t, video)
	if until := w.standing().Until; until != day("2026-12-07") {
		t.Errorf("until %s, want the version's date", until)
	}
	w.on("2026-12-06").want(t, video).on("2026-12-07").want(t, none).answers(mother, video).want(t, video)
}

func TestAnEditionNeverComesBack(t *testing.T) {
	w := newWorld().answers(mother, video)
	w.newEdition().want(t, none)
	w.facts.Versions = append(w.facts.Versions, participation.Version{
		ID: "late", Number: 3, Edition: 1, InForce: w.facts.Today, Policy: participation.One, Ages: participation.AsTheLetter(),
	})
	w.want(t, none)
}

func TestTheTermsAreThoseOfTheVersionThatOpenedTheEdition(t *testing.T) {
	w := newWorld().policy(participation.All).answers(mother, video)
	w.facts.Versions = append(w.facts.Versions, participation.Version{
		ID: "v2", Number: 2, Edition: 1, InForce: day("2026-08-01"), Policy: participation.One, Ages: participation.AsTheLetter(),
	})
	w.want(t, none)
	slices.Reverse(w.facts.Versions)
	w.want(t, none)
}

func TestWithoutAFormNobodyHasASay(t *testing.T) {
	w := newWorld().on("2026-07-31").with(func(f *participation.Facts) { f.Schoolings[0].Days = calendar.Period{} })
	w.want(t, none).wantReasons(t, participation.NoForm)
	if w.answers(mother, video); len(w.facts.Acts) != 0 {
		t.Error("there is no text to agree to")
	}
	if until := w.standing().Until; until != day("2026-08-01") {
		t.Errorf("until %s, want the day the form comes into force", until)
	}
}
