package participation

import (
	"cmp"
	"slices"

	"einverstanden/backend/calendar"
)

// view is one look at the facts: what every question about them needs first.
type view struct {
	facts   *Facts
	acts    []Act // in the order of the log
	edition Edition
	inForce bool // an edition is

	beside calendar.Date // the day on which the pupil begins to decide beside guardians; unknown: never
	alone  calendar.Date // the day on which the pupil begins to decide alone

	now    band          // whose say it is today: these may act
	heard  band          // whose decisions count today: not the same while an age reached is to be confirmed
	sayDay calendar.Date // the day on which guardianships are looked at for whose decisions count
}

func look(f *Facts) view {
	v := view{facts: f, acts: inLogOrder(f.Acts), sayDay: f.Today}
	v.edition, v.inForce = EditionOn(f.Versions, f.Today)
	v.findBands()
	return v
}

// inLogOrder is the acts as they were logged. Callers mostly read them in that order; only if not, a sorted
// copy is made.
func inLogOrder(acts []Act) []Act {
	byNumber := func(a, b Act) int { return cmp.Compare(a.Number, b.Number) }
	if slices.IsSortedFunc(acts, byNumber) {
		return acts
	}
	sorted := slices.Clone(acts)
	slices.SortStableFunc(sorted, byNumber)
	return sorted
}

// carried reports whether the decisions of those who had a say before an age was reached still count.
func (v *view) carried() bool { return v.heard != v.now }

func (v *view) pupil() Person { return Person{Kind: Pupil, ID: v.facts.Pupil} }

// schoolingLasts reports whether what was decided for the schooling holds today: it is the present one or,
// for a pupil who is enrolled and has not begun, the one to come.
func (v *view) schoolingLasts(id string) bool {
	atSchool := v.atSchool(v.facts.Today)
	for _, s := range v.facts.Schoolings {
		if s.ID != id {
			continue
		}
		toCome := s.Days.From.After(v.facts.Today) && !s.Days.IsEmpty() // an enrolment called off is empty
		if s.Days.Contains(v.facts.Today) || !atSchool && toCome {
			return true
		}
	}
	return false
}

func (v *view) atSchool(day calendar.Date) bool {
	for _, s := range v.facts.Schoolings {
		if s.Days.Contains(day) {
			return true
		}
	}
	return false
}

// hasSchooling reports whether the pupil is at the school or is going to be.
func (v *view) hasSchooling() bool {
	for _, s := range v.facts.Schoolings {
		if v.schoolingLasts(s.ID) {
			return true
		}
	}
	return false
}

// isUnclear reports whether a fact that every consent rests on is missing: who a decision came from, from
// which age the pupil decides, or whether a guardian who is heard has custody.
func (v *view) isUnclear() bool {
	for i := range v.acts {
		if !v.knows(v.acts[i].Person) {
			return true
		}
	}
	return v.inForce && !v.edition.Ages.Valid() || v.heard != alone && v.custodyUnclear()
}

func (v *view) custodyUnclear() bool {
	for i := range v.facts.Guardianships {
		g := &v.facts.Guardianships[i]
		if g.Days.Contains(v.sayDay) && (!g.custodyKnown() || g.Guardian == "") {
			return true
		}
	}
	return false
}

func (v *view) knows(person Person) bool {
	switch person.Kind {
	case Guardian:
		return person.ID != ""
	case Pupil:
		return person.ID == v.facts.Pupil
	default:
		return false
	}
}
