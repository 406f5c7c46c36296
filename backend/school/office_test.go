package school_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func fieldsOf(t *testing.T, err error) (names []string) {
	t.Helper()
	var known *fault.Error
	if !errors.As(err, &known) {
		t.Fatalf("no fault: %v", err)
	}
	for _, field := range known.Fields {
		names = append(names, field.Name)
	}
	return names
}

// household is a child with mother and father, and the office.
type household struct {
	*testkit.School
	t              *testing.T
	child          school.Pupil
	mother, father school.Guardian
	office, head   authz.Actor
}

func newHousehold(t *testing.T, env *testkit.Env) *household {
	s := env.NewSchool(t)
	child := s.Pupil("Mia", "Muster", "2014-03-01", s.Class("7b"))
	return &household{
		School: s, t: t, child: child, office: s.Staff(authz.Office), head: s.Staff(authz.Head),
		mother: s.Guardian("Eva", "Muster", child), father: s.Guardian("Jan", "Muster", child),
	}
}

// set changes the guardian's guardianship as the office does: from how it is now.
func (h *household) set(guardian school.Guardian, change func(*school.Change)) school.Outcome {
	h.t.Helper()
	now := h.GuardianshipOf(guardian, h.child)
	wanted := school.Change{
		Custody: now.Custody, Prevented: now.Prevented, Disputed: now.Disputed, Protected: now.Protected, Until: now.Period.Until,
	}
	change(&wanted)
	outcome, err := h.Service.SetGuardianship(h.Ctx, h.office, now.ID, wanted)
	if err != nil {
		h.t.Fatal(err)
	}
	return outcome
}

func (h *household) confirm(proposal id.Proposal) {
	h.t.Helper()
	if err := h.Service.ConfirmProposal(h.Ctx, h.head, proposal); err != nil {
		h.t.Fatal(err)
	}
}

func (h *household) proposals() []school.GuardianshipProposal {
	h.t.Helper()
	waits, err := h.Service.Proposals(h.Ctx, h.head)
	if err != nil {
		h.t.Fatal(err)
	}
	return waits
}

// statements are the declarations of all evidence of custody, in the order of the log.
func (h *household) statements() (declarations []string) {
	h.t.Helper()
	h.Read(func(tx *db.Tx) error {
		var ids []id.Statement
		if err := tx.G().Table("statement").Order("leaf_seq").Pluck("id", &ids).Error; err != nil {
			return err
		}
		for _, statement := range ids {
			body, err := h.Log.Statement(tx, statement)
			if err != nil {
				return err
			}
			declarations = append(declarations, string(body))
		}
		return nil
	})
	return declarations
}

func (h *household) audited(action audit.Action) (n int64) {
	h.t.Helper()
	h.Read(func(tx *db.Tx) error { return tx.G().Table("audit").Where("action = ?", action).Count(&n).Error })
	return n
}

func TestMarkingADisputeWorksAtOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		listener := h.Hub.Subscribe(h.ID)
		defer listener.Close()
		outcome := h.set(h.father, func(c *school.Change) { c.Disputed, c.Protected = true, true })
		if !outcome.Guardianship.Disputed || !outcome.Guardianship.Protected || outcome.Proposal != "" {
			t.Fatalf("outcome %+v", outcome)
		}
		if stored := h.GuardianshipOf(h.father, h.child); stored != outcome.Guardianship || stored.Basis != school.Assumed {
			t.Fatalf("stored %+v", stored)
		}
		if pupils, _ := listener.Take(); !slices.Equal(pupils, []id.Pupil{h.child.ID}) {
			t.Errorf("open rosters heard of %v", pupils)
		}
		if said := h.statements(); len(said) != 1 || !strings.Contains(said[0], `"disputed":true`) {
			t.Errorf("evidence %v", said)
		}
	})
}

func TestSavingAGuardianshipAsItIsConfirmsIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		outcome := h.set(h.father, func(*school.Change) {})
		if outcome.Guardianship.Basis != school.Confirmed || outcome.Proposal != "" {
			t.Fatalf("outcome %+v", outcome)
		}
		h.set(h.father, func(*school.Change) {})
		if n := len(h.statements()); n != 1 {
			t.Errorf("%d statements: nothing changed the second time", n)
		}
	})
}

