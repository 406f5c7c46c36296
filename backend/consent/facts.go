package consent

import (
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// Gathered is what consent and school know about one pupil. Package standing adds sanctions, holds and limits.
type Gathered struct {
	Facts         participation.Facts
	Decisions     []Decision // of every person, in the order of the log
	Guardianships []school.Guardianship
	Schoolings    []school.Schooling
	Pupil         school.Pupil
}

// Gather collects the facts of any number of pupils in a fixed number of queries. A pupil that does not exist is
// missing from the answer.
func (s *Service) Gather(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil]Gathered, error) {
	return s.gather(tx, pupils)
}

func (s *Service) gather(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil]Gathered, error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return nil, err
	}
	known, err := s.schools.Pupils(tx, pupils)
	if err != nil {
		return nil, err
	}
	guardianships, err := s.schools.GuardianshipsOf(tx, pupils)
	if err != nil {
		return nil, err
	}
	schoolings, err := s.schools.SchoolingsOf(tx, pupils)
	if err != nil {
		return nil, err
	}
	decisions, err := decisionsOf(tx, pupils)
	if err != nil {
		return nil, err
	}
	versions, err := s.versions(tx)
	if err != nil {
		return nil, err
	}
	zone := settings.Location()
	gathered := make(map[id.Pupil]Gathered, len(known))
	for pupil, person := range known {
		g := Gathered{
			Pupil: person, Decisions: decisions[pupil], Guardianships: guardianships[pupil], Schoolings: schoolings[pupil],
		}
		g.Facts = participation.Facts{
			Pupil: string(pupil), Today: calendar.Today(tx.Now, zone), Birth: person.BirthDate, Versions: versions.facts(),
			Schoolings: schoolingFacts(g.Schoolings), Guardianships: guardianshipFacts(g.Guardianships),
		}
		for _, d := range g.Decisions {
			g.Facts.Acts = append(g.Facts.Acts, d.act(calendar.Today(d.ReceivedAt, zone)))
		}
		gathered[pupil] = g
	}
	return gathered, nil
}

func schoolingFacts(schoolings []school.Schooling) []participation.Schooling {
	facts := make([]participation.Schooling, len(schoolings))
	for i, s := range schoolings {
		facts[i] = participation.Schooling{ID: string(s.ID), Days: s.Period}
	}
	return facts
}

func guardianshipFacts(guardianships []school.Guardianship) []participation.Guardianship {
	facts := make([]participation.Guardianship, len(guardianships))
	for i, g := range guardianships {
		facts[i] = participation.Guardianship{
			ID: string(g.ID), Guardian: string(g.Guardian), Custody: participation.Custody(g.Custody),
			Basis: participation.Basis(g.Basis), Prevented: g.Prevented, Disputed: g.Disputed, Days: g.Period,
		}
	}
	return facts
}

// act is the decision as the rule sees it. The log counts leaves from 0, the rule from 1.
func (d Decision) act(day calendar.Date) participation.Act {
	act := participation.Act{
		ID: string(d.ID), Number: participation.LogNumber(d.Leaf + 1), Person: ruleperson(d.Person),
		Kind: participation.ActKind(d.Kind), Reach: d.Reach(), Edition: d.Edition,
		Guardianship: string(d.Guardianship), Schooling: string(d.Schooling), Day: day,
	}
	if d.Invalidated != nil {
		act.Invalidated = participation.LogNumber(d.Invalidated.Leaf + 1)
	}
	return act
}

func ruleperson(p id.Person) participation.Person {
	return participation.Person{Kind: participation.PersonKind(p.Kind), ID: p.ID}
}

// mayDecide reports whether the person has a say today.
func (g Gathered) mayDecide(person id.Person) bool {
	return participation.HasSay(g.Facts, ruleperson(person))
}

// sayer is the person with its own decisions and the ties under which it decides now.
func (g Gathered) sayer(person id.Person) sayer {
	who := sayer{person: person, pupil: g.Pupil, guardianships: g.Guardianships, facts: g.Facts, own: g.Own(person)}
	for _, link := range g.Guardianships {
		if id.GuardianOf(link.Guardian) == person && link.Period.Contains(g.Facts.Today) {
			who.guardianship = link.ID
		}
	}
	for _, time := range g.Schoolings {
		if time.Period.Contains(g.Facts.Today) {
			who.schooling = time.ID
		}
	}
	return who
}

// Own gives the person's own decisions in the order of the log.
func (g Gathered) Own(person id.Person) []Decision {
	var own []Decision
	for _, d := range g.Decisions {
		if d.Person == person {
			own = append(own, d)
		}
	}
	return own
}
