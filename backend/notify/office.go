package notify

import (
	"context"
	"errors"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
)

// Count says how many messages of a kind took a channel and came to a state, in the time that is looked at.
type Count struct {
	Kind    Kind
	Channel ChannelName
	State   string
	N       int64
}

// Trouble is a message that needs somebody: it failed, came back, or waits to be handed over on paper.
type Trouble struct {
	ID      string
	Kind    Kind
	Person  id.Person
	Channel ChannelName
	State   string
	Host    string
	Code    string
	At      time.Time
}

// Overview is what the office sees of the last days.
type Overview struct {
	Since    time.Time
	Counts   []Count
	Troubles []Trouble // the latest first, at most 200
	Mail     bool      // the school sends mail
}

// shown is how far back the office looks, and keptFor how long the rows stay.
const (
	shown   = 30 * 24 * time.Hour
	keptFor = 365 * 24 * time.Hour
)

// OverviewOf gives what became of the messages of the last 30 days.
func (s *Service) OverviewOf(ctx context.Context, actor authz.Actor) (o Overview, err error) {
	if !actor.May(authz.SeeMessages) {
		return Overview{}, fault.New(fault.NotAllowedHere)
	}
	_, o.Mail = s.channels[Mail]
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		o.Since = tx.Now.Add(-shown)
		if o.Counts, err = countMessages(tx, o.Since); err != nil {
			return err
		}
		o.Troubles, err = findTroubles(tx, o.Since)
		return err
	})
	return o, err
}

// DeadLetters lists the jobs that were given up, the latest first.
func (s *Service) DeadLetters(ctx context.Context, actor authz.Actor) (dead []outbox.Dead, err error) {
	if !actor.May(authz.SeeMessages) {
		return nil, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		dead, err = outbox.DeadLetters(tx)
		return err
	})
	return dead, err
}

// Retry tries a job once more that was given up. NothingHere when there is none.
func (s *Service) Retry(ctx context.Context, actor authz.Actor, job id.Job) error {
	if !actor.May(authz.SeeMessages) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error { return outbox.Retry(tx, actor.Account, job) })
}

// HandOver notes that a message was handed over on paper. NothingHere when it does not wait for that.
func (s *Service) HandOver(ctx context.Context, actor authz.Actor, message string) error {
	if !actor.May(authz.SeeMessages) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error { return handOver(tx, actor.Account, message) })
}

// Sweep deletes what nobody needs any more; the daily round calls it.
func Sweep(tx *db.Tx) error {
	return errors.Join(deleteConfirmationsBefore(tx, tx.Now.Add(-confirmEvery)), deleteMessagesBefore(tx, tx.Now.Add(-keptFor)))
}