// Abuse X4: what could lift a no takes two members of staff.
func TestEndingCustodyWaitsForASecondMemberOfStaff(t *testing.T) {
	changes := map[string]func(*school.Change){
		"custody":   func(c *school.Change) { c.Custody = school.NoCustody },
		"prevented": func(c *school.Change) { c.Prevented = true },
		"until":     func(c *school.Change) { c.Until = today.AddDays(-1) },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
				h := newHousehold(t, env)
				before := h.GuardianshipOf(h.father, h.child)
				outcome := h.set(h.father, change)
				if outcome.Proposal == "" || h.GuardianshipOf(h.father, h.child) != before {
					t.Fatalf("it did not wait: %+v", outcome)
				}
				waits := h.proposals()
				if len(waits) != 1 || waits[0].ID != outcome.Proposal || waits[0].ProposedBy != h.office.Account ||
					waits[0].Guardianship != before || waits[0].Wanted == before || waits[0].RemovesDispute() {
					t.Fatalf("waiting: %+v", waits)
				}
				err := h.Service.ConfirmProposal(h.Ctx, h.office, outcome.Proposal)
				if !fault.Has(err, fault.SecondPersonNeeded) || h.GuardianshipOf(h.father, h.child) != before {
					t.Fatalf("the first one confirmed it: %v", err)
				}
				h.confirm(outcome.Proposal)
				if now := h.GuardianshipOf(h.father, h.child); now != waits[0].Wanted {
					t.Fatalf("after: %+v, wanted %+v", now, waits[0].Wanted)
				}
				if err := h.Service.ConfirmProposal(h.Ctx, h.head, outcome.Proposal); !fault.Has(err, fault.AlreadyDone) {
					t.Errorf("confirmed twice: %v", err)
				}
				if len(h.proposals()) != 0 {
					t.Error("it still waits")
				}
				said := h.statements()
				if len(said) != 1 || !strings.Contains(said[0], string(h.office.Account)) || !strings.Contains(said[0], string(h.head.Account)) {
					t.Errorf("the evidence does not name both: %v", said)
				}
			})
		})
	}
}

func TestRemovingADisputeWaits(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		h.set(h.father, func(c *school.Change) { c.Disputed = true })
		outcome := h.set(h.father, func(c *school.Change) { c.Disputed = false })
		waits := h.proposals()
		if !outcome.Guardianship.Disputed || len(waits) != 1 || !waits[0].RemovesDispute() {
			t.Fatalf("outcome %+v, waiting %+v", outcome, waits)
		}
		if err := h.Service.RejectProposal(h.Ctx, h.head, outcome.Proposal); err != nil {
			t.Fatal(err)
		}
		if !h.GuardianshipOf(h.father, h.child).Disputed || len(h.proposals()) != 0 {
			t.Fatal("a rejected proposal had an effect")
		}
		if err := h.Service.ConfirmProposal(h.Ctx, h.head, outcome.Proposal); !fault.Has(err, fault.AlreadyDone) {
			t.Errorf("confirmed after it was rejected: %v", err)
		}
	})
}

// One call, two outcomes: the address is protected at once, the end of custody waits.
func TestAChangeIsSplitIntoWhatWaitsAndWhatDoesNot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		outcome := h.set(h.father, func(c *school.Change) { c.Custody, c.Protected, c.Disputed = school.NoCustody, true, true })
		g := outcome.Guardianship
		if !g.Protected || !g.Disputed || g.Custody != school.JointCustody || g.Basis != school.Assumed || outcome.Proposal == "" {
			t.Fatalf("outcome %+v", outcome)
		}
		h.confirm(outcome.Proposal)
		if g := h.GuardianshipOf(h.father, h.child); g.Custody != school.NoCustody || g.Basis != school.Confirmed || !g.Protected {
			t.Fatalf("after: %+v", g)
		}
	})
}

// A yes counts only under the guardianship under which it was given: giving a say back must raise nothing.
func TestASayGivenBackIsANewGuardianship(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		first := h.GuardianshipOf(h.father, h.child)
		for round := range 3 { // all on one day
			lost := h.set(h.father, func(c *school.Change) { c.Custody = school.NoCustody })
			h.confirm(lost.Proposal)
			back := h.set(h.father, func(c *school.Change) { c.Custody = school.JointCustody })
			g := back.Guardianship
			if back.Proposal != "" || g.ID == lost.Guardianship.ID || g.Period.From != today || g.Basis != school.Confirmed {
				t.Fatalf("round %d: %+v", round, back)
			}
		}
		h.Read(func(tx *db.Tx) error {
			all, err := h.Service.GuardianshipsOf(tx, []id.Pupil{h.child.ID})
			inForce := 0
			for _, g := range all[h.child.ID] {
				if g.Guardian == h.father.ID && g.Period.Contains(today) {
					inForce++
				}
			}
			if inForce != 1 || len(all[h.child.ID]) != 5 {
				t.Errorf("%d in force of %+v", inForce, all[h.child.ID])
			}
			old, err2 := h.Service.Guardianship(tx, first.ID)
			if old.Period.From != first.Period.From || old.Period.Until != today.AddDays(-1) {
				t.Errorf("the first one: %+v", old)
			}
			return errors.Join(err, err2)
		})
		change := school.Change{Custody: school.JointCustody}
		if _, err := h.Service.SetGuardianship(h.Ctx, h.office, first.ID, change); !fault.Has(err, fault.AlreadyDone) {
			t.Errorf("a guardianship that was replaced changed: %v", err)
		}
	})
}

