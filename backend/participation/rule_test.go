package participation_test

import (
	"slices"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

// The points of the rule that no counter-example tells, and that belong to all of its parts.

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
