package participation

import "einverstanden/backend/calendar"

// Standing is how the pupil may take part today, with all its reasons.
type Standing struct {
	Mode    Mode
	Reasons []Reason // every cause; the mode is the lowest of their ceilings, Video when there is none

	// Until is the first day on which mode or reasons may differ by time alone; unknown: no such day.
	Until calendar.Date

	// Conflict says that people with a say answered differently. It is for the head to see.
	Conflict bool
}

// Decide is the rule. It is the only place where a mode is decided.
func Decide(f Facts) Standing {
	if f.Today.IsZero() {
		return Standing{Reasons: []Reason{{Kind: Unclear, Audience: audienceOf(Unclear)}}}
	}
	var room [4]decider // families are small; more of them cost one allocation
	v := look(&f)
	say := v.deciders(room[:0])

	c := collector{mode: Video}
	if !v.atSchool(f.Today) {
		c.add(Reason{Kind: NotAtSchool, Ceiling: None})
	}
	if f.Meeting.byStatute() {
		c.floor = Audio
	}
	v.collectForm(&c, say)
	v.collectStances(&c, say)
	v.collectHolds(&c)
	c.addLimit(OwnLimit, f.OwnLimits)
	c.floor = None
	c.addLimit(TeacherLimit, f.Meeting.TeacherLimits)
	v.collectSanctions(&c)

	return Standing{Mode: c.mode, Reasons: c.reasons, Until: v.until(), Conflict: inConflict(say)}
}

// collector gathers reasons. The floor is how low the reasons added now can lower: in a lesson that rests
// on the school law, missing consent, a hold and the pupil's own limit leave sound; whether the pupil goes
// to the school, the teacher's limit and sanctions hold as ever.
type collector struct {
	mode    Mode
	floor   Mode
	reasons []Reason
}

func (c *collector) add(r Reason) {
	r.Ceiling = max(r.Ceiling, c.floor)
	r.Audience = audienceOf(r.Kind)
	c.mode = min(c.mode, r.Ceiling)
	if c.reasons == nil {
		c.reasons = make([]Reason, 0, 4)
	}
	c.reasons = append(c.reasons, r)
}

// addLimit adds the strictest of several limits of one kind.
func (c *collector) addLimit(kind ReasonKind, limits []Mode) {
	strictest := Video
	for _, limit := range limits {
		strictest = min(strictest, limit.strict())
	}
	if strictest < Video {
		c.add(Reason{Kind: kind, Ceiling: strictest})
	}
}

// collectForm adds what keeps anybody from having a say.
func (v *view) collectForm(c *collector, say []decider) {
	unclear := v.isUnclear()
	if unclear {
		c.add(Reason{Kind: Unclear, Ceiling: None})
	}
	switch {
	case !v.inForce:
		c.add(Reason{Kind: NoForm, Ceiling: None})
	case v.facts.Birth.IsZero():
		c.add(Reason{Kind: BirthUnknown, Ceiling: None})
	case v.now == nobody && !unclear: // born after today
		c.add(Reason{Kind: Unclear, Ceiling: None})
	case !anyoneNeeded(say) && !unclear:
		c.add(Reason{Kind: NobodyHasSay, Ceiling: None})
	}
}

func anyoneNeeded(say []decider) bool {
	for i := range say {
		if !say[i].onlyLimits {
			return true
		}
	}
	return false
}

// collectStances adds what those who are heard said or have yet to say.
func (v *view) collectStances(c *collector, say []decider) {
	someoneSuffices := v.someoneSuffices(say)
	for i := range say {
		d := &say[i]
		if d.stance.Limit < Video {
			c.add(Reason{Kind: d.stance.LimitKind, Ceiling: d.stance.Limit, Person: d.person, Source: d.stance.LimitAct})
		}
		if d.stance.Pending < Video {
			c.add(Reason{Kind: AskedAgain, Ceiling: d.stance.Pending, Person: d.person, Source: d.stance.PendingAct})
		}
		if kind, ok := v.missing(d, someoneSuffices); ok {
			c.add(Reason{Kind: kind, Ceiling: None, Person: d.person})
		}
	}
	if v.carried() {
		c.add(Reason{Kind: ToBeConfirmed, Ceiling: Video, Person: v.pupil()})
	}
}

func (v *view) collectHolds(c *collector) {
	for i := range v.facts.Holds {
		hold := &v.facts.Holds[i]
		c.add(Reason{Kind: Held, Ceiling: None, Person: hold.Person, Source: hold.ID})
	}
}

func (v *view) collectSanctions(c *collector) {
	for i := range v.facts.Sanctions {
		s := &v.facts.Sanctions[i]
		if s.EndedEarly || !s.Days.Contains(v.facts.Today) {
			continue
		}
		ceiling := None
		if s.Measure == AudioOnly {
			ceiling = Audio
		}
		c.add(Reason{Kind: Sanctioned, Ceiling: ceiling, Source: s.ID})
	}
}
