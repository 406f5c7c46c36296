package app

import (
	"context"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/reminder"
)

const (
	justActed  = 10 * time.Minute // whoever signed so short ago has the device in the hand, at whatever hour
	lookFirst  = time.Minute      // for a receipt on the screen: what is there needs no message
	lessonNear = 12 * time.Hour   // a change of how somebody takes part is urgent before a lesson
)

// around is what the quiet hours of a message depend on.
type around struct {
	now    time.Time
	opens  time.Time // the next open hour
	lesson time.Time // of the pupil that it is about; zero: none in the next days
}

// holds are the kinds that a lock screen at night is not for, with when each may go out. Reminders and meetings have plans
// of their own; what guards an access goes at once.
var holds = map[notify.Kind]func(m notify.Message, a around) time.Time{
	notify.Receipt:           holdReceipt,
	notify.ModeChanged:       holdChange,
	notify.AnswerRecorded:    holdTillOpen,
	notify.AnswerInvalidated: holdTillOpen,

	// Rounds write these, at whatever hour their turn is.
	notify.AgeNear:      holdTillOpen,
	notify.ChildAgeNear: holdTillOpen,
	notify.RightsNews:   holdTillOpen,
}

func holdTillOpen(_ notify.Message, a around) time.Time { return a.opens }

func holdReceipt(m notify.Message, a around) time.Time {
	if a.now.Sub(m.At) < justActed {
		return m.At.Add(lookFirst)
	}
	return a.opens
}

func holdChange(_ notify.Message, a around) time.Time {
	if near := a.lesson.Add(-lessonNear); !a.lesson.IsZero() && near.Before(a.opens) {
		return near
	}
	return a.opens
}

// quiet is notify.When: push waits for the quiet hours of the school, wherever a browser would be reached at all. Mail
// rings nobody up.
func (a *App) quiet(ctx context.Context, by notify.ChannelName, m notify.Message, now time.Time) (at time.Time, err error) {
	hold, held := holds[m.Kind]
	if by != notify.Push || !held {
		return now, nil
	}
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		at = now
		reached, err := a.Push.Reached(tx, pushKind(m.Kind), m.Person)
		if err != nil || len(reached) == 0 {
			return err
		}
		settings, err := a.Schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		open := reminder.Calendar{Days: calendar.NewSchoolDays(settings.Land, nil), Zone: settings.Location()}
		around := around{now: now, opens: open.Opens(now, reminder.Hours{})}
		if m.Kind == notify.ModeChanged {
			if around.lesson, err = a.Meetings.NextStartFor(tx, id.Pupil(m.Subject), now); err != nil {
				return err
			}
		}
		at = hold(m, around)
		return nil
	})
	return at, err
}
