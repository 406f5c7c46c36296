package intake

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
	"einverstanden/backend/vault"
)

// planLife is how long a plan may be carried out. It holds a whole list of people, so it goes soon.
const planLife = 24 * time.Hour

// Service plans and carries out class lists. Make one with NewService.
type Service struct {
	db     *db.DB
	vault  *vault.Vault
	school *school.Service
	hub    *signal.Hub
}

// NewService needs the database, the keys, the people of the school, and the hub that hears of what a list changed.
func NewService(d *db.DB, v *vault.Vault, s *school.Service, hub *signal.Hub) *Service {
	return &Service{db: d, vault: v, school: s, hub: hub}
}

// Stored is a plan that waits to be carried out, or has been.
type Stored struct {
	ID        id.ImportPlan
	CreatedAt time.Time
	ExpiresAt time.Time
	Applied   bool
	Plan      Plan
}

// Propose reads a file and keeps the plan of what it would change for 24 hours. Nothing else is changed. A file with
// faults gives fault.FileInvalid, which names them all by line and column.
func (s *Service) Propose(ctx context.Context, actor authz.Actor, file []byte) (Stored, error) {
	if !actor.May(authz.ImportLists) {
		return Stored{}, fault.New(fault.NotAllowedHere)
	}
	list, err := Read(file)
	if err != nil {
		return Stored{}, err
	}
	stored := Stored{ID: id.New[id.ImportPlan]()}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		base, err := s.takeStock(tx)
		if err == nil {
			stored.Plan = Make(base.snapshot, list, base.today)
		}
		return err
	})
	if err != nil {
		return Stored{}, err
	}
	err = s.db.WriteAlone(ctx, func(tx *db.Tx) error {
		stored.CreatedAt, stored.ExpiresAt = tx.Now, tx.Now.Add(planLife)
		if err := deleteExpired(tx); err != nil {
			return err
		}
		if err := s.insert(tx, stored, actor.Account); err != nil {
			return err
		}
		return leaveTrace(tx, actor, audit.ImportPlanned, stored.ID)
	})
	return stored, err
}

// Plan gives a plan of the last 24 hours; NothingHere when there is none.
func (s *Service) Plan(ctx context.Context, actor authz.Actor, wanted id.ImportPlan) (stored Stored, err error) {
	if !actor.May(authz.ImportLists) {
		return Stored{}, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		stored, err = s.find(tx, wanted)
		return err
	})
	return stored, err
}

// Apply carries out the entries that need no confirmation, and those whose refs were confirmed, all or nothing, and
// says what was done. It refuses a plan that was applied (PlanApplied) or whose school has changed since (PlanStale),
// a ref that is not in the plan, and changes to more than a tenth of the pupils by anybody but the head (HeadNeeded).
func (s *Service) Apply(
	ctx context.Context, actor authz.Actor, wanted id.ImportPlan, confirmed []string,
) (done Counts, err error) {
	if !actor.May(authz.ImportLists) {
		return Counts{}, fault.New(fault.NotAllowedHere)
	}
	err = s.db.WriteAlone(ctx, func(tx *db.Tx) error {
		done = Counts{}
		_, err := idempotency.Do(ctx, tx, &done, func() error {
			done, err = s.apply(tx, actor, wanted, confirmed)
			return err
		})
		return err
	})
	return done, err
}

func (s *Service) apply(tx *db.Tx, actor authz.Actor, wanted id.ImportPlan, confirmed []string) (Counts, error) {
	if err := s.school.LockLists(tx); err != nil {
		return Counts{}, err
	}
	stored, err := s.find(tx, wanted)
	if err != nil {
		return Counts{}, err
	}
	plan := stored.Plan
	chosen, known := plan.Chosen(confirmed)
	switch {
	case stored.Applied:
		return Counts{}, fault.New(fault.PlanApplied)
	case !known:
		return Counts{}, fault.New(fault.InvalidInput).WithField("confirmed", fault.FieldInvalid, nil)
	case plan.NeedsHead && !actor.May(authz.ApproveLargeMoves):
		return Counts{}, fault.New(fault.HeadNeeded)
	}
	base, err := s.takeStock(tx)
	if err != nil {
		return Counts{}, err
	}
	if !plan.Fits(base.snapshot) {
		return Counts{}, fault.New(fault.PlanStale)
	}
	if err := newCarrier(s.school, base, plan, chosen).carryOut(tx); err != nil {
		return Counts{}, err
	}
	if err := markApplied(tx, wanted); err != nil {
		return Counts{}, err
	}
	if err := s.hub.Touch(tx, ""); err != nil { // one word for the whole school, however long the list is
		return Counts{}, err
	}
	return countsOf(chosen, plan.Counts), leaveTrace(tx, actor, audit.ImportApplied, wanted)
}

// countsOf counts what was done; what needed nothing is as it was.
func countsOf(chosen []Entry, planned Counts) Counts {
	done := Counts{Unchanged: planned.Unchanged, Ignored: planned.Ignored}
	for _, entry := range chosen {
		done.count(entry.Outcome)
	}
	return done
}

func leaveTrace(tx *db.Tx, actor authz.Actor, action audit.Action, plan id.ImportPlan) error {
	return audit.Record(tx, audit.Entry{
		Actor: string(actor.Account), Action: action, SubjectKind: "import_plan", SubjectID: string(plan),
	})
}
