package sanction

import (
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/fault"
)

// longest is the number of months that a sanction may last: one school half-year. Longer ones are decided anew.
const longest = 6

// check admits what a head may decide today. Every refusal names the field of the form.
func (n New) check(today calendar.Date) error {
	switch {
	case n.Kind != Educational && n.Kind != Formal:
		return fault.InvalidField("kind", fault.FieldInvalid)
	case n.Measure != AudioOnly && n.Measure != Excluded:
		return fault.InvalidField("measure", fault.FieldInvalid)
	}
	if err := CheckReport(n.Heard, n.NotedOn, today); err != nil {
		return err
	}
	if n.Kind == Formal && (!slices.Contains(n.Heard, Pupil) || !slices.Contains(n.Heard, Parents)) {
		return fault.InvalidField("heard", fault.HearingMissing)
	}
	switch {
	case n.From.IsZero():
		return fault.InvalidField("from", fault.FieldMissing)
	case n.From.Before(today.AddDays(-1)):
		return fault.InvalidField("from", fault.SanctionFromPast)
	case n.Until.IsZero():
		return fault.InvalidField("until", fault.FieldMissing)
	case n.Until.Before(n.From):
		return fault.InvalidField("until", fault.SanctionEndsEarly)
	case n.Until.After(LastDay(n.From)):
		return fault.InvalidField("until", fault.SanctionTooLong)
	}
	return nil
}

// CheckReport admits what a report of a breach and the decision on it have in common, besides the rule.
func CheckReport(heard []Party, notedOn, today calendar.Date) error {
	for _, party := range heard {
		if !slices.Contains(Parties, party) {
			return fault.InvalidField("heard", fault.FieldInvalid)
		}
	}
	switch {
	case notedOn.IsZero():
		return fault.InvalidField("notedOn", fault.FieldMissing)
	case notedOn.After(today):
		return fault.InvalidField("notedOn", fault.FieldInvalid)
	}
	return nil
}

// LastDay is the last day that a sanction from the day on may name.
func LastDay(from calendar.Date) calendar.Date {
	next := time.Date(from.Year(), from.Month()+longest, 1, 0, 0, 0, 0, time.UTC) // carries into the next year
	day := calendar.On(next.Year(), next.Month(), from.Day())
	if day.IsZero() { // six months after 31 August there is no such day
		next = next.AddDate(0, 1, 0)
		day = calendar.On(next.Year(), next.Month(), 1)
	}
	return day.AddDays(-1)
}
