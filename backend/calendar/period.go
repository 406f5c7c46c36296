package calendar

// Period is a run of days with both bounds inside. The unknown day as a bound leaves that side open. A
// period whose From lies after its Until holds no day.
type Period struct {
	From  Date
	Until Date
}

// Contains reports whether a known day lies within the bounds.
func (p Period) Contains(day Date) bool {
	return !day.IsZero() && !day.Before(p.From) && !day.After(p.Until)
}

// IsEmpty reports whether no day lies within the bounds.
func (p Period) IsEmpty() bool { return p.From.After(p.Until) }

// Overlaps reports whether any day lies within both periods.
func (p Period) Overlaps(other Period) bool {
	return !p.IsEmpty() && !other.IsEmpty() && !p.From.After(other.Until) && !other.From.After(p.Until)
}

// NextChange is the first day after the given one that lies inside while its eve lies outside, or the other
// way round; unknown when there is none.
func (p Period) NextChange(day Date) Date {
	if p.IsEmpty() {
		return Date{}
	}
	if p.From.After(day) {
		return p.From
	}
	if end := p.Until.AddDays(1); end.After(day) {
		return end
	}
	return Date{}
}
