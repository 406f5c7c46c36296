package app

import (
	"context"
	"time"

	"einverstanden/backend/db"
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
}

// tidyPush forgets subscriptions that are over, now and every hour, and says what became of messages, until ctx ends.
func (a *App) tidyPush(ctx context.Context) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		schools, err := a.DB.Schools(ctx)
		for _, school := range schools {
			if err == nil {
				err = a.Push.Tidy(db.InSchool(ctx, school))
			}
		}
		if err != nil && ctx.Err() == nil {
			a.log.Error("cannot tidy push subscriptions", "err", err)
		}
		for host, count := range a.Push.Counts() {
			a.log.Info("push", "host", host, "accepted", count.Accepted, "gone", count.Gone, "throttled", count.Throttled, "failed", count.Failed)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
