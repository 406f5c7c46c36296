package privacy

import (
	"context"
	"errors"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Reason says why somebody is erased, as the statement of the erasure names it.
type Reason string

// The reasons.
const (
	Unneeded Reason = "retention" // the time in which the data must be kept is over
	Request  Reason = "request"
)

// standsFor is how long a mark can be cancelled before it is carried out.
const standsFor = 14 * 24 * time.Hour

// Mark is a person who is to be erased.
type Mark struct {
	ID         id.Erasure
	Person     id.Person
	Reason     Reason
	AskedBy    string // account id or audit.System
	AskedAt    time.Time
	ApprovedBy id.Account // empty: waits for a second member of staff, or retention needs none
	DueAt      time.Time  // zero: not yet approved
	HeadBy     id.Account // the head who agreed; empty: none
}

// Mark asks for a person's erasure. It is refused with the reason why the data must stay (fault.KeptFor…), and with
// AlreadyDone while another mark stands. A second member of staff approves it.
func (s *Service) Mark(ctx context.Context, actor authz.Actor, person id.Person) (id.Erasure, error) {
	if !actor.May(authz.ErasePeople) {
		return "", fault.New(fault.NotAllowedHere)
	}
	mark := Mark{ID: id.New[id.Erasure](), Person: person, Reason: Request, AskedBy: string(actor.Account), HeadBy: headOf(actor)}
	err := s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if _, err := s.mustKeep(tx, person); err != nil {
			return err
		}
		mark.AskedAt = tx.Now
		return s.insert(tx, mark)
	})
	if errors.Is(err, db.ErrUnique) {
		return "", fault.Wrap(fault.AlreadyDone, err)
	}
	return mark.ID, err
}

func (s *Service) insert(tx *db.Tx, mark Mark) error {
	if err := insertMark(tx, mark); err != nil {
		return err
	}
	return record(tx, mark.AskedBy, audit.ErasureAsked, mark.ID)
}

func record(tx *db.Tx, actor string, action audit.Action, erasure id.Erasure) error {
	return audit.Record(tx, audit.Entry{Actor: actor, Action: action, SubjectKind: "erasure", SubjectID: string(erasure)})
}

func headOf(actor authz.Actor) id.Account {
	if actor.May(authz.ApproveLargeMoves) {
		return actor.Account
	}
	return ""
}

// Approve lets the 14 days of a mark begin. Whoever asked for it gets SecondPersonNeeded; what speaks against the erasure
// is asked again. The data protection officer advises and approves nothing (GDPR Art. 38(6)).
func (s *Service) Approve(ctx context.Context, actor authz.Actor, erasure id.Erasure) error {
	if !actor.May(authz.ErasePeople) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		mark, err := lockMark(tx, erasure)
		switch {
		case err != nil:
			return err
		case !mark.DueAt.IsZero():
			return fault.New(fault.AlreadyDone)
		case mark.AskedBy == string(actor.Account):
			return fault.New(fault.SecondPersonNeeded)
		}
		if off, err := clockOff(tx); err != nil {
			return err
		} else if off != 0 {
			return fault.New(fault.ClockUnconfirmed)
		}
		if _, err := s.mustKeep(tx, mark.Person); err != nil {
			return err
		}
		mark.ApprovedBy, mark.DueAt = actor.Account, tx.Now.Add(standsFor)
		if head := headOf(actor); head != "" {
			mark.HeadBy = head
		}
		if err := approveMark(tx, mark); err != nil {
			return err
		}
		if err := s.tell(tx, mark, Announced); err != nil {
			return err
		}
		return record(tx, string(actor.Account), audit.ErasureApproved, erasure)
	})
}

// Release is the head's consent to erasures that wait because they are very many at once. Marks that the head asked for
// or approved need none.
func (s *Service) Release(ctx context.Context, actor authz.Actor, erasures ...id.Erasure) error {
	if !actor.May(authz.ApproveLargeMoves) {
		return fault.New(fault.HeadNeeded)
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		for _, erasure := range erasures {
			if _, err := lockMark(tx, erasure); err != nil {
				return err
			}
			if err := releaseMark(tx, erasure, actor.Account); err != nil {
				return err
			}
			if err := record(tx, string(actor.Account), audit.ErasureReleased, erasure); err != nil {
				return err
			}
		}
		return nil
	})
}

// Cancel takes a mark away, at any time before it is carried out. One that has ended is NothingHere.
func (s *Service) Cancel(ctx context.Context, actor authz.Actor, erasure id.Erasure) error {
	if !actor.May(authz.ErasePeople) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.cancel(db.InSchool(ctx, actor.School), string(actor.Account), erasure)
}

// CancelForSystem is Cancel in the context's school for the shell, where nobody is signed in.
func (s *Service) CancelForSystem(ctx context.Context, erasure id.Erasure) error {
	return s.cancel(ctx, audit.System, erasure)
}

func (s *Service) cancel(ctx context.Context, by string, erasure id.Erasure) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		mark, err := lockMark(tx, erasure)
		if err != nil {
			return err
		}
		if err := cancelMark(tx, erasure, by); err != nil {
			return err
		}
		if !mark.DueAt.IsZero() {
			if err := s.tell(tx, mark, Withdrawn); err != nil {
				return err
			}
		}
		return record(tx, by, audit.ErasureCancelled, erasure)
	})
}

// Marks are those that stand in the context's school, those that are due first before the others. Whether somebody may see
// them is for the caller to know.
func (s *Service) Marks(ctx context.Context) (marks []Mark, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		marks, err = listMarks(tx)
		return err
	})
	return marks, err
}
