package standing

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// Child is a pupil as one person with a say sees it: the mode, the own word, and never another's doing. Whatever else
// lowers the mode is ForeignCause, which reads the same for every cause.
type Child struct {
	Pupil        school.Pupil
	Class        school.Class
	Mode         participation.Mode
	Word         participation.Mode // what the own decisions come to
	HasWord      bool               // false: nothing decided yet, or nothing that counts
	DecidedAt    time.Time          // of the latest own decision; zero: none
	ForeignCause bool
	Open         bool // an answer is asked for
}

// Children gives the pupils that the actor has a say for, those with an open question first, then by name.
func (s *Service) Children(ctx context.Context, actor authz.Actor) ([]Child, error) {
	var children []Child
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		pupils, err := s.pupilsOf(tx, actor.Person)
		if err != nil {
			return err
		}
		children, err = s.children(tx, actor.Person, pupils)
		return err
	})
	return children, err
}

// Child gives one pupil; one that the person has no say for does not exist.
func (s *Service) Child(tx *db.Tx, person id.Person, pupil id.Pupil) (Child, error) {
	children, err := s.children(tx, person, []id.Pupil{pupil})
	if err != nil {
		return Child{}, err
	}
	if len(children) == 0 {
		return Child{}, fault.New(fault.NothingHere)
	}
	return children[0], nil
}

func (s *Service) pupilsOf(tx *db.Tx, person id.Person) ([]id.Pupil, error) {
	if person.Kind == id.PupilPerson {
		return []id.Pupil{id.Pupil(person.ID)}, nil
	}
	day, err := s.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	return s.schools.ChildrenOf(tx, id.Guardian(person.ID), day)
}

func (s *Service) children(tx *db.Tx, person id.Person, pupils []id.Pupil) ([]Child, error) {
	standings, err := s.Of(tx, pupils)
	if err != nil {
		return nil, err
	}
	day, err := s.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	classes, err := s.schools.ClassNamesOf(tx, pupils, day)
	if err != nil {
		return nil, err
	}
	var children []Child
	for _, pupil := range pupils {
		standing, ok := standings[pupil]
		if ok && participation.HasSay(standing.Facts, rulePerson(person)) {
			children = append(children, standing.childFor(person, classes[pupil]))
		}
	}
	school.SortByName(children, func(c Child) school.Name { return c.Pupil.Name })
	return openFirst(children), nil
}

func openFirst(children []Child) []Child {
	sorted := make([]Child, 0, len(children))
	for _, open := range []bool{true, false} {
		for _, child := range children {
			if child.Open == open {
				sorted = append(sorted, child)
			}
		}
	}
	return sorted
}

func (s Standing) childFor(person id.Person, class school.Class) Child {
	p := rulePerson(person)
	child := Child{Pupil: s.Pupil, Class: class, Mode: s.Mode, Open: !participation.HasAnswered(s.Facts, p)}
	stance := participation.StanceOf(s.Facts, p)
	child.Word, child.HasWord = stance.Word()
	if own := s.Own(person); len(own) > 0 {
		child.DecidedAt = own[len(own)-1].RecordedAt
	}
	child.ForeignCause = child.HasWord && s.Mode < child.Word
	return child
}

func rulePerson(person id.Person) participation.Person {
	return participation.Person{Kind: participation.PersonKind(person.Kind), ID: person.ID}
}
