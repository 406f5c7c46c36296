package app

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
	"einverstanden/backend/push"
)

// withPush builds what sends to push services. Without a contact that they accept push is off.
func (a *App) withPush(client push.Client, gate push.Gate) {
	var sender *push.Sender
	if a.Config.PushContact != "" {
		sender = push.NewSender(client, gate, a.Config.PushContact, now, a.log)
	}
	a.Push = push.NewService(a.DB, a.Vault, sender, a.Config.URL, a.log)
	a.Accounts.WithSessionEnds(a.Push.EndSessions)
	a.Notify.WithChannel(pushChannel{a.Push}).WithWhen(a.quiet).WithStill(notify.PushRests, a.stillRests)
}

// pushChannel is the way of notify that leads to people's browsers.
type pushChannel struct{ push *push.Service }

// Name is notify.Push.
func (pushChannel) Name() notify.ChannelName { return notify.Push }

// pushKinds are those that have words of their own on a lock screen.
var pushKinds = map[notify.Kind]push.Kind{
	notify.Receipt: push.Receipt, notify.ModeChanged: push.ModeChanged, notify.Reminder: push.OpenConsent,
	notify.OwnSanction: push.OwnNews, notify.AgeNear: push.OwnNews,
	notify.MeetingPlanned: push.Meeting, notify.MeetingMoved: push.Meeting, notify.MeetingCancelled: push.Meeting, notify.MeetingSoon: push.Soon,
	notify.LessonChanged: push.Lesson, notify.LessonTomorrow: push.LessonSoon, notify.LessonSoon: push.LessonSoon,
}

func pushKind(kind notify.Kind) push.Kind {
	if own, ok := pushKinds[kind]; ok {
		return own
	}
	return push.News
}

// asked are those whom a push that asks for an answer reaches; of one person, if it is named.
func (a *App) asked(tx *db.Tx, one id.Person) ([]id.Person, error) {
	return a.Push.Reached(tx, push.OpenConsent, one)
}

// recipientOf is a person, or for staff the account.
func recipientOf(person id.Person) push.Recipient {
	if person.Kind == notify.Staff {
		return push.Recipient{Account: id.Account(person.ID)}
	}
	return push.Recipient{Person: person}
}

// Reaches tells whether the person has a browser for it.
func (c pushChannel) Reaches(tx *db.Tx, m notify.Message) (bool, error) {
	return c.push.Reaches(tx, recipientOf(m.Person), pushKind(m.Kind))
}

// Deliver is done when one browser has it, as with mail: a second one is a courtesy. A person without a browser, or whose
// last one has just turned out to be gone, is left to the other channels.
func (c pushChannel) Deliver(ctx context.Context, message string, m notify.Message) (notify.Outcome, error) {
	word := push.Word{Event: message, Kind: pushKind(m.Kind), Object: m.Subject, Path: m.Path, Until: m.Until}
	if m.Open > 0 {
		word.Badge = &m.Open
	}
	if word.Path == "" {
		word.Path = "/"
	}
	report, err := c.push.Tell(ctx, recipientOf(m.Person), word)
	out := notify.Outcome{Host: report.Host}
	if err == nil && report.Accepted > 0 {
		return out, nil
	}
	if report.Status != 0 {
		out.Code = strconv.Itoa(report.Status)
	}
	switch {
	case err != nil:
		return out, err
	case report.Waiting > 0:
		return out, outbox.After("push_waits", report.Again, nil)
	case report.Failed > 0:
		return out, outbox.Permanent("push_refused")
	}
	return out, notify.ErrNoWay
}

// tellResting writes to whoever has not started the app for so long that push may soon reach it no more.
func (a *App) tellResting(tx *db.Tx) error {
	rests, err := a.Push.Resting(tx, id.Person{})
	if err != nil {
		return err
	}
	messages := make([]notify.Message, len(rests))
	for i, rest := range rests {
		messages[i] = notify.Message{
			Event: fmt.Sprintf("push:%s|%d", rest.Subscription, rest.Since.Unix()), Kind: notify.PushRests, Person: rest.Person, Path: "/devices",
		}
	}
	return notify.Tell(tx, messages...)
}

func (a *App) stillRests(ctx context.Context, m notify.Message) (still bool, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		rests, err := a.Push.Resting(tx, m.Person)
		still = len(rests) > 0
		return err
	})
	return still, err
}

// tidyPush forgets subscriptions that are over, now and every hour, and says what became of messages, until ctx ends.
func (a *App) tidyPush(ctx context.Context) {
	a.again(ctx, time.Hour, func() {
		a.eachSchool(ctx, a.tidyPushIn)
		for host, count := range a.Push.Counts() {
			a.log.Info("push", "host", host, "accepted", count.Accepted, "gone", count.Gone, "throttled", count.Throttled, "failed", count.Failed)
		}
	})
}

func (a *App) tidyPushIn(ctx context.Context, school id.School) {
	if err := a.Push.Tidy(db.InSchool(ctx, school)); err != nil && ctx.Err() == nil {
		a.log.Error("cannot tidy push subscriptions", "school", school, "err", err)
	}
	count, oldest, err := a.Push.Waiting(db.InSchool(ctx, school))
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.Error("cannot count the push messages that wait", "school", school, "err", err)
	case count > 0:
		a.log.Info("push messages wait", "school", school, "count", count, "oldest", oldest)
	}
}
