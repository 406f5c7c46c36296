package consent

import (
	"context"
	"slices"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/outbox"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
	"einverstanden/backend/vault"
)

// Service owns the use cases. Make one with NewService.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	log     *evidence.Log
	schools *school.Service
	hub     *signal.Hub
	texts   textCache

	credentials Credentials // nil: nobody has a passkey
	origin      string      // of our pages
	unproven    Unproven    // nil: nobody is asked
	alive       func(*db.Tx, id.Session) (bool, error)
	invited     func(*db.Tx, id.Person) (bool, error) // by mail; nil: nobody is
	joined      func(*db.Tx) ([]id.Person, error)     // who has an account; nil: nobody
}

// NewService needs the database, the keys, the evidence log, the school's people, and the hub that hears of changes.
func NewService(d *db.DB, v *vault.Vault, log *evidence.Log, schools *school.Service, hub *signal.Hub) *Service {
	return &Service{db: d, vault: v, log: log, schools: schools, hub: hub}
}

// WithSessions has every yes look whether its session is still alive, in the transaction that writes it: one that is on
// its way while somebody says "that was not me" comes too late. Lowering never asks.
func (s *Service) WithSessions(alive func(*db.Tx, id.Session) (bool, error)) { s.alive = alive }

// WithInvitations has every decision from the app ask whether its person came in by an invitation that went by mail: then
// the mailbox is what ties it to its person.
func (s *Service) WithInvitations(byMail func(*db.Tx, id.Person) (bool, error)) { s.invited = byMail }

// WithAccounts has those asked without a letter who have an account (AskAhead).
func (s *Service) WithAccounts(joined func(*db.Tx) ([]id.Person, error)) { s.joined = joined }

// AnswerInput is what a person with a say sends when answering.
type AnswerInput struct {
	Pupil      id.Pupil
	Answer     participation.Mode
	Version    id.Version
	TextSHA256 string
	Language   string
	After      id.Decision // the own decision last shown; empty: none
	Place      string
	Relation   Relation
	Signature  *Signature // a yes needs one
	Assertion  *Assertion // a passkey's signature over the declaration, where there is one
}

// Outcome is a decision as it stands after the call. Repeated is true when nothing new was written: the same key, or
// the same stance again.
type Outcome struct {
	Decision Decision
	Receipt  Receipt
	Repeated bool
}

// maxChangesADay is how often a person may change its mind about one pupil in 24 hours before a yes has to wait.
// Lowering never waits.
const maxChangesADay = 10

// Answer records an answer of the actor for a pupil it has a say for. Somebody else's pupil is NothingHere. A yes is
// refused with FormSuperseded when another version is in force, with AnsweredMeanwhile when the person has acted since
// what the page showed, with PasskeyNeeded when it is long ago that the person proved who they are; a no never is.
func (s *Service) Answer(ctx context.Context, actor authz.Actor, in AnswerInput) (Outcome, error) {
	if err := in.clean(); err != nil {
		return Outcome{}, err
	}
	return s.decide(ctx, actor, in.Pupil, func(tx *db.Tx, who sayer) (draft, error) {
		d, err := s.draftAnswer(tx, who, in)
		switch {
		case err != nil:
		case in.Assertion != nil:
			d.passkey, d.blind, err = s.openAssertion(tx, actor, in.Pupil, *in.Assertion)
		default:
			err = s.checkProven(tx, actor, who, in.Answer)
		}
		return d, err
	})
}

// Withdraw takes back the picture or everything, always and without a form (S17, S18).
func (s *Service) Withdraw(ctx context.Context, actor authz.Actor, pupil id.Pupil, extent Extent) (Outcome, error) {
	if extent != Picture && extent != Everything {
		return Outcome{}, fault.InvalidField("extent", fault.FieldInvalid)
	}
	return s.decide(ctx, actor, pupil, func(_ *db.Tx, who sayer) (draft, error) {
		d := who.decision()
		d.Kind, d.Extent = Withdrawal, extent
		return draft{decision: d}, nil
	})
}

// draft is a decision on its way into the log, with what is kept beside it.
type draft struct {
	decision      Decision
	version       Version
	german        string // hash of the German text
	place         string
	signature     *Signature
	identified    Identified // of one that staff recorded
	pupil         school.Pupil
	guardianships []school.Guardianship // all of the pupil
	passkey       *proof.Passkey
	blind         []byte // that the passkey signed with; empty: a fresh one
	byKey         bool   // a lowering key was shown, and nobody was signed in
}

