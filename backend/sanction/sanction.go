// Package sanction owns sanctions and their ends: human decisions that restrict a pupil to sound or exclude it, from a
// day until a day that must be named (SchulG NRW § 53; product.md point 7). It stores them with their evidence; what
// they do to a mode is for package participation. The steps before a sanction (hearing, notice, objection) are not
// here yet.
package sanction

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
)

// Measure is what a sanction restricts; the zero value is none.
type Measure string

// The two measures of the letter (S10).
const (
	AudioOnly Measure = "audio_only"
	Excluded  Measure = "excluded"
)

// Sanction is one measure against one pupil. An end before its time works at once.
type Sanction struct {
	ID        id.Sanction
	Pupil     id.Pupil
	Measure   Measure
	RuleKey   string
	Period    calendar.Period // from and until, inclusive
	DecidedBy id.Account
	EndedAt   time.Time // zero: not ended early
}

// New is what the head decides.
type New struct {
	Pupil   id.Pupil
	Measure Measure
	RuleKey string // the rule that was broken, by its key
	From    calendar.Date
	Until   calendar.Date
}

// Service owns the use cases.
type Service struct {
	db      *db.DB
	log     *evidence.Log
	schools *school.Service
	hub     *signal.Hub
}

// NewService needs the database, the evidence log, the school's people, and the hub that hears of changed pupils.
func NewService(d *db.DB, log *evidence.Log, schools *school.Service, hub *signal.Hub) *Service {
	return &Service{db: d, log: log, schools: schools, hub: hub}
}

// Impose puts a sanction into force. The actor is the head; the API's permission sees to that.
func (s *Service) Impose(ctx context.Context, actor authz.Actor, in New) (id.Sanction, error) {
	if err := in.check(); err != nil {
		return "", err
	}
	made := id.New[id.Sanction]()
	return made, s.db.Write(ctx, func(tx *db.Tx) error {
		entry, err := s.attest(tx, actor, proof.SanctionDeclared{
			Sanction: made, Pupil: in.Pupil, Act: "imposed", Measure: string(in.Measure), RuleKey: in.RuleKey, From: in.From, Until: in.Until,
		})
		if err != nil {
			return err
		}
		if err := insert(tx, made, entry.Leaf, actor.Account, in); err != nil {
			return err
		}
		return s.hub.Touch(tx, in.Pupil)
	})
}

func (n New) check() error {
	if n.Measure != AudioOnly && n.Measure != Excluded {
		return fault.InvalidField("measure", fault.FieldInvalid)
	}
	if n.From.IsZero() {
		return fault.InvalidField("from", fault.FieldMissing)
	}
	if n.Until.IsZero() || n.Until.Before(n.From) {
		return fault.InvalidField("until", fault.FieldInvalid)
	}
	return nil
}

// End ends a sanction before its time, at once.
func (s *Service) End(ctx context.Context, actor authz.Actor, sanction id.Sanction) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		known, err := find(tx, sanction)
		if err != nil {
			return err
		}
		if !known.EndedAt.IsZero() {
			return fault.New(fault.AlreadyDone)
		}
		_, err = s.attest(tx, actor, proof.SanctionDeclared{
			Sanction: sanction, Pupil: known.Pupil, Act: "ended", Measure: string(known.Measure), RuleKey: known.RuleKey,
			From: known.Period.From, Until: known.Period.Until,
		})
		if err != nil {
			return err
		}
		if err := end(tx, sanction, actor.Account); err != nil {
			return err
		}
		return s.hub.Touch(tx, known.Pupil)
	})
}

// attest writes the evidence of a step.
func (s *Service) attest(tx *db.Tx, actor authz.Actor, declared proof.SanctionDeclared) (evidence.Entry, error) {
	identity, err := s.schools.Identity(tx, declared.Pupil)
	if err != nil {
		return evidence.Entry{}, err
	}
	private, err := evidence.NewPrivate(identity.BirthDate)
	if err != nil {
		return evidence.Entry{}, err
	}
	if declared.PrivateSHA256, err = proof.HashOf(private); err != nil {
		return evidence.Entry{}, err
	}
	return s.log.Append(tx, proof.Statement{
		Kind: proof.KindSanction, Declaration: &declared,
		Server: &proof.MeasureServer{At: tx.Now, By: actor.Account, Names: identity.Names},
	}, &private)
}

// Of gives every sanction of the pupils, ended ones included, in one query for any number of them.
func Of(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil][]Sanction, error) { return list(tx, pupils) }
