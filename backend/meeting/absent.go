package meeting

import (
	"context"
	"slices"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

// absent are those who might have come to a meeting that is over and never did. That is known where the school's own
// server led everybody in, the teacher too: into an IServ room the door sees some come, and others find the link there.
func (s *Service) absent(tx *db.Tx, m Meeting) (absent []id.Pupil, err error) {
	if m.Room.IsIServ() {
		return nil, nil
	}
	entries, err := Entries(tx, m.ID)
	if err != nil || !slices.ContainsFunc(entries, func(e Entry) bool { return e.Account != "" }) {
		return nil, err
	}
	modes, err := s.ModesIn(tx, m)
	for pupil, mode := range modes {
		if mode > participation.None && !slices.ContainsFunc(entries, func(e Entry) bool { return e.Pupil == pupil }) {
			absent = append(absent, pupil)
		}
	}
	return absent, err
}

// TakeBack undoes that a pupil is marked as absent, while nobody has reached it. NothingHere for every other contact:
// whoever could not take part falls through by nobody's tap.
func (s *Service) TakeBack(ctx context.Context, actor authz.Actor, meeting id.Meeting, pupil id.Pupil) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := lockMeeting(tx, meeting); err != nil {
			return err
		}
		_, row, open, err := s.task(tx, actor, meeting, pupil)
		switch {
		case err != nil:
			return err
		case !row.Absent || !open:
			return fault.New(fault.NothingHere)
		}
		if err := deleteContact(tx, meeting, pupil); err != nil {
			return err
		}
		return audit.Record(tx, contactEntry(actor, audit.ContactTakenBack, meeting, pupil))
	})
}
