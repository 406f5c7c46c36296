package consent

import (
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// dueDays is how long a person has to answer before it counts as missing.
const dueDays = 14

type askRow struct {
	SchoolID   id.School
	ID         id.Ask
	Purpose    Purpose
	PupilID    id.Pupil
	PersonKind id.PersonKind
	PersonID   string
	Edition    int
	Channel    string
	AskedAt    int64
	DueOn      calendar.Date
	ClosedAt   *int64
	ClosedBy   *id.Decision
}

func (askRow) TableName() string { return "ask" }

// AskByLetter notes that a letter asks the person about all pupils for whom its answer is missing. Asking again for
// the same edition changes nothing. It gives the pupils that the letter speaks of: those the person has a say for.
func (s *Service) AskByLetter(tx *db.Tx, person id.Person, pupils []id.Pupil) ([]id.Pupil, error) {
	gathered, err := s.gather(tx, pupils)
	if err != nil {
		return nil, err
	}
	var asked []id.Pupil
	for _, pupil := range pupils {
		g, ok := gathered[pupil]
		if !ok || !g.mayDecide(person) {
			continue
		}
		asked = append(asked, pupil)
		edition, ok := participation.EditionOn(g.Facts.Versions, g.Facts.Today)
		if !ok || participation.HasAnswered(g.Facts, ruleperson(person)) {
			continue
		}
		due := g.Facts.Today.AddDays(dueDays)
		if err := insertAsks(tx, []askRow{askOf(tx, person, pupil, edition.Number, "letter", tx.Now, due)}); err != nil {
			return nil, err
		}
		if err := hasten(tx, person, pupil, edition.Number, due); err != nil {
			return nil, err
		}
	}
	return asked, nil
}

// AskState says what has become of an ask that no answer of its own has closed.
type AskState string

// The states. Only an open ask is anything to remind of.
const (
	AskOpen            AskState = "open"
	AskAnswered        AskState = "answered"          // under an earlier ask or edition: a no holds for all of them
	AskAnsweredByOther AskState = "answered_by_other" // and one answer is enough
	AskSuperseded      AskState = "superseded"        // a newer edition asks anew
	AskWithoutSay      AskState = "no_say"            // the guardian was removed, or the pupil has left or come of age
)

// Waiting is an ask without an answer.
type Waiting struct {
	ID      id.Ask
	Pupil   id.Pupil
	Person  id.Person
	AskedOn calendar.Date
	Due     calendar.Date
	State   AskState
}

// WaitingAsks lists the asks of the school that no answer has closed, the oldest first, with what has become of them.
func (s *Service) WaitingAsks(tx *db.Tx) ([]Waiting, error) { return s.waitingAsks(tx, id.Person{}) }

// WaitingAsksOf is WaitingAsks of one person. HoldAsks keeps them as they are.
func (s *Service) WaitingAsksOf(tx *db.Tx, person id.Person) ([]Waiting, error) {
	return s.waitingAsks(tx, person)
}

// HoldAsks keeps the person's answers out until the transaction ends, so that what is decided about its asks holds when
// it is committed.
func (s *Service) HoldAsks(tx *db.Tx, person id.Person) error { return lockAsks(tx, person) }

func (s *Service) waitingAsks(tx *db.Tx, person id.Person) ([]Waiting, error) {
	rows, err := unclosedAsks(tx, person)
	if err != nil {
		return nil, err
	}
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return nil, err
	}
	seen := map[id.Pupil]bool{}
	var pupils []id.Pupil
	for _, row := range rows {
		if !seen[row.PupilID] {
			seen[row.PupilID] = true
			pupils = append(pupils, row.PupilID)
		}
	}
	gathered, err := s.gather(tx, pupils)
	if err != nil {
		return nil, err
	}
	waiting := make([]Waiting, len(rows))
	for i, row := range rows {
		person := id.Person{Kind: row.PersonKind, ID: row.PersonID}
		g, askedOn := gathered[row.PupilID], settings.Today(time.UnixMicro(row.AskedAt))
		if askedOn.After(g.Facts.Today) { // it is about what holds then
			g.Facts.Today = askedOn
		}
		waiting[i] = Waiting{
			ID: row.ID, Pupil: row.PupilID, Person: person, Due: row.DueOn, AskedOn: askedOn, State: g.stateOf(person, row.Edition),
		}
	}
	return waiting, nil
}

func (g Gathered) stateOf(person id.Person, edition int) AskState {
	now, ok := participation.EditionOn(g.Facts.Versions, g.Facts.Today)
	switch {
	case !ok || now.Number != edition:
		return AskSuperseded
	case !g.mayDecide(person) || !g.stays():
		return AskWithoutSay
	case participation.HasAnswered(g.Facts, ruleperson(person)):
		return AskAnswered
	case now.Policy == participation.One && g.oneIsEnough() && g.otherHasAnswered(person):
		return AskAnsweredByOther
	}
	return AskOpen
}

// stays reports whether the pupil is at the school or is going to be.
func (g Gathered) stays() bool {
	_, stays := school.LastDay(g.Schoolings, g.Facts.Today)
	return stays
}

// oneIsEnough: under the policy One everybody is needed all the same while a custody is disputed, or sole beside another.
func (g Gathered) oneIsEnough() bool {
	holders, sole := 0, false
	for _, link := range g.Guardianships {
		if !link.Period.Contains(g.Facts.Today) || !link.Custody.HoldsCustody() {
			continue
		}
		if link.Disputed {
			return false
		}
		holders++
		sole = sole || link.Custody == school.SoleCustody
	}
	return !sole || holders == 1
}

func (g Gathered) otherHasAnswered(person id.Person) bool {
	for _, other := range participation.WhoHasSay(g.Facts) {
		if other != ruleperson(person) && participation.HasAnswered(g.Facts, other) {
			return true
		}
	}
	return false
}
