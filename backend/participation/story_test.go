package participation_test

import (
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

// The counter-examples: each of these stories ended wrongly under a simpler wording of the rule.

func TestAWithdrawalAfterANoDoesNotRaise(t *testing.T) {
	// "The latest act decides" would make sound of a no, because the withdrawal of the picture came later.
	newWorld().answers(father, video).
		answers(mother, none).want(t, none).
		withdraws(mother, audio).want(t, none).
		answers(mother, audio).want(t, audio)
}

func TestANoOutlivesANewEdition(t *testing.T) {
	// "Everything starts afresh" would forget the mother's no, and let the father's new yes through.
	w := newWorld().answers(mother, none).newEdition().answers(father, video).want(t, none)
	if !participation.HasAnswered(w.facts, mother) {
		t.Error("a no is an answer, and is never reminded")
	}
	w.answers(mother, video).want(t, video)
}

func TestAWithdrawalOutlivesANewEdition(t *testing.T) {
	newWorld().answers(mother, video).answers(father, video).withdraws(mother, audio).
		newEdition().want(t, none).
		answers(father, video).want(t, audio)
}

func TestSoundOnlyOutlivesANewEdition(t *testing.T) {
	// The mother said yes to sound and no to the picture. Her yes ends; the father's cannot undo her no.
	newWorld().answers(mother, audio).newEdition().
		answers(father, video).want(t, audio).
		answers(mother, video).want(t, video)
}

func TestInvalidatingAYesDoesNotBringBackTheEarlierYes(t *testing.T) {
	w := newWorld().policy(participation.All).answers(father, video).
		answers(mother, video).want(t, video).
		answers(mother, audio)
	w.invalidates(w.last()).want(t, none)
	if participation.HasAnswered(w.facts, mother) {
		t.Error("whose answer was recorded wrongly is asked again")
	}
	w.answers(mother, video).want(t, video)
}

func TestInvalidatingAYesBringsBackTheEarlierLimit(t *testing.T) {
	w := newWorld().answers(father, video).answers(mother, none).answers(mother, video).want(t, video)
	w.invalidates(w.last()).want(t, none).wantReasons(t, participation.Refused)
}

func TestInvalidatingAnEarlierYesLeavesTheLaterOne(t *testing.T) {
	w := newWorld().answers(mother, audio)
	earlier := w.last()
	w.answers(mother, video).invalidates(earlier).want(t, video)
}

func TestInvalidatingSoundOnlyDoesNotRaise(t *testing.T) {
	// Taking the yes away without its no to the picture would raise the child on the father's yes alone.
	w := newWorld().answers(father, video).answers(mother, audio)
	w.invalidates(w.last()).want(t, audio).wantReasons(t, participation.AskedAgain)
}

func TestAnInvalidatedLimitHoldsUntilThePersonAnswers(t *testing.T) {
	w := newWorld().answers(father, video).answers(mother, video).withdraws(mother, none)
	w.invalidates(w.last()).want(t, none).wantReasons(t, participation.AskedAgain)
	if participation.HasAnswered(w.facts, mother) {
		t.Error("the mother is to be asked again")
	}
	if asks := participation.OpenAsks(w.facts); len(asks) != 1 || asks[0] != (participation.Ask{Person: mother, Why: participation.AskAgain}) {
		t.Errorf("got %+v", asks)
	}
	withdrawn := w.clone().withdraws(mother, audio)
	withdrawn.want(t, none).wantReasons(t, participation.Withdrawn, participation.AskedAgain)
	refused := w.clone().answers(mother, none)
	refused.want(t, none).wantReasons(t, participation.Refused)
	w.answers(mother, video).want(t, video).wantReasons(t)
}

func TestAllWithNobodyIsNone(t *testing.T) {
	// "Everyone has agreed" is true of nobody at all.
	w := newWorld().policy(participation.All).with(func(f *participation.Facts) { f.Guardianships = nil })
	w.want(t, none).wantReasons(t, participation.NobodyHasSay)
	if say := participation.WhoHasSay(w.facts); say != nil {
		t.Errorf("got %v", say)
	}
}

func TestAStaleYesFromAQueueIsRefused(t *testing.T) {
	// The mother's phone was offline when she said yes; meanwhile she withdrew at the school gate.
	w := newWorld().answers(mother, audio)
	shown := w.last()
	if participation.AnsweredMeanwhile(w.facts, mother, shown) {
		t.Fatal("nothing happened since")
	}
	w.answers(father, none)
	if participation.AnsweredMeanwhile(w.facts, mother, shown) {
		t.Error("what the father did is no act of hers")
	}
	w.withdraws(mother, none)
	if !participation.AnsweredMeanwhile(w.facts, mother, shown) {
		t.Error("the queued yes would undo her withdrawal")
	}
	if !participation.AnsweredMeanwhile(w.facts, mother, "") {
		t.Error("a yes made by somebody who saw no earlier decision is stale too")
	}
	if participation.AnsweredMeanwhile(w.facts, child, "") {
		t.Error("whoever never acted was shown nothing")
	}
}

func TestAClockSetBackDoesNotReorderActs(t *testing.T) {
	w := newWorld().answers(mother, video).want(t, video)
	w.on("2026-09-01").withdraws(mother, none) // the server's clock was wrong for a minute
	w.on("2026-11-23").want(t, none)
	w.with(func(f *participation.Facts) { f.Acts[0], f.Acts[1] = f.Acts[1], f.Acts[0] }).want(t, none)
	if f := w.facts; f.Acts[0].Kind != participation.Withdrawal {
		t.Error("the caller's slice must not be sorted under its feet")
	}
}

func TestLeavingAndReturningNeedsAFreshYes(t *testing.T) {
	w := newWorld().answers(mother, video)
	w.facts.Schoolings[0].Days.Until = day("2026-12-18")
	w.on("2026-12-18").want(t, video)
	w.on("2026-12-19").want(t, none).wantReasons(t, participation.NotAtSchool, participation.Unanswered, participation.Unanswered)
	if asks := participation.OpenAsks(w.facts); asks != nil {
		t.Errorf("nobody is asked about a pupil who left, got %+v", asks)
	}
	w.facts.Schoolings = append(w.facts.Schoolings, participation.Schooling{ID: "schooling-2", Days: since("2027-02-01")})
	w.on("2027-02-01").want(t, none)
	if asks := participation.OpenAsks(w.facts); len(asks) != 2 || asks[0].Why != participation.AskRenewed || asks[1].Why != participation.AskFirst {
		t.Errorf("got %+v", asks)
	}
	w.answers(mother, video).want(t, video)
}

func TestALimitOutlivesLeavingAndReturning(t *testing.T) {
	w := newWorld().answers(mother, none)
	w.facts.Schoolings[0].Days.Until = day("2026-12-18")
	w.facts.Schoolings = append(w.facts.Schoolings, participation.Schooling{ID: "schooling-2", Days: since("2027-02-01")})
	w.on("2027-02-01").answers(father, video).want(t, none)
}

func TestAFuturePupilIsAskedAtEnrolment(t *testing.T) {
	w := newWorld().on("2026-09-01").with(func(f *participation.Facts) { f.Schoolings[0].Days = since("2027-08-01") })
	w.answers(mother, video).want(t, none).wantReasons(t, participation.NotAtSchool)
	if !participation.HasAnswered(w.facts, mother) {
		t.Error("she has answered, although school has not begun")
	}
	if until := w.standing().Until; until != day("2027-08-01") {
		t.Errorf("until %s, want the first day of school", until)
	}
	w.on("2027-08-01").want(t, video)
}

func TestNobodyIsAskedForAnEnrolmentThatWasCalledOff(t *testing.T) {
	w := newWorld().on("2026-09-01").with(func(f *participation.Facts) {
		f.Schoolings[0].Days = calendar.Period{From: day("2027-08-01"), Until: day("2027-07-31")}
	})
	if asks := participation.OpenAsks(w.facts); asks != nil {
		t.Errorf("got %+v", asks)
	}
	if until := w.want(t, none).standing().Until; until != day("2032-05-17") {
		t.Errorf("until %s, want the eighteenth birthday", until)
	}
}

func TestAYesForTheNextSchoolingDoesNotCountInThisOne(t *testing.T) {
	w := newWorld().with(func(f *participation.Facts) {
		f.Schoolings[0].Days.Until = day("2026-12-18")
		f.Schoolings = append(f.Schoolings, participation.Schooling{ID: "schooling-2", Days: since("2027-02-01")})
	})
	act := w.act(mother, participation.Answer, video)
	act.Schooling = "schooling-2"
	w.record(act)
	w.want(t, none).on("2027-02-01").want(t, video)
}

func TestTheSixteenthBirthdayUnderTheSecondPreset(t *testing.T) {
	w := newWorld().born("2011-03-10").ages(participation.FromFourteen()).policy(participation.All)
	w.answers(mother, video).answers(father, video).want(t, none).answers(child, video).want(t, video).wantReasons(t)

	w.on("2027-03-09").want(t, video)
	if until := w.standing().Until; until != day("2027-03-10") {
		t.Errorf("until %s, want the birthday", until)
	}
	w.on("2027-03-10").want(t, video).wantReasons(t, participation.ToBeConfirmed)
	if say := participation.WhoHasSay(w.facts); len(say) != 1 || say[0] != child {
		t.Errorf("only the pupil can act now, got %v", say)
	}
	if participation.HasAnswered(w.facts, child) {
		t.Error("a yes given beside guardians is no yes given alone")
	}
	w.clone().withdraws(child, audio).want(t, audio).wantReasons(t, participation.Withdrawn, participation.ToBeConfirmed)
	w.answers(child, video).want(t, video).wantReasons(t)
}

func TestTheFourteenthBirthdayUnderTheSecondPreset(t *testing.T) {
	w := newWorld().born("2013-03-10").ages(participation.FromFourteen()).policy(participation.All)
	w.answers(mother, video).answers(father, video).want(t, video)
	if w.answers(child, none).want(t, video); len(w.facts.Acts) != 2 {
		t.Fatal("at 13 the pupil has no say")
	}
	w.on("2027-03-10").want(t, video).wantReasons(t, participation.ToBeConfirmed)
	if asks := participation.OpenAsks(w.facts); len(asks) != 1 || asks[0] != (participation.Ask{Person: child, Why: participation.AskComingOfAge}) {
		t.Errorf("got %+v", asks)
	}
	w.clone().withdraws(child, none).want(t, none)
	w.clone().withdraws(father, audio).want(t, audio) // guardians have their say still
	w.answers(child, audio).want(t, audio).wantReasons(t, participation.SoundOnly)
	w.invalidates(w.last()).want(t, none) // the answer ended the waiting: a yes of the pupil's is needed now
}

func TestTheEighteenthBirthday(t *testing.T) {
	w := newWorld().born("2009-01-05").answers(mother, audio).on("2027-01-04").want(t, audio)
	w.on("2027-01-05").want(t, audio).wantReasons(t, participation.SoundOnly, participation.ToBeConfirmed)
	acts := len(w.facts.Acts)
	if w.answers(mother, video).withdraws(father, none); len(w.facts.Acts) != acts {
		t.Fatal("guardians have no say from 18")
	}
	w.clone().with(func(f *participation.Facts) { // some import ended the guardianships with the birthday
		f.Guardianships[0].Days.Until = day("2027-01-04")
		f.Guardianships[1].Days.Until = day("2027-01-04")
	}).want(t, audio)
	w.answers(child, video).want(t, video).wantReasons(t)
	w.withdraws(child, none).want(t, none)
}

func TestTheEighteenthBirthdayWhereTheEarlierSayEndsAtOnce(t *testing.T) {
	ages := participation.AsTheLetter()
	ages.Reaching = participation.EndsAtOnce
	newWorld().born("2009-01-05").ages(ages).answers(mother, video).
		on("2027-01-04").want(t, video).
		on("2027-01-05").want(t, none).wantReasons(t, participation.Unanswered).
		answers(child, video).want(t, video)
}

func TestAGuardiansActAfterTheEighteenthBirthdayIsPassedOver(t *testing.T) {
	late := newWorld().born("2009-01-05").answers(mother, video).on("2027-01-05")
	late.facts.Acts = append(late.facts.Acts,
		late.act(mother, participation.Withdrawal, none), late.act(father, participation.Answer, none))
	late.want(t, video)

	raised := newWorld().born("2009-01-05").answers(mother, none).on("2027-01-05")
	act := raised.act(mother, participation.Answer, video)
	act.Guardianship = "of-mother"
	raised.facts.Acts = append(raised.facts.Acts, act)
	raised.want(t, none)

	undated := newWorld().born("2009-01-05").answers(mother, video).on("2027-01-05")
	undated.facts.Acts[0].Day = calendar.Date{}
	undated.want(t, none)
}

func TestAnAnswerInvalidatedAfterTheEighteenthBirthdayDoesNotReviveTheGuardians(t *testing.T) {
	w := newWorld().born("2009-01-05").answers(mother, video).on("2027-01-05").answers(child, video)
	w.invalidates(w.last()).want(t, none).wantReasons(t, participation.Unanswered)
	if asks := participation.OpenAsks(w.facts); len(asks) != 1 || asks[0] != (participation.Ask{Person: child, Why: participation.AskAgain}) {
		t.Errorf("got %+v", asks)
	}
}

func TestNobodyCarriesOnWhatDidNotExist(t *testing.T) {
	t.Run("an edition after the birthday", func(t *testing.T) {
		newWorld().born("2008-10-01").on("2026-09-15").answers(mother, video).want(t, video).
			on("2026-10-01").want(t, video).
			on("2026-11-23").newEdition().want(t, none).wantReasons(t, participation.Unanswered).
			answers(child, video).want(t, video)
	})
	t.Run("a pupil who came after the birthday", func(t *testing.T) {
		w := newWorld().born("2012-10-01").ages(participation.FromFourteen()).policy(participation.All)
		w.facts.Schoolings[0].Days = since("2026-11-01")
		w.answers(mother, video).answers(father, video).want(t, none).
			wantReasons(t, participation.Unanswered).
			answers(child, video).want(t, video)
	})
}

func TestBornOnTheTwentyNinthOfFebruary(t *testing.T) {
	// 2026 has no 29 February: of age on 1 March (BGB §§ 187, 188).
	w := newWorld().born("2008-02-29").with(func(f *participation.Facts) {
		f.Versions[0].InForce = day("2025-08-01")
		f.Schoolings[0].Days = since("2025-08-01")
	}).on("2026-02-28")
	w.answers(mother, video).want(t, video).wantReasons(t)
	if say := participation.WhoHasSay(w.facts); len(say) != 2 {
		t.Errorf("on 28 February the guardians have the say, got %v", say)
	}
	if until := w.standing().Until; until != day("2026-03-01") {
		t.Errorf("until %s, want 1 March", until)
	}
	w.on("2026-03-01").wantReasons(t, participation.ToBeConfirmed)
	if say := participation.WhoHasSay(w.facts); len(say) != 1 || say[0] != child {
		t.Errorf("on 1 March the pupil has it, got %v", say)
	}
}
