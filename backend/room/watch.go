package room

import (
	"context"
	"sync"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
)

const (
	watchEvery = 5 * time.Second
	lookEvery  = time.Minute              // for schools whose rooms another instance has opened
	claimFor   = watchEvery - time.Second // how long a round of one instance keeps the others from asking
	settles    = 15 * time.Second         // how long a fresh room may be missing from the server's list
)

// Watch follows who is in the open rooms until ctx ends. Every server is asked once in five seconds for all of its rooms,
// by whichever instance comes first; one without an open room is not asked at all.
func (s *Service) Watch(ctx context.Context) {
	round, look := time.NewTicker(watchEvery), time.NewTicker(lookEvery)
	defer round.Stop()
	defer look.Stop()
	s.Look(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			s.Look(ctx)
		case <-round.C:
			s.Round(ctx)
		}
	}
}

func (s *Service) activate(school id.School) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active[school] = struct{}{}
}

func (s *Service) rest(school id.School) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.active, school)
}

// Look finds the schools that have open rooms.
func (s *Service) Look(ctx context.Context) {
	schools, err := s.db.Schools(ctx)
	for _, school := range schools {
		var open bool
		err = s.db.Read(db.InSchool(ctx, school), func(tx *db.Tx) (err error) {
			open, err = anyOpen(tx)
			return err
		})
		if err != nil {
			break
		}
		if open {
			s.activate(school)
		}
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("cannot look for open rooms", "err", err)
	}
}

// Round asks each server once, and stores what differs.
func (s *Service) Round(ctx context.Context) {
	s.mu.Lock()
	schools := make([]id.School, 0, len(s.active))
	for school := range s.active {
		schools = append(schools, school)
	}
	s.mu.Unlock()
	servers := map[conference.Server][]id.School{}
	for _, school := range schools {
		server, ok, err := s.claim(db.InSchool(ctx, school))
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Warn("cannot look who is in", "school", school, "err", err)
		case ok:
			servers[server] = append(servers[server], school)
		}
	}
	var asking sync.WaitGroup
	for server, schools := range servers {
		asking.Go(func() { s.askWho(ctx, server, schools) })
	}
	asking.Wait()
}

// claim takes the school's turn; ok is false when it has no open room, or another instance has asked just now.
func (s *Service) claim(ctx context.Context) (server conference.Server, ok bool, err error) {
	open := false
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if open, err = anyOpen(tx); err != nil || !open {
			return err
		}
		if ok, err = claimServer(tx, tx.Now.Add(-claimFor)); err != nil || !ok {
			return err
		}
		server, err = s.server(tx)
		return err
	})
	if school, in := db.SchoolOf(ctx); in && err == nil && !open {
		s.rest(school)
	}
	return server, ok, err
}

func (s *Service) askWho(ctx context.Context, server conference.Server, schools []id.School) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("panic while looking who is in", "panic", r)
		}
	}()
	all, failed := s.client.Meetings(ctx, server)
	if ctx.Err() != nil {
		return
	}
	if failed != nil {
		s.log.Warn("the conference server fails", "doing", "getMeetings", "err", failed)
	}
	for _, school := range schools {
		if err := s.take(db.InSchool(ctx, school), all, failed != nil); err != nil && ctx.Err() == nil {
			s.log.Warn("who is in is not kept", "school", school, "err", err)
		}
	}
}

// take stores what the server said of the school's rooms.
func (s *Service) take(ctx context.Context, all map[string]conference.Open, silent bool) error {
	var recorded []roomRow
	err := s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		rooms, err := openRooms(tx)
		if err != nil {
			return err
		}
		was, _, err := findServer(tx)
		if err != nil {
			return err
		}
		if err := setSilent(tx, silent); err != nil {
			return err
		}
		recorded = nil
		var seen []string
		for _, row := range rooms {
			m, err := s.meetings.Find(tx, row.MeetingID)
			if err != nil {
				m = meeting.Meeting{ID: row.MeetingID} // called off: the room may still be there
			}
			if was.Silent != silent {
				if err := s.meetings.Touch(tx, m); err != nil {
					return err
				}
			}
			if silent {
				continue
			}
			open, there := all[row.ID]
			if !there {
				if err := s.missing(tx, m, row); err != nil {
					return err
				}
				continue
			}
			seen = append(seen, row.ID)
			if open.Recording && row.RecordedAt == nil {
				recorded = append(recorded, row)
			}
			if err := s.compare(tx, m, row, open); err != nil {
				return err
			}
		}
		return seenRooms(tx, seen)
	})
	for _, row := range recorded {
		if err == nil {
			err = s.incident(ctx, row)
		}
	}
	return err
}

// missing notes the end of a room that the server does not list; one that was made just now may not be listed yet.
func (s *Service) missing(tx *db.Tx, m meeting.Meeting, row roomRow) error {
	if row.CreateTime == nil || row.SeenAt != nil && tx.Now.Sub(time.UnixMicro(*row.SeenAt)) < settles {
		return nil
	}
	return s.ended(tx, m, row.ID)
}

func (s *Service) compare(tx *db.Tx, m meeting.Meeting, row roomRow, open conference.Open) error {
	entries, err := meeting.Entries(tx, row.MeetingID)
	if err != nil {
		return err
	}
	there := make([]meeting.Attendee, len(open.People))
	for i, person := range open.People {
		there[i] = meeting.Attendee{Ref: person.UserID, Camera: person.Camera}
	}
	changed, strangers := meeting.Reconcile(entries, there)
	if len(changed) == 0 && strangers == int(row.Strangers) {
		return nil
	}
	if err := meeting.KeepPresence(tx, row.MeetingID, changed); err != nil {
		return err
	}
	if err := setStrangers(tx, row.ID, strangers); err != nil {
		return err
	}
	return s.tell(tx, m, changed)
}

// incident notes that a room is recorded, which no room of ours may be (S7).
func (s *Service) incident(ctx context.Context, row roomRow) error {
	s.log.Error("a room is recorded although every way to do so was switched off", "meeting", row.MeetingID, "room", row.ID)
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := setRecorded(tx, row.ID); err != nil {
			return err
		}
		if m, err := s.meetings.Find(tx, row.MeetingID); err == nil {
			if err := s.meetings.Touch(tx, m); err != nil {
				return err
			}
		}
		return record(tx, authz.Actor{}, audit.RoomRecorded, "conference_room", row.ID)
	})
}

// Forget drops, a day after a meeting's end, who was there and which rooms it had.
func (s *Service) Forget(ctx context.Context) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		ended, err := meeting.Ended(tx)
		if err != nil {
			return err
		}
		for _, m := range ended {
			if err := meeting.Forget(tx, m); err != nil {
				return err
			}
		}
		return deleteOldRooms(tx, tx.Now.Add(-meeting.ForgetAfter))
	})
}
