package consent

import (
	"slices"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// sayer is a person who has a say for a pupil now, with all it has decided so far.
type sayer struct {
	person        id.Person
	pupil         school.Pupil
	guardianship  id.Guardianship
	guardianships []school.Guardianship // all of the pupil
	schooling     id.Schooling
	own           []Decision // in the order of the log
	facts         participation.Facts
}

// lockedSayerOf is sayerOf for changes: decisions for one pupil, and changes of its custody, come one after the other.
func (s *Service) lockedSayerOf(tx *db.Tx, person id.Person, pupil id.Pupil) (sayer, error) {
	if err := s.schools.LockPupil(tx, pupil); err != nil {
		return sayer{}, err
	}
	return s.sayerOf(tx, person, pupil)
}

// sayerOf finds the person's say for the pupil; without one the pupil does not exist for that person.
func (s *Service) sayerOf(tx *db.Tx, person id.Person, pupil id.Pupil) (sayer, error) {
	gathered, err := s.gather(tx, []id.Pupil{pupil})
	if err != nil {
		return sayer{}, err
	}
	facts, ok := gathered[pupil]
	if !ok || !facts.mayDecide(person) {
		return sayer{}, fault.New(fault.NothingHere)
	}
	return facts.sayer(person), nil
}

// decision begins a decision of this person for this pupil.
func (w sayer) decision() Decision {
	return Decision{Pupil: w.pupil.ID, Person: w.person, Guardianship: w.guardianship, Schooling: w.schooling, After: w.lastID()}
}

func (w sayer) last() *Decision {
	if len(w.own) == 0 {
		return nil
	}
	return &w.own[len(w.own)-1]
}

func (w sayer) lastID() id.Decision {
	if last := w.last(); last != nil {
		return last.ID
	}
	return ""
}

// waitForYes is how long a yes has to wait because the person has changed its mind too often since yesterday.
func (w sayer) waitForYes(now time.Time) time.Duration {
	dayAgo := now.Add(-24 * time.Hour)
	recent := slices.DeleteFunc(slices.Clone(w.own), func(d Decision) bool { return !d.RecordedAt.After(dayAgo) })
	if len(recent) < maxChangesADay {
		return 0
	}
	return recent[len(recent)-maxChangesADay].RecordedAt.Sub(dayAgo)
}
