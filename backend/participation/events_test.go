package participation_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

// effect says what the rule lets an event do to the mode.
type effect int

const (
	neverRaises effect = iota // everything that is not on the list of what raises
	mayRaise                  // a yes, an end of custody, a disputed mark removed
	neverLowers               // an own limit taken back, a sanction ended early, a hold settled: these only raise
	timePasses                // raises only on the days that TestNothingRaisesButTheList names
)

// event is one thing that happens at the school; by is set when it is a person's own act.
type event struct {
	name   string
	effect effect
	by     participation.Person
	yes    bool
}

// happening draws the parameters of one kind of event and lets it happen; ok is false when it does not fit
// the present state.
type happening func(t *rapid.T, w *world) (e event, ok bool)

// happenings is every kind of event. What is drawn more often in life stands here more often.
var happenings = []happening{
	answering, answering, answering, answering, withdrawing, withdrawing, queuedYes, invalidating, invalidating,
	publishing, publishing, custodyChanging, custodyEnding, custodyBeginning, disputing, settlingDispute,
	preventing, sanctioning, endingSanction, holding, settlingHold, limitingOneself, takingOwnLimitBack,
	teacherLimiting, leaving, returning, passingTime, passingTime,
}

// lives is a drawn world before anything has happened: any age from 5 to 19, any terms, any meeting.
func lives(t *rapid.T) *world {
	w := newWorld()
	w.facts.Birth = w.facts.Today.AddDays(-rapid.IntRange(5*365, 19*365+4).Draw(t, "age in days"))
	w.policy(policies.Draw(t, "policy")).ages(agesOf.Draw(t, "ages"))
	if rapid.Bool().Draw(t, "one guardian") {
		w.facts.Guardianships = w.facts.Guardianships[:1]
	}
	if rapid.IntRange(0, 3).Draw(t, "statute") == 0 {
		w.facts.Meeting = participation.Meeting{Kind: participation.Lesson, Basis: participation.Statute}
	}
	return w
}

// happens lets one more event happen.
func happens(t *rapid.T, w *world) event {
	kinds := rapid.SampledFrom(happenings)
	for {
		if e, ok := kinds.Draw(t, "event")(t, w); ok {
			return e
		}
	}
}

// history is a world in which up to so many events have happened.
func history(t *rapid.T, most int) *world {
	w := lives(t)
	for range rapid.IntRange(0, most).Draw(t, "events") {
		happens(t, w)
	}
	return w
}

var (
	policies = rapid.SampledFrom([]participation.Policy{participation.One, participation.One, participation.All, ""})
	persons  = rapid.SampledFrom([]participation.Person{mother, father, child})
	modes    = rapid.SampledFrom([]participation.Mode{none, audio, video, video})
	limits   = rapid.SampledFrom([]participation.Mode{none, audio})
	changes  = rapid.SampledFrom([]participation.Change{participation.Material, participation.Editorial, participation.Editorial, ""})
	agesOf   = rapid.SampledFrom([]participation.Ages{
		participation.AsTheLetter(),
		participation.FromFourteen(),
		{BesideFrom: 12, AloneFrom: 18, Reaching: participation.CarriesOn},
		{BesideFrom: 14, AloneFrom: 16, Reaching: participation.EndsAtOnce},
		{AloneFrom: 16},
		{},
	})
)

func answering(t *rapid.T, w *world) (event, bool) {
	person, answer := persons.Draw(t, "person"), modes.Draw(t, "answer")
	e := event{name: fmt.Sprintf("%s answers %s", person.ID, answer), by: person, yes: answer > none}
	if e.yes {
		e.effect = mayRaise
	}
	return e, w.record(w.act(person, participation.Answer, answer))
}

func withdrawing(t *rapid.T, w *world) (event, bool) {
	person, left := persons.Draw(t, "person"), limits.Draw(t, "left")
	e := event{name: fmt.Sprintf("%s withdraws down to %s", person.ID, left), by: person}
	return e, w.record(w.act(person, participation.Withdrawal, left))
}

// queuedYes is a yes that was made some acts ago and arrives now. It is refused if the person has acted
// since, so it happens only when it was made after their last act.
func queuedYes(t *rapid.T, w *world) (event, bool) {
	person := persons.Draw(t, "person")
	after := ""
	for _, act := range w.facts.Acts {
		if act.Person == person && rapid.Bool().Draw(t, "seen") {
			after = act.ID
		}
	}
	if participation.AnsweredMeanwhile(w.facts, person, after) {
		return event{}, false
	}
	e := event{name: person.ID + "'s queued yes", effect: mayRaise, by: person, yes: true}
	return e, w.record(w.act(person, participation.Answer, video))
}

