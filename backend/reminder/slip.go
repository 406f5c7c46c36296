package reminder

import (
	"context"
	"slices"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/invite"
)

// Slips prints a slip for everybody whose slip is due and has not been printed: of a class, or of the whole school. What
// was printed stands in the log and is not counted among the five. The error is NobodyToInvite when there is nobody.
func (s *Service) Slips(ctx context.Context, actor authz.Actor, class id.Class, delivery invite.Delivery) (invite.Printed, error) {
	if !actor.May(authz.SendReminders) {
		return invite.Printed{}, fault.New(fault.NotAllowedHere)
	}
	due, err := s.slipsDue(ctx)
	if err != nil {
		return invite.Printed{}, err
	}
	selection := invite.SlipSelection{Class: class, Delivery: delivery, Due: map[id.Person]calendar.Date{}}
	for _, r := range due {
		selection.Persons = append(selection.Persons, r.Person)
		selection.Due[r.Person] = r.lastDay
	}
	printed, err := s.invites.Slips(ctx, actor, selection)
	if err != nil {
		return invite.Printed{}, err
	}
	return printed, s.note(ctx, actor, due, printed.To)
}

// slipDue is who needs a slip, with the first last day of its asks that is to come; zero where there is none.
type slipDue struct {
	Recipient
	lastDay calendar.Date
}

// slipsDue are those who need a slip today.
func (s *Service) slipsDue(ctx context.Context) (due []slipDue, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		recipients, err := s.recipients(tx, id.Person{})
		days, today := calendarOf(settings).days(), settings.Today(tx.Now)
		for _, r := range recipients {
			if r.needsSlip(days, today) {
				due = append(due, slipDue{r, r.lastDay(today)})
			}
		}
		return err
	})
	return due, err
}

// note writes into the log to whom slips were printed, about every ask of theirs that is open.
func (s *Service) note(ctx context.Context, actor authz.Actor, due []slipDue, printed []id.Person) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		today, err := s.schools.Today(tx)
		if err != nil {
			return err
		}
		var rows []reminderRow
		for _, r := range due {
			if !slices.Contains(printed, r.Person) {
				continue
			}
			if err := audited(tx, actor.Account, r.Person); err != nil {
				return err
			}
			for _, ask := range r.Asks {
				if ask.isOpenOn(today) {
					rows = append(rows, reminderRow{
						SchoolID: tx.School, ID: id.New[id.Reminder](), AskID: ask.ID, PersonKind: r.Person.Kind, PersonID: r.Person.ID,
						Step: Slip, MadeBy: &actor.Account, At: tx.Now.UnixMicro(),
					})
				}
			}
		}
		return insert(tx, rows)
	})
}

// isOpenOn reports whether there is still something to answer. A last day that is past ends reminders, not the chance to
// answer, so slips go on.
func (a Ask) isOpenOn(today calendar.Date) bool { return a.Settled == "" && !a.AskedOn.After(today) }

// needsSlip: who cannot be reached, and who has not answered shortly before the last day, each once an ask.
func (r Recipient) needsSlip(d days, today calendar.Date) bool {
	reachable := r.Reach.Push || r.Reach.Mail
	return slices.ContainsFunc(r.Asks, func(a Ask) bool {
		printed := slices.ContainsFunc(a.Sent, func(s Sent) bool { return s.Step == Slip })
		return a.isOpenOn(today) && !printed && (!reachable || !today.Before(d.slipOn(a)))
	})
}

func (r Recipient) lastDay(today calendar.Date) (first calendar.Date) {
	for _, ask := range r.Asks {
		if ask.isOpenOn(today) && !ask.Due.Before(today) && (first.IsZero() || ask.Due.Before(first)) {
			first = ask.Due
		}
	}
	return first
}

// isAwkward reports whether a last day lies where hardly anybody can be reminded before it: in holidays, or among the first
// three school days after them.
func (d days) isAwkward(due calendar.Date) bool {
	if due.IsZero() {
		return false
	}
	third := d.school.Before(due, 3)
	gap, ok := third.DaysUntil(due)
	const aWeek = 7 // a longer way back to the third school day leads over holidays
	return d.school.IsFree(due) || ok && gap > aWeek
}
