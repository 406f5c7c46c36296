package intake

import (
	"slices"
	"strings"

	"einverstanden/backend/id"
)

// people sorts the guardians of a list into those whom the school knows as guardians of that very pupil,
// and new persons. Siblings in one file share a person when name and e-mail, or name and address, are equal;
// the same likeness to a guardian of other children is only proposed (settled.md 3).
type people struct {
	of        map[id.Pupil][]*KnownGuardian
	children  map[id.Guardian][]id.Pupil
	byReach   map[reach]*KnownGuardian // the first of each
	found     []*person
	foundBy   map[reach][]int // index into found
	told      []*told
	toldAbout map[id.Guardian]*told
}

// reach is a name with the e-mail or the address where this person is reached: as much likeness as it
// takes for two to be one person.
type reach struct {
	name
	email string
	home  Address
}

// reaches gives the ways to reach somebody, e-mail before address; none for a name alone. An address counts
// when street and place are known.
func reaches(given, family, email string, home Address) []reach {
	var all []reach
	who := nameOf(given, family)
	if email != "" {
		all = append(all, reach{name: who, email: strings.ToLower(email)})
	}
	if home.Street != "" && home.Postcode+home.Town != "" {
		all = append(all, reach{name: who, home: Address{fold(home.Street), fold(home.Postcode), fold(home.Town)}})
	}
	return all
}

// person is a new one, with every way to reach it that the file names.
type person struct {
	Person
	reaches []reach
	line    int
	pupil   Pupil
	pupilID id.Pupil
	renames *KnownGuardian // guardian of the same pupil with the same given name and e-mail
}

// told is what a file says about a guardian whom the school knows.
type told struct {
	known   *KnownGuardian
	says    []Guardian
	line    int
	pupil   Pupil
	pupilID id.Pupil
}

func newPeople(base Snapshot) *people {
	p := &people{
		of: map[id.Pupil][]*KnownGuardian{}, children: map[id.Guardian][]id.Pupil{},
		byReach: map[reach]*KnownGuardian{}, foundBy: map[reach][]int{}, toldAbout: map[id.Guardian]*told{},
	}
	known := map[id.Guardian]*KnownGuardian{}
	for i := range base.Guardians {
		g := &base.Guardians[i]
		known[g.ID] = g
		for _, way := range reaches(g.GivenName, g.FamilyName, g.Email, g.Address) {
			if p.byReach[way] == nil {
				p.byReach[way] = g
			}
		}
	}
	for _, link := range base.Guardianships {
		if g := known[link.Guardian]; g != nil && !slices.Contains(p.of[link.Pupil], g) {
			p.of[link.Pupil] = append(p.of[link.Pupil], g)
			p.children[g.ID] = append(p.children[g.ID], link.Pupil)
		}
	}
	return p
}

// place takes the guardians of one row. It gives the guardianships to be made; those of a pupil whom the
// school knows (pupilID not empty) and that exist already are only remembered for their contacts.
func (p *people) place(row Row, pupil Pupil, pupilID id.Pupil) []Link {
	var links []Link
	var free []Guardian
	open := slices.Clone(p.of[pupilID])
	for _, g := range row.Guardians {
		at := closest(open, g)
		if at < 0 {
			free = append(free, g)
			continue
		}
		p.tell(open[at], g, row.Line, pupil, pupilID)
		open = slices.Delete(open, at, at+1)
	}
	used := map[int]bool{}
	for _, g := range free {
		at := p.findOrAdd(g, used, row.Line, pupil, pupilID)
		used[at] = true
		p.found[at].proposeRename(open, g)
		links = append(links, Link{Person: at, Relation: g.Relation})
	}
	return links
}

// closest finds the guardian whom a line means: of the same name, and with the same e-mail before others. A
// line without a given name means the only one of that family name.
func closest(candidates []*KnownGuardian, g Guardian) int {
	var alike []int
	for at, k := range candidates {
		if samePerson(k.GivenName, k.FamilyName, g) || g.GivenName == "" && fold(k.FamilyName) == fold(g.FamilyName) {
			alike = append(alike, at)
		}
	}
	for _, at := range alike {
		if sameEmail(candidates[at].Email, g.Email) {
			return at
		}
	}
	if len(alike) == 0 || g.GivenName == "" && len(alike) > 1 {
		return -1
	}
	return alike[0]
}

func (p *people) tell(known *KnownGuardian, g Guardian, line int, pupil Pupil, pupilID id.Pupil) {
	about := p.toldAbout[known.ID]
	if about == nil {
		about = &told{known: known, line: line, pupil: pupil, pupilID: pupilID}
		p.toldAbout[known.ID] = about
		p.told = append(p.told, about)
	}
	about.says = append(about.says, g)
}