func invalidating(t *rapid.T, w *world) (event, bool) {
	if len(w.facts.Acts) == 0 {
		return event{}, false
	}
	i := rapid.IntRange(0, len(w.facts.Acts)-1).Draw(t, "act")
	if w.facts.Acts[i].Invalidated != 0 {
		return event{}, false
	}
	w.invalidates(w.facts.Acts[i].ID)
	return event{name: "invalidation of " + w.facts.Acts[i].ID}, true
}

func publishing(t *rapid.T, w *world) (event, bool) {
	change, previous := changes.Draw(t, "change"), w.facts.Versions[len(w.facts.Versions)-1]
	policy, ages := previous.Policy, previous.Ages
	if rapid.Bool().Draw(t, "other terms") {
		policy, ages = policies.Draw(t, "policy"), agesOf.Draw(t, "ages")
	}
	w.publishes(change, policy, ages, soon(t, w))
	return event{name: fmt.Sprintf("a %s version", change)}, true
}

// soon is today or a day in the next weeks.
func soon(t *rapid.T, w *world) calendar.Date {
	return w.facts.Today.AddDays(max(0, rapid.IntRange(-10, 30).Draw(t, "days")))
}

func someGuardianship(t *rapid.T, w *world) *participation.Guardianship {
	return &w.facts.Guardianships[rapid.IntRange(0, len(w.facts.Guardianships)-1).Draw(t, "guardianship")]
}

// custodyChanging makes joint of sole or sole of joint. Making joint of sole settles a contradiction, as
// removing a disputed mark does.
func custodyChanging(t *rapid.T, w *world) (event, bool) {
	g := someGuardianship(t, w)
	switch g.Custody {
	case participation.Joint:
		g.Custody, g.Basis = participation.Sole, participation.Declared
		return event{name: g.Guardian + " declares sole custody"}, true
	case participation.Sole:
		g.Custody = participation.Joint
		return event{name: g.Guardian + "'s sole custody becomes joint", effect: mayRaise}, true
	default:
		return event{}, false
	}
}

func custodyEnding(t *rapid.T, w *world) (event, bool) {
	g := someGuardianship(t, w)
	if !g.Days.Until.IsZero() {
		return event{}, false
	}
	if rapid.Bool().Draw(t, "by its days") {
		g.Days.Until = soon(t, w).AddDays(-1)
	} else {
		g.Custody = participation.NoCustody
	}
	return event{name: g.Guardian + "'s custody ends", effect: mayRaise}, true
}

// custodyBeginning is custody regained, either in the old guardianship or in a new one, or a further guardian.
func custodyBeginning(t *rapid.T, w *world) (event, bool) {
	g := someGuardianship(t, w)
	if rapid.Bool().Draw(t, "a new one") {
		again := guardianshipOf(rapid.SampledFrom([]string{"mother", "father"}).Draw(t, "guardian"))
		for _, other := range w.facts.Guardianships {
			if other.Guardian == again.Guardian && other.Days.Overlaps(since(w.facts.Today.String())) {
				return event{}, false
			}
		}
		again.ID, again.Days = fmt.Sprintf("of-%s-%d", again.Guardian, w.next()), since(soon(t, w).String())
		w.facts.Guardianships = append(w.facts.Guardianships, again)
		return event{name: again.Guardian + " gets a new guardianship"}, true
	}
	if g.Custody != participation.NoCustody {
		return event{}, false
	}
	g.Custody, g.SaySince = rapid.SampledFrom([]participation.Custody{participation.Joint, participation.Sole}).Draw(t, "custody"), w.next()
	return event{name: g.Guardian + " regains custody"}, true
}

func preventing(t *rapid.T, w *world) (event, bool) {
	g := someGuardianship(t, w)
	g.Prevented = !g.Prevented
	if g.Prevented { // takes the say away, as an end of custody does
		return event{name: g.Guardian + " is prevented", effect: mayRaise}, true
	}
	g.SaySince = w.next()
	return event{name: g.Guardian + " is prevented no longer"}, true
}

func disputing(t *rapid.T, w *world) (event, bool) {
	g := someGuardianship(t, w)
	marked := !g.Disputed
	g.Disputed = true
	return event{name: g.Guardian + "'s custody is disputed"}, marked
}

func settlingDispute(t *rapid.T, w *world) (event, bool) {
	g := someGuardianship(t, w)
	g.Disputed, g.Basis = false, participation.Confirmed
	return event{name: g.Guardian + "'s custody is confirmed, without dispute", effect: mayRaise}, true
}

