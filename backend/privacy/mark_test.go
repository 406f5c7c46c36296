package privacy_test

import (
	"errors"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/fault"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// X24: nothing that could still be needed as a proof is erased, whoever asks.
func TestX24NothingIsErasedThatIsStillNeeded(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		both := func(h household, code fault.Code) {
			t.Helper()
			w.wantMarkFault(h.child(), code)
			w.wantMarkFault(h.parent(), code)
		}

		held := w.household("Ida", "Halt")
		placed, err := hold.NewService(env.DB, w.Log, w.Service, w.Hub).Place(w.Ctx, w.head, held.pupil.ID, hold.Restriction)
		if err != nil {
			t.Fatal(err)
		}
		both(held, fault.KeptForHold)
		if err := hold.NewService(env.DB, w.Log, w.Service, w.Hub).Settle(w.Ctx, w.head, placed); err != nil {
			t.Fatal(err)
		}
		both(held, fault.KeptAtSchool)

		sanctioned := w.household("Jan", "Strenge")
		sanctions := sanction.NewService(env.DB, w.Log, w.Service, readyRules(t, w.School), w.Hub)
		imposed, err := sanctions.Impose(w.Ctx, w.head, sanction.New{
			Pupil: sanctioned.pupil.ID, Kind: sanction.Educational, Measure: sanction.AudioOnly, RuleKey: "NO_RECORDING", NotedOn: w.Today(), From: w.Today(), Until: w.Today().AddDays(7),
		})
		if err != nil {
			t.Fatal(err)
		}
		both(sanctioned, fault.KeptForSanction)
		if err := sanctions.End(w.Ctx, w.head, imposed); err != nil {
			t.Fatal(err)
		}
		both(sanctioned, fault.KeptAtSchool)

		open := w.household("Kai", "Offen")
		yes := participation.Video
		proposed, err := w.app.Consents.Record(w.Ctx, w.office, consent.Received{
			Pupil: open.pupil.ID, Person: open.parent(), Channel: consent.Paper, Answer: &yes, ReceivedOn: w.Today(),
		})
		if err != nil {
			t.Fatal(err)
		}
		both(open, fault.KeptForProposal)
		recorded, err := w.app.Consents.ConfirmYes(w.Ctx, w.head, proposed.Proposal)
		if err != nil {
			t.Fatal(err)
		}
		both(open, fault.KeptAtSchool)

		torn := w.household("Lea", "Zwist")
		father := w.Guardian("Udo", "Zwist", torn.pupil)
		w.answers(torn.guardian, torn.pupil, participation.Video)
		w.answers(father, torn.pupil, participation.None)
		both(torn, fault.KeptForConflict)

		disputed := w.household("Mia", "Streit")
		uncle := w.Guardian("Kurt", "Streit")
		w.Custody(uncle, disputed.pupil, school.JointCustody, func(g *school.Guardianship) { g.Disputed = true })
		both(disputed, fault.KeptForDispute)
		w.wantMarkFault(id.GuardianOf(uncle.ID), fault.KeptForDispute)

		// After leaving: the retention, and an invalidation for three years even where the retention is short.
		w.leaves(open.pupil, "2027-07-31")
		w.at("2027-08-01")
		both(open, fault.KeptForRetention)
		if err := w.app.Consents.Invalidate(w.Ctx, w.head, recorded.Decision, consent.NotAuthentic); err != nil {
			t.Fatal(err)
		}
		w.exec("UPDATE school SET retention_years = 0")
		both(open, fault.KeptForInvalid)
		w.at("2030-07-31")
		both(open, fault.KeptForInvalid)
		w.at("2030-08-02")
		w.mark(open.child())
		w.mark(open.parent())
	})
}

// The proofs of decisions are kept for five full calendar years after the last day (VO-DV I NRW § 9).
func TestTheRetentionEndsWithTheYear(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		h := w.household("Ida", "Frist")
		w.answers(h.guardian, h.pupil, participation.Video)
		w.leaves(h.pupil, "2027-07-31")
		w.at("2032-12-31")
		for _, person := range []id.Person{h.child(), h.parent()} {
			_, err := w.app.Privacy.Mark(w.Ctx, w.office, person)
			wantFault(t, err, fault.KeptForRetention)
			var reason *fault.Error
			if !errors.As(err, &reason) || reason.Params["from"] != "2033-01-01" {
				t.Errorf("got %+v", reason)
			}
		}
		if report := w.run(); report.Marked != 0 {
			t.Fatalf("%d were marked a day too soon", report.Marked)
		}
		w.at("2033-01-01")
		if report := w.run(); report.Marked != 2 {
			t.Fatalf("%d were marked", report.Marked)
		}
	})
}

