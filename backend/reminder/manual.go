package reminder

import (
	"context"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/outbox"
)

// Selection says whom the office wants reminded now: a class, or these people, as far as their answers are missing. With
// neither it is everybody.
type Selection struct {
	Class   id.Class
	Persons []id.Person
}

// Effect is what a manual reminder does.
type Effect struct {
	Reminded       int       `json:"reminded"`       // people who get a message
	From           time.Time `json:"from"`           // the first of them; zero when there is none
	WithoutChannel int       `json:"withoutChannel"` // people who need a slip
	Others         int       `json:"others"`         // people who are not reminded for other reasons
	Rows           []Row     `json:"-"`
}

// EffectOf tells what RemindNow would do, and changes nothing.
func (s *Service) EffectOf(ctx context.Context, actor authz.Actor, selection Selection) (effect Effect, err error) {
	if !actor.May(authz.SendReminders) {
		return Effect{}, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		effect, err = s.effect(tx, selection)
		return err
	})
	return effect, err
}

// RemindNow reminds them as soon as quiet hours, holidays and the caps of each allow, in the place of their next automatic
// step. Whoever is waited for already is so once. It returns counts alone when it is repeated.
func (s *Service) RemindNow(ctx context.Context, actor authz.Actor, selection Selection) (effect Effect, err error) {
	if !actor.May(authz.SendReminders) {
		return Effect{}, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &effect, func() error {
			if effect, err = s.effect(tx, selection); err != nil {
				return err
			}
			return s.want(tx, actor, effect)
		})
		return err
	})
	return effect, err
}

func (s *Service) effect(tx *db.Tx, selection Selection) (effect Effect, err error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return effect, err
	}
	c, today := calendarOf(settings), settings.Today(tx.Now)
	recipients, err := s.selected(tx, selection)
	for _, r := range recipients {
		next := Remind(r, c, tx.Now)
		effect.Rows = append(effect.Rows, Row{Person: r.Person, Next: next, SlipDue: r.needsSlip(c.days(), today)})
		switch next.Reason {
		case "":
			effect.Reminded++
			if effect.From.IsZero() || next.At.Before(effect.From) {
				effect.From = next.At
			}
		case NoChannel:
			effect.WithoutChannel++
		default:
			effect.Others++
		}
	}
	return effect, err
}

func (s *Service) selected(tx *db.Tx, selection Selection) ([]Recipient, error) {
	recipients, err := s.recipients(tx, id.Person{})
	if err != nil {
		return nil, err
	}
	if len(selection.Persons) > 0 {
		recipients = slices.DeleteFunc(recipients, func(r Recipient) bool { return !slices.Contains(selection.Persons, r.Person) })
	}
	if selection.Class == "" {
		return recipients, nil
	}
	today, err := s.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	if _, err := s.schools.Class(tx, selection.Class); err != nil {
		return nil, err
	}
	members, err := s.schools.PupilsOfClass(tx, selection.Class, today)
	return slices.DeleteFunc(recipients, func(r Recipient) bool {
		return !slices.ContainsFunc(r.Asks, func(a Ask) bool { return slices.Contains(members, a.Pupil) })
	}), err
}

// want writes down whom the office wants reminded, and the work of those whose time comes before the next round.
func (s *Service) want(tx *db.Tx, actor authz.Actor, effect Effect) error {
	var persons []id.Person
	var jobs []outbox.Job
	entries := []audit.Entry{{Actor: string(actor.Account), Action: audit.ReminderWanted, SubjectKind: "school", SubjectID: string(tx.School)}}
	for _, row := range effect.Rows {
		if row.Next.Reason != "" {
			continue
		}
		persons = append(persons, row.Person)
		entries = append(entries, audit.Entry{
			Actor: string(actor.Account), Action: audit.ReminderWanted, SubjectKind: string(row.Person.Kind), SubjectID: row.Person.ID,
		})
		if row.Next.At.Before(tx.Now.Add(roundEvery)) {
			job := jobFor(row.Person, row.Next.At)
			job.DedupKey += "|wanted"
			jobs = append(jobs, job)
		}
	}
	if err := insertRequests(tx, actor.Account, persons); err != nil {
		return err
	}
	if len(jobs) > 0 {
		if err := outbox.Enqueue(tx, jobs...); err != nil {
			return err
		}
	}
	return audit.Record(tx, entries...)
}
