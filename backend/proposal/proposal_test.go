package proposal_test

import (
	"bytes"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proposal"
	"einverstanden/backend/testkit"
)

type wish struct {
	Note string `json:"note"`
}

func TestRowsHaveTheColumnsOfTheirTables(t *testing.T) { testkit.CheckRows(t, proposal.Rows...) }

// propose lets a wish wait and gives its id.
func propose(s *testkit.School, kind proposal.Kind, note string, by id.Account) (made id.Proposal) {
	pupil := s.Pupil("Mia", "Muster", "2014-03-01", s.Class(note))
	s.Write(func(tx *db.Tx) (err error) {
		made, err = proposal.Make(tx, s.Vault, kind, pupil.ID, wish{note}, by)
		return err
	})
	return made
}

func TestWhatWaitsIsListedAndOpened(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		by := s.Staff(authz.Office).Account
		yes := propose(s, proposal.RecordedYes, "Kennwort", by)
		env.Clock.Advance(time.Minute)
		change := propose(s, proposal.GuardianshipChange, "zweite", by)
		s.Read(func(tx *db.Tx) error {
			all, err := proposal.Open(tx)
			if err != nil || len(all) != 2 || all[0].ID != yes || all[1].ID != change || all[0].ProposedBy != by ||
				!all[1].ProposedAt.Equal(env.Clock.Now()) {
				t.Errorf("all: %+v, %v", all, err)
			}
			some, err := proposal.Open(tx, proposal.GuardianshipChange)
			if err != nil || len(some) != 1 || some[0].ID != change {
				t.Errorf("of one kind: %+v, %v", some, err)
			}
			var body wish
			if err := proposal.Body(tx, s.Vault, yes, &body); err != nil || body.Note != "Kennwort" {
				t.Errorf("body %+v, %v", body, err)
			}
			var stored [][]byte
			if err := tx.G().Table("proposal").Where("id = ?", yes).Pluck("body", &stored).Error; err != nil {
				return err
			}
			if len(stored) != 1 || bytes.Contains(stored[0], []byte("Kennwort")) {
				t.Errorf("the body lies open: %q", stored)
			}
			return nil
		})
	})
}

func TestAProposalEndsOnceAndByASecondPerson(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		first, second := s.Staff(authz.Office).Account, s.Staff(authz.Head).Account
		wanted := propose(s, proposal.RecordedYes, "7b", first)
		end := func(which id.Proposal, by id.Account, outcome proposal.Outcome) error {
			return s.DB.Write(s.Ctx, func(tx *db.Tx) error { return proposal.Close(tx, which, by, outcome) })
		}
		if err := end(wanted, first, proposal.Confirmed); !fault.Has(err, fault.SecondPersonNeeded) {
			t.Errorf("the first person confirmed it: %v", err)
		}
		if err := end(propose(s, proposal.RecordedYes, "5a", first), first, proposal.Rejected); err != nil {
			t.Errorf("the first person could not take it back: %v", err)
		}
		if err := end(wanted, second, proposal.Confirmed); err != nil {
			t.Fatal(err)
		}
		if err := end(wanted, second, proposal.Rejected); !fault.Has(err, fault.AlreadyDone) {
			t.Errorf("ended twice: %v", err)
		}
		if err := end("none", second, proposal.Confirmed); !fault.Has(err, fault.NothingHere) {
			t.Errorf("no such proposal: %v", err)
		}
		s.Read(func(tx *db.Tx) error {
			found, err := proposal.Find(tx, wanted)
			if err != nil || !found.Closed || found.ProposedBy != first {
				t.Errorf("found %+v, %v", found, err)
			}
			open, err := proposal.Open(tx)
			if err != nil || len(open) != 0 {
				t.Errorf("still open: %+v, %v", open, err)
			}
			return nil
		})
	})
}
