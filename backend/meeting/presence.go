package meeting

import (
	"crypto/rand"
	"slices"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

// ForgetAfter is how long after a meeting's end it is forgotten who was there.
const ForgetAfter = 24 * time.Hour

// Entry is somebody who was let in: a pupil, or the teacher of the account.
type Entry struct {
	Ref       string // by which the conference server knows them, in this meeting alone
	Pupil     id.Pupil
	Account   id.Account
	EnteredAt time.Time // the last time
	Copies    int       // how often they are in now, as far as the conference server says
	Camera    bool      // one of the copies shows a camera
}

// Attendee is somebody whom the conference server shows.
type Attendee struct {
	Ref    string
	Camera bool
}

// Reconcile compares who was let in with who is there. It gives the entries that differ from before, and how many are
// there whom nobody let in.
func Reconcile(entries []Entry, there []Attendee) (changed []Entry, strangers int) {
	found := map[string]Entry{}
	for _, a := range there {
		if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Ref == a.Ref }) {
			strangers++
			continue
		}
		e := found[a.Ref]
		e.Copies, e.Camera = e.Copies+1, e.Camera || a.Camera
		found[a.Ref] = e
	}
	for _, e := range entries {
		now := found[e.Ref]
		if e.Copies != now.Copies || e.Camera != now.Camera {
			e.Copies, e.Camera = now.Copies, now.Camera
			changed = append(changed, e)
		}
	}
	return changed, strangers
}

// LetIn notes that a pupil goes in, in the mode that it was let in with, and gives its name for the conference server.
// The board of the meeting shows it, so that the pupil must be touched.
func LetIn(tx *db.Tx, m Meeting, pupil id.Pupil, mode participation.Mode) (ref string, err error) {
	if ref, err = letIn(tx, entryRow{MeetingID: m.ID, PupilID: &pupil}); err != nil {
		return "", err
	}
	return ref, raiseSeen(tx, m.ID, m.Room.link(), map[id.Pupil]participation.Mode{pupil: mode})
}

// LetTeacherIn notes that a teacher goes in.
func LetTeacherIn(tx *db.Tx, meeting id.Meeting, teacher id.Account) (ref string, err error) {
	return letIn(tx, entryRow{MeetingID: meeting, AccountID: &teacher})
}

func letIn(tx *db.Tx, row entryRow) (string, error) {
	row.SchoolID, row.EnteredAt, row.Ref = tx.School, tx.Now.UnixMicro(), "e-"+rand.Text()
	return putEntry(tx, row)
}

// Entries are those who were let into the meeting.
func Entries(tx *db.Tx, meeting id.Meeting) ([]Entry, error) {
	rows, err := entriesOf(tx, meeting)
	entries := make([]Entry, len(rows))
	for i, row := range rows {
		entries[i] = Entry{Ref: row.Ref, EnteredAt: time.UnixMicro(row.EnteredAt).UTC(), Copies: int(row.Copies), Camera: row.Camera}
		if row.PupilID != nil {
			entries[i].Pupil = *row.PupilID
		}
		if row.AccountID != nil {
			entries[i].Account = *row.AccountID
		}
	}
	return entries, err
}

// KeepPresence stores what Reconcile has found changed.
func KeepPresence(tx *db.Tx, meeting id.Meeting, changed []Entry) error {
	for _, e := range changed {
		if err := updatePresence(tx, meeting, e); err != nil {
			return err
		}
	}
	return nil
}

// PupilsOf lists who belongs into the meeting today.
func (s *Service) PupilsOf(tx *db.Tx, m Meeting) ([]id.Pupil, error) { return s.pupilsOf(tx, m) }

// ModesIn gives how the meeting's pupils may take part in it now.
func (s *Service) ModesIn(tx *db.Tx, m Meeting) (map[id.Pupil]participation.Mode, error) {
	pupils, err := s.pupilsOf(tx, m)
	if err != nil {
		return nil, err
	}
	standings, err := s.standings.In(tx, pupils, m.facts())
	modes := make(map[id.Pupil]participation.Mode, len(standings))
	for pupil, standing := range standings {
		modes[pupil] = standing.Mode
	}
	return modes, err
}

// TouchPupil wakes the boards that show the pupil, once tx is committed.
func (s *Service) TouchPupil(tx *db.Tx, pupil id.Pupil) error { return s.touch(tx, pupil) }

// Find gives a meeting that was not called off; NothingHere when there is none. Who may see it is the caller's to check.
func (s *Service) Find(tx *db.Tx, meeting id.Meeting) (Meeting, error) { return s.find(tx, meeting) }

// Ended are the meetings about which something is kept that tells who was there, and that ended a day ago.
func Ended(tx *db.Tx) ([]id.Meeting, error) { return endedBefore(tx, tx.Now.Add(-ForgetAfter)) }

// Forget drops who was at the meeting, and what was marked on its roster.
func Forget(tx *db.Tx, meeting id.Meeting) error { return deleteTraces(tx, meeting) }
