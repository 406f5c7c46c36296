// Package hold owns restrictions and objections in force (GDPR Art. 18, 21): while one stands, the pupil's mode is none.
// It stores them with their evidence. The requests that lead to them belong to package privacy.
package hold

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
)

// Kind says why processing is held; the zero value is unknown.
type Kind string

// The kinds of hold.
const (
	Restriction Kind = "restriction" // GDPR Art. 18
	Objection   Kind = "objection"   // GDPR Art. 21
)

// Hold stands until it is settled.
type Hold struct {
	ID        id.Hold
	Pupil     id.Pupil
	Kind      Kind
	PlacedAt  time.Time
	SettledAt time.Time // zero: in force
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

// Place puts a hold into force at once.
func (s *Service) Place(ctx context.Context, actor authz.Actor, pupil id.Pupil, kind Kind) (id.Hold, error) {
	if kind != Restriction && kind != Objection {
		return "", fault.InvalidField("kind", fault.FieldInvalid)
	}
	made := id.New[id.Hold]()
	return made, s.db.Write(ctx, func(tx *db.Tx) error {
		entry, err := s.attest(tx, actor, proof.HoldDeclared{Hold: made, Pupil: pupil, Act: "placed", Kind: string(kind)})
		if err != nil {
			return err
		}
		if err := insert(tx, made, entry.Leaf, actor.Account, pupil, kind); err != nil {
			return err
		}
		return s.hub.Touch(tx, pupil)
	})
}

// Settle ends a hold.
func (s *Service) Settle(ctx context.Context, actor authz.Actor, hold id.Hold) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		known, err := find(tx, hold)
		if err != nil {
			return err
		}
		if !known.SettledAt.IsZero() {
			return fault.New(fault.AlreadyDone)
		}
		_, err = s.attest(tx, actor, proof.HoldDeclared{Hold: hold, Pupil: known.Pupil, Act: "settled", Kind: string(known.Kind)})
		if err != nil {
			return err
		}
		if err := settle(tx, hold, actor.Account); err != nil {
			return err
		}
		return s.hub.Touch(tx, known.Pupil)
	})
}

// attest writes the evidence of a step.
func (s *Service) attest(tx *db.Tx, actor authz.Actor, declared proof.HoldDeclared) (evidence.Entry, error) {
	identity, err := s.schools.Identity(tx, declared.Pupil)
	if err != nil {
		return evidence.Entry{}, err
	}
	private, err := evidence.NewPrivate(identity.BirthDate)
	if err != nil {
		return evidence.Entry{}, err
	}
	part, err := evidence.NewPart(private)
	if err != nil {
		return evidence.Entry{}, err
	}
	declared.PrivateSHA256 = part.SHA256
	return s.log.Append(tx, proof.Statement{
		Kind: proof.KindHold, Declaration: &declared,
		Server: &proof.MeasureServer{At: tx.Now, By: actor.Account, Names: identity.Names},
	}, part)
}

// Of gives every hold of the pupils, settled ones included, in one query for any number of them.
func Of(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil][]Hold, error) { return list(tx, pupils) }
