package breach

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/sanction"
)

// Seen is a sanction as somebody with a say sees it: with the own objection, and with nobody else's.
type Seen struct {
	sanction.Sanction
	Own *sanction.Objection // nil: none yet
}

// Seen gives the sanctions against a pupil that the actor has a say for, the latest first. Any other pupil does not exist.
func (s *Service) Seen(ctx context.Context, actor authz.Actor, pupil id.Pupil) (seen []Seen, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		seen = nil
		if _, err := s.standings.Child(tx, actor.Person, pupil); err != nil {
			return err
		}
		sanctions, err := sanction.Of(tx, []id.Pupil{pupil})
		if err != nil {
			return err
		}
		objections, err := sanction.Objections(tx, ids(sanctions[pupil]))
		if err != nil {
			return err
		}
		for i := len(sanctions[pupil]) - 1; i >= 0; i-- {
			one := Seen{Sanction: sanctions[pupil][i]}
			for _, objection := range objections[one.ID] {
				if objection.Person == actor.Person {
					one.Own = &objection
				}
			}
			seen = append(seen, one)
		}
		return nil
	})
	return seen, err
}

func ids(sanctions []sanction.Sanction) []id.Sanction {
	all := make([]id.Sanction, len(sanctions))
	for i, s := range sanctions {
		all[i] = s.ID
	}
	return all
}

// Object is the actor's own objection to a sanction against a pupil that the actor has a say for.
func (s *Service) Object(ctx context.Context, actor authz.Actor, wanted id.Sanction) (id.Objection, error) {
	var made id.Objection
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			known, err := sanction.Find(tx, wanted)
			if err != nil {
				return err
			}
			if _, err := s.standings.Child(tx, actor.Person, known.Pupil); err != nil {
				return err
			}
			made, err = s.sanctions.ObjectIn(tx, actor, known)
			return err
		})
		return err
	})
	return made, err
}

// InForce gives the actor's own sanctions of today, for a pupil who may have no say. Somebody who is no pupil has none.
func (s *Service) InForce(ctx context.Context, actor authz.Actor) (own []sanction.Sanction, err error) {
	if actor.Person.Kind != id.PupilPerson {
		return nil, fault.New(fault.NothingHere)
	}
	pupil := id.Pupil(actor.Person.ID)
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		own = nil
		today, err := s.schools.Today(tx)
		if err != nil {
			return err
		}
		all, err := sanction.Of(tx, []id.Pupil{pupil})
		for _, one := range all[pupil] {
			if one.InForce(today) {
				own = append(own, one)
			}
		}
		return err
	})
	return own, err
}
