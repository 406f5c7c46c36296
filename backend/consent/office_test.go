package consent_test

import (
	"errors"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func (f *family) received(g school.Guardian, channel consent.Channel) consent.Received {
	return consent.Received{Pupil: f.pupil.ID, Person: id.GuardianOf(g.ID), Channel: channel, ReceivedOn: f.today()}
}

func modePointer(m participation.Mode) *participation.Mode { return &m }

func TestAWithdrawalByPhoneLowersAtOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		f.answer(f.mother, participation.Video)
		in := f.received(f.father, consent.Phone)
		in.Extent = consent.Everything
		recorded, err := f.consents.Record(f.Ctx, f.Staff(authz.Office), in)
		if err != nil || recorded.Decision == "" {
			t.Fatalf("%+v, %v", recorded, err)
		}
		f.wantMode(participation.None)
	})
}

// X3: by phone the office only lowers; a yes on paper waits for a second member of staff.
func TestAYesOnPaperNeedsASecondMemberOfStaff(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		office, head := f.Staff(authz.Office), f.Staff(authz.Head)
		in := f.received(f.mother, consent.Phone)
		in.Answer = modePointer(participation.Video)
		_, err := f.consents.Record(f.Ctx, office, in)
		f.wantFault(err, fault.InvalidInput)
		in.Channel = consent.Paper
		recorded, err := f.consents.Record(f.Ctx, office, in)
		if err != nil || recorded.Proposal == "" || recorded.Decision != "" {
			t.Fatalf("%+v, %v", recorded, err)
		}
		f.wantMode(participation.None)
		_, err = f.consents.ConfirmYes(f.Ctx, office, recorded.Proposal)
		f.wantFault(err, fault.SecondPersonNeeded)
		f.wantMode(participation.None)
		if _, err := f.consents.ConfirmYes(f.Ctx, head, recorded.Proposal); err != nil {
			t.Fatal(err)
		}
		f.wantMode(participation.Video)
		_, err = f.consents.ConfirmYes(f.Ctx, head, recorded.Proposal)
		f.wantFault(err, fault.AlreadyDone)
	})
}

func TestAYesInPersonSaysHowThePersonWasKnown(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		in := f.received(f.mother, consent.InPerson)
		in.Extent = consent.Picture // a limit never needs it
		if _, err := f.consents.Record(f.Ctx, f.Staff(authz.Office), in); err != nil {
			t.Fatal(err)
		}
		in.Extent, in.Answer = "", modePointer(participation.Audio)
		for identified, wanted := range map[consent.Identified]fault.Code{"": fault.FieldMissing, "by_nose": fault.FieldInvalid} {
			in.Identified = identified
			_, err := f.consents.Record(f.Ctx, f.Staff(authz.Office), in)
			if !errors.Is(err, fault.InvalidField("identified", wanted)) {
				t.Errorf("%q: %v", identified, err)
			}
		}
		in.Identified = consent.ByDocument
		recorded, err := f.consents.Record(f.Ctx, f.Staff(authz.Office), in)
		if err != nil {
			t.Fatal(err)
		}
		if recorded, err = f.consents.ConfirmYes(f.Ctx, f.Staff(authz.Head), recorded.Proposal); err != nil {
			t.Fatal(err)
		}
		var server *proof.DecisionServer
		f.Read(func(tx *db.Tx) error {
			gathered, err := f.consents.Gather(tx, []id.Pupil{f.pupil.ID})
			if err != nil {
				return err
			}
			own := gathered[f.pupil.ID].Decisions
			body, err := f.Log.Statement(tx, own[len(own)-1].Statement)
			if err != nil {
				return err
			}
			statement, err := proof.DecodeStatement(body)
			server, _ = statement.Server.(*proof.DecisionServer)
			return err
		})
		if server.Identified != "document" || server.Means != proof.MeansStaff || server.RecordedBy == "" || server.SecondBy == "" ||
			server.RecordedBy == server.SecondBy {
			t.Errorf("%+v", server)
		}
	})
}

