package invite

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/paper"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// mailing is who is invited, with what all letters share.
type mailing struct {
	settings    school.Settings
	invitations []invitation
}

// invitation is one person with the children that its letter speaks of; the first is the one by whom the letter is
// sorted and handed over.
type invitation struct {
	person    id.Person
	reader    paper.Reader
	recipient paper.Recipient
	email     string // of the school's lists; empty: none
	children  []child
}

type child struct {
	pupil    id.Pupil
	name     school.Name
	class    string // empty: none today
	rank     int    // of the class, 5a before 10b
	selected bool
}

func (i invitation) pupils() []id.Pupil {
	pupils := make([]id.Pupil, len(i.children))
	for n, child := range i.children {
		pupils[n] = child.pupil
	}
	return pupils
}

// keep leaves only these children.
func (i *invitation) keep(pupils []id.Pupil) {
	i.children = slices.DeleteFunc(i.children, func(c child) bool { return !slices.Contains(pupils, c.pupil) })
}

// register is what gathering reads of the school, in a number of queries that does not grow with the school.
type register struct {
	today    calendar.Date
	facts    map[id.Pupil]consent.Gathered
	families map[id.Guardian][]id.Pupil // also those for whom the guardian has no say
	classes  map[id.Pupil]school.Class
	ranks    map[id.Class]int
	selected map[id.Pupil]bool
}

func (s *Service) gather(ctx context.Context, selection Selection) (mailing mailing, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if mailing.settings, err = s.schools.Settings(tx); err != nil {
			return err
		}
		if _, _, err := s.consents.InForce(tx); err != nil {
			return err
		}
		register, err := s.register(tx, mailing.settings.Today(tx.Now), selection)
		if err != nil {
			return err
		}
		mailing.invitations, err = s.invitations(tx, register, register.recipients(len(selection.Pupils) > 0))
		return err
	})
	return mailing, err
}

func (s *Service) register(tx *db.Tx, today calendar.Date, selection Selection) (*register, error) {
	selected, err := s.selected(tx, today, selection)
	if err != nil {
		return nil, err
	}
	guardianships, err := s.schools.AllGuardianships(tx)
	if err != nil {
		return nil, err
	}
	r := &register{today: today, selected: map[id.Pupil]bool{}, families: families(guardianships), ranks: map[id.Class]int{}}
	wanted := map[id.Pupil]bool{}
	for _, pupil := range selected {
		r.selected[pupil], wanted[pupil] = true, true
		for _, g := range guardianships[pupil] {
			for _, sibling := range r.families[g.Guardian] {
				wanted[sibling] = true
			}
		}
	}
	pupils := slices.Sorted(maps.Keys(wanted))
	if r.facts, err = s.consents.Gather(tx, pupils); err != nil {
		return nil, err
	}
	if r.classes, err = s.schools.ClassNamesOf(tx, pupils, today); err != nil {
		return nil, err
	}
	classes, err := s.schools.ClassesOn(tx, today)
	for rank, class := range classes {
		r.ranks[class.ID] = rank
	}
	return r, err
}

// families lists the pupils of each guardian, each once.
func families(guardianships map[id.Pupil][]school.Guardianship) map[id.Guardian][]id.Pupil {
	found := map[id.Guardian][]id.Pupil{}
	for pupil, links := range guardianships {
		for _, link := range links {
			if !slices.Contains(found[link.Guardian], pupil) {
				found[link.Guardian] = append(found[link.Guardian], pupil)
			}
		}
	}
	return found
}

// selected are the pupils whom the selection means; NothingHere when it names an unknown one.
func (s *Service) selected(tx *db.Tx, today calendar.Date, selection Selection) ([]id.Pupil, error) {
	switch {
	case selection.Class != "":
		if _, err := s.schools.Class(tx, selection.Class); err != nil {
			return nil, err
		}
		return s.schools.PupilsOfClass(tx, selection.Class, today)
	case selection.AllUnanswered:
		schoolings, err := s.schools.AllSchoolings(tx)
		return slices.Collect(maps.Keys(schoolings)), err
	}
	known, err := s.schools.Pupils(tx, selection.Pupils)
	if err != nil {
		return nil, err
	}
	for _, pupil := range selection.Pupils {
		if _, ok := known[pupil]; !ok {
			return nil, fault.New(fault.NothingHere)
		}
	}
	return selection.Pupils, nil
}

