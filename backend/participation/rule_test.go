package participation_test

import (
	"slices"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

// The points of the rule that the counter-examples do not tell.

func TestOneYesIsEnoughUnderOneAndAllAreNeededUnderAll(t *testing.T) {
	newWorld().want(t, none).answers(mother, video).want(t, video).wantReasons(t)
	newWorld().policy(participation.All).answers(mother, video).
		want(t, none).wantReasons(t, participation.Unanswered).
		answers(father, video).want(t, video).wantReasons(t)
}

func TestALimitNeedsNoAnswerBefore(t *testing.T) {
	w := newWorld().answers(mother, video).withdraws(father, audio).want(t, audio)
	if participation.HasAnswered(w.facts, father) {
		t.Error("who withdrew the picture without ever answering has yet to answer")
	}
	w.withdraws(father, none).want(t, none)
	if !participation.HasAnswered(w.facts, father) {
		t.Error("who withdrew everything said no")
	}
}

func TestDifferentAnswersAreAConflictForTheHead(t *testing.T) {
	w := newWorld().answers(mother, video)
	if w.standing().Conflict {
		t.Error("silence is no conflict")
	}
	w.answers(father, none).want(t, none)
	if !w.standing().Conflict {
		t.Error("a yes and a no are")
	}
	w.answers(mother, none)
	if w.standing().Conflict {
		t.Error("they agree now")
	}
	w.answers(mother, video).answers(father, audio).want(t, audio)
	if !w.standing().Conflict {
		t.Error("picture and sound against sound only is a conflict too")
	}
	w.guardianship(father).Custody = participation.NoCustody
	if w.want(t, video).standing().Conflict {
		t.Error("a change of custody ended it")
	}
}

func TestAWronglyRecordedLimitIsNoConflict(t *testing.T) {
	w := newWorld().answers(mother, video).answers(father, none)
	if w.invalidates(w.last()).want(t, none).standing().Conflict {
		t.Error("it is the office's mistake, not the parents' quarrel")
	}
}

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

func TestThePupilsOwnLimit(t *testing.T) {
	w := newWorld().answers(mother, video)
	w.facts.OwnLimits = []participation.Mode{audio}
	w.want(t, audio).wantReasons(t, participation.OwnLimit)
	w.facts.OwnLimits = []participation.Mode{audio, none}
	w.want(t, none).wantReasons(t, participation.OwnLimit)
	reason := w.standing().Reasons[0]
	if !reason.SeenBy(participation.SeenByTeacher) || !reason.SeenByThe(child) || reason.SeenByThe(mother) || reason.SeenBy(participation.SeenByOffice) {
		t.Error("pupil and teacher see it, nobody else")
	}
}

func TestASanctionHoldsFromItsFirstToItsLastDay(t *testing.T) {
	w := newWorld().answers(mother, video)
	week := calendar.Period{From: day("2026-11-30"), Until: day("2026-12-04")}
	w.facts.Sanctions = []participation.Sanction{{ID: "s", Measure: participation.AudioOnly, Days: week}}
	w.want(t, video)
	if until := w.standing().Until; until != week.From {
		t.Errorf("until %s, want the sanction's first day", until)
	}
	w.on("2026-11-30").want(t, audio).on("2026-12-04").want(t, audio).wantReasons(t, participation.Sanctioned)
	if until := w.standing().Until; until != day("2026-12-05") {
		t.Errorf("until %s, want the day after its last", until)
	}
	w.clone().with(func(f *participation.Facts) { f.Sanctions[0].EndedEarly = true }).want(t, video)
	w.clone().with(func(f *participation.Facts) { f.Sanctions[0].Measure = participation.Excluded }).want(t, none)
	w.on("2026-12-05").want(t, video)
}

func TestTheTeachersLimitAndAHold(t *testing.T) {
	w := newWorld().answers(mother, video)
	w.facts.Meeting = participation.Meeting{Kind: participation.Lesson, Basis: participation.Consent, TeacherLimits: []participation.Mode{audio}}
	w.want(t, audio).wantReasons(t, participation.TeacherLimit)
	w.facts.Meeting.TeacherLimits = []participation.Mode{none, video}
	w.want(t, none)
	w.facts.Meeting.TeacherLimits = nil
	w.facts.Holds = []participation.Hold{{ID: "h", Person: mother}}
	w.want(t, none).wantReasons(t, participation.Held)
}

func TestALessonByStatuteLeavesSound(t *testing.T) {
	statute := func() *world {
		return newWorld().with(func(f *participation.Facts) {
			f.Meeting = participation.Meeting{Kind: participation.Lesson, Basis: participation.Statute}
		})
	}
	statute().want(t, audio).wantReasons(t, participation.Unanswered, participation.Unanswered)
	statute().answers(mother, none).want(t, audio)
	statute().answers(mother, video).want(t, video)
	statute().answers(mother, video).withdraws(mother, none).want(t, audio)
	statute().with(func(f *participation.Facts) { f.Guardianships = nil }).want(t, audio)
	statute().with(func(f *participation.Facts) { f.Birth = calendar.Date{} }).want(t, audio)
	statute().with(func(f *participation.Facts) { f.Versions = nil }).want(t, audio)
	statute().answers(mother, video).with(func(f *participation.Facts) { f.Holds = []participation.Hold{{ID: "h"}} }).want(t, audio)
	statute().answers(mother, video).with(func(f *participation.Facts) { f.OwnLimits = []participation.Mode{none} }).want(t, audio)

	excluded := participation.Sanction{ID: "s", Measure: participation.Excluded}
	statute().answers(mother, video).with(func(f *participation.Facts) { f.Sanctions = []participation.Sanction{excluded} }).want(t, none)
	statute().answers(mother, video).with(func(f *participation.Facts) { f.Meeting.TeacherLimits = []participation.Mode{none} }).want(t, none)
	statute().answers(mother, video).with(func(f *participation.Facts) { f.Schoolings = nil }).want(t, none)
	statute().answers(mother, video).with(func(f *participation.Facts) { f.Today = calendar.Date{} }).want(t, none)
	for _, kind := range []participation.MeetingKind{participation.SmallGroup, participation.OneToOne, ""} {
		statute().with(func(f *participation.Facts) { f.Meeting.Kind = kind }).want(t, none)
	}
}

func TestTheSameStanceIsLoggedOnce(t *testing.T) {
	w := newWorld().answers(mother, video)
	for _, tt := range []struct {
		name  string
		kind  participation.ActKind
		reach participation.Mode
		after func(w *world)
		want  bool
	}{
		{"yes again", participation.Answer, video, func(w *world) {}, true},
		{"less than yes", participation.Answer, audio, func(w *world) {}, false},
		{"yes after a new edition", participation.Answer, video, func(w *world) { w.newEdition() }, false},
		{"yes after a limit", participation.Answer, video, func(w *world) { w.withdraws(mother, audio) }, false},
		{"yes after an invalidation", participation.Answer, video, func(w *world) { w.invalidates(w.last()) }, false},
		{"everything withdrawn after a no", participation.Withdrawal, none, func(w *world) { w.answers(mother, none) }, true},
		{"picture withdrawn after a no", participation.Withdrawal, audio, func(w *world) { w.answers(mother, none) }, true},
		{"no after the picture was withdrawn", participation.Answer, none, func(w *world) { w.withdraws(mother, audio) }, false},
		{"no after a no recorded wrongly", participation.Answer, none, func(w *world) { w.answers(mother, none).invalidates(w.last()) }, false},
		{"picture withdrawn after sound only", participation.Withdrawal, audio, func(w *world) { w.answers(mother, audio) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := w.clone()
			tt.after(w)
			if got := participation.SameStance(w.facts, w.act(mother, tt.kind, tt.reach)); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
	first := newWorld()
	for _, kind := range []participation.ActKind{participation.Answer, participation.Withdrawal} {
		if participation.SameStance(first.facts, first.act(father, kind, none)) {
			t.Errorf("a first %s is never the same again", kind)
		}
	}
}

func TestTheAnswerThatWasWaitedForIsAlwaysLogged(t *testing.T) {
	w := newWorld().born("2010-12-01").ages(participation.FromFourteen()).answers(mother, video).answers(child, none)
	w.on("2026-12-01").wantReasons(t, participation.Refused, participation.ToBeConfirmed)
	if participation.SameStance(w.facts, w.act(child, participation.Answer, none)) {
		t.Error("a no given beside guardians may be said again alone, and ends the waiting")
	}
	w.answers(child, none).wantReasons(t, participation.Refused)
}

func TestTheStanceForOnesOwnView(t *testing.T) {
	w := newWorld().answers(mother, video)
	yes := w.last()
	w.withdraws(mother, audio)
	s := participation.StanceOf(w.facts, mother)
	if word, ok := s.Word(); !ok || word != audio {
		t.Errorf("her word is %s, %t", word, ok)
	}
	if s.Yes != video || s.YesAct != yes || !s.Counts || s.LimitAct != w.last() || s.LimitKind != participation.Withdrawn || s.Last != w.last() {
		t.Errorf("got %+v", s)
	}
	if word, ok := participation.StanceOf(w.facts, father).Word(); ok || word != none {
		t.Errorf("the father has said nothing, got %s", word)
	}
	w.newEdition()
	if word, ok := participation.StanceOf(w.facts, mother).Word(); !ok || word != audio {
		t.Errorf("her limit stands, got %s, %t", word, ok)
	}
	if (participation.Stance{}).Yes != none || (participation.Stance{}).Limit != none {
		t.Error("a stance that nobody filled in must not allow anything")
	}
}

func TestThePupilIsAskedSixtyDaysAhead(t *testing.T) {
	w := newWorld().born("2009-01-22").answers(mother, video).answers(father, video)
	w.on("2026-11-22")
	if asks := participation.OpenAsks(w.facts); len(asks) != 0 {
		t.Errorf("61 days ahead: got %+v", asks)
	}
	w.on("2026-11-23")
	want := participation.Ask{Person: child, Why: participation.AskComingOfAge, From: day("2027-01-22")}
	if asks := participation.OpenAsks(w.facts); len(asks) != 1 || asks[0] != want {
		t.Errorf("60 days ahead: got %+v", asks)
	}
	w.on("2027-01-22")
	want.From = calendar.Date{}
	if asks := participation.OpenAsks(w.facts); len(asks) != 1 || asks[0] != want {
		t.Errorf("on the birthday: got %+v", asks)
	}
	if asks := participation.OpenAsks(w.answers(child, none).facts); len(asks) != 0 {
		t.Errorf("a no is an answer: got %+v", asks)
	}
}

func TestWhoMaySeeAReason(t *testing.T) {
	w := newWorld().answers(mother, video).answers(father, none)
	w.guardianship(mother).Disputed, w.guardianship(father).Disputed = true, true
	w.facts.Sanctions = []participation.Sanction{{ID: "s"}}
	for _, r := range w.standing().Reasons {
		if r.SeenBy(participation.SeenByTeacher) {
			t.Errorf("a teacher sees the mode, never the reason %s", r.Kind)
		}
		if r.SeenByThe(mother) {
			t.Errorf("the mother sees %s, which is not her doing", r.Kind)
		}
		if !r.SeenBy(participation.SeenByOffice) {
			t.Errorf("the office must see %s", r.Kind)
		}
		if r.SeenByThe(father) != (r.Kind == participation.Refused) {
			t.Errorf("the father sees his own no and nothing else: %s", r.Kind)
		}
		if r.SeenByThe(child) != (r.Kind == participation.Sanctioned) {
			t.Errorf("the pupil knows of the sanction and nothing else: %s", r.Kind)
		}
	}
	w.facts.Meeting.TeacherLimits = []participation.Mode{none}
	if r := w.standing().Reasons; !slices.ContainsFunc(r, func(r participation.Reason) bool {
		return r.Kind == participation.TeacherLimit && r.SeenBy(participation.SeenByTeacher)
	}) {
		t.Error("the teacher sees the own limit")
	}
}

func TestUnclearFactsDecideNone(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"today unknown":         func(w *world) { w.facts.Today = calendar.Date{} },
		"custody unknown":       func(w *world) { w.guardianship(father).Custody = "shared" },
		"guardian without id":   func(w *world) { w.guardianship(father).Guardian = "" },
		"act of nobody":         func(w *world) { w.facts.Acts = append(w.facts.Acts, participation.Act{ID: "x", Number: 999}) },
		"act of another pupil":  func(w *world) { w.facts.Acts[0].Person = participation.Person{Kind: participation.Pupil, ID: "other"} },
		"act of a nameless one": func(w *world) { w.facts.Acts[0].Person = participation.Person{Kind: participation.Guardian} },
		"ages unknown":          func(w *world) { w.ages(participation.Ages{}) },
		"not yet born":          func(w *world) { w.born("2026-11-24") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld().answers(mother, video)
			change(w)
			w.want(t, none)
			if !slices.Contains(kinds(w.standing()), participation.Unclear) {
				t.Errorf("got %v", kinds(w.standing()))
			}
		})
	}
	w := newWorld().born("2008-05-17").answers(child, video).want(t, video)
	w.guardianship(father).Custody = ""
	w.want(t, video) // whose custody it was does not matter for an adult
}

func TestAnActThatNobodyUnderstandsIsANo(t *testing.T) {
	w := newWorld().answers(mother, video)
	act := w.act(father, "shrug", video)
	w.facts.Acts = append(w.facts.Acts, act)
	w.want(t, none)
	withdrawnToVideo := newWorld().answers(mother, video).withdraws(father, video)
	withdrawnToVideo.want(t, none)
	beyond := newWorld().answers(mother, 7)
	beyond.want(t, none).wantReasons(t, participation.Refused, participation.Unanswered)
}

func TestAPersonHasAtMostTwoReasonsForLimitsAndTheFirstActIsNamed(t *testing.T) {
	w := newWorld().answers(mother, video).withdraws(father, none)
	first := w.last()
	again := w.act(father, participation.Answer, none)
	w.facts.Acts = append(w.facts.Acts, again)
	reasons := w.standing().Reasons
	if len(reasons) != 1 || reasons[0].Source != first || reasons[0].Person != father || reasons[0].Kind != participation.Withdrawn {
		t.Errorf("got %+v", reasons)
	}
}
