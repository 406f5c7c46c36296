package participation_test

import (
	"slices"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

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

func TestOfEqualLimitsTheFirstIsNamed(t *testing.T) {
	w := newWorld().answers(mother, video).withdraws(father, none)
	first := w.last()
	again := w.act(father, participation.Answer, none)
	w.facts.Acts = append(w.facts.Acts, again)
	reasons := w.standing().Reasons
	if len(reasons) != 1 || reasons[0].Source != first || reasons[0].Person != father || reasons[0].Kind != participation.Withdrawn {
		t.Errorf("got %+v", reasons)
	}
}
