package intake

import (
	"maps"
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// carrier works a plan's entries into the stock, and then writes what became other or new. Entries may come in any
// order, several of them may be about one person, and each is worked in once.
type carrier struct {
	stock
	service   *school.Service
	plan      Plan
	entries   []Entry
	confirmed map[string]bool
	people    map[int]id.Guardian // of the plan's People, those who have an id by now

	changedPupils    map[id.Pupil]bool
	changedGuardians map[id.Guardian]bool
	terms            map[id.Pupil]*term
	made             made
	changed          changed
}

// made holds new rows, in the order in which foreign keys want them.
type made struct {
	classes       []school.Class
	pupils        []school.Pupil
	schoolings    []school.Schooling
	memberships   []school.Membership
	guardians     []school.Guardian
	guardianships []school.Guardianship
}

// changed holds periods that became others.
type changed struct {
	schoolings  []school.Schooling
	memberships []school.Membership
}

// term is what the entries make of one pupil's time at the school and in a class.
type term struct {
	schooling school.Schooling
	class     string
	begins    bool // a schooling of its own
	differs   bool // the period of one that is there
}

func newCarrier(service *school.Service, have stock, plan Plan, chosen []Entry) *carrier {
	c := &carrier{
		stock: have, service: service, plan: plan, entries: chosen,
		confirmed: map[string]bool{}, people: map[int]id.Guardian{},
		changedPupils: map[id.Pupil]bool{}, changedGuardians: map[id.Guardian]bool{}, terms: map[id.Pupil]*term{},
	}
	for _, entry := range chosen {
		c.confirmed[entry.Ref] = true
	}
	return c
}

func (c *carrier) carryOut(tx *db.Tx) error {
	for _, entry := range c.entries {
		c.work(entry)
	}
	for _, pupil := range slices.Sorted(maps.Keys(c.terms)) {
		c.place(pupil, *c.terms[pupil])
	}
	return c.write(tx)
}

func (c *carrier) work(e Entry) {
	switch {
	case e.GuardianID != "":
		c.changeGuardian(e.GuardianID, e.Changes)
	case e.Creates():
		c.addPupil(e)
	default:
		c.changePupil(e)
	}
}

// addPupil makes a new pupil. An import id that was another's goes over to this one.
func (c *carrier) addPupil(e Entry) {
	if known, ok := c.pupils[e.PupilID]; ok && e.NeedsConfirmation == IDReused && known.ImportID == e.Pupil.ImportID {
		known.ImportID = ""
		c.pupils[known.ID] = known
		c.changedPupils[known.ID] = true
	}
	p := e.Pupil
	pupil := school.Pupil{
		ID: id.New[id.Pupil](), Name: school.Name{Given: p.GivenName, Family: p.FamilyName}, BirthDate: p.BirthDate,
		ImportID: p.ImportID, Email: p.Email, Phone: p.Phone,
		Address: school.Address{Street: p.Address.Street, Postcode: p.Address.Postcode, City: p.Address.Town},
	}
	c.made.pupils = append(c.made.pupils, pupil)
	c.terms[pupil.ID] = &term{
		schooling: school.Schooling{
			ID: id.New[id.Schooling](), Pupil: pupil.ID, Period: calendar.Period{From: p.From, Until: p.Until},
		},
		class: p.Class, begins: true,
	}
	since := p.From
	if since.After(c.today) {
		since = c.today // guardians may answer before the first day
	}
	c.link(pupil.ID, e.Guardians, since)
}

func (c *carrier) changePupil(e Entry) {
	pupil := c.pupils[e.PupilID]
	for _, change := range e.Changes {
		if target := pupilField(&pupil, change.Field); target != nil {
			*target = change.To
			c.changedPupils[pupil.ID] = true
		}
	}
	if to, ok := changeOf(e, FieldBirthDate); ok {
		pupil.BirthDate = dateOf(to)
		c.changedPupils[pupil.ID] = true
	}
	c.pupils[pupil.ID] = pupil
	c.changeTerm(e)
	c.link(pupil.ID, e.Guardians, c.today)
}

// pupilField is where a change of text goes; nil for the fields that are no text of the pupil's.
func pupilField(p *school.Pupil, field Field) *string {
	switch field {
	case FieldImportID:
		return &p.ImportID
	case FieldGivenName:
		return &p.Given
	case FieldFamilyName:
		return &p.Family
	case FieldEmail:
		return &p.Email
	case FieldPhone:
		return &p.Phone
	case FieldStreet:
		return &p.Address.Street
	case FieldPostcode:
		return &p.Address.Postcode
	case FieldTown:
		return &p.Address.City
	default:
		return nil
	}
}

func (c *carrier) changeGuardian(guardian id.Guardian, changes []Change) {
	g := c.guardians[guardian]
	for _, change := range changes {
		if target := guardianField(&g, change.Field); target != nil {
			*target = change.To
			c.changedGuardians[guardian] = true
		}
	}
	c.guardians[guardian] = g
}

func guardianField(g *school.Guardian, field Field) *string {
	switch field {
	case FieldGivenName:
		return &g.Given
	case FieldFamilyName:
		return &g.Family
	case FieldEmail:
		return &g.Contact.Email
	case FieldStreet:
		return &g.Contact.Street
	case FieldPostcode:
		return &g.Contact.Postcode
	case FieldTown:
		return &g.Contact.City
	default:
		return nil
	}
}

// link makes guardianships: custody as the law has it when nothing else is known (BGB § 1626), on no other basis than
// the list. A guardian whom the pupil has or had is left as the office wants it.
func (c *carrier) link(pupil id.Pupil, links []Link, since calendar.Date) {
	for _, link := range links {
		guardian := c.guardianOf(link.Person)
		known := slices.ContainsFunc(c.guardianships[pupil], func(g school.Guardianship) bool { return g.Guardian == guardian })
		if known {
			continue
		}
		made := school.Guardianship{
			ID: id.New[id.Guardianship](), Guardian: guardian, Pupil: pupil, Relation: school.Relation(link.Relation),
			Custody: school.JointCustody, Basis: school.Assumed, Period: calendar.Period{From: since},
		}
		c.guardianships[pupil] = append(c.guardianships[pupil], made)
		c.made.guardianships = append(c.made.guardianships, made)
	}
}

// guardianOf is the guardian whom a person of the plan is, or becomes.
func (c *carrier) guardianOf(index int) id.Guardian {
	if known, ok := c.people[index]; ok {
		return known
	}
	person := c.plan.People[index]
	if person.SameRef != "" && c.confirmed[person.SameRef] {
		c.people[index] = person.Same
		return person.Same
	}
	guardian := school.Guardian{
		ID: id.New[id.Guardian](), Name: school.Name{Given: person.GivenName, Family: person.FamilyName},
		Salutation: person.Salutation, Contact: school.Contact{
			Email: person.Email, Street: person.Address.Street, Postcode: person.Address.Postcode, City: person.Address.Town,
		},
	}
	c.made.guardians = append(c.made.guardians, guardian)
	c.people[index] = guardian.ID
	return guardian.ID
}

// write stores everything. Changed pupils go before new ones, who may take an import id over.
func (c *carrier) write(tx *db.Tx) error {
	for _, step := range []func() error{
		func() error { return c.service.ChangePupils(tx, pick(c.pupils, c.changedPupils)) },
		func() error { return c.service.AddPupils(tx, c.made.pupils) },
		func() error { return each(tx, c.changed.schoolings, c.service.ChangeSchooling) },
		func() error { return c.service.AddSchoolings(tx, c.made.schoolings) },
		func() error { return c.service.AddClasses(tx, c.made.classes) },
		func() error { return each(tx, c.changed.memberships, c.service.ChangeMembership) },
		func() error { return c.service.AddMemberships(tx, c.made.memberships) },
		func() error { return each(tx, pick(c.guardians, c.changedGuardians), c.service.ChangeGuardian) },
		func() error { return c.service.AddGuardians(tx, c.made.guardians) },
		func() error { return c.service.AddGuardianships(tx, c.made.guardianships) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// pick gives what belongs to the wanted ids, in their order.
func pick[ID ~string, T any](all map[ID]T, wanted map[ID]bool) []T {
	picked := make([]T, 0, len(wanted))
	for _, one := range slices.Sorted(maps.Keys(wanted)) {
		picked = append(picked, all[one])
	}
	return picked
}

func each[T any](tx *db.Tx, all []T, do func(*db.Tx, T) error) error {
	for _, one := range all {
		if err := do(tx, one); err != nil {
			return err
		}
	}
	return nil
}