// decide is the walk that every own decision takes, in one transaction.
func (s *Service) decide(ctx context.Context, actor authz.Actor, pupil id.Pupil, make func(*db.Tx, sayer) (draft, error)) (Outcome, error) {
	var out Outcome
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		out = Outcome{}
		var made id.Decision
		repeated, err := idempotency.Do(ctx, tx, &made, func() error {
			who, err := s.lockedSayerOf(tx, actor.Person, pupil)
			if err != nil {
				return err
			}
			d, err := make(tx, who)
			if err != nil {
				return err
			}
			d.decision.Channel = App
			made, out, err = s.record(ctx, tx, actor, who, d)
			return err
		})
		if err == nil && repeated {
			out, err = s.outcome(tx, made)
		}
		return err
	})
	return out, err
}

// record writes the decision unless it would change nothing.
func (s *Service) record(ctx context.Context, tx *db.Tx, actor authz.Actor, who sayer, d draft) (id.Decision, Outcome, error) {
	if last := who.lastID(); last != "" && participation.SameStance(who.facts, d.decision.act(who.facts.Today)) {
		tx.MarkAudited() // the earlier decision is the trace
		out, err := s.outcome(tx, last)
		return last, out, err
	}
	if d.decision.IsYes() {
		if wait := who.waitForYes(tx.Now); wait > 0 {
			return "", Outcome{}, fault.New(fault.TooManyTries).After(wait)
		}
		if err := s.checkAlive(tx, actor, d); err != nil {
			return "", Outcome{}, err
		}
	}
	d.pupil, d.guardianships = who.pupil, who.guardianships
	out, err := s.append(ctx, tx, actor, d)
	if err != nil {
		return "", Outcome{}, err
	}
	return out.Decision.ID, out, tellOfFirst(tx, who, out.Decision)
}

func (s *Service) checkAlive(tx *db.Tx, actor authz.Actor, d draft) error {
	if s.alive == nil || d.decision.Channel != App {
		return nil
	}
	alive, err := s.alive(tx, actor.Session)
	if err == nil && !alive {
		return fault.New(fault.NotSignedIn)
	}
	return err
}

// tellOfFirst announces the first answer of each session, so that whoever came by somebody else's letter is noticed.
func tellOfFirst(tx *db.Tx, who sayer, d Decision) error {
	first := d.Kind == Answer && d.Session != "" && !slices.ContainsFunc(who.own, func(earlier Decision) bool {
		return earlier.Kind == Answer && earlier.Session == d.Session
	})
	if !first {
		return nil
	}
	return outbox.Enqueue(tx, outbox.Job{Topic: outbox.FirstAnswer, Payload: map[string]id.Decision{"decision": d.ID}})
}

// append writes decision, evidence and consequences. Evidence goes last among the locks: decisions of one school
// queue on its log head.
func (s *Service) append(ctx context.Context, tx *db.Tx, actor authz.Actor, d draft) (Outcome, error) {
	decision := &d.decision
	decision.ID = id.New[id.Decision]()
	decision.RecordedAt = tx.Now
	if decision.ReceivedAt.IsZero() {
		decision.ReceivedAt = tx.Now
	}
	if err := s.declareCustody(tx, d.guardianships, *decision); err != nil {
		return Outcome{}, err
	}
	if err := s.tie(tx, actor, &d); err != nil {
		return Outcome{}, err
	}
	statement, private, err := s.statement(ctx, tx, d)
	if err != nil {
		return Outcome{}, err
	}
	entry, err := s.log.Append(tx, statement, private)
	if err != nil {
		return Outcome{}, err
	}
	decision.Leaf, decision.Statement = entry.Leaf, entry.StatementID
	if err := insertDecision(tx, d.decision); err != nil {
		return Outcome{}, err
	}
	if err := s.consequences(tx, *decision); err != nil {
		return Outcome{}, err
	}
	return Outcome{
		Decision: *decision,
		Receipt:  Receipt{ID: entry.StatementID, Leaf: entry.Leaf, StatementSHA256: entry.StatementSHA256},
	}, nil
}

// consequences close the ask, leave the notices to be sent, and wake the open rosters.
func (s *Service) consequences(tx *db.Tx, d Decision) error {
	if err := closeAsks(tx, d); err != nil {
		return err
	}
	err := outbox.Enqueue(tx, outbox.Job{Topic: outbox.DecisionRecorded, Payload: map[string]id.Decision{"decision": d.ID}})
	if err != nil {
		return err
	}
	return s.hub.Touch(tx, d.Pupil)
}

// declareCustody keeps what the guardian said about its custody while answering. Saying it can lower what others'
// yeses add up to, never raise it.
func (s *Service) declareCustody(tx *db.Tx, known []school.Guardianship, d Decision) error {
	if d.Relation == "" || d.Guardianship == "" || d.Channel != App {
		return nil
	}
	custody := school.JointCustody
	if d.Relation != Together {
		custody = school.SoleCustody
	}
	return s.schools.DeclareCustody(tx, known, d.Guardianship, custody, d.Relation == LegalGuardian)
}
