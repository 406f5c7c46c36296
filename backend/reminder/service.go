package reminder

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/invite"
	"einverstanden/backend/school"
)

// Contact is how a person can be reached, and wants to be.
type Contact struct {
	Reach
	Preferences
}

// Contacts knows the contacts of people. Who is missing from its answer cannot be reached.
type Contacts func(tx *db.Tx, persons []id.Person) (map[id.Person]Contact, error)

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

// FromClassList reaches guardians by the mail address that the school had from its class list.
func FromClassList(schools *school.Service) Contacts {
	return func(tx *db.Tx, persons []id.Person) (map[id.Person]Contact, error) {
		var wanted []id.Guardian
		for _, person := range persons {
			if person.Kind == id.GuardianPerson {
				wanted = append(wanted, id.Guardian(person.ID))
			}
		}
		guardians, err := schools.Guardians(tx, wanted)
		contacts := make(map[id.Person]Contact, len(guardians))
		for name, guardian := range guardians {
			contacts[id.GuardianOf(name)] = Contact{Reach: Reach{Mail: guardian.Contact.Email != ""}}
		}
		return contacts, err
	}
}

// weekBack is how far messages about asks that are answered by now are looked for: they count for the caps.
const weekBack = (weekDays + 1) * 24 * time.Hour

// recipients are everybody with an unanswered ask, in the order in which they were first asked.
func (s *Service) recipients(tx *db.Tx) ([]Recipient, error) {
	waiting, err := s.consents.WaitingAsks(tx)
	if err != nil {
		return nil, err
	}
	sent, recent, err := s.sent(tx, waiting)
	if err != nil {
		return nil, err
	}
	places := map[id.Person]int{}
	var recipients []Recipient
	var persons []id.Person
	for _, w := range waiting {
		place, ok := places[w.Person]
		if !ok {
			place = len(recipients)
			places[w.Person] = place
			persons = append(persons, w.Person)
			recipients = append(recipients, Recipient{Person: w.Person, Asks: recent[w.Person]})
		}
		ask := Ask{ID: w.ID, Pupil: w.Pupil, AskedOn: w.AskedOn, Due: w.Due, Sent: sent[w.ID]}
		if w.State != consent.AskOpen {
			ask.Settled = Reason(w.State)
		}
		recipients[place].Asks = append(recipients[place].Asks, ask)
	}
	contacts, err := s.contacts(tx, persons)
	for i := range recipients {
		contact := contacts[recipients[i].Person]
		recipients[i].Reach, recipients[i].Preferences = contact.Reach, contact.Preferences
	}
	return recipients, err
}

// sent is what went out about unanswered asks, and about others in the last days, as asks that are settled.
func (s *Service) sent(tx *db.Tx, waiting []consent.Waiting) (map[id.Ask][]Sent, map[id.Person][]Ask, error) {
	asks := make([]id.Ask, len(waiting))
	sent := make(map[id.Ask][]Sent, len(waiting))
	for i, w := range waiting {
		asks[i], sent[w.ID] = w.ID, nil
	}
	rows, err := listOf(tx, asks)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		sent[row.AskID] = append(sent[row.AskID], row.sent())
	}
	rows, err = listSince(tx, tx.Now.Add(-weekBack))
	recent := map[id.Person][]Ask{}
	for _, row := range rows {
		if _, open := sent[row.AskID]; !open {
			recent[row.person()] = append(recent[row.person()], Ask{ID: row.AskID, Settled: Answered, Sent: []Sent{row.sent()}})
		}
	}
	return sent, recent, err
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
	Messages       int       // on the day
	From           time.Time // the first of them; zero when there is none
	WithoutChannel int       // people who get a slip instead
	Slips          int       // people whose slip is due today
	DueInHolidays  int       // asks whose last day is no school day, or one of the first three after holidays
	Rows           []Row     // everybody who has not answered
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
		recipients, err := s.recipients(tx)
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
		return err
	})
	return logged, next, err
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
