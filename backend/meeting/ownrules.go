package meeting

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
)

// OwnRules are the rules as the actor reads them before one of its meetings; Needed is whether the door asks for them.
type OwnRules struct {
	rules.Sheet
	Needed bool
}

// OwnRules gives the rules in a language; an empty one is the one for the pupil's age.
func (s *Service) OwnRules(ctx context.Context, actor authz.Actor, meeting id.Meeting, language string) (own OwnRules, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		m, err := s.ownMeeting(tx, actor, meeting)
		if err != nil {
			return err
		}
		own.Sheet, err = s.rules.Sheet(tx, id.Pupil(actor.Person.ID), language)
		own.Needed = m.Basis != participation.Statute
		return err
	})
	return own, err
}

// Acknowledge notes that the actor has read the rules, at the door of one of its meetings.
func (s *Service) Acknowledge(
	ctx context.Context, actor authz.Actor, meeting id.Meeting, version id.RulesVersion, given []rules.Given,
) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if _, err := s.ownMeeting(tx, actor, meeting); err != nil {
			return err
		}
		return s.rules.Acknowledge(tx, actor, version, given)
	})
}
