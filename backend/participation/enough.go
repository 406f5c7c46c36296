package participation

// The yeses are enough when nobody's is missing: one of someone who suffices always must count; besides that
// everyone's where the policy asks for all, and that of every guardian whose custody is disputed.

// isNeeded reports whether the person's own yes must count, whoever else agrees.
func (v *view) isNeeded(d *decider) bool {
	return !d.onlyLimits && (d.disputed || v.edition.Policy != One)
}

// someoneSuffices reports whether the one yes that there always must be is there.
func (v *view) someoneSuffices(say []decider) bool {
	for i := range say {
		if say[i].suffices(v.heard) && say[i].stance.Counts {
			return true
		}
	}
	return false
}

// missing says why the person's part in a yes that suffices is not there; ok is false when it is there, or
// is not wanted. Whoever said no has answered: their limit is the reason, and not that they are silent.
func (v *view) missing(d *decider, someoneSuffices bool) (kind ReasonKind, ok bool) {
	wanted := v.isNeeded(d) || !someoneSuffices
	switch {
	case !wanted || d.onlyLimits:
		return "", false
	case !d.stance.Counts:
		return Unanswered, d.stance.ceiling() > None
	case someoneSuffices:
		return "", false
	case d.disputed:
		return Disputed, true
	default:
		return PupilBeside, !d.suffices(v.heard)
	}
}

// inConflict reports whether those who are heard have said different things.
func inConflict(say []decider) bool {
	first, found := None, false
	for i := range say {
		word, ok := say[i].stance.Word()
		if ok && found && word != first {
			return true
		}
		if ok {
			first, found = word, true
		}
	}
	return false
}
