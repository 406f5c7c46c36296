package school

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/proposal"
)

// Outcome is what became of a Change: the guardianship as it stands now, under a new id where a say was given back, and
// the proposal that holds what waits for a second member of staff; empty when nothing does.
type Outcome struct {
	Guardianship Guardianship
	Proposal     id.Proposal
}

// GuardianshipProposal is a change of a guardianship that waits.
type GuardianshipProposal struct {
	ID           id.Proposal
	Guardianship Guardianship // as it stands
	Wanted       Guardianship // as it would be
	ProposedBy   id.Account
	ProposedAt   time.Time
}

// RemovesDispute reports whether nothing waits but a disputed mark to be removed.
func (p GuardianshipProposal) RemovesDispute() bool {
	kept := p.Wanted
	kept.Disputed = p.Guardianship.Disputed
	return p.Guardianship.Disputed && !p.Wanted.Disputed && kept == p.Guardianship
}

// made is what a call leaves behind its idempotency key.
type made struct {
	Guardianship id.Guardianship `json:"guardianship,omitempty"`
	Proposal     id.Proposal     `json:"proposal,omitempty"`
}

// proposedChange is the body of a proposal.
type proposedChange struct {
	Guardianship id.Guardianship `json:"guardianship"`
	Waiting      waiting         `json:"waiting"`
}

// SetGuardianship changes a guardianship for the office or the head. What can only lower a mode, or leaves it, takes
// effect at once; what could raise it waits for a second member of staff. Both may come of one change.
func (s *Service) SetGuardianship(
	ctx context.Context, actor authz.Actor, wanted id.Guardianship, change Change,
) (outcome Outcome, err error) {
	if !actor.May(authz.EditGuardianships) {
		return Outcome{}, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		var result made
		_, err := idempotency.Do(ctx, tx, &result, func() (err error) {
			result, err = s.setGuardianship(tx, actor, wanted, change)
			return err
		})
		if err != nil {
			return err
		}
		outcome.Proposal = result.Proposal
		outcome.Guardianship, err = s.Guardianship(tx, result.Guardianship)
		return err
	})
	return outcome, err
}

func (s *Service) setGuardianship(
	tx *db.Tx, actor authz.Actor, wanted id.Guardianship, change Change,
) (result made, err error) {
	current, others, today, err := s.lockGuardianship(tx, wanted)
	if err != nil {
		return result, err
	}
	if err := change.check(current); err != nil {
		return result, err
	}
	next, later := change.split(current, others, today)
	if !later.isEmpty() {
		body := proposedChange{Guardianship: current.ID, Waiting: later}
		result.Proposal, err = proposal.Make(tx, s.vault, proposal.GuardianshipChange, current.Pupil, body, actor.Account)
		if err != nil {
			return result, err
		}
	}
	result.Guardianship = current.ID
	if next == current && !later.isEmpty() {
		return result, nil
	}
	stands, err := s.carryOut(tx, current, next, today, cause{Account: actor.Account})
	result.Guardianship = stands.ID
	return result, err
}

// lockGuardianship reads a guardianship and the pupil's others once nobody else can change them any more. AlreadyDone
// when a later guardianship of the same guardian stands in its place.
func (s *Service) lockGuardianship(
	tx *db.Tx, wanted id.Guardianship,
) (current Guardianship, others []Guardianship, today calendar.Date, err error) {
	if current, err = s.Guardianship(tx, wanted); err != nil {
		return current, nil, today, err
	}
	if err = s.LockPupil(tx, current.Pupil); err != nil {
		return current, nil, today, err
	}
	if current, err = s.Guardianship(tx, wanted); err != nil {
		return current, nil, today, err
	}
	if others, err = s.othersOf(tx, current); err != nil {
		return current, nil, today, err
	}
	if isReplaced(current, others) {
		return current, nil, today, fault.New(fault.AlreadyDone)
	}
	today, err = s.Today(tx)
	return current, others, today, err
}

// LockPupil makes every other change to the pupil's custody and decisions wait until the transaction ends. Whoever
// decides by facts about a pupil calls it before reading them. NothingHere when there is no such pupil.
func (s *Service) LockPupil(tx *db.Tx, pupil id.Pupil) error { return lockPupil(tx, pupil) }

// Proposals lists the changes of guardianships that wait, oldest first.
func (s *Service) Proposals(ctx context.Context, actor authz.Actor) (waits []GuardianshipProposal, err error) {
	if !actor.May(authz.EditGuardianships) {
		return nil, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		open, err := proposal.Open(tx, proposal.GuardianshipChange)
		if err != nil {
			return err
		}
		for _, p := range open {
			current, later, err := s.proposed(tx, p.ID)
			if err != nil {
				return err
			}
			waits = append(waits, GuardianshipProposal{
				ID: p.ID, Guardianship: current, Wanted: later.on(current), ProposedBy: p.ProposedBy, ProposedAt: p.ProposedAt,
			})
		}
		return nil
	})
	return waits, err
}

func (s *Service) proposed(tx *db.Tx, wanted id.Proposal) (Guardianship, waiting, error) {
	var body proposedChange
	if err := proposal.Body(tx, s.vault, wanted, &body); err != nil {
		return Guardianship{}, waiting{}, err
	}
	current, err := s.Guardianship(tx, body.Guardianship)
	return current, body.Waiting, err
}

// ConfirmProposal carries a waiting change out. It refuses whoever proposed it (SecondPersonNeeded) and a proposal that
// has ended (AlreadyDone), also when the guardianship it was about has been replaced by a new one since.
func (s *Service) ConfirmProposal(ctx context.Context, actor authz.Actor, wanted id.Proposal) error {
	return s.closeProposal(ctx, actor, wanted, proposal.Confirmed, func(tx *db.Tx, proposed proposal.Proposal) error {
		unlocked, later, err := s.proposed(tx, proposed.ID)
		if err != nil {
			return err
		}
		current, _, today, err := s.lockGuardianship(tx, unlocked.ID)
		if err != nil {
			return err
		}
		by := cause{Account: proposed.ProposedBy, Second: actor.Account, Proposal: proposed.ID}
		_, err = s.carryOut(tx, current, later.on(current), today, by)
		return err
	})
}

// isReplaced reports whether a later guardianship of the same guardian stands in this one's place.
func isReplaced(g Guardianship, others []Guardianship) bool {
	for _, other := range others {
		if other.Guardian == g.Guardian && other.Period.From.After(g.Period.From) {
			return true
		}
	}
	return false
}

// RejectProposal ends a proposal without effect; whoever proposed it takes it back so. Other refusals as in ConfirmProposal.
func (s *Service) RejectProposal(ctx context.Context, actor authz.Actor, wanted id.Proposal) error {
	return s.closeProposal(ctx, actor, wanted, proposal.Rejected, func(*db.Tx, proposal.Proposal) error { return nil })
}

func (s *Service) closeProposal(
	ctx context.Context, actor authz.Actor, wanted id.Proposal, outcome proposal.Outcome,
	effect func(*db.Tx, proposal.Proposal) error,
) error {
	if !actor.May(authz.EditGuardianships) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &made{}, func() error {
			proposed, err := proposal.Find(tx, wanted)
			switch {
			case err != nil:
				return err
			case proposed.Kind != proposal.GuardianshipChange:
				return fault.New(fault.NothingHere) // somebody else's to carry out
			}
			if err := proposal.Close(tx, wanted, actor.Account, outcome); err != nil {
				return err
			}
			return effect(tx, proposed)
		})
		return err
	})
}
