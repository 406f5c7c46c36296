package consent

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/outbox"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/proposal"
)

// Received is a decision that reached the school by another way than the app: exactly one of Answer and Extent is set.
type Received struct {
	Pupil      id.Pupil            `json:"pupil"`
	Person     id.Person           `json:"person"`
	Channel    Channel             `json:"channel"`
	Answer     *participation.Mode `json:"answer,omitempty"`
	Extent     Extent              `json:"extent,omitempty"`
	ReceivedOn calendar.Date       `json:"receivedOn"`
	Version    id.Version          `json:"version,omitempty"` // under which a yes on paper was given; empty: the one in force
	Identified Identified          `json:"identified,omitempty"`
}

func (in Received) isYes() bool { return in.Answer != nil && *in.Answer > participation.None }

func (in Received) check(today calendar.Date) error {
	switch in.Channel {
	case Paper, InPerson, ByTeacher:
	case Phone:
		if in.isYes() {
			return fault.InvalidField("channel", fault.PhoneLowersOnly)
		}
	default:
		return fault.InvalidField("channel", fault.FieldInvalid)
	}
	if (in.Answer == nil) == (in.Extent == "") {
		return fault.InvalidField("answer", fault.FieldInvalid)
	}
	if in.Extent != "" && in.Extent != Picture && in.Extent != Everything {
		return fault.InvalidField("extent", fault.FieldInvalid)
	}
	if err := in.checkIdentified(); err != nil {
		return err
	}
	if in.ReceivedOn.IsZero() || in.ReceivedOn.After(today) {
		return fault.InvalidField("receivedOn", fault.FieldInvalid)
	}
	return nil
}

// checkIdentified demands for a yes in person that staff say how they knew who it was. Doubt never delays a limit.
func (in Received) checkIdentified() error {
	switch in.Identified {
	case "":
		if in.isYes() && in.Channel == InPerson {
			return fault.InvalidField("identified", fault.FieldMissing)
		}
		return nil
	case ByForm, ByAcquaintance, ByDocument, ByCallback:
		return nil
	}
	return fault.InvalidField("identified", fault.FieldInvalid)
}

// Recorded is what came of recording: a decision, or a proposal that waits for a second member of staff.
type Recorded struct {
	Decision id.Decision `json:"decision,omitempty"`
	Proposal id.Proposal `json:"proposal,omitempty"`
	Pupil    id.Pupil    `json:"pupil"`
}

// Record notes a decision that a person told the school. A limit works at once, also while the caller is in doubt; a
// yes needs paper or presence and waits for a second member of staff.
func (s *Service) Record(ctx context.Context, actor authz.Actor, in Received) (Recorded, error) {
	var made Recorded
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		made = Recorded{}
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			today, err := s.schools.Today(tx)
			if err != nil {
				return err
			}
			if err := in.check(today); err != nil {
				return err
			}
			who, err := s.lockedSayerOf(tx, in.Person, in.Pupil)
			if err != nil {
				return err
			}
			made.Pupil = in.Pupil
			if in.isYes() {
				made.Proposal, err = proposal.Make(tx, s.vault, proposal.RecordedYes, in.Pupil, in, actor.Account)
				return err
			}
			made.Decision, err = s.recordReceived(ctx, tx, actor, who, in, "")
			return err
		})
		return err
	})
	return made, err
}

// recordReceived writes a received decision; second is the member of staff who confirmed a yes.
func (s *Service) recordReceived(ctx context.Context, tx *db.Tx, recorder authz.Actor, who sayer, in Received, second id.Account) (id.Decision, error) {
	d := draft{decision: who.decision()}
	d.decision.Channel, d.decision.RecordedBy, d.decision.SecondBy = in.Channel, recorder.Account, second
	d.identified = in.Identified
	if in.Channel == Paper && d.identified == "" {
		d.identified = ByForm
	}
	received, err := s.receivedAt(tx, in.ReceivedOn)
	if err != nil {
		return "", err
	}
	d.decision.ReceivedAt = received
	if in.Answer == nil {
		d.decision.Kind, d.decision.Extent = Withdrawal, in.Extent
	} else if err := s.addVersion(tx, &d, in); err != nil {
		return "", err
	}
	decision, _, err := s.record(ctx, tx, recorder, who, d)
	return decision, err
}

// addVersion makes a received answer one to the version it was given under. A yes to one that is no longer in force
// would be a yes to words that nobody is asked for any more.
func (s *Service) addVersion(tx *db.Tx, d *draft, in Received) error {
	version, texts, err := s.InForce(tx)
	if err != nil {
		return err
	}
	if in.Version != "" && in.Version != version.ID {
		return fault.New(fault.FormSuperseded)
	}
	d.version, d.german = version, texts[German].SHA256
	d.decision.Kind, d.decision.Answer = Answer, *in.Answer
	d.decision.Version, d.decision.Edition = version.ID, version.Edition
	d.decision.Language, d.decision.TextSHA256 = German, d.german // the printed form is German
	return nil
}

// receivedAt is the instant for a day on which paper or a call came: now for today, the day's beginning otherwise.
func (s *Service) receivedAt(tx *db.Tx, day calendar.Date) (time.Time, error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return time.Time{}, err
	}
	if day == calendar.Today(tx.Now, settings.Location()) {
		return tx.Now, nil
	}
	return day.StartIn(settings.Location()), nil
}

