package school

import (
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// People are the ids of everybody whom the school knows; erased ones are not among them.
func (s *Service) People(tx *db.Tx) ([]id.Person, error) {
	pupils, guardians, err := findPeople(tx)
	if err != nil {
		return nil, err
	}
	people := make([]id.Person, 0, len(pupils)+len(guardians))
	for _, pupil := range pupils {
		people = append(people, id.PupilOf(pupil))
	}
	for _, guardian := range guardians {
		people = append(people, id.GuardianOf(guardian))
	}
	return people, nil
}

// Concerned gives the pupils whom an erasure of the person touches, in the order of their ids: the pupil, or everyone to
// whom the guardian was ever linked. NothingHere for whoever does not exist or is erased.
func (s *Service) Concerned(tx *db.Tx, person id.Person) ([]id.Pupil, error) {
	if known, err := isKnown(tx, person); err != nil {
		return nil, err
	} else if !known {
		return nil, fault.New(fault.NothingHere)
	}
	if person.Kind == id.PupilPerson {
		return []id.Pupil{id.Pupil(person.ID)}, nil
	}
	rows, err := findEveryGuardianshipOf(tx, id.Guardian(person.ID))
	if err != nil {
		return nil, err
	}
	var pupils []id.Pupil
	for _, row := range rows {
		pupils = append(pupils, row.PupilID)
	}
	slices.Sort(pupils)
	return slices.Compact(pupils), nil
}

// LastDay is the end of a pupil's last time at the school; stays says that today is not after
// it. Whoever never was at the school has no last day and does not stay.
func LastDay(schoolings []Schooling, today calendar.Date) (last calendar.Date, stays bool) {
	for _, schooling := range schoolings {
		until := schooling.Period.Until
		if until.IsZero() || !until.Before(today) {
			return calendar.Date{}, true
		}
		if last.IsZero() || until.After(last) {
			last = until
		}
	}
	return last, false
}

// MustKeep refuses to let a pupil be erased who is at the school, or is coming; a guardian who is linked to one; and
// anybody about whose custody there is a dispute (abuse X24).
func (s *Service) MustKeep(tx *db.Tx, person id.Person, pupils []id.Pupil) error {
	today, err := s.Today(tx)
	if err != nil {
		return err
	}
	guardianships, err := s.GuardianshipsOf(tx, pupils)
	if err != nil {
		return err
	}
	schoolings, err := s.SchoolingsOf(tx, pupils)
	if err != nil {
		return err
	}
	for _, pupil := range pupils {
		if isDisputed(guardianships[pupil], today) {
			return fault.New(fault.KeptForDispute)
		}
	}
	for _, pupil := range pupils {
		_, stays := LastDay(schoolings[pupil], today)
		if stays && (person.Kind == id.PupilPerson || isLinked(guardianships[pupil], id.Guardian(person.ID), today)) {
			return fault.New(fault.KeptAtSchool)
		}
	}
	return nil
}

func isDisputed(guardianships []Guardianship, today calendar.Date) bool {
	return slices.ContainsFunc(guardianships, func(g Guardianship) bool { return g.Disputed && !isOver(g.Period, today) })
}

func isLinked(guardianships []Guardianship, guardian id.Guardian, today calendar.Date) bool {
	return slices.ContainsFunc(guardianships, func(g Guardianship) bool {
		return g.Guardian == guardian && !isOver(g.Period, today)
	})
}

// Erase empties the person's row, which stays with its id because the log and the audit name it, and deletes what linked
// it to others: without links no list, roster or import finds it. Decisions under them must be gone (package consent).
func (s *Service) Erase(tx *db.Tx, person id.Person, pupils []id.Pupil) error {
	erase := eraseGuardian
	if person.Kind == id.PupilPerson {
		erase = erasePupil
	}
	if err := erase(tx, person.ID); err != nil {
		return err
	}
	for _, pupil := range pupils {
		if err := s.hub.Touch(tx, pupil); err != nil {
			return err
		}
	}
	return nil
}
