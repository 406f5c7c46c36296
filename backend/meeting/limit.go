package meeting

import (
	"context"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/signal"
)

// Limits owns what teachers limit pupils to in a single meeting: at once, until the meeting ends or the limit is lifted.
type Limits struct {
	meetings *Service
	hub      *signal.Hub
}

// NewLimits needs the meetings, and the hub that open rosters listen to.
func NewLimits(meetings *Service, hub *signal.Hub) *Limits { return &Limits{meetings, hub} }

// Limit is one teacher's limit in a meeting.
type Limit struct {
	Pupil id.Pupil
	Reach participation.Mode // Audio or None
}

// Set limits a pupil in a meeting that has not ended, in place of an earlier limit.
func (l *Limits) Set(ctx context.Context, actor authz.Actor, meeting id.Meeting, limit Limit) error {
	if limit.Reach != participation.Audio && limit.Reach != participation.None {
		return fault.InvalidField("reach", fault.FieldInvalid)
	}
	return l.change(ctx, actor, meeting, limit.Pupil, audit.MeetingLimitSet, func(tx *db.Tx, found Meeting) error {
		if !tx.Now.Before(found.EndsAt) {
			return fault.New(fault.AlreadyDone)
		}
		return putLimit(tx, actor.Account, meeting, limit)
	})
}

// Lift takes a limit back; where there is none nothing changes.
func (l *Limits) Lift(ctx context.Context, actor authz.Actor, meeting id.Meeting, pupil id.Pupil) error {
	return l.change(ctx, actor, meeting, pupil, audit.MeetingLimitLifted, func(tx *db.Tx, _ Meeting) error {
		return deleteLimit(tx, meeting, pupil)
	})
}

func (l *Limits) change(
	ctx context.Context, actor authz.Actor, meeting id.Meeting, pupil id.Pupil, action audit.Action, effect func(*db.Tx, Meeting) error,
) error {
	return l.meetings.db.Write(ctx, func(tx *db.Tx) error {
		found, err := l.meetings.MustHold(tx, actor, meeting, pupil)
		if err != nil {
			return err
		}
		if err := effect(tx, found); err != nil {
			return err
		}
		err = audit.Record(tx, audit.Entry{
			Actor: string(actor.Account), Action: action, SubjectKind: "meeting_limit", SubjectID: string(meeting) + " " + string(pupil),
		})
		if err != nil {
			return err
		}
		return l.hub.Touch(tx, pupil)
	})
}

// List gives the limits in a meeting that the actor may see.
func (l *Limits) List(ctx context.Context, actor authz.Actor, meeting id.Meeting) (limits []Limit, err error) {
	err = l.meetings.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := l.meetings.get(tx, actor, meeting); err != nil {
			return err
		}
		limits, err = listLimits(tx, meeting)
		return err
	})
	return limits, err
}
