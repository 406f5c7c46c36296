package reminder

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
)

const (
	round     outbox.Topic = "reminder.round"  // hourly: who has something due within the hour
	onePerson outbox.Topic = "reminder.person" // what is due to one person
)

const roundEvery = time.Hour

// hourly is the form of keys of which there is one an hour.
const hourly = "2006-01-02T15"

type personJob struct {
	Person id.Person `json:"person"`
}

// Handle registers the handlers, and the round of every hour, with the worker.
func (s *Service) Handle(w *outbox.Worker) {
	w.Handle(round, s.round)
	w.Handle(onePerson, s.remindOne)
	w.Every(outbox.Periodic{Topic: round, Key: func(now time.Time) string { return now.UTC().Format(hourly) }})
}

// round writes a job for everybody to whom something is due before the next one. It decides nothing: each job plans again.
func (s *Service) round(ctx context.Context, _ outbox.Claimed) error {
	var jobs []outbox.Job
	err := s.db.ReadLong(ctx, func(tx *db.Tx) error {
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		c := calendarOf(settings)
		recipients, err := s.recipients(tx, id.Person{})
		for _, r := range recipients {
			next := Plan(r, c, tx.Now)
			switch {
			case next.Reason == "" && next.At.Before(tx.Now.Add(roundEvery)):
				jobs = append(jobs, jobFor(r.Person, next.At))
			case next.Reason != "" && r.Wanted: // nothing is left to send: the job forgets that it was wanted
				jobs = append(jobs, jobFor(r.Person, tx.Now))
			}
		}
		return err
	})
	if err != nil || len(jobs) == 0 {
		return err
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return outbox.Enqueue(tx, jobs...) })
}

func jobFor(person id.Person, at time.Time) outbox.Job {
	return outbox.Job{
		Topic: onePerson, Payload: personJob{person}, RunAt: at,
		DedupKey: "reminder|" + string(person.Kind) + "|" + person.ID + "|" + at.UTC().Format(hourly),
	}
}

// remindOne sends a person what is due to it: whatever has changed since the round is seen here.
func (s *Service) remindOne(ctx context.Context, job outbox.Claimed) error {
	var due personJob
	if err := json.Unmarshal(job.Payload, &due); err != nil || due.Person.ID == "" {
		return outbox.Permanent("payload_unreadable")
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return s.sendDue(tx, due.Person) }) // who is sent nothing leaves nothing
}

// sendDue checks and sends in one transaction: asks are held, so that no answer slips in between, and the log is written
// with the message. Killed before the commit, nothing went out; after it, the message is a job of its own.
func (s *Service) sendDue(tx *db.Tx, person id.Person) error {
	if err := s.consents.HoldAsks(tx, person); err != nil {
		return err
	}
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return err
	}
	recipients, err := s.recipients(tx, person)
	if err != nil || len(recipients) == 0 {
		return orElse(err, func() error { return deleteRequest(tx, person) })
	}
	c := calendarOf(settings)
	next := Plan(recipients[0], c, tx.Now)
	switch {
	case next.Reason != "":
		return deleteRequest(tx, person)
	case next.At.After(tx.Now.Add(roundEvery)):
		return nil // a later round finds it
	case next.At.After(tx.Now):
		return outbox.Until(next.At)
	}
	return s.send(tx, recipients[0], next, c)
}

func orElse(err error, do func() error) error {
	if err != nil {
		return err
	}
	return do()
}

// send logs the steps and tells the person, all children in one message.
func (s *Service) send(tx *db.Tx, r Recipient, next Next, c Calendar) error {
	requests, err := listRequests(tx, r.Person)
	if err != nil {
		return err
	}
	by, actor := (*id.Account)(nil), audit.System
	if len(requests) > 0 {
		by, actor = &requests[0].MadeBy, string(requests[0].MadeBy)
	}
	message := id.New[string]()
	rows := make([]reminderRow, len(next.Messages))
	for i, part := range next.Messages {
		rows[i] = reminderRow{
			SchoolID: tx.School, ID: id.New[id.Reminder](), AskID: part.Ask, PersonKind: r.Person.Kind, PersonID: r.Person.ID,
			Step: part.Step, Push: next.Push, Mail: next.Mail, MadeBy: by, Message: &message, At: tx.Now.UnixMicro(),
		}
	}
	if err := insert(tx, rows); err != nil {
		return err
	}
	if err := deleteRequest(tx, r.Person); err != nil {
		return err
	}
	err = audit.Record(tx, audit.Entry{Actor: actor, Action: audit.ReminderSent, SubjectKind: string(r.Person.Kind), SubjectID: r.Person.ID})
	if err != nil {
		return err
	}
	return notify.Tell(tx, r.message(message, next, c, tx.Now))
}

// message says what the person is told. It names the last day where the step is about it, and nobody.
func (r Recipient) message(event string, next Next, c Calendar, now time.Time) notify.Message {
	m := notify.Message{Event: event, Kind: notify.Announcement, Person: r.Person, Subject: r.Person.ID, Path: "/home", At: now}
	if next.Push {
		m.Channels = append(m.Channels, notify.Push)
	}
	if next.Mail {
		m.Channels = append(m.Channels, notify.Mail)
	}
	today := calendar.Today(now, c.Zone)
	var names, last calendar.Date
	hasLast := true
	for _, part := range next.Messages {
		ask := r.Asks[slices.IndexFunc(r.Asks, func(a Ask) bool { return a.ID == part.Ask })]
		if part.Step != Announcement {
			m.Kind = notify.Reminder
		}
		if day := namedBy(part.Step, ask); !day.IsZero() && (names.IsZero() || day.Before(names)) {
			names = day
		}
		hasLast = hasLast && !ask.Due.IsZero()
		last = later(last, ask.Due)
	}
	for _, ask := range r.Asks {
		if ask.isOpenOn(today) {
			m.Open++
		}
	}
	if !names.IsZero() {
		m.Values = notify.Values{notify.DayValue: names.String()}
	}
	if hasLast {
		m.Until = last.AddDays(1).StartIn(c.Zone)
	}
	return m
}

// namedBy is the day that a step is about.
func namedBy(step Step, a Ask) calendar.Date {
	switch step {
	case Announcement:
		return a.AskedOn
	case Before, Last:
		return a.Due
	default:
		return calendar.Date{}
	}
}

func later(a, b calendar.Date) calendar.Date {
	if a.IsZero() || a.Before(b) {
		return b
	}
	return a
}