// recipients are those with a say for a selected pupil; unless everyone is wanted, those alone whose answer is missing.
func (r *register) recipients(everyone bool) map[id.Person]bool {
	recipients := map[id.Person]bool{}
	for pupil := range r.selected {
		if !r.stays(pupil) {
			continue
		}
		facts := r.facts[pupil].Facts
		for _, person := range participation.WhoHasSay(facts) {
			if everyone || !participation.HasAnswered(facts, person) {
				recipients[id.Person{Kind: id.PersonKind(person.Kind), ID: person.ID}] = true
			}
		}
	}
	return recipients
}

// stays reports whether the pupil is at the school or is going to be.
func (r *register) stays(pupil id.Pupil) bool {
	return slices.ContainsFunc(r.facts[pupil].Schoolings, func(s school.Schooling) bool {
		return s.Period.Until.IsZero() || !s.Period.Until.Before(r.today)
	})
}

// invitations looks the recipients up and puts them in order.
func (s *Service) invitations(tx *db.Tx, r *register, recipients map[id.Person]bool) ([]invitation, error) {
	var wanted []id.Guardian
	for person := range recipients {
		if person.Kind == id.GuardianPerson {
			wanted = append(wanted, id.Guardian(person.ID))
		}
	}
	guardians, err := s.schools.Guardians(tx, wanted)
	if err != nil {
		return nil, err
	}
	var invitations []invitation
	for person := range recipients {
		if person.Kind == id.PupilPerson {
			invitations = append(invitations, r.ofPupil(id.Pupil(person.ID)))
		} else if guardian, ok := guardians[id.Guardian(person.ID)]; ok {
			invitations = append(invitations, r.ofGuardian(guardian))
		}
	}
	slices.SortFunc(invitations, compareInvitations)
	return invitations, nil
}

func (r *register) ofGuardian(g school.Guardian) invitation {
	i := invitation{person: id.GuardianOf(g.ID), reader: paper.Guardian, email: g.Contact.Email, recipient: paper.Recipient{
		Salutation: g.Salutation, Given: g.Given, Family: g.Family,
		Street: g.Contact.Street, Postcode: g.Contact.Postcode, City: g.Contact.City,
	}}
	sayer := participation.Person{Kind: participation.Guardian, ID: string(g.ID)}
	for _, pupil := range r.families[g.ID] {
		if r.stays(pupil) && participation.HasSay(r.facts[pupil].Facts, sayer) {
			i.children = append(i.children, r.child(pupil))
		}
	}
	slices.SortFunc(i.children, compareChildren)
	return i
}

const adult = 18 // BGB § 2

func (r *register) ofPupil(pupil id.Pupil) invitation {
	p := r.facts[pupil].Pupil
	i := invitation{person: id.PupilOf(pupil), reader: paper.YoungPupil, children: []child{r.child(pupil)}, recipient: paper.Recipient{
		Given: p.Given, Family: p.Family, Street: p.Address.Street, Postcode: p.Address.Postcode, City: p.Address.City,
	}}
	if age, ok := calendar.AgeOn(p.BirthDate, r.today); ok && age >= adult {
		i.reader = paper.AdultPupil
	}
	return i
}

func (r *register) child(pupil id.Pupil) child {
	class, ok := r.classes[pupil]
	rank, inYear := r.ranks[class.ID]
	if !ok || !inYear {
		rank = len(r.ranks)
	}
	return child{
		pupil: pupil, name: r.facts[pupil].Pupil.Name, class: class.Name, rank: rank, selected: r.selected[pupil],
	}
}

// compareChildren puts those first for whom letters were wanted, then goes by class and name.
func compareChildren(a, b child) int {
	if a.selected != b.selected {
		if a.selected {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.rank, b.rank), compareNames(a.name, b.name), cmp.Compare(a.pupil, b.pupil))
}

// compareInvitations keeps the letters of one child together.
func compareInvitations(a, b invitation) int {
	name := func(i invitation) school.Name {
		return school.Name{Given: i.recipient.Given, Family: i.recipient.Family}
	}
	return cmp.Or(
		compareChildren(a.children[0], b.children[0]), compareNames(name(a), name(b)), cmp.Compare(a.person.ID, b.person.ID),
	)
}

func compareNames(a, b school.Name) int {
	return cmp.Or(cmp.Compare(school.Fold(a.Family), school.Fold(b.Family)), cmp.Compare(school.Fold(a.Given), school.Fold(b.Given)))
}
