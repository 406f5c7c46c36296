package participation

import (
	"math"

	"einverstanden/backend/calendar"
)

// Stance is what one person's own decisions add up to. The zero value is the strictest: a limit to None.
type Stance struct {
	Yes    Mode   // the reach of the latest yes that stands; None: there is none
	YesAct string // its id
	Counts bool   // the yes counts today: present edition, unbroken guardianship and schooling

	Limit     Mode       // the strictest own limit in force; Video: there is none
	LimitKind ReasonKind // Refused, Withdrawn or SoundOnly
	LimitAct  string     // the act that set it first

	// Pending is the strictest limit in force that was recorded wrongly (the act is invalidated): it holds
	// until the person, asked again, answers. Video: there is none.
	Pending    Mode
	PendingAct string

	YesInvalidated bool   // the latest answer was a yes, and was invalidated
	Last           string // the id of the latest act, whatever became of it; empty: the person never acted
}

// silent is the stance of a person who never acted.
var silent = Stance{Limit: Video, Pending: Video}

// StanceOf is the stance of one person today, for their own view of it. It does not say whether the person
// has a say; HasSay does. A pupil who decides alone from today is told whether they have answered as such.
func StanceOf(f Facts, person Person) Stance {
	v := look(&f)
	return v.stance(person, v.now)
}

// SameStance reports whether an act, given now, would change nothing: not the mode, not what holds in
// future, not what the person is asked. Such an act is not logged a second time; the person gets the
// receipt of the earlier one. The act's id and number do not matter.
func SameStance(f Facts, act Act) bool {
	v := look(&f)
	before := v.stance(act.Person, v.now)
	if act.Kind == Answer && act.Person.Kind == Pupil && v.carried() {
		return false // whatever it says, it is the answer that was waited for
	}
	act.Number = math.MaxInt64
	after := before
	v.add(&after, &act, v.now)
	return before.equals(after)
}

// AnsweredMeanwhile reports whether the person has acted since the decision that they had before them when
// they said yes (its id; empty: none). Such a yes is refused: it may come from a page left open or from a
// queue, and undo what the person said in between. Limits never need the question.
func AnsweredMeanwhile(f Facts, person Person, after string) bool {
	v := look(&f)
	return v.stance(person, v.now).Last != after
}

// Word is what the person's decisions come to: the strictest of a yes that counts and the own limits. ok is
// false when there is neither. A wrongly recorded limit is not their word.
func (s Stance) Word() (word Mode, ok bool) {
	switch {
	case s.Counts:
		return min(s.Yes, s.Limit), true
	case s.Limit < Video:
		return s.Limit, true
	default:
		return None, false
	}
}

// Answered reports whether the person has nothing left to answer: a yes counts, or they said no. A no is an
// answer in every edition; it is never reminded. Whoever's limit was recorded wrongly is still to answer.
func (s Stance) Answered() bool {
	return s.Limit == None || s.Counts && s.Pending == Video
}

// ceiling is the strictest limit in force, of whatever kind.
func (s *Stance) ceiling() Mode { return min(s.Limit, s.Pending) }

// equals compares what the stances mean, not which acts made them.
func (s Stance) equals(other Stance) bool {
	return s.Yes == other.Yes && s.Counts == other.Counts && s.Limit == other.Limit &&
		s.Pending == other.Pending && s.YesInvalidated == other.YesInvalidated
}

// stance adds up the person's acts in the order of the log. The band says how a pupil's yes is heard.
func (v *view) stance(person Person, heard band) Stance {
	s := silent
	for i := range v.acts {
		if v.acts[i].Person == person {
			v.add(&s, &v.acts[i], heard)
		}
	}
	return s
}

// add takes one more act into account.
func (v *view) add(s *Stance, act *Act, heard band) {
	s.Last = act.ID
	if v.cameTooLate(act) {
		return
	}
	switch {
	case act.Kind == Answer && act.Reach.strict() > None:
		v.addYes(s, act, heard)
	case act.Kind == Answer:
		s.addLimit(act, None, Refused)
		if act.Invalidated == 0 {
			s.Pending = Video // asked again, they have answered
			s.PendingAct = ""
			s.YesInvalidated = false
		}
	case act.Kind == Withdrawal && act.Reach == Audio:
		s.addLimit(act, Audio, Withdrawn)
	default: // a withdrawal of everything, or an act that we do not understand
		s.addLimit(act, None, Withdrawn)
	}
}

// addYes takes a yes into account. It replaces the earlier yes for good, so that invalidating it brings
// nothing back; it ends earlier limits only as long as it stands itself, so that invalidating it brings them
// back.
//
// A yes to sound is at the same time a no to the picture. The yes may end (a new edition, a guardianship
// broken, an invalidation); the no is a limit like any other and stays until the person's own next yes.
// Otherwise invalidating one parent's "sound only" would raise a child to video on the other's yes.
func (v *view) addYes(s *Stance, act *Act, heard band) {
	reach := act.Reach.strict()
	if act.Invalidated != 0 {
		s.Yes, s.YesAct, s.Counts = None, "", false
		s.YesInvalidated = true
	} else {
		last := s.Last
		*s = silent
		s.Last = last
		s.Yes, s.YesAct, s.Counts = reach, act.ID, v.counts(act, heard)
	}
	if reach == Audio {
		s.addLimit(act, Audio, SoundOnly)
	}
}

// addLimit lowers, and never raises: the strictest limit stays, and of equal ones the first.
func (s *Stance) addLimit(act *Act, limit Mode, kind ReasonKind) {
	switch {
	case act.Invalidated != 0 && limit < s.Pending:
		s.Pending, s.PendingAct = limit, act.ID
	case act.Invalidated == 0 && limit < s.Limit:
		s.Limit, s.LimitKind, s.LimitAct = limit, kind, act.ID
	}
}

// cameTooLate reports whether a guardian acted when the pupil already decided alone.
func (v *view) cameTooLate(act *Act) bool {
	return v.now == alone && act.Person.Kind == Guardian && !act.Day.IsZero() && !act.Day.Before(v.alone)
}

// counts reports whether a yes that stands counts today.
func (v *view) counts(act *Act, heard band) bool {
	if !v.inForce || act.Edition != v.edition.Number || !v.schoolingLasts(act.Schooling) {
		return false
	}
	if act.Person.Kind == Pupil {
		return v.pupilMaySay(act.Day, heard)
	}
	return v.guardianMaySay(act)
}

// pupilMaySay reports whether a pupil's yes of that day is heard in the band: one given beside guardians, or
// before the pupil had a say, does not count as one given alone.
func (v *view) pupilMaySay(day calendar.Date, heard band) bool {
	return heard >= together && !day.IsZero() && !day.Before(v.beginOf(heard))
}

// guardianMaySay reports whether a guardian's yes was given under a guardianship that gives a say and has
// done so without a break. Where the pupil has come of age meanwhile, the yes must be known to be older.
func (v *view) guardianMaySay(act *Act) bool {
	if v.now == alone && act.Day.IsZero() {
		return false
	}
	for i := range v.facts.Guardianships {
		g := &v.facts.Guardianships[i]
		if g.ID == act.Guardianship && g.person() == act.Person {
			return g.givesSay(v.sayDay) && act.Number > g.SaySince
		}
	}
	return false
}
