package reminder

import (
	"slices"
	"time"

	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// weekBack is how far messages about asks that are answered by now are looked for: they count for the caps.
const weekBack = (weekDays + 1) * 24 * time.Hour

// gathered is what planning needs of people, as it was read.
type gathered struct {
	waiting  []consent.Waiting
	log      []reminderRow // of the asks that wait, and of the last days about others; the oldest first
	contacts map[id.Person]Contact
	wanted   map[id.Person]bool
}

// recipients are everybody with an unanswered ask, in the order in which they were first asked; one person, if it is named.
func (s *Service) recipients(tx *db.Tx, person id.Person) ([]Recipient, error) {
	g, err := s.gather(tx, person)
	return g.recipients(), err
}

func (s *Service) gather(tx *db.Tx, person id.Person) (g gathered, err error) {
	if person.ID == "" {
		g.waiting, err = s.consents.WaitingAsks(tx)
	} else {
		g.waiting, err = s.consents.WaitingAsksOf(tx, person)
	}
	if err != nil {
		return g, err
	}
	if g.log, err = logOf(tx, g.waiting, person); err != nil {
		return g, err
	}
	if g.wanted, err = wanted(tx, person); err != nil {
		return g, err
	}
	g.contacts, err = s.contacts(tx, g.persons())
	return g, err
}

func (g gathered) persons() (persons []id.Person) {
	seen := make(map[id.Person]bool, len(g.waiting))
	for _, w := range g.waiting {
		if !seen[w.Person] {
			seen[w.Person] = true
			persons = append(persons, w.Person)
		}
	}
	return persons
}

// logOf is what went out about asks that wait, and about others in the last days.
func logOf(tx *db.Tx, waiting []consent.Waiting, person id.Person) ([]reminderRow, error) {
	asks := make([]id.Ask, len(waiting))
	about := make(map[id.Ask]bool, len(waiting))
	for i, w := range waiting {
		asks[i], about[w.ID] = w.ID, true
	}
	rows, err := listOf(tx, asks)
	if err != nil {
		return nil, err
	}
	recent, err := listSince(tx, tx.Now.Add(-weekBack), person)
	for _, row := range recent {
		if !about[row.AskID] {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b reminderRow) int { return int(a.At - b.At) })
	return rows, err
}

// recipients puts together who is planned for.
func (g gathered) recipients() []Recipient {
	sent := make(map[id.Ask][]Sent, len(g.waiting))
	for _, w := range g.waiting {
		sent[w.ID] = nil
	}
	settled := map[id.Person][]Ask{} // answered by now, but they took a place in the person's week
	for _, row := range g.log {
		if _, waits := sent[row.AskID]; waits {
			sent[row.AskID] = append(sent[row.AskID], row.sent())
		} else {
			settled[row.person()] = append(settled[row.person()], Ask{ID: row.AskID, Settled: Answered, Sent: []Sent{row.sent()}})
		}
	}
	places := make(map[id.Person]int, len(g.waiting))
	var recipients []Recipient
	for _, w := range g.waiting {
		place, ok := places[w.Person]
		if !ok {
			place = len(recipients)
			places[w.Person] = place
			contact := g.contacts[w.Person]
			recipients = append(recipients, Recipient{
				Person: w.Person, Asks: settled[w.Person], Reach: contact.Reach, Preferences: contact.Preferences, Wanted: g.wanted[w.Person],
			})
		}
		ask := Ask{ID: w.ID, Pupil: w.Pupil, AskedOn: w.AskedOn, Due: w.Due, Sent: sent[w.ID]}
		if w.State != consent.AskOpen {
			ask.Settled = Reason(w.State)
		}
		recipients[place].Asks = append(recipients[place].Asks, ask)
	}
	return recipients
}
