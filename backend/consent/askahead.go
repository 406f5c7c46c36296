package consent

import (
	"context"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// aheadDays is how long before a new edition comes into force its asks are made: early enough to be announced, and for the
// office to see whom they are to.
const aheadDays = 7

// AskAhead asks anew for an edition that comes into force within a week, as of its first day: whoever has a say then, was
// asked or has decided before, and whose yes ends with it. A no holds for every edition and is not asked again. Calling it
// again asks those alone who were missed. The daily round calls it.
func (s *Service) AskAhead(ctx context.Context) error {
	var rows []askRow
	err := s.db.ReadLong(ctx, func(tx *db.Tx) (err error) {
		rows, err = s.asksAhead(tx)
		return err
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(rows, db.RowsAtOnce) {
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			entries := make([]audit.Entry, len(some))
			for i, row := range some {
				entries[i] = audit.Entry{Actor: audit.System, Action: audit.AskMade, SubjectKind: string(row.PersonKind), SubjectID: row.PersonID}
			}
			if err := insertAsks(tx, some); err != nil {
				return err
			}
			return audit.Record(tx, entries...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) asksAhead(tx *db.Tx) (rows []askRow, err error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return nil, err
	}
	versions, err := s.versions(tx)
	if err != nil {
		return nil, err
	}
	today := settings.Today(tx.Now)
	edition, ok := participation.EditionOn(versions.facts(), today.AddDays(aheadDays))
	if !ok || edition.Since.Before(today.AddDays(-dueDays)) {
		return nil, nil // nothing new: whoever has not been asked by now gets a letter
	}
	parties, err := knownBefore(tx, edition.Number)
	if err != nil || len(parties) == 0 {
		return nil, err
	}
	pupils := make([]id.Pupil, len(parties))
	for i, p := range parties {
		pupils[i] = p.PupilID
	}
	gathered, err := s.gather(tx, slices.Compact(pupils))
	day, at := edition.Since, edition.Since.StartIn(settings.Location())
	if day.Before(today) {
		day, at = today, tx.Now
	}
	for _, p := range parties {
		if g, ok := gathered[p.PupilID]; ok && g.isAskedOn(day, p.person()) {
			rows = append(rows, askOf(tx, p.person(), p.PupilID, edition.Number, "mail", laterOf(at, tx.Now), day.AddDays(dueDays)))
		}
	}
	return rows, err
}

// isAskedOn reports whether the person has something to answer on a day that is to come, as far as is known today.
func (g Gathered) isAskedOn(day calendar.Date, person id.Person) bool {
	g.Facts.Today = day
	_, stays := school.LastDay(g.Schoolings, day)
	return stays && g.mayDecide(person) && !participation.HasAnswered(g.Facts, ruleperson(person))
}

func laterOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
