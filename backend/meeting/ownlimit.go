package meeting

import (
	"context"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

// LimitOneself sets the actor's own limit for one meeting: sound alone, or not at all. Taking part is voluntary for the
// child (clause S15): no reason is asked for, the teacher sees the mode and nothing else, and nobody else sees anything.
// The same limit again, or a looser one beside a stricter, changes nothing.
func (s *Service) LimitOneself(ctx context.Context, actor authz.Actor, meeting id.Meeting, reach participation.Mode) error {
	if reach != participation.Audio && reach != participation.None {
		return fault.InvalidField("reach", fault.FieldInvalid)
	}
	return s.changeOwnLimit(ctx, actor, meeting, audit.OwnLimitSet, func(tx *db.Tx, pupil id.Pupil) ([]id.OwnLimit, error) {
		return setOwnLimit(tx, pupil, meeting, reach)
	})
}

// LiftOwnLimit takes the actor's own limits for one meeting back. It raises the mode: whoever holds a pupil's tablet
// proves the PIN first (account.Service.CheckFresh), which is the caller's to see to.
func (s *Service) LiftOwnLimit(ctx context.Context, actor authz.Actor, meeting id.Meeting) error {
	return s.changeOwnLimit(ctx, actor, meeting, audit.OwnLimitLifted, func(tx *db.Tx, pupil id.Pupil) ([]id.OwnLimit, error) {
		return liftOwnLimits(tx, pupil, meeting)
	})
}

func (s *Service) changeOwnLimit(
	ctx context.Context, actor authz.Actor, meeting id.Meeting, action audit.Action,
	change func(*db.Tx, id.Pupil) ([]id.OwnLimit, error),
) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		m, err := s.ownMeeting(tx, actor, meeting)
		if err != nil {
			return err
		}
		if err := m.mustBeOn(tx.Now); err != nil {
			return err
		}
		pupil := id.Pupil(actor.Person.ID)
		changed, err := change(tx, pupil)
		if err != nil || len(changed) == 0 {
			return err
		}
		entries := make([]audit.Entry, len(changed))
		for i, limit := range changed {
			entries[i] = audit.Entry{Actor: string(actor.Account), Action: action, SubjectKind: "own_limit", SubjectID: string(limit)}
		}
		if err := s.hub.Touch(tx, pupil); err != nil {
			return err
		}
		return audit.Record(tx, entries...)
	})
}