// ConfirmYes carries out a recorded yes that somebody else proposed. It is checked again: the person may have acted in
// between, or lost its say.
func (s *Service) ConfirmYes(ctx context.Context, actor authz.Actor, wanted id.Proposal) (Recorded, error) {
	var made Recorded
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		made = Recorded{}
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			found, err := proposal.Find(tx, wanted)
			if err != nil {
				return err
			}
			var in Received
			if err := proposal.Body(tx, s.vault, wanted, &in); err != nil {
				return err
			}
			who, err := s.lockedSayerOf(tx, in.Person, in.Pupil)
			if err != nil {
				return err
			}
			if last := who.last(); last != nil && last.RecordedAt.After(found.ProposedAt) {
				return fault.New(fault.AnsweredMeanwhile)
			}
			if err := proposal.Close(tx, wanted, actor.Account, proposal.Confirmed); err != nil {
				return err
			}
			proposer := authz.Actor{School: actor.School, Account: found.ProposedBy}
			made.Pupil = in.Pupil
			made.Decision, err = s.recordReceived(ctx, tx, proposer, who, in, actor.Account)
			return err
		})
		return err
	})
	return made, err
}

// RejectYes ends a proposed yes without effect; the one who proposed it cannot.
func (s *Service) RejectYes(ctx context.Context, actor authz.Actor, wanted id.Proposal) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var made id.Proposal
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			made = wanted
			return proposal.Close(tx, wanted, actor.Account, proposal.Rejected)
		})
		return err
	})
}

// ReceivedProposal opens what a proposal of a yes is about.
func (s *Service) ReceivedProposal(tx *db.Tx, wanted id.Proposal) (Received, error) {
	var in Received
	err := proposal.Body(tx, s.vault, wanted, &in)
	return in, err
}

// Invalidate says that a decision which the office recorded never was that person's: its yes ends, a limit stays until
// the person answers. A person's own act in the app cannot be invalidated.
func (s *Service) Invalidate(ctx context.Context, actor authz.Actor, decision id.Decision, reason InvalidReason) error {
	switch reason {
	case WrongPerson, WrongAnswer, NotAuthentic:
	default:
		return fault.InvalidField("reason", fault.FieldInvalid)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var made id.Decision
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			made = decision
			return s.invalidate(tx, actor, decision, reason)
		})
		return err
	})
}

func (s *Service) invalidate(tx *db.Tx, actor authz.Actor, decision id.Decision, reason InvalidReason) error {
	d, ok, err := findDecision(tx, decision)
	switch {
	case err != nil:
		return err
	case !ok:
		return fault.New(fault.NothingHere)
	case d.RecordedBy == "":
		return fault.New(fault.NotAllowedHere)
	case d.Invalidated != nil:
		return fault.New(fault.AlreadyDone)
	}
	entry, err := s.log.Append(tx, proof.Statement{
		Kind:        proof.KindInvalidation,
		Declaration: &proof.InvalidationDeclared{Decision: decision, Reason: string(reason), Author: actor.Account},
		Server:      &proof.ActServer{At: tx.Now},
	}, evidence.Part{})
	if err != nil {
		return err
	}
	if err := insertInvalidation(tx, decision, entry.Leaf, reason, actor.Account); err != nil {
		return err
	}
	return s.tellOfInvalidation(tx, d)
}

// tellOfInvalidation leaves the notices to be sent, and wakes the open rosters.
func (s *Service) tellOfInvalidation(tx *db.Tx, d Decision) error {
	err := outbox.Enqueue(tx, outbox.Job{Topic: outbox.DecisionInvalidated, Payload: map[string]id.Decision{"decision": d.ID}})
	if err != nil {
		return err
	}
	return s.hub.Touch(tx, d.Pupil)
}

// Confirm notes that the office has checked a withdrawal that a teacher received. It worked from the first moment;
// confirming changes no mode.
func (s *Service) Confirm(ctx context.Context, actor authz.Actor, decision id.Decision) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var made id.Decision
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			made = decision
			return s.confirm(tx, actor, decision)
		})
		return err
	})
}

func (s *Service) confirm(tx *db.Tx, actor authz.Actor, decision id.Decision) error {
	d, ok, err := findDecision(tx, decision)
	switch {
	case err != nil:
		return err
	case !ok || d.Channel != ByTeacher:
		return fault.New(fault.NothingHere)
	case d.Confirmed:
		return fault.New(fault.AlreadyDone)
	}
	if err := insertConfirmation(tx, decision, actor.Account); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{
		Actor: string(actor.Account), Action: audit.WithdrawalConfirmed, SubjectKind: "decision", SubjectID: string(decision),
	})
}

// Unconfirmed lists the withdrawals that teachers received and the office has not confirmed yet.
func (s *Service) Unconfirmed(tx *db.Tx) ([]Decision, error) { return unconfirmed(tx) }

// Sayers lists who may have told the school something about the pupil today.
func (s *Service) Sayers(tx *db.Tx, pupil id.Pupil) ([]id.Person, error) {
	gathered, err := s.gather(tx, []id.Pupil{pupil})
	if err != nil {
		return nil, err
	}
	g, ok := gathered[pupil]
	if !ok {
		return nil, fault.New(fault.NothingHere)
	}
	var people []id.Person
	for _, p := range participation.WhoHasSay(g.Facts) {
		people = append(people, id.Person{Kind: id.PersonKind(p.Kind), ID: p.ID})
	}
	return people, nil
}

// Decision is one decision of the transaction's school, or NothingHere.
func (s *Service) Decision(tx *db.Tx, decision id.Decision) (Decision, error) {
	d, ok, err := findDecision(tx, decision)
	if err == nil && !ok {
		err = fault.New(fault.NothingHere)
	}
	return d, err
}
