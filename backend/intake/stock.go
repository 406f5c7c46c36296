package intake

import (
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// stock is what the school has at one moment, once as its own records and once as a plan sees it.
type stock struct {
	today         calendar.Date
	pupils        map[id.Pupil]school.Pupil
	guardians     map[id.Guardian]school.Guardian
	schoolings    map[id.Pupil][]school.Schooling    // the earliest first
	memberships   map[id.Pupil][]school.Membership   // the earliest first
	guardianships map[id.Pupil][]school.Guardianship // the earliest first
	classes       map[id.Class]school.Class          // of this school year and the next
	snapshot      Snapshot
}

func (s *Service) takeStock(tx *db.Tx) (have stock, err error) {
	if have.today, err = s.school.Today(tx); err != nil {
		return have, err
	}
	if have.schoolings, err = s.school.AllSchoolings(tx); err != nil {
		return have, err
	}
	if have.memberships, err = s.school.AllMemberships(tx); err != nil {
		return have, err
	}
	if have.guardianships, err = s.school.AllGuardianships(tx); err != nil {
		return have, err
	}
	if err = s.takePeople(tx, &have); err != nil {
		return have, err
	}
	if have.classes, err = s.takeClasses(tx, have.today); err != nil {
		return have, err
	}
	deciders, err := consent.Deciders(tx)
	have.snapshot = have.shot(deciders)
	return have, err
}

func (s *Service) takePeople(tx *db.Tx, have *stock) error {
	pupils, err := s.school.AllPupils(tx)
	if err != nil {
		return err
	}
	guardians, err := s.school.AllGuardians(tx)
	if err != nil {
		return err
	}
	have.pupils = make(map[id.Pupil]school.Pupil, len(pupils))
	for _, p := range pupils {
		have.pupils[p.ID] = p
	}
	have.guardians = make(map[id.Guardian]school.Guardian, len(guardians))
	for _, g := range guardians {
		have.guardians[g.ID] = g
	}
	return nil
}

func (s *Service) takeClasses(tx *db.Tx, today calendar.Date) (map[id.Class]school.Class, error) {
	classes := map[id.Class]school.Class{}
	year := calendar.SchoolYearOf(today)
	for _, day := range []calendar.Date{today, year.Next().Period().From} {
		found, err := s.school.ClassesOn(tx, day)
		if err != nil {
			return nil, err
		}
		for _, class := range found {
			classes[class.ID] = class
		}
	}
	return classes, nil
}

// shot is the stock as a plan sees it.
func (have stock) shot(deciders map[id.Person]bool) Snapshot {
	var base Snapshot
	for _, p := range have.pupils {
		known := KnownPupil{
			ID: p.ID, ImportID: p.ImportID, GivenName: p.Given, FamilyName: p.Family, BirthDate: p.BirthDate,
			Email: p.Email, Phone: p.Phone, Address: Address{p.Address.Street, p.Address.Postcode, p.Address.City},
			Answered: deciders[id.PupilOf(p.ID)],
		}
		if last, ok := have.schooling(p.ID); ok {
			known.From, known.Until = last.Period.From, last.Period.Until
		}
		if current, ok := have.membership(p.ID); ok {
			known.Class = have.classes[current.Class].Name
		}
		base.Pupils = append(base.Pupils, known)
	}
	for _, g := range have.guardians {
		base.Guardians = append(base.Guardians, KnownGuardian{
			ID: g.ID, GivenName: g.Given, FamilyName: g.Family, Email: g.Contact.Email,
			Address:  Address{g.Contact.Street, g.Contact.Postcode, g.Contact.City},
			Answered: deciders[id.GuardianOf(g.ID)],
		})
	}
	for pupil, all := range have.guardianships {
		for _, g := range all {
			base.Guardianships = append(base.Guardianships, KnownGuardianship{Guardian: g.Guardian, Pupil: pupil})
		}
	}
	return base
}

// schooling is the pupil's last time at the school.
func (have stock) schooling(pupil id.Pupil) (school.Schooling, bool) {
	all := have.schoolings[pupil]
	if len(all) == 0 {
		return school.Schooling{}, false
	}
	return all[len(all)-1], true
}

// yearOf is the school year in which a schooling places its pupil in a class: today's, or that of a first day to come.
func (have stock) yearOf(term calendar.Period) calendar.SchoolYear {
	return calendar.SchoolYearOf(later(term.From, have.today))
}

// membership is the pupil's last one in the school year that counts.
func (have stock) membership(pupil id.Pupil) (school.Membership, bool) {
	last, _ := have.schooling(pupil)
	year := have.yearOf(last.Period).String()
	all := have.memberships[pupil]
	for i := len(all) - 1; i >= 0; i-- {
		if !all[i].Period.IsEmpty() && have.classes[all[i].Class].SchoolYear == year {
			return all[i], true
		}
	}
	return school.Membership{}, false
}

func later(a, b calendar.Date) calendar.Date {
	if a.After(b) {
		return a
	}
	return b
}

// sooner is the earlier of two last days, of which the unknown one is never.
func sooner(a, b calendar.Date) calendar.Date {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
