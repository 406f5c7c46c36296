// Package breach owns what leads to a sanction and what follows from it (product.md journey 9): teachers' reports that a
// pupil broke a rule, the head's decision on each, objections by whoever has a say, and what everybody sees of it all.
// A report is a rule's key and a meeting, no words (L26): details stay in the paper file. Sanctions themselves, with
// their evidence, are for package sanction.
package breach

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/meeting"
	"einverstanden/backend/outbox"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// Report is what a teacher says.
type Report struct {
	Meeting id.Meeting
	Pupil   id.Pupil
	RuleKey string
	Heard   []sanction.Party
	NotedOn calendar.Date // of the note in the paper file

	RulesVersion id.RulesVersion // that the key is of: the one in force when it is reported; empty: from before it was recorded
}

// Breach is a report and what became of it.
type Breach struct {
	ID id.Breach
	Report
	ReportedBy id.Account
	ReportedAt time.Time
	ClosedAt   time.Time   // zero: the head has not decided
	Sanction   id.Sanction // empty: none yet, or the report was dismissed
}

// Service owns the use cases.
type Service struct {
	db        *db.DB
	schools   *school.Service
	meetings  *meeting.Service
	standings *standing.Service
	sanctions *sanction.Service
	rules     *rules.Service
}

// NewService needs the database, the meetings that reports are about, the standings that know who has a say, the sanctions
// that reports may come to, and the rules that are broken.
func NewService(
	d *db.DB, schools *school.Service, meetings *meeting.Service, standings *standing.Service, sanctions *sanction.Service, rules *rules.Service,
) *Service {
	return &Service{db: d, schools: schools, meetings: meetings, standings: standings, sanctions: sanctions, rules: rules}
}

// Report notes a breach in a meeting of the actor's that has begun. A meeting or pupil of somebody else does not exist.
func (s *Service) Report(ctx context.Context, actor authz.Actor, report Report) (id.Breach, error) {
	var made id.Breach
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			made = id.New[id.Breach]()
			return s.report(tx, actor, made, report)
		})
		return err
	})
	return made, err
}

func (s *Service) report(tx *db.Tx, actor authz.Actor, made id.Breach, report Report) error {
	found, err := s.meetings.MustHold(tx, actor, report.Meeting, report.Pupil)
	if err != nil {
		return err
	}
	if tx.Now.Before(found.StartsAt) {
		return fault.InvalidField("meetingId", fault.MeetingNotBegun)
	}
	today, err := s.schools.Today(tx)
	if err != nil {
		return err
	}
	if report.RulesVersion, err = s.rules.VersionOf(tx, report.RuleKey); err != nil {
		return err
	}
	if err := sanction.CheckReport(report.Heard, report.NotedOn, today); err != nil {
		return err
	}
	if err := insert(tx, made, actor.Account, report); err != nil {
		return err
	}
	if err := outbox.Enqueue(tx, outbox.Job{Topic: outbox.BreachReported, Payload: map[string]id.Breach{"breach": made}}); err != nil {
		return err
	}
	return record(tx, actor, audit.BreachReported, made)
}

func record(tx *db.Tx, actor authz.Actor, action audit.Action, breach id.Breach) error {
	return audit.Record(tx, audit.Entry{Actor: string(actor.Account), Action: action, SubjectKind: "breach", SubjectID: string(breach)})
}

// Decide makes a sanction of a report. Of the decision the pupil and the rule are those of the report.
func (s *Service) Decide(ctx context.Context, actor authz.Actor, breach id.Breach, decision sanction.New) (id.Sanction, error) {
	var made id.Sanction
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			known, err := mustBeOpen(tx, breach)
			if err != nil {
				return err
			}
			decision.Pupil, decision.RuleKey, decision.RulesVersion = known.Pupil, known.RuleKey, known.RulesVersion
			if made, err = s.sanctions.ImposeIn(tx, actor, decision); err != nil {
				return err
			}
			if err := closeBreach(tx, breach, actor.Account, &made); err != nil {
				return err
			}
			return record(tx, actor, audit.BreachDecided, breach)
		})
		return err
	})
	return made, err
}

// Dismiss closes a report without a sanction.
func (s *Service) Dismiss(ctx context.Context, actor authz.Actor, breach id.Breach) error {
	var made struct{}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			if _, err := mustBeOpen(tx, breach); err != nil {
				return err
			}
			if err := closeBreach(tx, breach, actor.Account, nil); err != nil {
				return err
			}
			return record(tx, actor, audit.BreachDismissed, breach)
		})
		return err
	})
}

func mustBeOpen(tx *db.Tx, breach id.Breach) (Breach, error) {
	known, err := find(tx, breach)
	if err == nil && !known.ClosedAt.IsZero() {
		err = fault.New(fault.AlreadyDone)
	}
	return known, err
}

// IsOpen reports whether a report waits for the head; NothingHere when there is none.
func IsOpen(tx *db.Tx, breach id.Breach) (bool, error) {
	known, err := find(tx, breach)
	return known.ClosedAt.IsZero(), err
}

// All gives every report of the school, the latest first.
func All(tx *db.Tx) ([]Breach, error) { return list(tx, "") }

// Own gives the actor's own reports, the latest first. What was decided is not theirs to know: Sanction is empty.
func (s *Service) Own(ctx context.Context, actor authz.Actor) (own []Breach, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		own, err = list(tx, actor.Account)
		for i := range own {
			own[i].Sanction = ""
		}
		return err
	})
	return own, err
}
