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

// A mode that becomes stricter while the meeting runs stays marked until somebody has said "seen": on every device, and
// after a reload. What is kept is the highest mode that was shown, or that a pupil was let in with.

// Seen takes the mark off a pupil of the meeting: its mode of now is what the teacher knows.
func (s *Service) Seen(ctx context.Context, actor authz.Actor, meeting id.Meeting, pupil id.Pupil) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		found, err := s.get(tx, actor, meeting)
		if err != nil {
			return err
		}
		rows, err := s.rows(tx, found, []id.Pupil{pupil})
		if err != nil {
			return err
		}
		members, err := s.pupilsOf(tx, found)
		if err != nil {
			return err
		}
		if len(rows) == 0 || !slices.Contains(members, pupil) {
			return fault.New(fault.NothingHere)
		}
		now := shown{}.next(rows[0].Mode, found.Room.link())
		seen := seenRow{SchoolID: tx.School, MeetingID: meeting, PupilID: pupil, Mode: rows[0].Mode.String(), Link: now.link}
		if err := putSeen(tx, []seenRow{seen}); err != nil {
			return err
		}
		return s.touch(tx, pupil)
	})
}

// higher gives the modes above those that are kept, and those of pupils that can come into a room of another link than
// before.
func higher(rows []Row, kept map[id.Pupil]shown, link string) map[id.Pupil]participation.Mode {
	above := map[id.Pupil]participation.Mode{}
	for _, row := range rows {
		if before, ok := kept[row.Pupil]; !ok || before.next(row.Mode, link) != before {
			above[row.Pupil] = row.Mode
		}
	}
	return above
}

// keepShown remembers what a running meeting's board shows, and that its room is spent where a child that was let into it,
// or could have been, may no longer come. A pupil's own wish to stay away spends nothing.
func (s *Service) keepShown(ctx context.Context, m Meeting, rows []Row, above map[id.Pupil]participation.Mode) error {
	if len(above) > 0 {
		err := s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return raiseSeen(tx, m.ID, m.Room.link(), above) })
		if err != nil {
			return err
		}
	}
	for _, row := range rows {
		if row.knowsLink && m.Room.link() != "" {
			return s.spend(ctx, m)
		}
	}
	return nil
}

// spend marks the meeting's IServ room: its link lasts, and a child that must stay out knows it.
func (s *Service) spend(ctx context.Context, m Meeting) error {
	spent := false
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		spent, err = isSpent(tx, m.Room.link())
		return err
	})
	if err != nil || spent {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := insertSpent(tx, m.Room.link()); err != nil {
			return err
		}
		if err := s.touchAll(tx, m); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{
			Actor: audit.System, Action: audit.RoomSpent, SubjectKind: "meeting", SubjectID: string(m.ID),
		})
	})
}
