package breach

import (
	"context"
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/sanction"
)

// forgettable is what need not be kept any longer.
type forgettable struct {
	sanctions []sanction.Sanction
	reports   []id.Breach
}

func (f forgettable) isNothing() bool { return len(f.sanctions)+len(f.reports) == 0 }

func (f forgettable) is(other forgettable) bool {
	return slices.Equal(f.reports, other.reports) &&
		slices.EqualFunc(f.sanctions, other.sanctions, func(a, b sanction.Sanction) bool { return a.ID == b.ID })
}

// Forget deletes, in the context's school, the sanctions and the closed reports whose time of being kept is over, with
// their evidence, and gives how many of each. A report that came to a sanction goes with it. What concerns a pupil with a
// hold stays (GDPR Art. 18), and so do a report that waits and a sanction with an objection that does. It is called while
// the clock is known to be right; what changes while it looks is left to the next time.
func (s *Service) Forget(ctx context.Context) (sanctions, reports int, err error) {
	var due forgettable
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due, err = s.due(tx)
		return err
	})
	if err != nil || due.isNothing() {
		return 0, 0, err
	}
	if len(due.sanctions) == 0 { // reports have no evidence
		err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return deleteReports(tx, due.reports) })
		return 0, len(due.reports), err
	}
	sweep, err := s.sweep(ctx, due.sanctions)
	if err != nil {
		return 0, 0, err
	}
	err = s.db.WriteAlone(ctx, func(tx *db.Tx) error {
		sanctions, reports = 0, 0
		now, err := s.due(tx)
		if err != nil || !now.is(due) {
			tx.MarkAudited()
			return err
		}
		if err := deleteReports(tx, due.reports); err != nil {
			return err
		}
		sanctions, reports = len(due.sanctions), len(due.reports)
		return s.sanctions.ForgetIn(tx, due.sanctions, sweep)
	})
	return sanctions, reports, err
}

// sweep looks through the log outside of any change, a part at a time.
func (s *Service) sweep(ctx context.Context, due []sanction.Sanction) (*evidence.Sweep, error) {
	sweep := sanction.SweepOf(due)
	for more := true; more; {
		err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
			more, err = s.sanctions.Advance(tx, sweep)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return sweep, nil
}

func (s *Service) due(tx *db.Tx) (due forgettable, err error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return forgettable{}, err
	}
	old, err := s.sanctions.Forgettable(tx)
	if err != nil {
		return forgettable{}, err
	}
	reports, err := list(tx, "")
	if err != nil {
		return forgettable{}, err
	}
	held, err := heldOf(tx, old, reports)
	if err != nil {
		return forgettable{}, err
	}
	gone := map[id.Sanction]bool{}
	for _, one := range old {
		if !held[one.Pupil] {
			due.sanctions, gone[one.ID] = append(due.sanctions, one), true
		}
	}
	for _, report := range reports {
		closed := !report.ClosedAt.IsZero() && report.Sanction == "" && !held[report.Pupil] &&
			settings.Today(tx.Now).After(sanction.KeptUntil(calendar.Today(report.ClosedAt, settings.Location())))
		if closed || gone[report.Sanction] {
			due.reports = append(due.reports, report.ID)
		}
	}
	return due, nil
}

// heldOf are the pupils with a hold in force.
func heldOf(tx *db.Tx, sanctions []sanction.Sanction, reports []Breach) (map[id.Pupil]bool, error) {
	var pupils []id.Pupil
	for _, one := range sanctions {
		pupils = append(pupils, one.Pupil)
	}
	for _, one := range reports {
		pupils = append(pupils, one.Pupil)
	}
	slices.Sort(pupils)
	pupils = slices.Compact(pupils)
	held := map[id.Pupil]bool{}
	for some := range slices.Chunk(pupils, db.RowsAtOnce) {
		holds, err := hold.Of(tx, some)
		if err != nil {
			return nil, err
		}
		for pupil, of := range holds {
			held[pupil] = slices.ContainsFunc(of, func(h hold.Hold) bool { return h.SettledAt.IsZero() })
		}
	}
	return held, nil
}
