package account

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Failed tries are counted by the clock's hour, in the database, so that neither a restart nor a second instance
// forgets them. A try is counted before it is made and given back unless it was a wrong guess: however many are made
// at once, no more than the limit get through.
const (
	letterLimit   = 10  // for one letter from one address: strangers cannot keep a letter shut (X20)
	addressLimit  = 100 // for all letters from one address
	schoolLimit   = 300 // for all letters of a school: alarms
	schoolSlow    = 10 * schoolLimit
	passwordLimit = 10 // for one account, wherever from
	verifyLimit   = 60 // receipts checked from one address: a court's bundle, not a flood (X26)
)

// counter limits the failures of one subject in an hour.
type counter struct {
	kind, subject string
	limit         int64
	// pause is how wide the time slots are of which two must pass between two tries, when the try is the over-th
	// above the limit. Without it the subject stays shut until the next hour. Widths divide an hour.
	pause func(over int64) time.Duration
	alarm bool
}

// Pauses between tries of a password grow, and never become a lock.
var passwordPauses = []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}

func passwordPause(over int64) time.Duration {
	return passwordPauses[min(over, int64(len(passwordPauses)))-1]
}

// schoolPause lets a school under attack answer a try each second or two: slower, but never shut.
func schoolPause(over int64) time.Duration {
	if over <= schoolSlow-schoolLimit {
		return 0
	}
	return time.Second
}

func passwordCounters(email string) []counter {
	return []counter{{kind: "password", subject: email, limit: passwordLimit, pause: passwordPause}}
}

// factorCounters count wrong codes while an authenticator app is being set up.
func factorCounters(account id.Account) []counter {
	return []counter{{kind: "factor", subject: string(account), limit: passwordLimit, pause: passwordPause}}
}

// letterCounters come in the order in which their rows are locked.
func letterCounters(letterNo string, address netip.Addr, school id.School) []counter {
	from := addressGroup(address)
	return []counter{
		{kind: "letter", subject: letterNo + "|" + from, limit: letterLimit},
		{kind: "letter.address", subject: from, limit: addressLimit},
		{kind: "letter.school", subject: string(school), limit: schoolLimit, pause: schoolPause, alarm: true},
	}
}

// CountVerification counts a receipt that somebody checks, signed in or not, and refuses with TooManyTries beyond the
// limit of an hour.
func (s *Service) CountVerification(ctx context.Context, address netip.Addr) error {
	_, err := s.reserve(ctx, []counter{{kind: "verify", subject: addressGroup(address), limit: verifyLimit}})
	return err
}

// addressGroup is what counts as one address: of IPv6 the /64, which is what one household is given.
func addressGroup(address netip.Addr) string {
	address = address.Unmap()
	if !address.Is6() {
		return address.String()
	}
	return netip.PrefixFrom(address.WithZone(""), 64).Masked().String()
}

// reserved is what giveBack takes back: the rows that one try has raised.
type reserved []attemptKey

// reserve counts the try, or refuses it with TooManyTries and counts nothing.
func (s *Service) reserve(ctx context.Context, counters []counter) (reserved, error) {
	var raised reserved
	err := s.db.Outside(ctx, func(tx *db.Tx) error {
		raised = nil
		var failures int64
		for _, c := range counters {
			key := s.attemptKey(c.kind, c.subject, tx.Now)
			var err error
			if failures, err = raiseAttempt(tx, key); err != nil {
				return err
			}
			mark, err := s.judge(tx, c, failures)
			if err != nil {
				return err
			}
			raised = append(append(raised, key), mark...)
		}
		if failures > 1 {
			return nil
		}
		return deleteAttemptsBefore(tx, raised[0].Hour) // about once an hour for the widest subject
	})
	if err != nil {
		return nil, fmt.Errorf("count a try: %w", err)
	}
	return raised, nil
}

// judge refuses the try that made the count what it is, or marks the slot of time in which it counted.
func (s *Service) judge(tx *db.Tx, c counter, failures int64) (mark reserved, err error) {
	if c.alarm && failures%c.limit == 0 {
		tx.AfterCommit(func() { s.log.Warn("many failed tries", "kind", c.kind, "subject", c.subject, "failures", failures) })
	}
	over := failures - c.limit
	if over > 0 {
		if err := s.refuse(tx, c, over); err != nil {
			return nil, err
		}
	}
	if over < 0 || c.pause == nil || c.pause(over+1) == 0 {
		return nil, nil
	}
	slot := s.slotKey(c, c.pause(over+1), tx.Now, 0)
	_, err = raiseAttempt(tx, slot)
	return reserved{slot}, err
}

func (s *Service) refuse(tx *db.Tx, c counter, over int64) error {
	if c.pause == nil {
		return fault.New(fault.TooManyTries).After(untilNextHour(tx.Now))
	}
	return s.refuseInPause(tx, c, c.pause(over))
}

// refuseInPause looks whether a try was counted in this slot of time or in the one before. Nothing is carried over
// into the next hour: there the count begins anew.
func (s *Service) refuseInPause(tx *db.Tx, c counter, width time.Duration) error {
	if width == 0 {
		return nil
	}
	for back := range 2 {
		failures, err := attemptsOf(tx, s.slotKey(c, width, tx.Now, back))
		if err != nil {
			return err
		}
		if failures > 0 {
			wait := tx.Now.Truncate(width).Add(time.Duration(2-back) * width).Sub(tx.Now)
			return fault.New(fault.TooManyTries).After(min(wait, untilNextHour(tx.Now)))
		}
	}
	return nil
}

// giveBack takes a try back that was no wrong guess. It must not fail a sign-in that has succeeded, nor be left out
// because the caller has gone; at worst a try stays counted until the hour ends.
func (s *Service) giveBack(ctx context.Context, keys reserved) {
	err := s.db.Outside(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		for _, key := range keys {
			if err := lowerAttempt(tx, key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.log.Warn("a counted try could not be given back", "error", err)
	}
}

func (s *Service) attemptKey(kind, subject string, now time.Time) attemptKey {
	return attemptKey{Hash: s.vault.Fingerprint("attempt."+kind, subject), Hour: now.Unix() / int64(time.Hour/time.Second)}
}

// slotKey names the slot of the given width that lies back slots before now.
func (s *Service) slotKey(c counter, width time.Duration, now time.Time, back int) attemptKey {
	slot := now.Truncate(width).Add(-time.Duration(back) * width)
	return s.attemptKey(c.kind+".pause", fmt.Sprintf("%s|%s|%d", c.subject, width, slot.Unix()), now)
}

func untilNextHour(now time.Time) time.Duration {
	return now.Truncate(time.Hour).Add(time.Hour).Sub(now)
}

// guess counts the try before it is made and gives it back unless it was a wrong guess.
func (s *Service) guess(ctx context.Context, counters []counter, try func() error) error {
	counted, err := s.reserve(ctx, counters)
	if err != nil {
		return err
	}
	err = try()
	if !isGuess(err) {
		s.giveBack(ctx, counted)
	}
	return err
}
