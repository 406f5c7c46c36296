package privacy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
)

// Step is what has happened to an erasure, as far as people are told of it.
type Step string

// The steps. Before an erasure has its day nothing is decided, and nobody is told.
const (
	Announced Step = "announced" // approved, or the retention is over: receipts can be saved until the day (X24)
	Deferred  Step = "deferred"  // the day has come, and something speaks against it
	Withdrawn Step = "withdrawn"
	Done      Step = "done" // to those who stay
)

// Told is the payload of outbox.RightsRequestChanged. It names the day and not the erasure, so that no job links those who
// stay to whoever is gone, and a family hears once of all that goes on one day.
type Told struct {
	Person id.Person `json:"person"`
	Step   Step      `json:"step"`
	Due    time.Time `json:"due"`
	Asked  bool      `json:"asked"` // somebody asked for it, rather than the retention being over
}

// Hearers knows whose receipts an erasure takes along.
type Hearers interface {
	// HearOfErasure gives the person itself, and for a pupil those who have decided for it or may: each is told alone.
	HearOfErasure(tx *db.Tx, person id.Person) ([]id.Person, error)
}

// tell has everybody told who hears of the mark's erasure.
func (s *Service) tell(tx *db.Tx, mark Mark, step Step) error {
	persons, err := s.domains.Hearers.HearOfErasure(tx, mark.Person)
	if err != nil {
		return err
	}
	return enqueue(tx, mark, step, persons)
}

func enqueue(tx *db.Tx, mark Mark, step Step, persons []id.Person) error {
	if len(persons) == 0 {
		return nil
	}
	return outbox.Enqueue(tx, jobs(mark, step, persons)...)
}

func jobs(mark Mark, step Step, persons []id.Person) []outbox.Job {
	jobs := make([]outbox.Job, len(persons))
	for i, person := range persons {
		jobs[i] = outbox.Job{Topic: outbox.RightsRequestChanged, Payload: Told{person, step, mark.DueAt, mark.Reason == Request}}
		if step == Deferred { // every run finds it so
			jobs[i].DedupKey = fmt.Sprintf("erasure|%s|%d|%s|%s", step, mark.DueAt.UnixMicro(), person.Kind, person.ID)
		}
	}
	return jobs
}

// tellDeferred has them told, once for each day, that an erasure that is due is not carried out yet.
func (s *Service) tellDeferred(ctx context.Context, mark Mark) error {
	var wanted []outbox.Job
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		persons, err := s.domains.Hearers.HearOfErasure(tx, mark.Person)
		if err != nil {
			return err
		}
		wanted, err = outbox.Unwritten(tx, jobs(mark, Deferred, persons))
		return err
	})
	if err != nil || len(wanted) == 0 {
		return err
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return outbox.Enqueue(tx, wanted...) })
}

// DueOf are the instants from which something is erased of which the person hears. Whoever is erased is NothingHere.
func (s *Service) DueOf(tx *db.Tx, person id.Person) (due []time.Time, err error) {
	pupils, err := s.domains.People.Concerned(tx, person)
	if err != nil {
		return nil, err
	}
	about := []string{person.ID}
	for _, pupil := range pupils {
		about = append(about, string(pupil))
	}
	marks, err := marksOf(tx, about)
	for _, mark := range marks {
		hears := mark.Person == person
		if mark.Person.Kind == id.PupilPerson && !hears {
			persons, err := s.domains.Hearers.HearOfErasure(tx, mark.Person)
			if err != nil {
				return nil, err
			}
			hears = slices.Contains(persons, person)
		}
		if hears && !mark.DueAt.IsZero() {
			due = append(due, mark.DueAt)
		}
	}
	return due, err
}
