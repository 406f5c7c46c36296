package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"einverstanden/backend/app"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/reminder"
)

// logged is a step with what became of its message, as "channel state code".
type logged struct {
	step     reminder.Step
	by       bool
	outcomes [][3]string
}

// story is one line for each thing that an outcome may be, the oldest first.
var story = []logged{
	{step: reminder.First, outcomes: [][3]string{{"mail", "accepted", ""}, {"push", "accepted", ""}}},
	{step: reminder.Second, outcomes: [][3]string{{"mail", "bounced", "5.1.1"}}},
	{step: reminder.Middle, outcomes: [][3]string{{"mail", "failed", "smtp_550"}, {"push", "failed", "403"}}},
	{step: reminder.Manual, by: true},
}

type ask struct {
	ID         id.Ask
	PersonKind id.PersonKind
	PersonID   string
}

// addReminders writes the story about the oldest open asks, and a job that was given up, and prints how many lines it has.
func addReminders(ctx context.Context, a *app.App, by id.Account, out io.Writer) error {
	err := a.DB.WriteUnaudited(ctx, func(tx *db.Tx) error {
		var asks []ask
		err := tx.G().Raw("SELECT id, person_kind, person_id FROM ask WHERE school_id = ? AND closed_at IS NULL ORDER BY id LIMIT ?", tx.School, len(story)).
			Scan(&asks).Error
		if err != nil || len(asks) < len(story) {
			return errors.Join(err, fmt.Errorf("%d asks are open, want %d", len(asks), len(story)))
		}
		for i, ask := range asks {
			at := tx.Now.Add(time.Duration(i-len(story)) * time.Hour)
			if err := tell(tx, story[i], ask, by, at.UnixMicro()); err != nil {
				return err
			}
		}
		return tx.G().Exec("INSERT INTO outbox (school_id, id, topic, payload, run_at, attempts, lease_until, done_at, dead_at, last_error) VALUES (?, ?, ?, '{}', 0, 12, 0, 0, ?, ?)",
			tx.School, id.New[id.Job](), notify.SendMessage, tx.Now.UnixMicro(), "server_unreachable").Error
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(len(story))
}

func tell(tx *db.Tx, line logged, about ask, by id.Account, at int64) error {
	var author any
	if line.by {
		author = by
	}
	message := id.New[string]()
	err := tx.G().Exec("INSERT INTO reminder (school_id, id, ask_id, person_kind, person_id, step, push, mail, made_by, message, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		tx.School, id.New[id.Reminder](), about.ID, about.PersonKind, about.PersonID, line.step, true, true, author, message, at).Error
	for _, outcome := range line.outcomes {
		if err == nil {
			err = tx.G().Exec("INSERT INTO message (school_id, id, event, kind, person_kind, person_id, channel, state, host, code, made_at, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?)",
				tx.School, id.New[string](), string(notify.Reminder)+"|"+message, notify.Reminder, about.PersonKind, about.PersonID,
				outcome[0], outcome[1], outcome[2], at, at).Error
		}
	}
	return err
}
