package consent

import (
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// invalidationKept is how long the proofs about a decision that was declared invalid are kept, so that nobody erases
// what shows a faked yes (abuse X24). It is the limitation period of BGB § 195.
const invalidationKept = 3 // years

// MustKeep refuses to let somebody be erased whose decisions the school must still be able to prove (GDPR Art. 7(1),
// 17(3)), or of whose decisions one was declared invalid in the last three years.
func (s *Service) MustKeep(tx *db.Tx, person id.Person, pupils []id.Pupil) error {
	decisions, err := decisionsOf(tx, pupils)
	if err != nil {
		return err
	}
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return err
	}
	schoolings, err := s.schools.SchoolingsOf(tx, pupils)
	if err != nil {
		return err
	}
	today := settings.Today(tx.Now)
	var kept error
	for _, pupil := range pupils {
		for _, d := range decisions[pupil] {
			if person.Kind != id.PupilPerson && d.Person != person {
				continue
			}
			if d.Invalidated != nil && d.Invalidated.At.AddDate(invalidationKept, 0, 0).After(tx.Now) {
				return fault.New(fault.KeptForInvalid)
			}
			if kept == nil {
				kept = keptFor(schoolings[pupil], settings.RetentionYears, today)
			}
		}
	}
	return kept
}

// keptFor says why decisions for a pupil of these times at the school are kept; nil when they need not be any longer.
func keptFor(schoolings []school.Schooling, years int, today calendar.Date) error {
	last, stays := school.LastDay(schoolings, today)
	if stays {
		return fault.New(fault.KeptAtSchool)
	}
	if from := erasableFrom(last, years); today.Before(from) {
		return fault.New(fault.KeptForRetention).With("from", from.String())
	}
	return nil
}

// erasableFrom is the first day after the last one at the school and so many full calendar years (VO-DV I NRW § 9).
// Without a last day there is nothing to wait for.
func erasableFrom(last calendar.Date, years int) calendar.Date {
	if last.IsZero() {
		return last
	}
	if years == 0 {
		return last.AddDays(1)
	}
	return calendar.On(last.Year()+years+1, time.January, 1)
}

// Unneeded lists whom the school keeps longer than it needs to: nobody links them to a pupil who is at the school or is
// coming, and the time in which their decisions must be provable is over. What else speaks for keeping them is not asked.
func (s *Service) Unneeded(tx *db.Tx) ([]id.Person, error) {
	people, err := s.schools.People(tx)
	if err != nil {
		return nil, err
	}
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return nil, err
	}
	schoolings, err := s.schools.AllSchoolings(tx)
	if err != nil {
		return nil, err
	}
	needed, err := s.needed(tx, settings.Today(tx.Now), schoolings)
	if err != nil {
		return nil, err
	}
	decided, err := decidedPairs(tx)
	if err != nil {
		return nil, err
	}
	for _, pair := range decided {
		if keptFor(schoolings[pair.PupilID], settings.RetentionYears, settings.Today(tx.Now)) != nil {
			needed[pair.person()], needed[id.PupilOf(pair.PupilID)] = true, true
		}
	}
	var unneeded []id.Person
	for _, person := range people {
		if !needed[person] {
			unneeded = append(unneeded, person)
		}
	}
	return unneeded, nil
}

// needed are the pupils who are at the school or are coming, and the guardians who are linked to them.
func (s *Service) needed(
	tx *db.Tx, today calendar.Date, schoolings map[id.Pupil][]school.Schooling,
) (map[id.Person]bool, error) {
	guardianships, err := s.schools.AllGuardianships(tx)
	if err != nil {
		return nil, err
	}
	needed := map[id.Person]bool{}
	for pupil, times := range schoolings {
		if _, stays := school.LastDay(times, today); !stays {
			continue
		}
		needed[id.PupilOf(pupil)] = true
		for _, link := range guardianships[pupil] {
			if link.Period.Until.IsZero() || !link.Period.Until.Before(today) {
				needed[id.GuardianOf(link.Guardian)] = true
			}
		}
	}
	return needed, nil
}

// HearOfErasure gives the person itself, and for a pupil the guardians who have decided for it or hold custody: their
// receipts go with it. It says nothing of one to another.
func (s *Service) HearOfErasure(tx *db.Tx, person id.Person) ([]id.Person, error) {
	persons := []id.Person{person}
	if person.Kind != id.PupilPerson {
		return persons, nil
	}
	pupil := id.Pupil(person.ID)
	today, err := s.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	decisions, err := decisionsOf(tx, []id.Pupil{pupil})
	if err != nil {
		return nil, err
	}
	for _, d := range decisions[pupil] {
		persons = append(persons, d.Person)
	}
	links, err := s.schools.GuardianshipsOf(tx, []id.Pupil{pupil})
	for _, link := range links[pupil] {
		if link.Custody.HoldsCustody() && !link.Prevented && link.Period.Contains(today) {
			persons = append(persons, id.GuardianOf(link.Guardian))
		}
	}
	return unique(persons), err
}

// unique keeps the first of each.
func unique(persons []id.Person) (once []id.Person) {
	for _, person := range persons {
		if !slices.Contains(once, person) {
			once = append(once, person)
		}
	}
	return once
}

// Erase deletes the decisions that the person made or that are about it, with what followed from them. Nothing needs
// them any longer: the pupils have left, and the leaves in the log stay.
func (s *Service) Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	return eraseDecisions(tx, person)
}
