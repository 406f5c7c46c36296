package reminder

import (
	"context"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/invite"
	"einverstanden/backend/notify"
	"einverstanden/backend/school"
)

// Service owns the use cases. Make one with NewService.
type Service struct {
	db       *db.DB
	schools  *school.Service
	consents *consent.Service
	invites  *invite.Service
	contacts Contacts
}

// NewService needs the database, those who know the people and the asks, who prints, and who knows the contacts.
func NewService(d *db.DB, schools *school.Service, consents *consent.Service, invites *invite.Service, contacts Contacts) *Service {
	return &Service{db: d, schools: schools, consents: consents, invites: invites, contacts: contacts}
}

// Row is one person in a preview.
type Row struct {
	Person  id.Person
	Next    Next // on the day asked for, or later
	SlipDue bool // a printed slip is to go out, and has not
}

// Preview is what is going to happen on a day.
type Preview struct {
	Day            calendar.Date
	Messages       int           // on the day
	From           time.Time     // the first of them; zero when there is none
	WithoutChannel int           // people who get a slip instead
	Wanted         int           // people whom the office wants reminded, and who have not been
	Slips          int           // people whose slip is due today
	HolidaysUntil  calendar.Date // the last known school holiday; unknown: public holidays alone are known
	DueInHolidays  int           // asks whose last day is no school day, or one of the first three after holidays
	Rows           []Row         // everybody who has not answered
}

// Preview plans as the sender would, as if everything before the day went out.
func (s *Service) Preview(ctx context.Context, actor authz.Actor, day calendar.Date) (Preview, error) {
	if !actor.May(authz.SendReminders) {
		return Preview{}, fault.New(fault.NotAllowedHere)
	}
	preview := Preview{Day: day}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		recipients, err := s.recipients(tx, id.Person{})
		if err != nil {
			return err
		}
		preview.fill(recipients, calendarOf(settings), tx.Now)
		return nil
	})
	return preview, err
}

func calendarOf(settings school.Settings) Calendar {
	return Calendar{Days: settings.SchoolDays(), Zone: settings.Location()}
}

func (p *Preview) fill(recipients []Recipient, c Calendar, now time.Time) {
	today, days := calendar.Today(now, c.Zone), c.days()
	if p.Day.IsZero() {
		p.Day = today.AddDays(1)
	}
	p.HolidaysUntil = c.Days.KnownUntil()
	for _, r := range recipients {
		row := Row{Person: r.Person, Next: planFrom(r, c, now, p.Day), SlipDue: r.needsSlip(days, today)}
		for _, ask := range r.Asks {
			if ask.isOpenOn(today) && days.isAwkward(ask.Due) {
				p.DueInHolidays++
			}
		}
		if row.SlipDue {
			p.Slips++
		}
		if r.Wanted && row.Next.Reason == "" {
			p.Wanted++
		}
		if row.Next.Reason == NoChannel {
			p.WithoutChannel++
		}
		if row.Next.Reason == "" && calendar.Today(row.Next.At, c.Zone) == p.Day {
			p.Messages++
			if p.From.IsZero() || row.Next.At.Before(p.From) {
				p.From = row.Next.At
			}
		}
		p.Rows = append(p.Rows, row)
	}
}

// planFrom is the first message on a day or later, as if everything before went out.
func planFrom(r Recipient, c Calendar, now time.Time, day calendar.Date) Next {
	next := Plan(r, c, now)
	for next.Reason == "" && calendar.Today(next.At, c.Zone).Before(day) {
		r = r.with(next)
		next = Plan(r, c, next.At)
	}
	return next
}

// with is the recipient after a message went out.
func (r Recipient) with(next Next) Recipient {
	r.Wanted = false
	asks := make([]Ask, len(r.Asks))
	copy(asks, r.Asks)
	for _, message := range next.Messages {
		for i, ask := range asks {
			if ask.ID == message.Ask {
				sent := append(make([]Sent, 0, len(ask.Sent)+1), ask.Sent...)
				asks[i].Sent = append(sent, Sent{Step: message.Step, At: next.At, Push: next.Push, Mail: next.Mail})
			}
		}
	}
	r.Asks = asks
	return r
}

// Logged is one step that went out.
type Logged struct {
	ID       id.Reminder
	Person   id.Person
	Pupil    id.Pupil
	By       id.Account // of the office's own; empty: automatic
	Answered bool       // by now
	Sent
	Outcomes []notify.Sent // by channel; none yet, or none any more because it was settled before it left
}

// mostListed is how many steps one part of the log has.
const mostListed = 200

// Outcome gives a part of the log, the newest first, and where the next part begins; empty at the end.
func (s *Service) Outcome(ctx context.Context, actor authz.Actor, after id.Reminder, limit int) (logged []Logged, next id.Reminder, err error) {
	if !actor.May(authz.SendReminders) {
		return nil, "", fault.New(fault.NotAllowedHere)
	}
	limit = min(max(limit, 1), mostListed)
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := page(tx, after, limit+1)
		if len(rows) > limit {
			rows, next = rows[:limit], rows[limit-1].Row.ID
		}
		for _, l := range rows {
			entry := Logged{ID: l.Row.ID, Person: l.Row.person(), Pupil: l.PupilID, Answered: l.ClosedAt != nil, Sent: l.Row.sent()}
			if l.Row.MadeBy != nil {
				entry.By = *l.Row.MadeBy
			}
			logged = append(logged, entry)
		}
		if err != nil {
			return err
		}
		return addOutcomes(tx, rows, logged)
	})
	return logged, next, err
}

// addOutcomes tells of each step what became of the message that it went out with.
func addOutcomes(tx *db.Tx, rows []loggedRow, logged []Logged) error {
	var messages []string
	for _, l := range rows {
		if l.Row.Message != nil {
			messages = append(messages, *l.Row.Message)
		}
	}
	slices.Sort(messages)
	outcomes, err := notify.OutcomesOf(tx, slices.Compact(messages), notify.Reminder, notify.Announcement)
	for i, l := range rows {
		if l.Row.Message != nil {
			logged[i].Outcomes = outcomes[*l.Row.Message]
		}
	}
	return err
}

// Forget deletes the log of the school years that are over. It is part of the work by date.
func (s *Service) Forget(ctx context.Context) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		year := calendar.SchoolYearOf(settings.Today(tx.Now)).Period()
		return deleteBefore(tx, year.From.StartIn(settings.Location()))
	})
}

func audited(tx *db.Tx, by id.Account, person id.Person) error {
	return audit.Record(tx, audit.Entry{
		Actor: string(by), Action: audit.SlipPrinted, SubjectKind: string(person.Kind), SubjectID: person.ID,
	})
}
