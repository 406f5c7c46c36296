package consent

import (
	"context"
	"maps"
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

// announceDays is how long before its first day an ask is announced.
const announceDays = 2

// AskAhead asks whom no letter needs to ask, as of a day that is to come, so that it can be announced. For an edition that
// comes into force within a week, that is whoever has a say then, was asked or has decided before, and whose yes ends with
// it; a no holds for every edition and is not asked again. For any edition it is also whoever has an account, and a say for
// a pupil about whom it was not asked: of a child that came later, or when the first form is published. Everybody else gets
// a letter. Calling it again asks those alone who were missed. The daily round calls it.
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
	if !ok {
		return nil, nil
	}
	days, err := s.unasked(tx, edition, today, settings.SchoolDays())
	if err != nil || len(days) == 0 {
		return nil, err
	}
	parties := slices.SortedFunc(maps.Keys(days), party.compare)
	pupils := make([]id.Pupil, len(parties))
	for i, p := range parties {
		pupils[i] = p.PupilID
	}
	gathered, err := s.gather(tx, slices.Compact(pupils))
	for _, p := range parties {
		day := days[p]
		if g, ok := gathered[p.PupilID]; ok && g.isAskedOn(day, p.person()) {
			at := laterOf(day.StartIn(settings.Location()), tx.Now)
			rows = append(rows, askOf(tx, p.person(), p.PupilID, edition.Number, "mail", at, day.AddDays(dueDays)))
		}
	}
	return rows, err
}

// unasked are those who may have to be asked for the edition, with the first day of their ask.
func (s *Service) unasked(tx *db.Tx, edition participation.Edition, today calendar.Date, school *calendar.SchoolDays) (map[party]calendar.Date, error) {
	days := map[party]calendar.Date{}
	if first, ok := firstDay(edition.Since, today, school); ok {
		parties, err := s.withAccounts(tx, edition.Number)
		if err != nil {
			return nil, err
		}
		for _, p := range parties {
			days[p] = first
		}
	}
	if edition.Since.Before(today.AddDays(-dueDays)) {
		return days, nil // nothing new: whoever was asked before, and has not been by now, gets a letter
	}
	known, err := knownBefore(tx, edition.Number)
	for _, p := range known {
		days[p] = edition.Since
		if edition.Since.Before(today) {
			days[p] = today
		}
	}
	return days, err
}

// firstDay is the first school day on which an ask can begin that is announced on a school day before; none when that is
// not within the next week: a later round sees it.
func firstDay(since, today calendar.Date, school *calendar.SchoolDays) (calendar.Date, bool) {
	for day := today.AddDays(announceDays); !day.After(today.AddDays(aheadDays)); day = day.AddDays(1) {
		if !day.Before(since) && school.IsSchoolDay(day) && school.IsSchoolDay(day.AddDays(-announceDays)) {
			return day, true
		}
	}
	return calendar.Date{}, false
}

// withAccounts are the persons who have an account, with each pupil that is theirs and about whom they are not asked for
// the edition. Whether they have a say is not looked at.
func (s *Service) withAccounts(tx *db.Tx, edition int) (parties []party, err error) {
	if s.joined == nil {
		return nil, nil
	}
	persons, err := s.joined(tx)
	if err != nil || len(persons) == 0 {
		return nil, err
	}
	asked, err := askedFor(tx, edition)
	if err != nil {
		return nil, err
	}
	guardianships, err := s.schools.AllGuardianships(tx)
	children := map[id.Person][]id.Pupil{}
	for pupil, links := range guardianships {
		for _, link := range links {
			children[id.GuardianOf(link.Guardian)] = append(children[id.GuardianOf(link.Guardian)], pupil)
		}
	}
	for _, person := range persons {
		pupils := children[person]
		if person.Kind == id.PupilPerson {
			pupils = []id.Pupil{id.Pupil(person.ID)}
		}
		for _, pupil := range pupils {
			if p := (party{pupil, person.Kind, person.ID}); !asked[p] {
				parties = append(parties, p)
			}
		}
	}
	return parties, err
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
