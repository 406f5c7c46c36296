package meeting

import (
	"context"
	"slices"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// mustTeach makes a class that is not the teacher's own a class that does not exist. Office, head and programs see all.
func (s *Service) mustTeach(tx *db.Tx, actor authz.Actor, class id.Class) error {
	if actor.May(authz.SeeAllClasses) {
		_, err := s.schools.Class(tx, class)
		return err
	}
	teaches, err := s.schools.Teaches(tx, actor.Account, class)
	if err != nil {
		return err
	}
	if !teaches {
		return fault.New(fault.NothingHere)
	}
	return nil
}

// maySee lets the responsible teacher see a meeting, whoever substitutes for its time, and office, head and programs. Of
// a whole class its other teachers see it too; chosen pupils may come from classes that are not theirs.
func (s *Service) maySee(tx *db.Tx, actor authz.Actor, meeting Meeting) error {
	if meeting.Responsible == actor.Account || actor.May(authz.SeeAllClasses) || meeting.isHeldBy(actor.Account, tx.Now) {
		return nil
	}
	if !meeting.WholeClass {
		return fault.New(fault.NothingHere)
	}
	return s.mustTeach(tx, actor, meeting.Class.ID)
}

// WhoMaySee gives those of the actors who may see the meeting; nobody may see one that does not exist.
func (s *Service) WhoMaySee(ctx context.Context, meeting id.Meeting, actors []authz.Actor) (allowed []authz.Actor, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		allowed = nil
		found, err := s.find(tx, meeting)
		if fault.Has(err, fault.NothingHere) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, actor := range actors {
			switch err := s.maySee(tx, actor, found); {
			case err == nil:
				allowed = append(allowed, actor)
			case !fault.Has(err, fault.NothingHere):
				return err
			}
		}
		return nil
	})
	return allowed, err
}

// MustSee makes a class that the actor may not see one that does not exist.
func (s *Service) MustSee(tx *db.Tx, actor authz.Actor, class id.Class) error {
	return s.mustTeach(tx, actor, class)
}

// MustSeePupil makes a pupil of no class or group of the actor's one that does not exist.
func (s *Service) MustSeePupil(tx *db.Tx, actor authz.Actor, pupil id.Pupil) error {
	day, err := s.schools.Today(tx)
	if err != nil {
		return err
	}
	if !actor.May(authz.SeeAllClasses) {
		taught, err := s.schools.TaughtBy(tx, actor.Account, day)
		if err == nil && !slices.Contains(taught, pupil) {
			return fault.New(fault.NothingHere)
		}
		return err
	}
	classes, err := s.schools.ClassNamesOf(tx, []id.Pupil{pupil}, day)
	if _, ok := classes[pupil]; err == nil && !ok {
		return fault.New(fault.NothingHere)
	}
	return err
}

// MustHold gives a meeting that the actor may see and the pupil belongs into. Any other does not exist.
func (s *Service) MustHold(tx *db.Tx, actor authz.Actor, meeting id.Meeting, pupil id.Pupil) (Meeting, error) {
	found, err := s.get(tx, actor, meeting)
	if err != nil {
		return Meeting{}, err
	}
	pupils, err := s.pupilsOf(tx, found)
	if err == nil && !slices.Contains(pupils, pupil) {
		err = fault.New(fault.NothingHere)
	}
	return found, err
}