// A proposal about a guardianship that has been replaced since must not touch either.
func TestAProposalDoesNotOutliveItsGuardianship(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		stale := h.set(h.father, func(c *school.Change) { c.Custody = school.NoCustody })
		h.confirm(h.set(h.father, func(c *school.Change) { c.Prevented = true }).Proposal)
		h.set(h.father, func(c *school.Change) { c.Prevented = false })
		before := h.GuardianshipOf(h.father, h.child)
		if err := h.Service.ConfirmProposal(h.Ctx, h.head, stale.Proposal); !fault.Has(err, fault.AlreadyDone) {
			t.Fatalf("confirmed: %v", err)
		}
		if h.GuardianshipOf(h.father, h.child) != before || len(h.proposals()) != 1 {
			t.Fatal("the new guardianship changed, or the proposal ended")
		}
		if err := h.Service.RejectProposal(h.Ctx, h.head, stale.Proposal); err != nil {
			t.Fatal(err)
		}
	})
}

// Abuse X9: who has no child left cannot come in by a letter that lies around.
func TestTheEndOfTheLastGuardianshipVoidsOpenLetters(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		sibling := h.Pupil("Ben", "Muster", "2012-05-05", h.Class("9c"))
		both := h.Custody(h.father, sibling, school.JointCustody)
		addLetter := func(number string, guardian school.Guardian, used any) {
			h.Write(func(tx *db.Tx) error {
				return tx.G().Exec(`INSERT INTO letter (school_id, id, letter_no, secret_hash, purpose, person_kind, person_id,
					issued_by, issued_at, expires_at, used_at) VALUES (?, ?, ?, 'x', 'video_conference', 'guardian', ?, 'x', 0, 1, ?)`,
					tx.School, id.New[id.Letter](), number, guardian.ID, used).Error
			})
		}
		addLetter("10000001", h.father, nil)
		addLetter("10000002", h.father, 5)
		addLetter("10000003", h.mother, nil)
		void := func() (numbers []string) {
			h.Read(func(tx *db.Tx) error {
				return tx.G().Table("letter").Where("void_at IS NOT NULL").Pluck("letter_no", &numbers).Error
			})
			return numbers
		}
		h.confirm(h.set(h.father, func(c *school.Change) { c.Custody = school.NoCustody }).Proposal)
		if numbers := void(); len(numbers) != 0 {
			t.Fatalf("one child is left, but %v are void", numbers)
		}
		outcome, err := h.Service.SetGuardianship(h.Ctx, h.office, both.ID, school.Change{Custody: school.NoCustody})
		if err != nil {
			t.Fatal(err)
		}
		h.confirm(outcome.Proposal)
		if numbers := void(); !slices.Equal(numbers, []string{"10000001"}) || h.audited(audit.LetterVoided) != 1 {
			t.Fatalf("void: %v", numbers)
		}
		last := h.statements()[len(h.statements())-1]
		if !strings.Contains(last, `"act":"void"`) || !strings.Contains(last, `"by":"`+string(h.head.Account)) ||
			!strings.Contains(last, string(h.father.ID)) {
			t.Errorf("the log ends with %s", last)
		}
	})
}

// declareCustody is what an answer does.
func (h *household) declareCustody(tx *db.Tx, g school.Guardianship, custody school.Custody, legal bool) error {
	if err := h.Service.LockPupil(tx, g.Pupil); err != nil {
		return err
	}
	known, err := h.Service.GuardianshipsOf(tx, []id.Pupil{g.Pupil})
	if err != nil {
		return err
	}
	return h.Service.DeclareCustody(tx, known[g.Pupil], g.ID, custody, legal)
}

func TestDeclaredCustodyIsKeptUntilContradicted(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		declare := func(guardian school.Guardian, custody school.Custody, legal bool) school.Guardianship {
			t.Helper()
			g := h.GuardianshipOf(guardian, h.child)
			h.Write(func(tx *db.Tx) error {
				return h.declareCustody(tx, g, custody, legal)
			})
			return h.GuardianshipOf(guardian, h.child)
		}
		if g := declare(h.mother, school.JointCustody, false); g.Basis != school.Declared || g.Custody != school.JointCustody {
			t.Errorf("together: %+v", g)
		}
		if g := declare(h.mother, school.SoleCustody, false); g.Custody != school.SoleCustody || g.Disputed {
			t.Errorf("alone: %+v", g) // package participation takes it for disputed
		}
		if g := declare(h.mother, school.JointCustody, false); g.Custody != school.JointCustody || !g.Disputed {
			t.Errorf("together again, and the contradiction is gone: %+v", g)
		}
		h.set(h.father, func(*school.Change) {})
		if g := declare(h.father, school.SoleCustody, true); g.Basis != school.Confirmed || g.Custody != school.JointCustody {
			t.Errorf("what the office has confirmed was declared away: %+v", g)
		}
		uncle := h.Guardian("Kai", "Muster")
		h.Custody(uncle, h.child, school.NoCustody)
		if g := declare(uncle, school.SoleCustody, true); g.Custody != school.NoCustody || g.Basis != school.Assumed {
			t.Errorf("custody was taken by declaring it: %+v", g)
		}
		said := h.statements()
		if len(said) != 4 || !strings.Contains(said[0], string(h.mother.ID)) {
			t.Errorf("evidence of three declarations and one confirmation: %v", said)
		}
	})
}

