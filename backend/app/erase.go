package app

import (
	"context"
	"time"

	"einverstanden/backend/breach"
	"einverstanden/backend/db"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/intake"
	"einverstanden/backend/lowering"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notice"
	"einverstanden/backend/privacy"
	"einverstanden/backend/proposal"
	"einverstanden/backend/push"
	"einverstanden/backend/reminder"
	"einverstanden/backend/rules"
)

// domains are all that keep something about people. A domain that is added belongs here; decision 0020 lists what each
// keeps. Decisions go before what they refer to.
func (a *App) domains() privacy.Domains {
	return privacy.Domains{
		People:    a.Schools,
		Hearers:   a.Consents,
		Retention: a.Consents,
		Keepers: []privacy.Keeper{
			privacy.KeeperFunc(hold.MustKeep), a.Sanctions, privacy.KeeperFunc(proposal.MustKeep), a.Standings, a.Schools, a.Consents,
		},
		Subjects: []privacy.Subject{
			privacy.SubjectFunc(intake.Erase), privacy.SubjectFunc(breach.Erase), privacy.SubjectFunc(meeting.Erase), privacy.SubjectFunc(rules.Erase),
			privacy.SubjectFunc(proposal.Erase), privacy.SubjectFunc(hold.Erase), privacy.SubjectFunc(lowering.Erase),
			privacy.SubjectFunc(notice.Erase), privacy.SubjectFunc(reminder.Erase), a.Notify, a.Sanctions, a.Consents,
			privacy.SubjectFunc(push.Erase), a.Accounts, a.Schools,
		},
	}
}

// eraseEvery is how often it is looked whether somebody is due: far more often than the day that the clock may jump.
const eraseEvery = time.Hour

// eraseByDate erases who is due, and what is kept for a day alone, now and every hour, until ctx ends.
func (a *App) eraseByDate(ctx context.Context) {
	a.inEachSchool(ctx, eraseEvery, func(ctx context.Context, school id.School) {
		a.eraseIn(ctx, school)
		a.forgetIn(ctx, school)
	})
}

// inEachSchool does the work in every school, now and again and again, until ctx ends.
func (a *App) inEachSchool(ctx context.Context, every time.Duration, work func(context.Context, id.School)) {
	a.again(ctx, every, func() { a.eachSchool(ctx, work) })
}

// eachSchool does the work in every school, once. What fails in one keeps no other from its own.
func (a *App) eachSchool(ctx context.Context, work func(context.Context, id.School)) {
	schools, err := a.DB.Schools(ctx)
	if err != nil && ctx.Err() == nil {
		a.log.Error("cannot list the schools for work by date", "err", err)
	}
	for _, school := range schools {
		work(ctx, school)
	}
}

// again does something now and every so often, until ctx ends.
func (a *App) again(ctx context.Context, every time.Duration, do func()) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// forgetIn deletes what is kept for a day alone.
func (a *App) forgetIn(ctx context.Context, school id.School) {
	if err := a.Meetings.ForgetAddresses(db.InSchool(ctx, school)); err != nil && ctx.Err() == nil {
		a.log.Error("join addresses of yesterday are not deleted", "school", school, "err", err)
	}
	if err := a.Rooms.Forget(db.InSchool(ctx, school)); err != nil && ctx.Err() == nil {
		a.log.Error("who was at a conference is not forgotten", "school", school, "err", err)
	}
}

// forgetSanctions deletes what was decided, and is kept for a school year after its end; it is called while the clock is
// known to be right.
func (a *App) forgetSanctions(ctx context.Context, school id.School) {
	in := db.InSchool(ctx, school)
	sanctions, reports, err := a.Breaches.Forget(in)
	if err != nil && ctx.Err() == nil {
		a.log.Error("sanctions of earlier school years are not deleted", "school", school, "err", err)
	}
	if err != nil || sanctions+reports == 0 {
		return
	}
	a.log.Info("forgetting", "school", school, "sanctions", sanctions, "reports", reports)
	if err := a.DB.EmptyWAL(in); err != nil && ctx.Err() == nil {
		a.log.Error("what was deleted may lie in the write-ahead log until it is full", "err", err)
	}
}

// eraseIn tells the log how many and never who.
func (a *App) eraseIn(ctx context.Context, school id.School) {
	report, err := a.Privacy.Run(db.InSchool(ctx, school))
	if err != nil && ctx.Err() == nil {
		a.log.Error("erasing failed", "school", school, "err", err)
	}
	if report.ClockOff == 0 && err == nil {
		a.forgetContacts(ctx, school)
	}
	if report.ClockOff == 0 {
		a.forgetSanctions(ctx, school)
		if err := a.Reminders.Forget(db.InSchool(ctx, school)); err != nil && ctx.Err() == nil {
			a.log.Error("the log of reminders was not cleared", "school", school, "err", err)
		}
	}
	if report.ClockOff != 0 {
		a.log.Error("the clock has jumped: nothing is erased until einverstanden erase confirm-clock", "school", school, "by", report.ClockOff.String())
	}
	if report.Marked+len(report.Erased)+len(report.Kept)+len(report.ForHead) > 0 {
		a.log.Info("erasing", "school", school, "marked", report.Marked, "erased", len(report.Erased), "kept", len(report.Kept),
			"waiting for the head", len(report.ForHead))
	}
}
