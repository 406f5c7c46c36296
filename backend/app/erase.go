package app

import (
	"context"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/intake"
	"einverstanden/backend/lowering"
	"einverstanden/backend/meeting"
	"einverstanden/backend/privacy"
	"einverstanden/backend/proposal"
	"einverstanden/backend/reminder"
	"einverstanden/backend/sanction"
)

// domains are all that keep something about people. A domain that is added belongs here; decision 0020 lists what each
// keeps. Decisions go before what they refer to.
func (a *App) domains(log *evidence.Log) privacy.Domains {
	sanctions := sanction.NewService(a.DB, log, a.Schools, a.Hub)
	return privacy.Domains{
		People:    a.Schools,
		Retention: a.Consents,
		Keepers: []privacy.Keeper{
			privacy.KeeperFunc(hold.MustKeep), sanctions, privacy.KeeperFunc(proposal.MustKeep), a.Standings, a.Schools, a.Consents,
		},
		Subjects: []privacy.Subject{
			privacy.SubjectFunc(intake.Erase), privacy.SubjectFunc(meeting.Erase), privacy.SubjectFunc(proposal.Erase),
			privacy.SubjectFunc(hold.Erase), privacy.SubjectFunc(lowering.Erase), privacy.SubjectFunc(reminder.Erase), sanctions, a.Consents, a.Accounts, a.Schools,
		},
	}
}

// eraseEvery is how often it is looked whether somebody is due: far more often than the day that the clock may jump.
const eraseEvery = time.Hour

// eraseByDate erases who is due, now and every hour, until ctx ends.
func (a *App) eraseByDate(ctx context.Context) {
	ticker := time.NewTicker(eraseEvery)
	defer ticker.Stop()
	for {
		schools, err := a.DB.Schools(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Error("cannot look who is to be erased", "err", err)
		}
		for _, school := range schools {
			a.eraseIn(ctx, school)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// eraseIn tells the log how many and never who.
func (a *App) eraseIn(ctx context.Context, school id.School) {
	report, err := a.Privacy.Run(db.InSchool(ctx, school))
	if err != nil && ctx.Err() == nil {
		a.log.Error("erasing failed", "school", school, "err", err)
	}
	if report.ClockOff == 0 {
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
