package consent_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func TestAYesRaisesAndANoOfTheOtherLowers(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		f.wantMode(participation.None)
		f.answer(f.mother, participation.Video)
		f.wantMode(participation.Video)
		f.answer(f.father, participation.None)
		f.wantMode(participation.None)
		if !f.standing().Conflict {
			t.Error("one yes and one no raise no conflict")
		}
		f.answer(f.father, participation.Audio)
		f.wantMode(participation.Audio)
	})
}

func TestEveryDecisionLeavesOneLeafThatOpens(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		in := f.input(f.mother, participation.Video)
		in.Place, in.Relation = "  Musterstadt ", consent.Together
		outcome, err := f.consents.Answer(f.Ctx, f.as(f.mother), in)
		if err != nil {
			t.Fatal(err)
		}
		var statement proof.Statement
		var private *proof.Private
		f.Read(func(tx *db.Tx) error {
			body, err := f.Log.Statement(tx, outcome.Receipt.ID)
			if err != nil {
				return err
			}
			if statement, err = proof.DecodeStatement(body); err != nil {
				return err
			}
			private, err = f.Log.Private(tx, outcome.Receipt.ID)
			return err
		})
		declared, server := statement.Declaration.(*proof.DecisionDeclared), statement.Server.(*proof.DecisionServer)
		if declared.Person != id.GuardianOf(f.mother.ID) || declared.Answer != "video" || declared.Relation != "together" ||
			declared.TextSHA256 != in.TextSHA256 || declared.FormVersion != f.version.ID {
			t.Errorf("declaration %+v", declared)
		}
		if server.Decision != outcome.Decision.ID || server.Channel != "app" || server.Means != proof.MeansSession ||
			server.Names.Person != f.mother.Full() || server.Names.Pupil != f.pupil.Full() {
			t.Errorf("server part %+v", server)
		}
		if private.Place != "Musterstadt" || private.BirthDate != f.pupil.BirthDate || private.Signature == nil {
			t.Errorf("private part %+v", private)
		}
		f.answer(f.father, participation.None) // a no is stored as fully as a yes
		if n := f.leaves(); n != 2 {
			t.Errorf("%d leaves for 2 decisions", n)
		}
	})
}

func TestTheSameStanceAgainIsTheEarlierReceipt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		first := f.answer(f.mother, participation.Video)
		again := f.answer(f.mother, participation.Video)
		if !again.Repeated || again.Receipt != first.Receipt || f.leaves() != 1 {
			t.Errorf("first %+v, again %+v, %d leaves", first.Receipt, again, f.leaves())
		}
		f.withdraw(f.mother, consent.Picture)
		f.withdraw(f.mother, consent.Picture)
		if n := f.leaves(); n != 2 {
			t.Errorf("%d leaves", n)
		}
		f.answer(f.mother, participation.Video) // after a limit it is a decision again
		f.wantMode(participation.Video)
	})
}

func TestOneKeyIsOneDecision(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		actor := f.as(f.mother)
		ctx := withKey(f.Ctx, actor, "k1", "video")
		in := f.input(f.mother, participation.Video)
		var group sync.WaitGroup
		outcomes := make([]consent.Outcome, 8)
		for i := range outcomes { // a double tap, a retry, two tabs
			group.Go(func() {
				var err error
				signed := in
				signature := *in.Signature
				signed.Signature = &signature
				if outcomes[i], err = f.consents.Answer(ctx, actor, signed); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for _, outcome := range outcomes {
			if outcome.Receipt != outcomes[0].Receipt || outcome.Receipt.ID == "" {
				t.Errorf("receipts differ: %+v and %+v", outcome.Receipt, outcomes[0].Receipt)
			}
		}
		if n := f.leaves(); n != 1 {
			t.Errorf("%d leaves", n)
		}
		_, err := f.consents.Withdraw(withKey(f.Ctx, actor, "k1", "other body"), actor, f.pupil.ID, consent.Everything)
		f.wantFault(err, fault.IdempotencyKeyReused)
	})
}

func TestAYesOnAnotherVersionIsSuperseded(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		yes, no := f.input(f.mother, participation.Video), f.input(f.father, participation.None)
		f.answer(f.mother, participation.Audio)
		f.publish(participation.Material, participation.One)
		f.wantMode(participation.None) // a new edition ends yeses
		_, err := f.consents.Answer(f.Ctx, f.as(f.mother), yes)
		f.wantFault(err, fault.FormSuperseded)
		if _, err := f.consents.Answer(f.Ctx, f.as(f.father), no); err != nil {
			t.Errorf("a no under the old version is refused: %v", err)
		}
	})
}

func TestAnEditorialVersionAsksNobody(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		f.answer(f.mother, participation.Video)
		version := f.publish(participation.Editorial, participation.One)
		if version.Edition != f.version.Edition {
			t.Errorf("edition %d became %d", f.version.Edition, version.Edition)
		}
		f.wantMode(participation.Video)
	})
}

func TestAVersionComesIntoForceOnItsDay(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		f.answer(f.mother, participation.Video)
		version, err := f.consents.Publish(f.Ctx, f.Staff(authz.Head), draftOf(participation.Material, participation.All), f.today().AddDays(0))
		if err != nil || version.InForceOn != f.today() {
			t.Fatalf("%+v, %v", version, err)
		}
		later, err := f.consents.Publish(f.Ctx, f.Staff(authz.Head), draftOf(participation.Material, participation.All), calendar.Date{})
		if err != nil || later.InForceOn != f.today().AddDays(14) {
			t.Fatalf("%+v, %v", later, err)
		}
		_, err = f.consents.Publish(f.Ctx, f.Staff(authz.Head), draftOf(participation.Material, participation.One), f.today())
		f.wantFault(err, fault.InvalidInput)
	})
}