func TestAPaperYesIsRefusedWhenThePersonHasActedSince(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		in := f.received(f.mother, consent.Paper)
		in.Answer = modePointer(participation.Video)
		recorded, err := f.consents.Record(f.Ctx, f.Staff(authz.Office), in)
		if err != nil {
			t.Fatal(err)
		}
		env.Clock.Advance(1000)
		f.withdraw(f.mother, consent.Everything)
		_, err = f.consents.ConfirmYes(f.Ctx, f.Staff(authz.Head), recorded.Proposal)
		f.wantFault(err, fault.AnsweredMeanwhile)
		f.wantMode(participation.None)
	})
}

func TestInvalidationTakesAYesAndKeepsALimit(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		f.answer(f.mother, participation.Video)
		in := f.received(f.father, consent.InPerson)
		in.Extent = consent.Everything
		limit, err := f.consents.Record(f.Ctx, f.Staff(authz.Office), in)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.consents.Invalidate(f.Ctx, f.Staff(authz.Office), limit.Decision, consent.WrongPerson); err != nil {
			t.Fatal(err)
		}
		f.wantMode(participation.None) // it holds until the father, asked again, answers
		f.wantFault(f.consents.Invalidate(f.Ctx, f.Staff(authz.Office), limit.Decision, consent.WrongPerson), fault.AlreadyDone)
		f.answer(f.father, participation.Video)
		f.wantMode(participation.Video)
	})
}

func TestAPersonsOwnActCannotBeInvalidated(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		no := f.answer(f.mother, participation.None)
		err := f.consents.Invalidate(f.Ctx, f.Staff(authz.Office), no.Decision.ID, consent.WrongAnswer)
		f.wantFault(err, fault.NotAllowedHere)
	})
}

func TestAWithdrawalToldToATeacherWaitsForConfirmationOnlyOnPaper(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		f.answer(f.mother, participation.Video)
		in := f.received(f.mother, consent.ByTeacher)
		in.Extent = consent.Picture
		recorded, err := f.consents.Record(f.Ctx, f.Staff(authz.Teacher), in)
		if err != nil {
			t.Fatal(err)
		}
		f.wantMode(participation.Audio)
		f.Read(func(tx *db.Tx) error {
			waiting, err := f.consents.Unconfirmed(tx)
			if err != nil || len(waiting) != 1 || waiting[0].ID != recorded.Decision {
				t.Errorf("%+v, %v", waiting, err)
			}
			return nil
		})
		if err := f.consents.Confirm(f.Ctx, f.Staff(authz.Office), recorded.Decision); err != nil {
			t.Fatal(err)
		}
		f.wantMode(participation.Audio)
		f.wantFault(f.consents.Confirm(f.Ctx, f.Staff(authz.Office), recorded.Decision), fault.AlreadyDone)
	})
}

func TestBadReceivedDecisionsAreRefused(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		good := f.received(f.mother, consent.Paper)
		good.Extent = consent.Everything
		for name, change := range map[string]func(*consent.Received){
			"answer and extent": func(in *consent.Received) { in.Answer = modePointer(participation.None) },
			"neither":           func(in *consent.Received) { in.Extent = "" },
			"received tomorrow": func(in *consent.Received) { in.ReceivedOn = f.today().AddDays(1) },
			"by app":            func(in *consent.Received) { in.Channel = consent.App },
		} {
			in := good
			change(&in)
			if _, err := f.consents.Record(f.Ctx, f.Staff(authz.Office), in); !fault.Has(err, fault.InvalidInput) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		stranger := good
		stranger.Person = id.GuardianOf("nobody")
		_, err := f.consents.Record(f.Ctx, f.Staff(authz.Office), stranger)
		f.wantFault(err, fault.NothingHere)
	})
}
