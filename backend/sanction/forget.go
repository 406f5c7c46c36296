package sanction

import (
	"maps"
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// KeptUntil is the last day of the school year behind the one that a day falls in: how long is kept what was over on it
// (product.md, the table of what is kept).
func KeptUntil(over calendar.Date) calendar.Date {
	return calendar.SchoolYearOf(over).Next().Period().Until
}

// over is the day on which nothing was to be done about a sanction any more: it had ended, and its objections were
// answered. ok is false while one of them waits.
func (s Sanction) over(objections []Objection, zone *time.Location) (over calendar.Date, ok bool) {
	over = s.Period.Until
	if ended := calendar.Today(s.EndedAt, zone); !s.EndedAt.IsZero() && ended.Before(over) {
		over = ended
	}
	for _, o := range objections {
		if o.Outcome == "" {
			return over, false
		}
		if answered := calendar.Today(o.AnsweredAt, zone); answered.After(over) {
			over = answered
		}
	}
	return over, true
}

// Forgettable are the sanctions whose time of being kept is over today, however that may concern their pupil.
func (s *Service) Forgettable(tx *db.Tx) (due []Sanction, err error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return nil, err
	}
	known, err := all(tx)
	if err != nil {
		return nil, err
	}
	wanted := make([]id.Sanction, len(known))
	for i, one := range known {
		wanted[i] = one.ID
	}
	against := map[id.Sanction][]Objection{}
	for some := range slices.Chunk(wanted, db.RowsAtOnce) {
		found, err := objections(tx, some)
		if err != nil {
			return nil, err
		}
		maps.Copy(against, found)
	}
	today := settings.Today(tx.Now)
	for _, one := range known {
		if over, ok := one.over(against[one.ID], settings.Location()); ok && today.After(KeptUntil(over)) {
			due = append(due, one)
		}
	}
	return due, nil
}

// SweepOf finds the evidence of the sanctions and of the objections to them.
func SweepOf(sanctions []Sanction) *evidence.Sweep {
	wanted := map[id.Sanction]bool{}
	for _, one := range sanctions {
		wanted[one.ID] = true
	}
	return evidence.NewSweep(func(statement proof.Statement) bool {
		switch d := statement.Declaration.(type) {
		case *proof.SanctionDeclared:
			return wanted[d.Sanction]
		case *proof.ObjectionDeclared:
			return wanted[d.Sanction]
		}
		return false
	})
}

// Advance moves a sweep on, outside of any change; more says that there is more to look at.
func (s *Service) Advance(tx *db.Tx, sweep *evidence.Sweep) (more bool, err error) {
	return s.log.AdvanceSweep(tx, sweep)
}

// ForgetIn deletes the sanctions, the objections to them and their evidence, whose leaves stay. What refers to them is
// deleted by the caller before.
func (s *Service) ForgetIn(tx *db.Tx, sanctions []Sanction, sweep *evidence.Sweep) error {
	ids := make([]id.Sanction, len(sanctions))
	for i, one := range sanctions {
		ids[i] = one.ID
	}
	if err := deleteSanctions(tx, ids); err != nil {
		return err
	}
	_, err := s.log.EraseSwept(tx, sweep, "retention", proof.ErasureServer{At: tx.Now})
	return err
}