func TestAYesAfterAnActThePageHadNotSeen(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		stale := f.input(f.mother, participation.Video) // lies in a queue
		f.withdraw(f.mother, consent.Everything)
		_, err := f.consents.Answer(f.Ctx, f.as(f.mother), stale)
		f.wantFault(err, fault.AnsweredMeanwhile)
		f.wantMode(participation.None)
		staleNo := stale
		staleNo.Answer, staleNo.Signature = participation.None, nil
		if _, err := f.consents.Answer(f.Ctx, f.as(f.mother), staleNo); err != nil {
			t.Errorf("a limit needs to know nothing: %v", err)
		}
	})
}

func TestSomebodyElsesChildDoesNotExist(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		stranger := f.Guardian("Ilse", "Fremd", f.Pupil("Jan", "Fremd", "2014-01-01", f.Class("7c")))
		former := f.Guardian("Rolf", "Früher")
		f.Custody(former, f.pupil, school.JointCustody, func(g *school.Guardianship) { g.Period.Until = f.today().AddDays(-1) })
		contact := f.Guardian("Olga", "Kontakt")
		f.Custody(contact, f.pupil, school.NoCustody)
		for name, g := range map[string]school.Guardian{"stranger": stranger, "custody ended": former, "contact without custody": contact} {
			in := f.input(f.mother, participation.Video)
			in.After = ""
			_, err := f.consents.Answer(f.Ctx, f.as(g), in)
			if !fault.Has(err, fault.NothingHere) {
				t.Errorf("%s: answer gives %v", name, err)
			}
			_, err = f.consents.Withdraw(f.Ctx, f.as(g), f.pupil.ID, consent.Everything)
			if !fault.Has(err, fault.NothingHere) {
				t.Errorf("%s: withdrawal gives %v", name, err)
			}
		}
		if n := f.leaves(); n != 0 {
			t.Errorf("%d leaves", n)
		}
	})
}

func TestAReceiptIsItsSignersAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		receipt := f.answer(f.mother, participation.Video).Receipt.ID
		f.Read(func(tx *db.Tx) error {
			record, err := f.consents.ReceiptOf(tx, f.as(f.mother), receipt)
			if err != nil || record.Signature == nil || record.Signature.Name != "Vera Brückner" {
				t.Errorf("the signer sees %+v, %v", record, err)
			}
			for _, actor := range []authz.Actor{f.as(f.father), f.Staff(authz.Head)} {
				if _, err := f.consents.ReceiptOf(tx, actor, receipt); !fault.Has(err, fault.NothingHere) {
					t.Errorf("%s sees a foreign receipt: %v", actor.Role, err)
				}
			}
			return nil
		})
	})
}

func TestBadAnswersNameTheField(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		cases := map[string]struct {
			change func(*consent.AnswerInput)
			field  string
			code   fault.Code
		}{
			"no signature":       {func(in *consent.AnswerInput) { in.Signature = nil }, "signature", fault.SignatureMissing},
			"signature on a no":  {func(in *consent.AnswerInput) { in.Answer = participation.None }, "signature", fault.SignatureUnexpected},
			"one letter":         {func(in *consent.AnswerInput) { in.Signature.Name = "V" }, "signature.name", fault.SignatureTooSmall},
			"unknown version":    {func(in *consent.AnswerInput) { in.Version = "none" }, "formVersion", fault.TextUnknown},
			"unknown language":   {func(in *consent.AnswerInput) { in.Language = "xx" }, "language", fault.TextUnknown},
			"text not ours":      {func(in *consent.AnswerInput) { in.TextSHA256 = strings.Repeat("0", 64) }, "textSha256", fault.TextUnknown},
			"place too long":     {func(in *consent.AnswerInput) { in.Place = strings.Repeat("ä", 81) }, "place", fault.FieldTooLong},
			"relation not known": {func(in *consent.AnswerInput) { in.Relation = "uncle" }, "relation", fault.FieldInvalid},
		}
		for name, c := range cases {
			in := f.input(f.mother, participation.Video)
			c.change(&in)
			_, err := f.consents.Answer(f.Ctx, f.as(f.mother), in)
			if !fault.Has(err, fault.InvalidInput) || !strings.Contains(err.Error(), "["+c.field+": "+string(c.code)+"]") {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if n := f.leaves(); n != 0 {
			t.Errorf("%d leaves", n)
		}
	})
}

// Over ten changes a day a yes waits; lowering never does (X28).
func TestAYesWaitsAfterTenChangesADay(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		for range 5 {
			f.answer(f.mother, participation.Video)
			f.answer(f.mother, participation.None)
			env.Clock.Advance(time.Minute)
		}
		_, err := f.consents.Answer(f.Ctx, f.as(f.mother), f.input(f.mother, participation.Video))
		f.wantFault(err, fault.TooManyTries)
		f.withdraw(f.mother, consent.Picture)
		env.Clock.Advance(24 * time.Hour)
		f.answer(f.mother, participation.Video)
		f.wantMode(participation.Video)
	})
}

func TestDeclaringSoleCustodyBesideAnotherNeverRaises(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		in := f.input(f.mother, participation.Video)
		in.Relation = consent.Alone
		if _, err := f.consents.Answer(f.Ctx, f.as(f.mother), in); err != nil {
			t.Fatal(err)
		}
		f.wantMode(participation.None) // disputed until the office has settled it: her yes does not suffice alone
		f.answer(f.father, participation.Video)
		f.wantMode(participation.Video)
	})
}