// Who has never decided anything has nothing that must be provable.
func TestWithoutADecisionNothingIsKeptAfterLeaving(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		h := w.household("Ida", "Stumm")
		w.leaves(h.pupil, "2027-07-31")
		w.at("2027-07-31")
		w.wantMarkFault(h.child(), fault.KeptAtSchool)
		w.at("2027-08-01")
		w.erases(h.child(), h.parent())
	})
}

// A guardian stays as long as one child does.
func TestAGuardianStaysForASibling(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		elder := w.household("Ida", "Mehrkind")
		younger := w.Pupil("Ben", "Mehrkind", "2016-01-09", w.class)
		w.Custody(elder.guardian, younger, school.JointCustody)
		w.answers(elder.guardian, elder.pupil, participation.Video)
		w.answers(elder.guardian, younger, participation.Audio)
		w.leaves(elder.pupil, "2027-07-31")
		w.at("2033-01-01")
		w.erases(elder.child())
		w.wantMarkFault(elder.parent(), fault.KeptAtSchool)
		if n := w.count("SELECT count(*) FROM decision WHERE person_id = ?", elder.guardian.ID); n != 1 {
			t.Errorf("%d decisions are left", n)
		}
	})
}

func TestErasingTakesTwoMembersOfStaffAndFourteenDays(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Vieraugen")
		w.Custody(h.guardian, w.household("Ben", "Vieraugen").pupil, school.JointCustody) // who keeps the mother
		w.leaves(h.pupil, "2027-07-31")
		w.at("2027-08-01")
		for _, role := range append(authz.Roles, authz.Nobody) {
			_, err := w.app.Privacy.Mark(w.Ctx, w.Staff(role), h.child())
			if may := role == authz.Office || role == authz.Head; may != (err == nil || fault.Has(err, fault.AlreadyDone)) {
				t.Errorf("%s asks: %v", role, err)
			}
		}
		marks, err := w.app.Privacy.Marks(w.Ctx)
		if err != nil || len(marks) != 1 {
			t.Fatalf("%d marks, %v", len(marks), err)
		}
		asker := w.office
		asker.Account = id.Account(marks[0].AskedBy)
		wantFault(t, w.app.Privacy.Approve(w.Ctx, asker, marks[0].ID), fault.SecondPersonNeeded)
		wantFault(t, w.app.Privacy.Approve(w.Ctx, w.Staff(authz.DPO), marks[0].ID), fault.NotAllowedHere)
		w.passes(2 * fortnight) // however long it waits for the second person
		if report := w.run(); len(report.Erased) != 0 {
			t.Fatal("erased without a second person")
		}
		if err := w.app.Privacy.Approve(w.Ctx, w.head, marks[0].ID); err != nil {
			t.Fatal(err)
		}
		wantFault(t, w.app.Privacy.Approve(w.Ctx, w.head, marks[0].ID), fault.AlreadyDone)
		w.passes(fortnight - time.Second)
		if report := w.run(); len(report.Erased) != 0 {
			t.Fatal("erased before its time")
		}
		w.passes(time.Second)
		if report := w.run(); len(report.Erased) != 1 || report.Erased[0] != marks[0].ID {
			t.Fatalf("got %+v", report)
		}
		if report := w.run(); len(report.Erased) != 0 {
			t.Fatal("erased twice")
		}
		w.wantMarkFault(h.child(), fault.NothingHere)
	})
}

func TestAMarkCanBeCancelled(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Bleibt")
		w.leaves(h.pupil, "2027-07-31")
		w.at("2027-08-01")
		first, second := w.mark(h.child()), w.mark(h.parent())
		wantFault(t, w.app.Privacy.Cancel(w.Ctx, w.Staff(authz.DPO), first), fault.NotAllowedHere)
		if err := w.app.Privacy.Cancel(w.Ctx, w.office, first); err != nil {
			t.Fatal(err)
		}
		if err := w.app.Privacy.CancelForSystem(w.Ctx, second); err != nil {
			t.Fatal(err)
		}
		wantFault(t, w.app.Privacy.Cancel(w.Ctx, w.office, first), fault.NothingHere)
		wantFault(t, w.app.Privacy.Approve(w.Ctx, w.head, second), fault.NothingHere)
		w.passes(fortnight)
		if report := w.run(); len(report.Erased) != 0 || report.Marked != 0 {
			t.Fatalf("got %+v", report) // retention does not mark anew what people took back
		}
		again := w.mark(h.child()) // people may
		w.passes(fortnight)
		if report := w.run(); len(report.Erased) != 1 || report.Erased[0] != again {
			t.Fatalf("got %+v", report)
		}
	})
}

