package app

import (
	"context"

	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/hold"
	"einverstanden/backend/proof"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// Verification is what VerifyDatabase compares with, and who hears of what it finds.
type Verification struct {
	Key     *proof.Key // the school's; nil: signatures are not judged
	Outside []evidence.Outside
	Found   evidence.Found
	Raised  func(standing.Raise) error
}

// Verified are the counts of a verification.
type Verified struct {
	evidence.Counts
	Pupils int64 // about whom there are statements
	Raises int64 // that no own yes explains, and that may be
}

// VerifyDatabase re-reads all of the context's school against its log, in one view of the database: it runs beside a
// server and stops nobody. It changes nothing.
func (a *App) VerifyDatabase(ctx context.Context, v Verification) (verified Verified, err error) {
	log := evidence.NewLog(a.Vault)
	explanation := a.Standings.Explain(log, v.Raised)
	inspection := evidence.Inspection{
		Key: v.Key, Outside: v.Outside,
		Rows: []evidence.Rows{
			consent.NewRows(log), sanction.NewRows(log), sanction.NewObjectionRows(log), hold.NewRows(log), school.NewRows(),
			explanation, // behind all others: it hears of what they find
		},
		Found: func(f evidence.Finding) error {
			explanation.Doubt(f)
			return v.Found(f)
		},
	}
	err = a.DB.ReadLong(ctx, func(tx *db.Tx) error {
		verified.Counts, err = log.Inspect(tx, inspection)
		return err
	})
	verified.Pupils, verified.Raises = explanation.Pupils(), explanation.Raises()
	return verified, err
}
