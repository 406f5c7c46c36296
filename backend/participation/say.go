package participation

import "einverstanden/backend/calendar"

// band is a span of ages by whose say it is. The order is that in which a pupil passes through them.
type band uint8

const (
	nobody    band = iota // the birth date, the ages or the form are unknown, or the birth is yet to come
	guardians             // the guardians with custody
	together              // they and the pupil
	alone                 // the pupil
)

// WhoHasSay is everyone who may decide for the pupil today: the guardians with custody who are not
// prevented, in the order given, and the pupil from the ages that the edition in force says. A guardian
// whose custody is unknown may not act. The slice is nil when nobody may.
func WhoHasSay(f Facts) []Person {
	v := look(&f)
	return v.whoHasSay()
}

// HasSay reports whether the person may decide for the pupil today.
func HasSay(f Facts, person Person) bool {
	v := look(&f)
	return v.hasSay(person)
}

func (v *view) whoHasSay() []Person {
	var persons []Person
	if v.now == guardians || v.now == together {
		for i := range v.facts.Guardianships {
			g := &v.facts.Guardianships[i]
			if g.givesSay(v.facts.Today) && !contains(persons, g.person()) {
				persons = append(persons, g.person())
			}
		}
	}
	if v.now >= together {
		persons = append(persons, v.pupil())
	}
	return persons
}

func (v *view) hasSay(person Person) bool { return contains(v.whoHasSay(), person) }

func contains(persons []Person, person Person) bool {
	for _, p := range persons {
		if p == person {
			return true
		}
	}
	return false
}

// findBands finds whose say it is today, and whose decisions count.
func (v *view) findBands() {
	f, ages := v.facts, v.edition.Ages
	if !v.inForce || !ages.Valid() || f.Birth.IsZero() || f.Today.Before(f.Birth) {
		return
	}
	v.alone = calendar.DayOfAge(f.Birth, ages.AloneFrom)
	if 0 < ages.BesideFrom && ages.BesideFrom < ages.AloneFrom {
		v.beside = calendar.DayOfAge(f.Birth, ages.BesideFrom)
	}
	v.now = v.bandOn(f.Today)
	v.heard = v.now
	for v.carriesOn() {
		v.stepBack()
	}
}

func (v *view) bandOn(day calendar.Date) band {
	switch {
	case !day.Before(v.alone):
		return alone
	case !v.beside.IsZero() && !day.Before(v.beside):
		return together
	default:
		return guardians
	}
}

// beginOf is the day on which a band that the pupil belongs to begins.
func (v *view) beginOf(b band) calendar.Date {
	if b == alone {
		return v.alone
	}
	return v.beside
}

// carriesOn reports whether the pupil has reached the age of the heard band without having answered since,
// so that those who had a say on its eve are heard instead. There must have been such an eve: within the
// present edition and the present schooling. A pupil who came later, or a school that loosened its ages
// later, has nothing to carry on.
func (v *view) carriesOn() bool {
	if v.heard < together || v.edition.Ages.Reaching != CarriesOn {
		return false
	}
	begin := v.beginOf(v.heard)
	eve := begin.AddDays(-1)
	return !v.pupilAnsweredSince(begin) && !eve.Before(v.edition.Since) && v.wasAtThisSchooling(eve)
}

// stepBack hears those who had a say on the eve of the heard band. Only turning the age of deciding alone
// takes a say from guardians: then their guardianships are looked at on that eve, because most of them end
// with the birthday. At the age of deciding beside them they have their say still, and today counts.
func (v *view) stepBack() {
	eve := v.beginOf(v.heard).AddDays(-1)
	if v.heard == alone {
		v.sayDay = eve
	}
	v.heard = v.bandOn(eve)
}

// pupilAnsweredSince reports whether the pupil gave an answer on or after the day. An invalidated answer is
// one too: what it replaced does not come back. So is one whose day is unknown. A withdrawal is none: it
// lowers what is carried on, and ends nothing.
func (v *view) pupilAnsweredSince(day calendar.Date) bool {
	for i := range v.acts {
		act := &v.acts[i]
		if act.Kind == Answer && act.Person.Kind == Pupil && !act.Day.Before(day) {
			return true
		}
	}
	return false
}

func (v *view) wasAtThisSchooling(day calendar.Date) bool {
	for _, s := range v.facts.Schoolings {
		if s.Days.Contains(v.facts.Today) && s.Days.Contains(day) {
			return true
		}
	}
	return false
}

// decider is someone whose decisions count today.
type decider struct {
	person     Person
	disputed   bool // needed, and never suffices alone
	onlyLimits bool // may lower, and is not needed: the pupil who has not answered since reaching an age
	stance     Stance
}

// suffices reports whether the decider's yes can be the one that there always must be. A pupil's yes beside
// guardians cannot, whether they are heard with the pupil or missing.
func (d *decider) suffices(heard band) bool {
	return !d.disputed && !d.onlyLimits && (d.person.Kind == Guardian || heard == alone)
}

// deciders appends everyone whose decisions count today, each once, with their stance.
func (v *view) deciders(say []decider) []decider {
	if v.heard == guardians || v.heard == together {
		say = v.guardiansHeard(say)
	}
	if v.now >= together {
		say = append(say, decider{
			person:     v.pupil(),
			onlyLimits: v.heard == guardians,
			stance:     v.stance(v.pupil(), v.heard),
		})
	}
	return say
}

// guardiansHeard appends the guardians. Two guardianships of one guardian make one decider, disputed if
// either is.
func (v *view) guardiansHeard(say []decider) []decider {
	for i := range v.facts.Guardianships {
		g := &v.facts.Guardianships[i]
		if !g.givesSay(v.sayDay) {
			continue
		}
		disputed := g.Disputed || v.contradicted(g)
		if j := find(say, g.person()); j >= 0 {
			say[j].disputed = say[j].disputed || disputed
			continue
		}
		say = append(say, decider{
			person:   g.person(),
			disputed: disputed,
			stance:   v.stance(g.person(), v.heard),
		})
	}
	return say
}

func find(say []decider, person Person) int {
	for i := range say {
		if say[i].person == person {
			return i
		}
	}
	return -1
}

// contradicted reports whether the guardianship claims sole custody beside another custody. It is settled
// once the office has confirmed both as they are, or has ended one of them. A custody that is prevented
// still contradicts: it may return.
func (v *view) contradicted(g *Guardianship) bool {
	if g.Custody != Sole {
		return false
	}
	for i := range v.facts.Guardianships {
		other := &v.facts.Guardianships[i]
		beside := other.Guardian != g.Guardian && other.Custody != NoCustody && other.Days.Contains(v.sayDay)
		if beside && (g.Basis != Confirmed || other.Basis != Confirmed) {
			return true
		}
	}
	return false
}

func (g *Guardianship) person() Person { return Person{Kind: Guardian, ID: g.Guardian} }

func (g *Guardianship) custodyKnown() bool {
	return g.Custody == Joint || g.Custody == Sole || g.Custody == NoCustody
}

// givesSay reports whether the guardianship gives its guardian a say on the day, as far as it is the
// guardians' turn.
func (g *Guardianship) givesSay(day calendar.Date) bool {
	return (g.Custody == Joint || g.Custody == Sole) && !g.Prevented && g.Days.Contains(day)
}
