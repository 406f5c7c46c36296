package privacy

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
)

// mayPass is how far the clock may be from the last instant at which it was right. A year ahead by mistake, it would
// otherwise erase what nobody can bring back (abuse X23); a server that stood still for days asks, too.
const mayPass = 24 * time.Hour

// tick notes that the clock is right, or says how far it is off: positive when it is ahead. While it is off, the last
// right instant stays, so that a clock set right again needs no confirmation.
func (s *Service) tick(ctx context.Context) (off time.Duration, err error) {
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if off, err = clockOff(tx); err != nil || off != 0 {
			return err
		}
		return setTick(tx)
	})
	return off, err
}

// clockOff is 0 while the clock is right, and where it was never looked at.
func clockOff(tx *db.Tx) (time.Duration, error) {
	last, known, err := lastTick(tx)
	if err != nil || !known {
		return 0, err
	}
	if passed := tx.Now.Sub(last); passed.Abs() > mayPass {
		return passed, nil
	}
	return 0, nil
}

// ConfirmClock is the operator's word that the clock is right now, in the context's school.
func (s *Service) ConfirmClock(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := setTick(tx); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{
			Actor: audit.System, Action: audit.ClockConfirmed, SubjectKind: "tick", SubjectID: string(tx.School),
		})
	})
}
