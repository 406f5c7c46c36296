package sanction

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
	"einverstanden/backend/proof"
)

// Outcome is what the head answered to an objection; the zero value is no answer yet.
type Outcome string

// The outcomes. One that is upheld ends the sanction at once.
const (
	Upheld Outcome = "upheld"
	Kept   Outcome = "kept"
)

// Instance is who is asked next about a sanction that stands.
type Instance string

// The instances in North Rhine-Westphalia.
const (
	SchoolAuthority     Instance = "school_authority"     // Schulaufsicht
	AdministrativeCourt Instance = "administrative_court" // Verwaltungsgericht
)

// Objection is one person's objection to a sanction: Widerspruch to a formal one, Beschwerde about an educational one.
// It needs no words, and each person makes one.
type Objection struct {
	ID         id.Objection
	Sanction   id.Sanction
	Pupil      id.Pupil
	Person     id.Person
	ReceivedAt time.Time
	Outcome    Outcome
	Next       Instance // of one that is kept
	AnsweredAt time.Time
}

// Step is what was last told about the objection.
func (o Objection) Step() Step {
	if o.Outcome == "" {
		return Received
	}
	return Answered
}

// ObjectIn takes the actor's own objection within a transaction of the caller, who has checked that the actor has a say.
func (s *Service) ObjectIn(tx *db.Tx, actor authz.Actor, sanction Sanction) (id.Objection, error) {
	if err := mustStand(sanction); err != nil {
		return "", err
	}
	made := Objection{
		ID: id.New[id.Objection](), Sanction: sanction.ID, Pupil: sanction.Pupil, Person: actor.Person, ReceivedAt: tx.Now,
	}
	entry, err := s.attestObjection(tx, actor, made, "received")
	if err != nil {
		return "", err
	}
	if err := insertObjection(tx, made, entry.Leaf); err != nil {
		return "", err
	}
	return made.ID, s.tellObjection(tx, made)
}

func mustStand(s Sanction) error {
	if !s.EndedAt.IsZero() {
		return fault.New(fault.AlreadyDone)
	}
	return nil
}

// Answer is the head's word on an objection to the sanction. Next is for one that is kept, and for that alone.
func (s *Service) Answer(ctx context.Context, actor authz.Actor, sanction id.Sanction, objection id.Objection, outcome Outcome, next Instance) error {
	switch {
	case outcome != Upheld && outcome != Kept:
		return fault.InvalidField("outcome", fault.FieldInvalid)
	case next != "" && next != SchoolAuthority && next != AdministrativeCourt:
		return fault.InvalidField("nextInstance", fault.FieldInvalid)
	case (outcome == Kept) != (next != ""):
		return fault.InvalidField("nextInstance", fault.NextInstanceUnfit)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		known, err := findObjection(tx, sanction, objection)
		if err != nil {
			return err
		}
		if known.Outcome != "" {
			return fault.New(fault.AlreadyDone)
		}
		known.Outcome, known.Next = outcome, next
		if err := answer(tx, known, actor.Account); err != nil {
			return err
		}
		if outcome == Upheld {
			if err := s.endUnlessOver(tx, actor, known.Sanction); err != nil {
				return err
			}
		}
		if _, err := s.attestObjection(tx, actor, known, string(outcome)); err != nil {
			return err
		}
		return s.tellObjection(tx, known)
	})
}

// endUnlessOver ends a sanction that somebody else's objection may have ended before.
func (s *Service) endUnlessOver(tx *db.Tx, actor authz.Actor, sanction id.Sanction) error {
	known, err := find(tx, sanction)
	if err != nil || !known.EndedAt.IsZero() {
		return err
	}
	return s.endIn(tx, actor, known)
}

func (s *Service) attestObjection(tx *db.Tx, actor authz.Actor, o Objection, act string) (evidence.Entry, error) {
	return s.log.Append(tx, proof.Statement{
		Kind: proof.KindObjection,
		Declaration: &proof.ObjectionDeclared{
			Objection: o.ID, Sanction: o.Sanction, Pupil: o.Pupil, Person: o.Person, Act: act, NextInstance: string(o.Next),
		},
		Server: &proof.ObjectionServer{At: tx.Now, By: actor.Account},
	}, evidence.Part{})
}

func (s *Service) tellObjection(tx *db.Tx, o Objection) error {
	return outbox.Enqueue(tx, outbox.Job{
		Topic: outbox.SanctionObjection, Payload: Told{Sanction: o.Sanction, Pupil: o.Pupil, Objection: o.ID},
	})
}

// Objections gives the objections to the sanctions, the first that came first.
func Objections(tx *db.Tx, sanctions []id.Sanction) (map[id.Sanction][]Objection, error) {
	return objections(tx, sanctions)
}

// FindObjection gives one objection to the sanction; NothingHere where there is none.
func FindObjection(tx *db.Tx, sanction id.Sanction, objection id.Objection) (Objection, error) {
	return findObjection(tx, sanction, objection)
}
