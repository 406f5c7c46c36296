package privacy_test

import (
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/invite"
	"einverstanden/backend/participation"
	"einverstanden/backend/privacy"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func TestRowsHaveTheColumnsOfTheirTables(t *testing.T) { testkit.CheckRows(t, privacy.Rows...) }

// The retention marks by itself, and the statement of the erasure then names no account.
func TestWhoseTimeIsOverIsErasedWithoutAnybodyAsking(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Frist")
		w.answers(h.guardian, h.pupil, participation.Video)
		w.leaves(h.pupil, "2027-07-31")
		w.at("2033-01-01")
		if report := w.run(); report.Marked != 2 || len(report.Erased) != 0 {
			t.Fatalf("got %+v", report)
		}
		if report := w.run(); report.Marked != 0 {
			t.Fatalf("marked twice: %+v", report)
		}
		marks, err := w.app.Privacy.Marks(w.Ctx)
		if err != nil || len(marks) != 2 || marks[0].Reason != privacy.Unneeded || marks[0].AskedBy != "system" {
			t.Fatalf("marks %+v, %v", marks, err)
		}
		w.passes(fortnight)
		report := w.run()
		for range 2 { // two of 34 people are more than a twentieth
			if len(report.ForHead) > 0 {
				if err := w.app.Privacy.Release(w.Ctx, w.head, report.ForHead...); err != nil {
					t.Fatal(err)
				}
				report = w.run()
			}
		}
		if len(report.Erased) != 2 {
			t.Fatalf("got %+v", report)
		}
		leaves := map[int64]bool{}
		for _, statement := range w.erasures() {
			declared, server := statement.Declaration.(*proof.ErasureDeclared), statement.Server.(*proof.ErasureServer)
			if declared.Reason != "retention" || server.AskedBy != "" || server.ApprovedBy != "" {
				t.Errorf("%+v by %+v", declared, server)
			}
			for _, leaf := range declared.Leaves {
				leaves[leaf] = true
			}
		}
		if len(leaves) != 1 {
			t.Errorf("leaves %v were erased", leaves)
		}
	})
}

// erasures are the statements of erasures, in the order of the log.
func (w *world) erasures() (found []proof.Statement) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		var ids []id.Statement
		if err := tx.G().Table("statement").Order("leaf_seq").Pluck("id", &ids).Error; err != nil {
			return err
		}
		for _, one := range ids {
			body, err := w.Log.Statement(tx, one)
			if err != nil {
				return err
			}
			statement, err := proof.DecodeStatement(body)
			if err != nil {
				return err
			}
			if statement.Kind == proof.KindErasure {
				found = append(found, statement)
			}
		}
		return nil
	})
	return found
}

// Whoever signed a statement about a pupil who is erased hears so; nobody else does, and not after their own erasure.
func TestTheSignerOfAnErasedStatementIsRemembered(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Beleg")
		receipt := w.answers(h.guardian, h.pupil, participation.Video).Receipt
		w.leaves(h.pupil, "2027-07-31")
		w.at("2033-01-01")
		w.erases(h.child())
		left := func() (signer id.Person) {
			t.Helper()
			w.Read(func(tx *db.Tx) error {
				erased, ok, err := w.Log.Erased(tx, receipt.ID)
				if !ok || erased.Leaf != receipt.Leaf {
					t.Errorf("left is %+v, %v", erased, ok)
				}
				signer = erased.Signer
				return err
			})
			return signer
		}
		if signer := left(); signer != h.parent() {
			t.Errorf("the signer is %v", signer)
		}
		// X26: whoever asks for the receipt and did not sign learns no more than of one that never was.
		stranger := w.household("Ole", "Fremd")
		asked := func(person id.Person, code fault.Code) {
			t.Helper()
			w.Read(func(tx *db.Tx) error {
				_, err := w.app.Consents.ReceiptTexts(tx, w.As(person), receipt.ID)
				wantFault(t, err, code)
				return nil
			})
		}
		asked(h.parent(), fault.StatementErased)
		asked(stranger.parent(), fault.NothingHere)
		asked(id.Person{}, fault.NothingHere)
		w.passes(fortnight) // the mother's time is over, too
		if report := w.run(); len(report.Erased) != 1 {
			t.Fatalf("got %+v", report)
		}
		asked(h.parent(), fault.NothingHere)
		if signer := left(); signer != (id.Person{}) {
			t.Errorf("the erased signer is %v", signer)
		}
	})
}