// What speaks against an erasure is asked again on the day.
func TestAHoldStopsAnErasureThatIsDue(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Einspruch")
		w.leaves(h.pupil, "2027-07-31")
		w.at("2027-08-01")
		erasure := w.mark(h.child())
		holds := hold.NewService(env.DB, w.Log, w.Service, w.Hub)
		placed, err := holds.Place(w.Ctx, w.head, h.pupil.ID, hold.Restriction)
		if err != nil {
			t.Fatal(err)
		}
		w.passes(fortnight)
		if report := w.run(); len(report.Erased) != 0 || report.Kept[erasure] != fault.KeptForHold {
			t.Fatalf("got %+v", report)
		}
		if err := holds.Settle(w.Ctx, w.head, placed); err != nil {
			t.Fatal(err)
		}
		if report := w.run(); len(report.Erased) != 1 {
			t.Fatalf("got %+v", report)
		}
	})
}

// X23: a clock that has jumped erases nobody.
func TestX23AClockThatJumpedErasesNobody(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h, other := w.household("Ida", "Uhr"), w.household("Jan", "Uhr")
		w.leaves(h.pupil, "2027-07-31")
		w.leaves(other.pupil, "2027-07-31")
		w.at("2027-08-01")
		w.mark(h.child())
		asked, err := w.app.Privacy.Mark(w.Ctx, w.office, other.child())
		if err != nil {
			t.Fatal(err)
		}
		for _, jump := range []time.Duration{365 * 24 * time.Hour, -25 * time.Hour, fortnight} {
			w.Clock.Advance(jump)
			report := w.run()
			if report.ClockOff != jump || len(report.Erased) != 0 || report.Marked != 0 {
				t.Fatalf("after %s: %+v", jump, report)
			}
			wantFault(t, w.app.Privacy.Approve(w.Ctx, w.head, asked), fault.ClockUnconfirmed)
			w.Clock.Advance(-jump)
			if report := w.run(); report.ClockOff != 0 {
				t.Fatalf("right again after %s: %+v", jump, report)
			}
		}
		for range 14 { // a clock that runs needs nobody
			w.Clock.Advance(24 * time.Hour)
			w.run()
		}
		if n := w.count("SELECT count(*) FROM pupil WHERE erased_at IS NOT NULL"); n != 1 {
			t.Fatalf("%d pupils are erased", n)
		}
	})
}

// More than a twentieth of all people at once waits for the head, also in small portions.
func TestVeryManyAtOnceWaitForTheHead(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()      // 30 people
		for range 5 { // 40
			w.leaves(w.household("Ida", "Abgang").pupil, "2027-07-31")
		}
		w.at("2027-08-01")
		if report := w.run(); report.Marked != 10 {
			t.Fatalf("got %+v", report)
		}
		w.passes(fortnight)
		report := w.run()
		if len(report.Erased) != 0 || len(report.ForHead) != 10 {
			t.Fatalf("got %+v", report)
		}
		wantFault(t, w.app.Privacy.Release(w.Ctx, w.office, report.ForHead...), fault.HeadNeeded)
		if err := w.app.Privacy.Release(w.Ctx, w.head, report.ForHead[:8]...); err != nil {
			t.Fatal(err)
		}
		if report = w.run(); len(report.Erased) != 10 { // the other two are no twentieth
			t.Fatalf("got %+v", report)
		}
		late := w.household("Jan", "Nachzug")
		w.leaves(late.pupil, "2027-08-01")
		w.run()
		w.passes(fortnight - time.Second)
		for range 2 {
			if report = w.run(); len(report.Erased) != 0 {
				t.Fatalf("got %+v", report)
			}
		}
		w.passes(time.Second)
		if report = w.run(); len(report.Erased) != 0 || len(report.ForHead) != 2 {
			t.Fatalf("in portions: %+v", report)
		}
	})
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !fault.Has(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

// readyRules gives the school the rules that ship.
func readyRules(tb testing.TB, s *testkit.School) *rules.Service {
	tb.Helper()
	service := rules.NewService(s.DB, s.Service, s.Hub)
	if err := service.Ready(s.Ctx); err != nil {
		tb.Fatal(err)
	}
	return service
}