// findOrAdd gives the index of a new person, shared with siblings; never one that the same row has used.
func (p *people) findOrAdd(g Guardian, used map[int]bool, line int, pupil Pupil, pupilID id.Pupil) int {
	ways := reaches(g.GivenName, g.FamilyName, g.Email, g.Address)
	at := p.find(ways, used)
	if at < 0 {
		at = len(p.found)
		p.found = append(p.found, &person{
			Person: Person{GivenName: g.GivenName, FamilyName: g.FamilyName}, line: line, pupil: pupil, pupilID: pupilID,
		})
	}
	p.found[at].take(g)
	for _, way := range ways {
		if !slices.Contains(p.foundBy[way], at) {
			p.foundBy[way] = append(p.foundBy[way], at)
			p.found[at].reaches = append(p.found[at].reaches, way)
		}
	}
	return at
}

func (p *people) find(ways []reach, used map[int]bool) int {
	for _, way := range ways {
		for _, at := range p.foundBy[way] {
			if !used[at] {
				return at
			}
		}
	}
	return -1
}

// take adds what a mention knows and earlier ones did not.
func (p *person) take(g Guardian) {
	if p.Email == "" {
		p.Email = g.Email
	}
	if p.Address.IsZero() {
		p.Address = g.Address
	}
	if p.Salutation == "" {
		p.Salutation = g.Salutation
	}
}

// proposeRename remembers a guardian of the same pupil who may have another family name by now.
func (p *person) proposeRename(open []*KnownGuardian, g Guardian) {
	for _, k := range open {
		if g.GivenName != "" && fold(k.GivenName) == fold(g.GivenName) && sameEmail(k.Email, g.Email) {
			p.renames = k
			return
		}
	}
}

// candidate is the guardian of the school whom a new person may be: by e-mail before address, and of several
// alike the one with the lowest id, who was made first.
func (p *people) candidate(who *person) *KnownGuardian {
	if who.renames != nil {
		return who.renames
	}
	byAddress := (*KnownGuardian)(nil)
	for _, way := range who.reaches {
		switch known := p.byReach[way]; {
		case known != nil && way.email != "":
			return known
		case known != nil && byAddress == nil:
			byAddress = known
		}
	}
	return byAddress
}

// proposals are the entries that ask whether a new person is one whom the school knows.
func (p *people) proposals() []Entry {
	var entries []Entry
	for i, who := range p.found {
		known := p.candidate(who)
		if known == nil {
			continue
		}
		who.Same = known.ID
		entries = append(entries, Entry{
			Outcome: Doubtful, NeedsConfirmation: SamePerson, Line: who.line,
			PupilID: who.pupilID, Pupil: who.pupil, GuardianID: known.ID, Person: &i,
			Changes: compareName(who.GivenName, who.FamilyName, known.GivenName, known.FamilyName),
		})
	}
	return entries
}

// changes are the entries that change guardians whom the school knows.
func (p *people) changes() []Entry {
	var entries []Entry
	for _, about := range p.told {
		contacts, contradictory := about.contacts()
		changes := append(about.name(), contacts...)
		if len(changes) == 0 {
			continue
		}
		entry := Entry{
			Outcome: Changed, Line: about.line, PupilID: about.pupilID, Pupil: about.pupil,
			GuardianID: about.known.ID, Changes: changes,
		}
		switch {
		case contradictory:
			entry.NeedsConfirmation = ContactContradictory
		case len(contacts) > 0:
			entry.NeedsConfirmation = contactReason(about.known.Answered)
		}
		entries = append(entries, entry)
	}
	return entries
}

// name is a new spelling; only one of the same name is taken for the same person.
func (t *told) name() []Change {
	first := t.says[0]
	return compareName(first.GivenName, first.FamilyName, t.known.GivenName, t.known.FamilyName)
}

// contacts compares what all lines say with what the school has. Lines that disagree with each other give
// the first new value, and the word that somebody has to look.
func (t *told) contacts() (changes []Change, contradictory bool) {
	email, mails := t.known.Email, 0
	home, homes := t.known.Address, 0
	for i, g := range t.says {
		if g.Email != "" && !slices.ContainsFunc(t.says[:i], func(o Guardian) bool { return sameEmail(o.Email, g.Email) }) {
			mails++
			if sameEmail(email, t.known.Email) || email == "" {
				email = g.Email
			}
		}
		if !g.Address.IsZero() && !slices.ContainsFunc(t.says[:i], func(o Guardian) bool { return o.Address == g.Address }) {
			homes++
			if home == t.known.Address {
				home = g.Address
			}
		}
	}
	changes = append(compareEmail(t.known.Email, email), compareAddress(t.known.Address, home)...)
	return changes, len(changes) > 0 && (mails > 1 || homes > 1)
}