func sanctioning(t *rapid.T, w *world) (event, bool) {
	from := soon(t, w)
	w.facts.Sanctions = append(w.facts.Sanctions, participation.Sanction{
		ID:      fmt.Sprintf("sanction-%d", w.next()),
		Measure: rapid.SampledFrom([]participation.Measure{participation.AudioOnly, participation.Excluded, ""}).Draw(t, "measure"),
		Days:    calendar.Period{From: from, Until: from.AddDays(rapid.IntRange(0, 14).Draw(t, "length"))},
	})
	return event{name: "a sanction from " + from.String()}, true
}

func endingSanction(t *rapid.T, w *world) (event, bool) {
	if len(w.facts.Sanctions) == 0 {
		return event{}, false
	}
	w.facts.Sanctions[rapid.IntRange(0, len(w.facts.Sanctions)-1).Draw(t, "sanction")].EndedEarly = true
	return event{name: "a sanction ended early", effect: neverLowers}, true
}

func holding(_ *rapid.T, w *world) (event, bool) {
	w.facts.Holds = append(w.facts.Holds, participation.Hold{ID: fmt.Sprintf("hold-%d", w.next())})
	return event{name: "a hold"}, true
}

func settlingHold(_ *rapid.T, w *world) (event, bool) {
	if len(w.facts.Holds) == 0 {
		return event{}, false
	}
	w.facts.Holds = w.facts.Holds[1:]
	return event{name: "a hold settled", effect: neverLowers}, true
}

func limitingOneself(t *rapid.T, w *world) (event, bool) {
	w.facts.OwnLimits = append(w.facts.OwnLimits, limits.Draw(t, "own limit"))
	return event{name: "the pupil's own limit"}, true
}

func takingOwnLimitBack(_ *rapid.T, w *world) (event, bool) {
	if len(w.facts.OwnLimits) == 0 {
		return event{}, false
	}
	w.facts.OwnLimits = w.facts.OwnLimits[1:]
	return event{name: "an own limit taken back", effect: neverLowers}, true
}

func teacherLimiting(t *rapid.T, w *world) (event, bool) {
	if len(w.facts.Meeting.TeacherLimits) > 0 {
		return event{}, false
	}
	w.facts.Meeting.TeacherLimits = []participation.Mode{limits.Draw(t, "teacher's limit")}
	return event{name: "the teacher's limit"}, true
}

func leaving(t *rapid.T, w *world) (event, bool) {
	s := &w.facts.Schoolings[len(w.facts.Schoolings)-1]
	if !s.Days.Until.IsZero() {
		return event{}, false
	}
	s.Days.Until = soon(t, w).AddDays(-1)
	return event{name: "the pupil leaves after " + s.Days.Until.String()}, true
}

func returning(t *rapid.T, w *world) (event, bool) {
	last := w.facts.Schoolings[len(w.facts.Schoolings)-1].Days
	if last.Until.IsZero() || last.IsEmpty() || last.From.After(w.facts.Today) {
		return event{}, false
	}
	from := w.facts.Today
	if from.Compare(last.Until) <= 0 {
		from = last.Until.AddDays(1)
	}
	from = from.AddDays(rapid.IntRange(0, 20).Draw(t, "days away"))
	if !from.After(w.facts.Today) { // a first day of school raises by time; a return today would raise by event
		from = w.facts.Today.AddDays(1)
	}
	w.facts.Schoolings = append(w.facts.Schoolings, participation.Schooling{
		ID: fmt.Sprintf("schooling-%d", w.next()), Days: since(from.String()),
	})
	return event{name: "the pupil returns on " + from.String()}, true
}

func passingTime(t *rapid.T, w *world) (event, bool) {
	days := rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(1, 400)).Draw(t, "days")
	w.facts.Today = w.facts.Today.AddDays(days)
	return event{name: fmt.Sprintf("%d days pass", days), effect: timePasses}, true
}

// endsOfTime are the days on which time alone may raise: the day after a sanction or a guardianship, and
// the first day of a schooling.
func endsOfTime(w *world) []calendar.Date {
	var days []calendar.Date
	for _, s := range w.facts.Sanctions {
		days = append(days, s.Days.Until.AddDays(1))
	}
	for _, g := range w.facts.Guardianships {
		days = append(days, g.Days.Until.AddDays(1))
	}
	for _, s := range w.facts.Schoolings {
		days = append(days, s.Days.From)
	}
	return slices.DeleteFunc(days, calendar.Date.IsZero)
}
