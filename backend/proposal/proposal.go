// Package proposal owns what waits for a second member of staff, because it could raise a pupil's mode: who proposed
// it, when, and how it ended. It does not know what is proposed: the body is the owner's, sealed, and whoever made a
// proposal carries it out when it is confirmed, in the transaction that closes it.
package proposal

import (
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// Kind says whose proposal it is.
type Kind string

// The kinds: a yes that the office received on paper or in person (package consent), and an edit of a guardianship
// (package school).
const (
	RecordedYes        Kind = "recorded_yes"
	GuardianshipChange Kind = "guardianship_change"
)

// Outcome says how a proposal ended.
type Outcome string

// The outcomes.
const (
	Confirmed Outcome = "confirmed"
	Rejected  Outcome = "rejected"
)

// Proposal is one change that waits. Its body is read with Body.
type Proposal struct {
	ID         id.Proposal
	Kind       Kind
	Pupil      id.Pupil
	ProposedBy id.Account
	ProposedAt time.Time
	Closed     bool
}

// Make lets a change wait. The body is kept as sealed JSON.
func Make(tx *db.Tx, v *vault.Vault, kind Kind, pupil id.Pupil, body any, by id.Account) (id.Proposal, error) {
	made := id.New[id.Proposal]()
	sealed, err := v.SealJSON(place(tx, made), body)
	if err != nil {
		return "", err
	}
	r := row{
		SchoolID: tx.School, ID: made, Kind: kind, PupilID: pupil, Body: sealed,
		ProposedBy: by, ProposedAt: tx.Now.UnixMicro(),
	}
	if err := insert(tx, r); err != nil {
		return "", err
	}
	return made, record(tx, audit.ProposalMade, made, by)
}

// Open lists what waits, oldest first; with kinds, only those.
func Open(tx *db.Tx, kinds ...Kind) ([]Proposal, error) {
	rows, err := open(tx, kinds)
	if err != nil {
		return nil, err
	}
	proposals := make([]Proposal, len(rows))
	for i, r := range rows {
		proposals[i] = r.proposal()
	}
	return proposals, nil
}

// Find is one proposal, open or closed; NothingHere when there is none.
func Find(tx *db.Tx, wanted id.Proposal) (Proposal, error) {
	r, err := find(tx, wanted)
	if err != nil {
		return Proposal{}, err
	}
	return r.proposal(), nil
}

// Body opens what was proposed into value.
func Body(tx *db.Tx, v *vault.Vault, wanted id.Proposal, value any) error {
	r, err := find(tx, wanted)
	if err != nil {
		return err
	}
	return v.OpenJSON(place(tx, wanted), r.Body, value)
}

// Close ends a proposal. Whoever made it may take it back, but not confirm it (SecondPersonNeeded). A proposal ends once
// (AlreadyDone): of two people who confirm at the same moment, one gets that answer.
func Close(tx *db.Tx, wanted id.Proposal, by id.Account, outcome Outcome) error {
	r, err := find(tx, wanted)
	switch {
	case err != nil:
		return err
	case r.ClosedAt != nil:
		return fault.New(fault.AlreadyDone)
	case r.ProposedBy == by && outcome != Rejected:
		return fault.New(fault.SecondPersonNeeded)
	}
	stood, err := shut(tx, wanted, by, outcome)
	switch {
	case err != nil:
		return err
	case !stood:
		return fault.New(fault.AlreadyDone)
	}
	return record(tx, audit.ProposalClosed, wanted, by)
}

func record(tx *db.Tx, action audit.Action, subject id.Proposal, by id.Account) error {
	return audit.Record(tx, audit.Entry{Actor: string(by), Action: action, SubjectKind: "proposal", SubjectID: string(subject)})
}

// Sealed are the columns that hold sealed values.
var Sealed = []vault.Column{{Table: "proposal", Column: "body", Row: "id"}}

func place(tx *db.Tx, r id.Proposal) vault.Place {
	return vault.Place{School: tx.School, Table: "proposal", Column: "body", Row: string(r)}
}