func TestALegalGuardianIsKeptAsOne(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		g := h.GuardianshipOf(h.mother, h.child)
		h.Write(func(tx *db.Tx) error { return h.declareCustody(tx, g, school.SoleCustody, true) })
		if g := h.GuardianshipOf(h.mother, h.child); g.Relation != school.LegalGuardian || g.Custody != school.SoleCustody {
			t.Fatalf("got %+v", g)
		}
	})
}

func TestOnlyOfficeAndHeadEditGuardianships(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		g := h.GuardianshipOf(h.father, h.child)
		waits := h.set(h.mother, func(c *school.Change) { c.Prevented = true }).Proposal
		for _, role := range []authz.Role{authz.Nobody, authz.Guardian, authz.Pupil, authz.Teacher, authz.DPO} {
			actor := h.Staff(role)
			_, err := h.Service.SetGuardianship(h.Ctx, actor, g.ID, school.Change{Custody: school.JointCustody, Disputed: true})
			_, listed := h.Service.Proposals(h.Ctx, actor)
			for _, err := range []error{
				err, listed, h.Service.ConfirmProposal(h.Ctx, actor, waits), h.Service.RejectProposal(h.Ctx, actor, waits),
			} {
				if !fault.Has(err, fault.NotAllowedHere) {
					t.Errorf("%q: %v", role, err)
				}
			}
		}
	})
}

func TestWhatNoGuardianshipCanBeIsNamed(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		g := h.GuardianshipOf(h.father, h.child)
		_, err := h.Service.SetGuardianship(h.Ctx, h.office, g.ID, school.Change{Custody: "half", Until: calendar.MustParse("2026-07-31")})
		if fields := fieldsOf(t, err); !slices.Equal(fields, []string{"custody", "until"}) {
			t.Errorf("named %v", fields)
		}
		_, err = h.Service.SetGuardianship(h.Ctx, h.office, "none", school.Change{Custody: school.JointCustody})
		if !fault.Has(err, fault.NothingHere) {
			t.Errorf("no such guardianship: %v", err)
		}
		if err := h.Service.ConfirmProposal(h.Ctx, h.head, "none"); !fault.Has(err, fault.NothingHere) {
			t.Errorf("no such proposal: %v", err)
		}
	})
}

// A double tap makes one proposal and gives one answer.
func TestTheSameCallTwiceIsOneChange(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		g := h.GuardianshipOf(h.father, h.child)
		body, err := json.Marshal("the same bytes")
		if err != nil {
			t.Fatal(err)
		}
		ctx := idempotency.With(h.Ctx, idempotency.Key{Actor: string(h.office.Account), Route: "PUT /guardianships/{id}", Value: "key", Body: body})
		change := school.Change{Custody: school.NoCustody, Protected: true}
		first, err := h.Service.SetGuardianship(ctx, h.office, g.ID, change)
		if err != nil {
			t.Fatal(err)
		}
		second, err := h.Service.SetGuardianship(ctx, h.office, g.ID, change)
		if err != nil || second != first {
			t.Errorf("second answer %+v, %v, first %+v", second, err, first)
		}
		if n := len(h.proposals()); n != 1 {
			t.Errorf("%d proposals", n)
		}
	})
}

// Of two who confirm at the same moment one does, and the change happens once.
func TestTwoConfirmationsAtOnceAreOneChange(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHousehold(t, env)
		waits := h.set(h.father, func(c *school.Change) { c.Custody = school.NoCustody }).Proposal
		outcomes := make([]error, 6)
		var group sync.WaitGroup
		for i := range outcomes {
			group.Go(func() { outcomes[i] = h.Service.ConfirmProposal(h.Ctx, h.Staff(authz.Head), waits) })
		}
		group.Wait()
		done := 0
		for _, err := range outcomes {
			if err == nil {
				done++
			} else if !fault.Has(err, fault.AlreadyDone) {
				t.Errorf("got %v", err)
			}
		}
		if n := len(h.statements()); done != 1 || n != 1 {
			t.Fatalf("%d confirmed, %d statements", done, n)
		}
	})
}
