package meeting

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/outbox"
)

// Cancel calls a meeting off that has not begun; with following, all later ones of its series too. Who may, says mayChange.
// It gives how many were called off.
func (s *Service) Cancel(ctx context.Context, actor authz.Actor, meeting id.Meeting, following bool) (cancelled int, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &cancelled, func() error {
			found, err := s.changeable(tx, actor, meeting)
			if err != nil {
				return err
			}
			series := found.Series
			if !following {
				series = ""
			}
			ids, err := cancel(tx, found, series)
			if err != nil {
				return err
			}
			cancelled = len(ids)
			entries := make([]audit.Entry, len(ids))
			for i, one := range ids {
				entries[i] = entry(actor, audit.MeetingCancelled, one)
			}
			if err := audit.Record(tx, entries...); err != nil {
				return err
			}
			return tell(tx, outbox.MeetingCancelled, News{Meeting: meeting, Series: series, By: actor.Account})
		})
		return err
	})
	return cancelled, err
}

// Move gives one meeting that has not begun another time; a zero length leaves it as long as it was. Who may, says
// mayChange. Room, pupils, legal basis and series stay; a substitution ends.
func (s *Service) Move(ctx context.Context, actor authz.Actor, meeting id.Meeting, startsAt time.Time, length time.Duration) (moved Meeting, err error) {
	if length != 0 && (length < time.Minute || length > maxLength) {
		return Meeting{}, fault.InvalidField("minutes", fault.FieldInvalid)
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &meeting, func() error {
			found, err := s.changeable(tx, actor, meeting)
			if err != nil {
				return err
			}
			if startsAt.Before(tx.Now) || startsAt.Sub(tx.Now) > maxAhead {
				return fault.InvalidField("startsAt", fault.FieldInvalid)
			}
			if length == 0 {
				length = found.EndsAt.Sub(found.StartsAt)
			}
			if found.WholeClass {
				to := []occurrence{{id: meeting, starts: startsAt}}
				if err := mustBeFree(tx, found.Responsible, found.Class.ID, meeting, length, to); err != nil {
					return err
				}
			}
			if err := move(tx, meeting, startsAt, startsAt.Add(length)); err != nil {
				return err
			}
			if err := audit.Record(tx, entry(actor, audit.MeetingMoved, meeting)); err != nil {
				return err
			}
			return tell(tx, outbox.MeetingMoved, News{Meeting: meeting, By: actor.Account, Was: found.StartsAt, Substitute: found.Substitute})
		})
		if err == nil {
			moved, err = s.find(tx, meeting)
		}
		return err
	})
	return moved, err
}

// changeable is a meeting that the actor may change, that nobody else changes now and that has not begun.
func (s *Service) changeable(tx *db.Tx, actor authz.Actor, meeting id.Meeting) (Meeting, error) {
	if err := lockMeeting(tx, meeting); err != nil {
		return Meeting{}, err
	}
	found, err := s.get(tx, actor, meeting)
	switch {
	case err != nil:
		return Meeting{}, err
	case !found.mayChange(actor):
		return Meeting{}, fault.New(fault.NotAllowedHere)
	case !found.StartsAt.After(tx.Now):
		return Meeting{}, fault.New(fault.MeetingBegun)
	}
	return found, nil
}

// mayChange lets the responsible teacher change a meeting, and office and head, who see all of them: a teacher who is ill
// calls nothing off. Whoever else sees it may not.
func (m Meeting) mayChange(actor authz.Actor) bool {
	return m.Responsible == actor.Account || actor.May(authz.ChangeMeetings) && actor.May(authz.SeeAllClasses)
}

func entry(actor authz.Actor, action audit.Action, meeting id.Meeting) audit.Entry {
	return audit.Entry{Actor: string(actor.Account), Action: action, SubjectKind: "meeting", SubjectID: string(meeting)}
}

func tell(tx *db.Tx, topic outbox.Topic, news News) error {
	news.At = tx.Now
	return outbox.Enqueue(tx, outbox.Job{Topic: topic, Payload: news})
}

// Overlaps counts the other meetings of the same teacher and class that run at the same time as this one, or as one of
// its series: a hint for whoever planned it.
func (s *Service) Overlaps(ctx context.Context, planned Meeting) (overlaps int64, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		overlaps, err = countOverlaps(tx, planned)
		return err
	})
	return overlaps, err
}
