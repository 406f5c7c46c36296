package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/mail"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
)

// daily is the topic of what every school needs once a day.
const daily outbox.Topic = "tick"

// tellBy builds who tells people, by the channels that are set up.
func (a *App) tellBy(c config.Config) *notify.Service {
	n := notify.NewService(a.DB, a.Vault, a.Schools, c.URL, now).WithLanguage(a.Accounts.LanguageOf).WithStaff(a.contactOf).WithSlips()
	if c.SMTP.Host != "" {
		n.WithMail(mail.NewSender(mail.Server{
			Host: c.SMTP.Host, Port: c.SMTP.Port, StartTLS: c.SMTP.Security == config.StartTLS, TLS: c.SMTP.Security == config.TLS,
			User: c.SMTP.User, Password: c.SMTP.Password, From: c.SMTP.From, Bounces: c.SMTP.Bounces,
		}, now))
	}
	return n
}

// contactOf is where a member of staff is told.
func (a *App) contactOf(tx *db.Tx, account id.Account) (contact notify.Contact, err error) {
	contact.Email, contact.Language, err = a.Accounts.StaffContact(tx, account)
	return contact, err
}

// worker is who does the jobs of the outbox, with every handler there is. close gives back what it opened.
func (a *App) worker() (w *outbox.Worker, close func() error, err error) {
	claims, close := a.DB, func() error { return nil }
	if a.DB.Dialect() == db.Postgres {
		if a.Config.DatabaseJobs == "" {
			return nil, nil, errors.New("EINVERSTANDEN_DATABASE_JOBS is not set: name the database under the role einverstanden_jobs, which does the work that waits")
		}
		const connections = 2 // one claims while another keeps an outcome
		claims, err = db.Open(db.Options{Runtime: a.Config.DatabaseJobs, Pool: connections, Clock: now})
		if err != nil {
			return nil, nil, err
		}
		close = claims.Close
	}
	w = outbox.NewWorker(a.DB, claims, now, a.log)
	a.Notices.Handle(w)
	a.Reminders.Handle(w)
	w.Handle(daily, a.eachDay)
	w.Every(outbox.Periodic{Topic: daily, Key: func(now time.Time) string { return now.Format(time.DateOnly) }})
	return w, close, nil
}

// work does jobs until ctx ends and those that were begun have ended. What it returns waits for that.
func (a *App) work(ctx context.Context) (stopped func() error, err error) {
	w, close, err := a.worker()
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer func() { done <- struct{}{} }()
		a.guarded("jobs", func() { w.Run(ctx) })
	}()
	return func() error {
		<-done
		return close()
	}, nil
}

// eachDay sends the data protection officer a checkpoint, so that one lies outside the school (abuse of whoever
// can write the database), looks for modes that changed without a decision and for ages that are near, writes to whom
// push reaches no more before long, asks for an edition that is to come, and sweeps what has done its duty.
func (a *App) eachDay(ctx context.Context, _ outbox.Claimed) error {
	signed, err := a.Notary.Sign(ctx, 0)
	if err == nil {
		err = errors.Join(a.Notices.CheckModes(ctx), a.Notices.CheckAges(ctx), a.Notices.VoidUndelivered(ctx))
	}
	if err == nil {
		err = a.Consents.AskAhead(ctx)
	}
	if err != nil {
		return err
	}
	return a.DB.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if err := errors.Join(outbox.Sweep(tx), notify.Sweep(tx), a.tellResting(tx)); err != nil || signed.Note == "" {
			return err
		}
		return notify.Tell(tx, checkpointFor(tx.School, signed, tx.Now))
	})
}

// checkpointFor is the mail with a checkpoint. It goes when the log is another than the last time, which is at most daily,
// and once a month as it is: who hears nothing for longer knows that something is wrong.
func checkpointFor(school id.School, signed evidence.Signed, now time.Time) notify.Message {
	return notify.Message{
		Event: fmt.Sprintf("checkpoint:%s:%d:%x", now.Format("2006-01"), signed.Size, signed.Root[:8]), Kind: notify.Checkpoint,
		Person: id.Person{Kind: notify.DPO, ID: string(school)}, Values: notify.Values{"note": signed.Note},
	}
}

// lookEvery is how often it is looked for meetings that begin.
const lookEvery = time.Minute

// lookAhead has people told of meetings that begin, now and every minute, until ctx ends.
func (a *App) lookAhead(ctx context.Context) {
	a.inEachSchool(ctx, lookEvery, func(ctx context.Context, school id.School) {
		if err := a.Notices.LookAhead(db.InSchool(ctx, school)); err != nil && ctx.Err() == nil {
			a.log.Error("cannot look which meetings begin", "school", school, "err", err)
		}
	})
}
