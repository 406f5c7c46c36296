package reminder

import (
	"context"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
	"einverstanden/backend/school"
)

// Checks has every attempt at a reminder look once more whether it still holds.
func (s *Service) Checks(n *notify.Service) {
	n.WithStill(notify.Reminder, s.still)
	n.WithStill(notify.Announcement, s.still)
}

// still lets a message go that was written and has not left: while one of its asks is open, none was written after it, and
// it is no quiet hour. One that was held for another day counts from that day on, so that the caps hold for it too.
func (s *Service) still(ctx context.Context, m notify.Message) (holds bool, err error) {
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		rows, err := listOfMessage(tx, m.Event)
		if err != nil || len(rows) == 0 {
			return err
		}
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		due, open, err := s.openOf(tx, m.Person, rows, settings)
		if err != nil || !open {
			return err
		}
		told, err := wasToldSince(tx, rows[0])
		if err != nil || told {
			return err
		}
		contacts, err := s.contacts(tx, []id.Person{m.Person})
		if err != nil {
			return err
		}
		days := calendarOf(settings).days()
		at, ok := days.opens(tx.Now, contacts[m.Person].Hours, due)
		if !ok { // nothing is open for long: whoever asks tomorrow learns the same
			at = tx.Now.AddDate(0, 0, 1)
		}
		if at.After(tx.Now) {
			return outbox.Until(at)
		}
		holds = true
		if calendar.Today(time.UnixMicro(rows[0].At), days.zone) != calendar.Today(tx.Now, days.zone) {
			return moveTo(tx, m.Event, tx.Now)
		}
		return nil
	})
	return holds, err
}

// openOf reports whether one of the asks still waits for an answer, with the first last day of those.
func (s *Service) openOf(tx *db.Tx, person id.Person, rows []reminderRow, settings school.Settings) (due calendar.Date, open bool, err error) {
	waiting, err := s.consents.WaitingAsksOf(tx, person)
	today := settings.Today(tx.Now)
	for _, w := range waiting {
		for _, row := range rows {
			stillAhead := row.Step != Announcement || w.AskedOn.After(today)
			if row.AskID != w.ID || w.State != consent.AskOpen || !w.Due.IsZero() && w.Due.Before(today) || !stillAhead {
				continue
			}
			open = true
			if due.IsZero() || w.Due.Before(due) {
				due = w.Due
			}
		}
	}
	return due, open, err
}
