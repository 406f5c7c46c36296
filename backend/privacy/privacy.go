package privacy

import (
	"errors"
	"log/slog"
	"sync/atomic"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Subject is a domain that keeps something about people. pupils are those whom the erasure touches, see People.
type Subject interface {
	// Erase removes what is kept about the person, in the transaction in which everybody does.
	Erase(tx *db.Tx, person id.Person, pupils []id.Pupil) error
}

// Keeper is a domain that may have a reason why a person's data must stay.
type Keeper interface {
	// MustKeep gives the reason as a fault of the kind Conflict; nil when there is none.
	MustKeep(tx *db.Tx, person id.Person, pupils []id.Pupil) error
}

// SubjectFunc makes a function a Subject.
type SubjectFunc func(tx *db.Tx, person id.Person, pupils []id.Pupil) error

// Erase calls the function.
func (f SubjectFunc) Erase(tx *db.Tx, person id.Person, pupils []id.Pupil) error {
	return f(tx, person, pupils)
}

// KeeperFunc makes a function a Keeper.
type KeeperFunc func(tx *db.Tx, person id.Person, pupils []id.Pupil) error

// MustKeep calls the function.
func (f KeeperFunc) MustKeep(tx *db.Tx, person id.Person, pupils []id.Pupil) error {
	return f(tx, person, pupils)
}

// People knows who there is.
type People interface {
	// People are all who are not erased.
	People(tx *db.Tx) ([]id.Person, error)
	// Concerned gives the pupils whom erasing the person touches: the pupil, or all who ever were the guardian's.
	// fault.NothingHere for whoever is not there.
	Concerned(tx *db.Tx, person id.Person) ([]id.Pupil, error)
	// LockLists makes imports and letters wait until the transaction ends, LockPupil decisions and custody.
	LockLists(tx *db.Tx) error
	LockPupil(tx *db.Tx, pupil id.Pupil) error
}

// Retention knows when data need not be kept any longer.
type Retention interface {
	// Unneeded are the people whose time is over.
	Unneeded(tx *db.Tx) ([]id.Person, error)
}

// Domains are all that keep something about people. Subjects erase in their order, which must respect foreign keys;
// the first Keeper that has a reason is heard.
type Domains struct {
	People    People
	Hearers   Hearers
	Retention Retention
	Keepers   []Keeper
	Subjects  []Subject
}

// Service owns the use cases. Make one with NewService.
type Service struct {
	db      *db.DB
	proofs  *evidence.Log
	domains Domains
	log     *slog.Logger
	unclean atomic.Bool // the write-ahead log may hold what was erased
}

// NewService needs the database, the log whose statements are erased, and the domains.
func NewService(d *db.DB, proofs *evidence.Log, domains Domains, log *slog.Logger) *Service {
	s := &Service{db: d, proofs: proofs, domains: domains, log: log}
	s.unclean.Store(true) // the process before may have ended in between
	return s
}

// mustKeep asks every Keeper about the person, and gives the pupils whom an erasure would touch.
func (s *Service) mustKeep(tx *db.Tx, person id.Person) ([]id.Pupil, error) {
	pupils, err := s.domains.People.Concerned(tx, person)
	if err != nil {
		return nil, err
	}
	for _, keeper := range s.domains.Keepers {
		if err := keeper.MustKeep(tx, person, pupils); err != nil {
			return nil, err
		}
	}
	return pupils, nil
}

// reasonToKeep is the code of what speaks against an erasure; ok is false for every other error.
func reasonToKeep(err error) (code fault.Code, ok bool) {
	var reason *fault.Error
	if errors.As(err, &reason) && reason.Kind() == fault.Conflict {
		return reason.Code, true
	}
	return "", false
}
