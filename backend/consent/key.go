package consent

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

// WithdrawByKey is Withdraw for whoever holds the person's lowering key, which the caller has checked. It came by our
// pages, so the channel is App; the means say that only a key was shown. The limit is the person's own and ends by that
// person's later yes alone.
func (s *Service) WithdrawByKey(ctx context.Context, school id.School, person id.Person, pupil id.Pupil, extent Extent) (Outcome, error) {
	if extent != Picture && extent != Everything {
		return Outcome{}, fault.InvalidField("extent", fault.FieldInvalid)
	}
	return s.decide(ctx, authz.Actor{School: school, Person: person}, pupil, func(_ *db.Tx, who sayer) (draft, error) {
		d := who.decision()
		d.Kind, d.Extent = Withdrawal, extent
		return draft{decision: d, byKey: true}, nil
	})
}

// Lowers reports whether the person's withdrawal would change its stance now.
func (g Gathered) Lowers(person id.Person, extent Extent) bool {
	d := g.sayer(person).decision()
	d.Kind, d.Extent = Withdrawal, extent
	return len(g.Own(person)) == 0 || !participation.SameStance(g.Facts, d.act(g.Facts.Today))
}
