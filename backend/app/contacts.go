package app

import (
	"context"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// collectEvery is how often it is looked who cannot take part in the meetings that run.
const collectEvery = time.Minute

// collectContacts writes down who has to be reached another way, now and every minute, until ctx ends.
func (a *App) collectContacts(ctx context.Context) {
	a.inEachSchool(ctx, collectEvery, func(ctx context.Context, school id.School) {
		if err := a.Meetings.CollectContacts(db.InSchool(ctx, school)); err != nil && ctx.Err() == nil {
			a.log.Error("cannot collect whom to reach another way", "school", school, "err", err)
		}
	})
}

// forgetContacts deletes what earlier school years left; it is called while the clock is known to be right.
func (a *App) forgetContacts(ctx context.Context, school id.School) {
	if err := a.Meetings.ForgetContacts(db.InSchool(ctx, school)); err != nil && ctx.Err() == nil {
		a.log.Error("cannot forget the contacts of earlier school years", "school", school, "err", err)
	}
}
