package consent

import (
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
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
		if err := insertAsk(tx, person, pupil, edition.Number, g.Facts.Today.AddDays(dueDays)); err != nil {
			return nil, err
		}
	}
	return asked, nil
}
