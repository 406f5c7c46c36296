package meeting

import (
	"cmp"
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

// substitutesBefore is how long before its beginning a substitute sees a meeting.
const substitutesBefore = 30 * time.Minute

// HeldBy is who holds the meeting: the substitute, or the responsible teacher.
func (m Meeting) HeldBy() id.Account { return cmp.Or(m.Substitute, m.Responsible) }

// isHeldBy reports whether the account substitutes in the meeting and its time has come.
func (m Meeting) isHeldBy(account id.Account, now time.Time) bool {
	return m.Substitute != "" && m.Substitute == account && !now.Before(m.StartsAt.Add(-substitutesBefore)) && now.Before(m.EndsAt)
}

// isOpenTo reports whether a colleague may take the meeting over: today's ones that are not over, no talks between two.
func (m Meeting) isOpenTo(actor authz.Actor, now time.Time) bool {
	return m.Responsible != actor.Account && m.Kind != participation.OneToOne && now.Before(m.EndsAt) &&
		calendar.Today(m.StartsAt, m.Zone) == calendar.Today(now, m.Zone)
}

// TakeOver makes a teacher of the school the substitute in a colleague's meeting of today, on record. From half an hour
// before until its end the substitute sees it; the responsible teacher still does. Taking over again changes nothing. A
// meeting that somebody else holds already is refused with SubstituteThere.
func (s *Service) TakeOver(ctx context.Context, actor authz.Actor, meeting id.Meeting) (taken Meeting, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := lockMeeting(tx, meeting); err != nil {
			return err
		}
		if taken, err = s.find(tx, meeting); err != nil {
			return err
		}
		switch {
		case !taken.isOpenTo(actor, tx.Now):
			return fault.New(fault.NothingHere)
		case taken.Substitute == actor.Account:
			tx.MarkAudited()
			return nil
		case taken.Substitute != "":
			return fault.New(fault.SubstituteThere)
		}
		taken.Substitute = actor.Account
		if err := insertSubstitution(tx, meeting, actor.Account); err != nil {
			return err
		}
		return audit.Record(tx, entry(actor, audit.MeetingSubstituted, meeting))
	})
	return taken, err
}

// GiveBack ends a substitution, by the substitute or the responsible teacher. NothingHere for everybody else.
func (s *Service) GiveBack(ctx context.Context, actor authz.Actor, meeting id.Meeting) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		found, err := s.find(tx, meeting)
		if err != nil {
			return err
		}
		if found.Substitute == "" || actor.Account != found.Substitute && actor.Account != found.Responsible {
			return fault.New(fault.NothingHere)
		}
		if err := deleteSubstitution(tx, meeting); err != nil {
			return err
		}
		return audit.Record(tx, entry(actor, audit.SubstitutionEnded, meeting))
	})
}

// OpenToSubstitutes gives today's meetings of colleagues that the teacher may take over, or has: title, time, class and
// teacher, nobody who takes part.
func (s *Service) OpenToSubstitutes(ctx context.Context, actor authz.Actor) (open []Meeting, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		midnight := calendar.NextMidnight(tx.Now, settings.Location())
		rows, err := findBetween(tx, tx.Now, midnight)
		if err != nil {
			return err
		}
		meetings, err := s.meetings(tx, rows)
		open = nil
		for _, m := range meetings {
			if m.isOpenTo(actor, tx.Now) && (m.Substitute == "" || m.Substitute == actor.Account) {
				open = append(open, m)
			}
		}
		return err
	})
	return open, err
}