// Whoever is erased is in no list, and nothing fails because of it.
func TestErasedPeopleAreNotThere(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Verschwunden")
		sibling := w.Pupil("Ben", "Verschwunden", "2015-03-01", w.class)
		w.Custody(h.guardian, sibling, school.JointCustody)
		w.answers(h.guardian, h.pupil, participation.Video)
		w.leaves(h.pupil, "2027-07-31")
		w.at("2033-01-01")
		gone := w.household("Uwe", "Weg")
		w.leaves(gone.pupil, "2032-12-31")
		w.erases(h.child(), gone.child(), gone.parent())

		w.Read(func(tx *db.Tx) error {
			pupils, err := w.Service.AllPupils(tx)
			if err != nil {
				return err
			}
			for _, p := range pupils {
				if p.ID == h.pupil.ID || p.ID == gone.pupil.ID {
					t.Errorf("%s %s is listed", p.Given, p.Family)
				}
			}
			guardians, err := w.Service.AllGuardians(tx)
			if err != nil {
				return err
			}
			for _, g := range guardians {
				if g.ID == gone.guardian.ID {
					t.Errorf("%s %s is listed", g.Given, g.Family)
				}
			}
			members, err := w.Service.PupilsOfClass(tx, w.class.ID, calendar.MustParse("2026-11-24"))
			if err != nil {
				return err
			}
			for _, pupil := range members {
				if pupil == h.pupil.ID {
					t.Error("an erased pupil is in the class")
				}
			}
			standings, err := w.app.Standings.Of(tx, []id.Pupil{h.pupil.ID, sibling.ID})
			if _, there := standings[h.pupil.ID]; there || len(standings) != 1 {
				t.Errorf("standings of %d pupils", len(standings))
			}
			return err
		})

		mother := w.As(h.parent())
		children, err := w.app.Standings.Children(w.Ctx, mother)
		if err != nil || len(children) != 1 || children[0].Pupil.ID != sibling.ID {
			t.Errorf("the guardian's children: %+v, %v", children, err)
		}
		_, err = w.app.Consents.Withdraw(w.Ctx, mother, h.pupil.ID, consent.Everything)
		wantFault(t, err, fault.NothingHere)
		_, err = w.app.Invites.Letters(w.Ctx, w.office, invite.Selection{Pupils: []id.Pupil{h.pupil.ID}})
		wantFault(t, err, fault.NothingHere)

		list := "Interne ID-Nummer;Nachname;Vorname;Klasse;Geburtsdatum;Aufnahmedatum\n99;Neu;Nina;5a;02.02.2022;01.08.2032\n"
		plan, err := w.app.Intake.Propose(w.Ctx, w.office, []byte(list))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range plan.Plan.Entries {
			if entry.PupilID == h.pupil.ID || entry.GuardianID == gone.guardian.ID || strings.Contains(entry.Pupil.FamilyName, "Weg") {
				t.Errorf("the plan speaks of an erased person: %+v", entry)
			}
		}
	})
}

// A teacher who was a parent here stays a teacher, in the same account.
func TestAnAccountStaysForWhateverElseItIs(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Doppelrolle")
		teacher, err := w.app.Accounts.CreateStaff(w.Ctx, account.NewStaff{
			Name: "Ruth Doppelrolle", Email: "ruth@schule.example", Role: authz.Teacher, Password: "Kirschbaum-im-Nebel-77", Language: "de",
		})
		if err != nil {
			t.Fatal(err)
		}
		w.exec("INSERT INTO account_role (school_id, account_id, role) VALUES (?, ?, 'guardian')", w.ID, teacher)
		w.exec("INSERT INTO account_person (school_id, account_id, person_kind, person_id) VALUES (?, ?, 'guardian', ?)", w.ID, teacher, h.guardian.ID)
		session := `INSERT INTO session (school_id, id, account_id, role, person_kind, person_id, refresh_hash, device_hash, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, 'r', 'd', 0, 1)`
		w.exec(session, w.ID, "as a mother", teacher, "guardian", "guardian", h.guardian.ID)
		w.exec(session, w.ID, "as a teacher", teacher, "teacher", nil, nil)
		w.leaves(h.pupil, "2027-07-31")
		w.at("2027-08-01")
		w.erases(h.parent())
		for query, want := range map[string]int{
			"SELECT count(*) FROM account WHERE id = ?":                                   1,
			"SELECT count(*) FROM account_role WHERE account_id = ? AND role = 'teacher'": 1,
			"SELECT count(*) FROM account_role WHERE account_id = ?":                      1,
			"SELECT count(*) FROM account_person WHERE account_id = ?":                    0,
			"SELECT count(*) FROM session WHERE account_id = ? AND id = 'as a teacher'":   1,
			"SELECT count(*) FROM session WHERE account_id = ?":                           1,
		} {
			if n := w.count(query, teacher); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
	})
}

// A fault in the last step leaves everything as it was.
func TestAnErasureIsAllOrNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Ganz")
		w.answers(h.guardian, h.pupil, participation.Video)
		w.leaves(h.pupil, "2027-07-31")
		w.at("2033-01-01")
		w.mark(h.child())
		w.passes(fortnight)
		w.exec("UPDATE log_head SET edge = ?", []byte("x")) // the log refuses whatever is appended
		if report, err := w.app.Privacy.Run(w.Ctx); err == nil || len(report.Erased) != 0 {
			t.Fatalf("got %+v, %v", report, err)
		}
		if n := w.count("SELECT count(*) FROM decision WHERE pupil_id = ?", h.pupil.ID); n != 1 {
			t.Errorf("%d decisions are left", n)
		}
		if n := w.count("SELECT count(*) FROM pupil WHERE id = ? AND erased_at IS NULL", h.pupil.ID); n != 1 {
			t.Error("the pupil is erased")
		}
	})
}
