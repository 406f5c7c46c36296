package intake

import (
	"strings"

	"einverstanden/backend/calendar"
)

// ages are those on which a say can depend (product.md, "Who has a say").
var ages = []int{14, 16, 18}

const majority = 18

// oldest and youngest bound the age of a pupil whom nobody has to be asked about.
const (
	youngest = 4
	oldest   = 99
)

// changeSet collects the changes of one pupil: those that may happen, and by reason those that wait.
type changeSet struct {
	plain   []Change
	waiting []waiting
}

type waiting struct {
	reason  Reason
	changes []Change
}

func (s *changeSet) add(reason Reason, changes ...Change) {
	switch {
	case len(changes) == 0:
	case reason == "":
		s.plain = append(s.plain, changes...)
	default:
		s.waiting = append(s.waiting, waiting{reason, changes})
	}
}

// differ gives a change when the file says something, and something else than the school has.
func differ(field Field, from, to string) []Change {
	if to == "" || from == to {
		return nil
	}
	return []Change{{Field: field, From: from, To: to}}
}

// compare finds what a row changes in the pupil it is about. First and last days are not among it.
func compare(row Row, known *KnownPupil, today calendar.Date) changeSet {
	var set changeSet
	set.add("", differ(FieldImportID, known.ImportID, row.ImportID)...)
	set.add(nameReason(row, known), compareName(row.GivenName, row.FamilyName, known.GivenName, known.FamilyName)...)
	set.add(birthDateReason(known.BirthDate, row.BirthDate, today),
		differ(FieldBirthDate, known.BirthDate.String(), row.BirthDate.String())...)
	set.add("", differ(FieldClass, known.Class, row.Class)...)
	contacts := compareEmail(known.Email, row.Email)
	contacts = append(contacts, differ(FieldPhone, known.Phone, row.Phone)...)
	contacts = append(contacts, compareAddress(known.Address, row.Address)...)
	set.add(contactReason(known.Answered), contacts...)
	return set
}

func compareName(given, family, knownGiven, knownFamily string) []Change {
	return append(differ(FieldGivenName, knownGiven, given), differ(FieldFamilyName, knownFamily, family)...)
}

// nameReason waits for a confirmation when both names are others: ids are given out again, and two
// children may well be born on one day.
func nameReason(row Row, known *KnownPupil) Reason {
	is, was := row.born(), known.born()
	if is.given != was.given && is.family != was.family {
		return NameChangedWholly
	}
	return ""
}

// birthDateReason waits for a confirmation when the new date puts the pupil between other ages, so that
// other people would have a say today. A date that was unknown gives a say to somebody for the first time,
// and takes it from nobody.
func birthDateReason(was, is, today calendar.Date) Reason {
	switch {
	case is.IsZero() || was.IsZero() && plausible(is, today):
		return ""
	case !plausible(is, today) || bandOf(was, today) != bandOf(is, today):
		return BirthDateAcrossAge
	}
	return ""
}

// bandOf counts the ages that somebody has reached.
func bandOf(birth, today calendar.Date) int {
	age, ok := calendar.AgeOn(birth, today)
	if !ok {
		return -1
	}
	band := 0
	for _, limit := range ages {
		if age >= limit {
			band++
		}
	}
	return band
}

func plausible(birth, today calendar.Date) bool {
	age, ok := calendar.AgeOn(birth, today)
	return ok && age >= youngest && age <= oldest
}

func isAdult(birth, today calendar.Date) bool {
	age, ok := calendar.AgeOn(birth, today)
	return ok && age >= majority
}

func contactReason(answered bool) Reason {
	if answered {
		return ContactOfAnswered
	}
	return ""
}

func compareEmail(known, told string) []Change {
	if strings.EqualFold(known, told) {
		return nil
	}
	return differ(FieldEmail, known, told)
}

func compareAddress(known, told Address) []Change {
	changes := differ(FieldStreet, known.Street, told.Street)
	changes = append(changes, differ(FieldPostcode, known.Postcode, told.Postcode)...)
	return append(changes, differ(FieldTown, known.Town, told.Town)...)
}

// schooling is what a row does to the time at the school of a pupil whom the school knows.
type schooling struct {
	outcome Outcome // Changed or Leaving; empty when nothing happens
	reason  Reason
	changes []Change
}

// compareSchooling reads first and last day. The first day of a schooling that has begun stays: answers
// hang on it. A schooling that has ended begins anew, with one confirmation, and so does a later last day.
func compareSchooling(row Row, known *KnownPupil, list List, today calendar.Date) schooling {
	switch {
	case leaves(row, today):
		return leaving(known, lastDay(row, today))
	case known.endedBy(today):
		return schooling{Changed, Returning, []Change{
			{FieldUntil, known.Until.String(), row.LeftOn.String()},
			{FieldFrom, known.From.String(), returnDay(row, known, today).String()},
		}}
	}
	if list.TellsLeaving && row.LeftOn != known.Until {
		reason := Reason("")
		if row.LeftOn.IsZero() || row.LeftOn.After(known.Until) && !known.Until.IsZero() {
			reason = StaysLonger
		}
		return schooling{Changed, reason, []Change{{FieldUntil, known.Until.String(), row.LeftOn.String()}}}
	}
	return schooling{}
}

// leaves reports whether the file ends the time at school: by status, or by a last day that has passed.
func leaves(row Row, today calendar.Date) bool {
	return row.Status == Left || row.Status == Active && row.LeftOn.Before(today)
}

// lastDay is the day the file gives, or the day before the plan for somebody who has left without one.
func lastDay(row Row, today calendar.Date) calendar.Date {
	if row.LeftOn.IsZero() {
		return today.AddDays(-1)
	}
	return row.LeftOn
}

func leaving(known *KnownPupil, last calendar.Date) schooling {
	if !known.Until.IsZero() && !known.Until.After(last) {
		return schooling{} // has ended already, or will end sooner: a list does not prolong it
	}
	return schooling{Leaving, "", []Change{{FieldUntil, known.Until.String(), last.String()}}}
}

// returnDay is the file's first day when it lies after the old schooling, else the day of the plan.
func returnDay(row Row, known *KnownPupil, today calendar.Date) calendar.Date {
	if row.JoinedOn.After(known.Until) {
		return row.JoinedOn
	}
	return today
}

// compareStart moves the first day of a schooling that is yet to begin.
func compareStart(row Row, known *KnownPupil, today calendar.Date) []Change {
	if !known.From.After(today) || leaves(row, today) {
		return nil
	}
	return differ(FieldFrom, known.From.String(), row.JoinedOn.String())
}
