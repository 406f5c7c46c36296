package school

import (
	"einverstanden/backend/calendar"
	"einverstanden/backend/fault"
)

// Change is what the office wants a guardianship to be. A Change that leaves everything as it is confirms the custody.
type Change struct {
	Custody   Custody
	Prevented bool
	Disputed  bool
	Protected bool
	Until     calendar.Date // last day; unknown: no end
}

// waiting is the part of a Change that could raise a mode: an end of custody, and a dispute removed. It is nil by field
// where nothing waits, and is kept sealed until a second member of staff has confirmed it.
type waiting struct {
	Custody   *Custody       `json:"custody,omitempty"`
	Basis     *Basis         `json:"basis,omitempty"`
	Prevented *bool          `json:"prevented,omitempty"`
	Disputed  *bool          `json:"disputed,omitempty"`
	Until     *calendar.Date `json:"until,omitempty"`
}

func (w waiting) isEmpty() bool { return w == waiting{} }

// check refuses what no guardianship can be.
func (c Change) check(current Guardianship) error {
	bad := fault.New(fault.InvalidInput)
	if !c.Custody.HoldsCustody() && c.Custody != NoCustody {
		bad.WithField("custody", fault.FieldInvalid, nil)
	}
	if c.Until.Before(current.Period.From) && c.Until != current.Period.Until {
		bad.WithField("until", fault.FieldInvalid, nil)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// basis is what the custody rests on after the change: the office has confirmed it when it set it, or when it saved it
// as it is. A mark set beside an unchanged custody says nothing about that custody.
func (c Change) basis(current Guardianship) Basis {
	if c.Custody != current.Custody || c == current.change() {
		return Confirmed
	}
	return current.Basis
}

func (g Guardianship) change() Change {
	return Change{
		Custody: g.Custody, Prevented: g.Prevented, Disputed: g.Disputed, Protected: g.Protected, Until: g.Period.Until,
	}
}

// split parts a change into what the guardianship is from now on and what waits, because it could raise a mode
// (product.md, "Only these raise"). others are the pupil's other guardianships.
//
// Ending custody waits in all its forms: none, prevented, an earlier end. It silences a person, whose limits go with
// their say. Removing a dispute waits too: the mark; and any step that settles a sole custody standing beside another
// (see contradicts), be it that the sole becomes joint or that the office confirms one of the two. Whatever gives or
// keeps a say takes effect at once: a say that is new brings limits and no yes.
func (c Change) split(current Guardianship, others []Guardianship, today calendar.Date) (Guardianship, waiting) {
	next, later := current, waiting{}
	next.Protected = c.Protected
	holds := current.Custody.HoldsCustody() && !isOver(current.Period, today)
	disputable := holds && contradicts(current, others, today)

	if holds && !c.Custody.HoldsCustody() || disputable && current.Custody == SoleCustody && c.Custody == JointCustody {
		later.Custody = &c.Custody
	} else {
		next.Custody = c.Custody
	}
	if basis := c.basis(current); basis != current.Basis && (disputable || later.Custody != nil) {
		later.Basis = &basis
	} else {
		next.Basis = basis
	}
	if holds && c.Prevented && !current.Prevented {
		later.Prevented = &c.Prevented
	} else {
		next.Prevented = c.Prevented
	}
	if holds && !current.Prevented && current.Disputed && !c.Disputed {
		later.Disputed = &c.Disputed
	} else {
		next.Disputed = c.Disputed
	}
	if holds && endsEarlier(c.Until, current.Period.Until) {
		later.Until = &c.Until
	} else {
		next.Period.Until = c.Until
	}
	return next, later
}

// on is the guardianship with what waited.
func (w waiting) on(g Guardianship) Guardianship {
	if w.Custody != nil {
		g.Custody = *w.Custody
	}
	if w.Basis != nil {
		g.Basis = *w.Basis
	}
	if w.Prevented != nil {
		g.Prevented = *w.Prevented
	}
	if w.Disputed != nil {
		g.Disputed = *w.Disputed
	}
	if w.Until != nil {
		g.Period.Until = *w.Until
	}
	return g
}

// contradicts reports whether the guardianship and another one, today or later, cannot both be true: sole custody
// beside any other. Package participation takes the sole one for disputed until both are confirmed.
func contradicts(g Guardianship, others []Guardianship, today calendar.Date) bool {
	for _, other := range others {
		if other.Guardian == g.Guardian || !other.Custody.HoldsCustody() || isOver(other.Period, today) {
			continue
		}
		if (g.Custody == SoleCustody || other.Custody == SoleCustody) && g.Period.Overlaps(other.Period) {
			return true
		}
	}
	return false
}

// givesSay reports whether the guardian may decide for the pupil on the day, as far as it is the guardians' turn.
func (g Guardianship) givesSay(day calendar.Date) bool {
	return g.Custody.HoldsCustody() && !g.Prevented && g.Period.Contains(day)
}

// regainsSay reports whether a say that was not there before is there today.
func (g Guardianship) regainsSay(before Guardianship, today calendar.Date) bool {
	return g.givesSay(today) && !before.givesSay(today)
}

// declared is the guardianship after its guardian said what custody it is. A contradiction stays one until the office
// has settled it: sole beside another custody is taken for disputed by package participation, and a sole custody that
// is declared joint again while another stands beside it is marked, so that two declarations raise nothing.
func (g Guardianship) declared(custody Custody, legal bool, others []Guardianship, today calendar.Date) Guardianship {
	if g.Basis == Confirmed || !g.Custody.HoldsCustody() || !custody.HoldsCustody() {
		return g
	}
	next := g
	next.Custody, next.Basis = custody, Declared
	if legal {
		next.Relation = LegalGuardian
	}
	if g.Custody == SoleCustody && custody == JointCustody && contradicts(g, others, today) {
		next.Disputed = true
	}
	return next
}

func isOver(period calendar.Period, today calendar.Date) bool { return period.Until.Before(today) }

// endsEarlier compares last days, of which the unknown one is never.
func endsEarlier(a, b calendar.Date) bool { return !a.IsZero() && (b.IsZero() || a.Before(b)) }
