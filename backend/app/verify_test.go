package app_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/config"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// house is a school with one pupil of twelve, two guardians and every kind of statement at hand.
type house struct {
	*testkit.School
	t         *testing.T
	app       *app.App
	sanctions *sanction.Service
	holds     *hold.Service
	office    authz.Actor
	second    authz.Actor
	head      authz.Actor
	pupil     school.Pupil
	mother    school.Guardian
	father    school.Guardian
}

func newHouse(t *testing.T, env *testkit.Env) *house {
	t.Helper()
	built, err := app.Build(config.Config{URL: &url.URL{Scheme: "http", Host: "localhost"}}, env.DB, env.Vault, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	built.Consents.WithSessions(nil) // nobody here signs in
	s := env.NewSchool(t)
	h := &house{
		School: s, t: t, app: built, office: s.Staff(authz.Office), second: s.Staff(authz.Office), head: s.Staff(authz.Head),
		sanctions: sanction.NewService(env.DB, s.Log, s.Service, readyRules(t, s), s.Hub), holds: hold.NewService(env.DB, s.Log, s.Service, s.Hub),
	}
	h.pupil = s.Pupil("Lena", "Brückner", "2014-03-12", s.Class("7b"))
	h.mother = s.Guardian("Vera", "Brückner", h.pupil)
	h.father = s.Guardian("Udo", "Brückner", h.pupil)
	h.publish()
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) publish() {
	h.t.Helper()
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"}, "languages": {
		"de": {"title": "Videokonferenzen", "blocks": [{"id": "p1", "kind": "point", "icon": "camera", "text": "Die {{schoolName}} fragt Sie."}]},
		"tr": {"title": "Görüntülü konferanslar", "blocks": [{"id": "p1", "kind": "point", "icon": "camera", "text": "{{schoolName}} size soruyor."}]}}}`))
	h.must(err)
	_, err = h.app.Consents.Publish(h.Ctx, h.head, draft, h.Today())
	h.must(err)
}

// answer is the guardian's own, in the app.
func (h *house) answer(g school.Guardian, answer participation.Mode, relation consent.Relation) consent.Outcome {
	h.t.Helper()
	actor := h.As(id.GuardianOf(g.ID))
	in := consent.AnswerInput{Pupil: h.pupil.ID, Answer: answer, Language: "tr", Place: "Musterstadt", Relation: relation}
	h.Read(func(tx *db.Tx) error {
		sheet, err := h.app.Consents.Sheet(tx, actor, h.pupil.ID, "tr")
		in.Version, in.TextSHA256, in.After = sheet.Version.ID, sheet.Shown.SHA256, sheet.After
		return err
	})
	if answer > participation.None {
		in.Signature = &consent.Signature{Kind: string(consent.TypedSignature), Name: g.Full()}
	}
	outcome, err := h.app.Consents.Answer(h.Ctx, actor, in)
	h.must(err)
	return outcome
}

func (h *house) withdraw(g school.Guardian, extent consent.Extent) {
	h.t.Helper()
	_, err := h.app.Consents.Withdraw(h.Ctx, h.As(id.GuardianOf(g.ID)), h.pupil.ID, extent)
	h.must(err)
}

// recordYes is one on paper, by two members of staff.
func (h *house) recordYes(g school.Guardian, answer participation.Mode) id.Decision {
	h.t.Helper()
	recorded, err := h.app.Consents.Record(h.Ctx, h.office, consent.Received{
		Pupil: h.pupil.ID, Person: id.GuardianOf(g.ID), Channel: consent.Paper, Answer: &answer, ReceivedOn: h.Today(),
	})
	h.must(err)
	h.Clock.Advance(time.Second)
	made, err := h.app.Consents.ConfirmYes(h.Ctx, h.second, recorded.Proposal)
	h.must(err)
	return made.Decision
}

func (h *house) impose(measure sanction.Measure, until calendar.Date) id.Sanction {
	h.t.Helper()
	made, err := h.sanctions.Impose(h.Ctx, h.head, sanction.New{Pupil: h.pupil.ID, Kind: sanction.Educational, Measure: measure, RuleKey: "NO_RECORDING",
		Heard: []sanction.Party{sanction.Pupil}, NotedOn: h.Today(), From: h.Today(), Until: until,
	})
	h.must(err)
	return made
}

// object is the guardian's own objection.
func (h *house) object(g school.Guardian, against id.Sanction) (made id.Objection) {
	h.t.Helper()
	h.Write(func(tx *db.Tx) error {
		known, err := sanction.Find(tx, against)
		if err == nil {
			made, err = h.sanctions.ObjectIn(tx, h.As(id.GuardianOf(g.ID)), known)
		}
		return err
	})
	return made
}

func (h *house) end(s id.Sanction) { h.t.Helper(); h.must(h.sanctions.End(h.Ctx, h.head, s)) }

func (h *house) place(kind hold.Kind) id.Hold {
	h.t.Helper()
	made, err := h.holds.Place(h.Ctx, h.office, h.pupil.ID, kind)
	h.must(err)
	return made
}

func (h *house) settle(held id.Hold) { h.t.Helper(); h.must(h.holds.Settle(h.Ctx, h.office, held)) }

// setCustody changes a guardianship and confirms what waits.
func (h *house) setCustody(g school.Guardian, change func(*school.Change)) {
	h.t.Helper()
	now := h.GuardianshipOf(g, h.pupil)
	wanted := school.Change{Custody: now.Custody, Prevented: now.Prevented, Disputed: now.Disputed, Protected: now.Protected, Until: now.Period.Until}
	change(&wanted)
	outcome, err := h.Service.SetGuardianship(h.Ctx, h.office, now.ID, wanted)
	h.must(err)
	if outcome.Proposal != "" {
		h.must(h.Service.ConfirmProposal(h.Ctx, h.second, outcome.Proposal))
	}
}

// everything leaves every kind of statement, and rows in every state.
func (h *house) everything() {
	h.t.Helper()
	h.answer(h.mother, participation.Video, consent.Together)
	h.answer(h.father, participation.Audio, "")
	h.withdraw(h.father, consent.Picture)
	h.publish()
	decision := h.recordYes(h.mother, participation.Audio)
	h.must(h.app.Consents.Invalidate(h.Ctx, h.office, decision, consent.WrongPerson))
	h.recordYes(h.mother, participation.Video)
	h.end(h.impose(sanction.Excluded, h.Today().AddDays(9)))
	contested := h.impose(sanction.AudioOnly, h.Today().AddDays(9))
	h.object(h.mother, contested)
	kept := h.object(h.father, contested)
	h.must(h.sanctions.Answer(h.Ctx, h.head, contested, kept, sanction.Kept, sanction.SchoolAuthority))
	ended := h.impose(sanction.AudioOnly, h.Today().AddDays(9))
	h.must(h.sanctions.Answer(h.Ctx, h.head, ended, h.object(h.mother, ended), sanction.Upheld, ""))
	h.settle(h.place(hold.Restriction))
	h.place(hold.Objection)
	h.setCustody(h.father, func(c *school.Change) { c.Custody = school.NoCustody })
	h.Clock.Advance(48 * time.Hour)
	h.setCustody(h.father, func(c *school.Change) { c.Custody = school.JointCustody }) // a guardianship of its own
}

func (h *house) verify() (verified app.Verified, found []evidence.Finding, raises []standing.Raise) {
	h.t.Helper()
	verified, err := h.app.VerifyDatabase(h.Ctx, app.Verification{
		Found:  func(f evidence.Finding) error { found = append(found, f); return nil },
		Raised: func(r standing.Raise) error { raises = append(raises, r); return nil },
	})
	h.must(err)
	return verified, found, raises
}

func has(found []evidence.Finding, kind evidence.FindingKind, table, row string) bool {
	return slices.ContainsFunc(found, func(f evidence.Finding) bool { return f.Kind == kind && f.Table == table && f.Row == row })
}

func TestADatabaseThatNobodyTouchedAgreesWithItsLog(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		if verified, found, _ := h.verify(); len(found) > 0 || verified.Leaves != 1 || verified.Pupils != 0 {
			t.Fatalf("%+v, %v", verified, found)
		}
		h.everything()
		verified, found, _ := h.verify()
		if len(found) > 0 || verified.Pupils != 1 || verified.Leaves != verified.Statements {
			t.Fatalf("%+v, %v", verified, found)
		}
		var kinds []string
		h.Read(func(tx *db.Tx) error { return tx.G().Raw("SELECT DISTINCT kind FROM leaf").Scan(&kinds).Error })
		if len(kinds) != 7 { // letters and erasures have no rows of their own here
			t.Errorf("the story has statements of the kinds %v alone", kinds)
		}
	})
}

// Checklist G2: UPDATE of any column that a statement stands for, in every table and every state of a row.
func TestG2EveryEvidenceColumnThatChangesIsNamed(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.everything()
		a := env.Attack(t)
		for _, table := range []struct {
			name, order string
			keys        []string
		}{
			{"decision", "leaf_seq", []string{"id"}}, {"invalidation", "leaf_seq", []string{"decision_id"}},
			{"form_version", "number", []string{"id"}}, {"form_text", "version_id, language", []string{"version_id", "language"}},
			{"sanction", "leaf_seq", []string{"id"}}, {"sanction_objection", "leaf_seq", []string{"id"}}, {"hold", "leaf_seq", []string{"id"}}, {"guardianship", "id", []string{"id"}},
		} {
			rows := a.Rows(table.name, table.order)
			if len(rows) == 0 {
				t.Fatalf("no row in %s", table.name)
			}
			for _, row := range rows {
				name := fmt.Sprint(row[table.keys[0]])
				if len(table.keys) > 1 {
					name += " " + fmt.Sprint(row[table.keys[1]])
				}
				a.Alter(table.name, row, table.keys, func(column string) {
					if column == "protected" {
						return // whether an address is protected is no part of the evidence
					}
					_, found, _ := h.verify()
					named := slices.ContainsFunc(found, func(f evidence.Finding) bool {
						whole := f.Column == "" && (slices.Contains(table.keys, column) || column == "school_id")
						ended := strings.HasPrefix(f.Column, "ended") || strings.HasPrefix(f.Column, "settled") // named as one
						return f.Table == table.name && f.Row == name && (slices.Contains(strings.Split(f.Column, ", "), column) || whole ||
							ended && strings.HasSuffix(column, "_by"))
					})
					if !named {
						t.Errorf("%s.%s of %v changed, found %v", table.name, column, row, found)
					}
				})
			}
			if _, found, _ := h.verify(); len(found) > 0 {
				t.Fatalf("%s was not put back: %v", table.name, found)
			}
		}
	})
}

func TestRowsThatAreTakenOrSlippedInAreNamedWithTheModeTheyRaise(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.everything()
		a := env.Attack(t)
		for _, c := range []struct{ table, key string }{
			{"decision", "id"}, {"invalidation", "decision_id"}, {"form_version", "id"}, {"sanction_objection", "id"}, {"sanction", "id"}, {"hold", "id"},
		} {
			for _, row := range a.Rows(c.table, c.key) {
				a.Take(c.table, row, []string{c.key})
				if _, found, _ := h.verify(); !has(found, evidence.Missing, c.table, row[c.key].(string)) {
					t.Errorf("%s was taken, found %v", c.table, found)
				}
				a.Put(c.table, row)
			}
			row := a.Rows(c.table, c.key)[0]
			row[c.key] = "slipped-in"
			if _, ok := row["leaf_seq"]; ok {
				row["leaf_seq"] = int64(1_000_000)
			}
			if c.table == "form_version" {
				row["number"] = int64(99)
			}
			if c.table == "sanction_objection" { // each person makes one
				row["person_id"] = "somebody"
			}
			a.Put(c.table, row)
			if _, found, _ := h.verify(); !has(found, evidence.Unattested, c.table, "slipped-in") {
				t.Errorf("into %s was slipped, found %v", c.table, found)
			}
			a.Take(c.table, row, []string{c.key})
		}
		if _, found, _ := h.verify(); len(found) > 0 {
			t.Fatalf("not put back: %v", found)
		}
	})
}

// What raises by SQL is found as a mode too, not only as a row.
func TestAModeThatTheLogDoesNotExplainIsFound(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		for name, c := range map[string]struct {
			story  func(h *house)
			attack func(h *house, a *testkit.Attacker)
		}{
			"a refusal taken away": {
				func(h *house) {
					h.answer(h.mother, participation.Video, "")
					h.answer(h.father, participation.None, "")
				},
				func(_ *house, a *testkit.Attacker) { a.Exec("DELETE FROM decision WHERE answer = 'none'") },
			},
			"a refusal made a yes": {
				func(h *house) { h.answer(h.mother, participation.None, "") },
				func(_ *house, a *testkit.Attacker) { a.Exec("UPDATE decision SET answer = 'video'") },
			},
			"a yes slipped in where nobody decided": {
				func(h *house) {
					pupil := h.Pupil("Ole", "Lindner", "2013-02-03", h.Class("7c"))
					h.Guardian("Ida", "Lindner", pupil)
					h.answer(h.mother, participation.Video, "")
				},
				func(h *house, a *testkit.Attacker) {
					row := a.Rows("decision", "leaf_seq")[0]
					for _, g := range a.Rows("guardianship", "id") {
						if g["pupil_id"] != string(h.pupil.ID) {
							row["pupil_id"], row["person_id"], row["guardianship_id"] = g["pupil_id"], g["guardian_id"], g["id"]
						}
					}
					for _, time := range a.Rows("schooling", "id") {
						if time["pupil_id"] == row["pupil_id"] {
							row["schooling_id"] = time["id"]
						}
					}
					row["id"], row["leaf_seq"] = "slipped-in", int64(77)
					a.Put("decision", row)
				},
			},
			"an invalidation taken away": {
				func(h *house) {
					h.must(h.app.Consents.Invalidate(h.Ctx, h.office, h.recordYes(h.mother, participation.Video), consent.NotAuthentic))
				},
				func(_ *house, a *testkit.Attacker) { a.Exec("DELETE FROM invalidation") },
			},
			"a sanction ended": {
				func(h *house) {
					h.answer(h.mother, participation.Video, "")
					h.impose(sanction.Excluded, h.Today().AddDays(3))
				},
				func(_ *house, a *testkit.Attacker) { a.Exec("UPDATE sanction SET ended_at = 7, ended_by = 'x'") },
			},
			"a hold taken away": {
				func(h *house) {
					h.answer(h.mother, participation.Video, "")
					h.place(hold.Objection)
				},
				func(_ *house, a *testkit.Attacker) { a.Exec("DELETE FROM hold") },
			},
			"a refusing father whom no statement of custody is about": {
				func(h *house) {
					h.answer(h.mother, participation.Video, "")
					h.answer(h.father, participation.None, "")
				},
				func(h *house, a *testkit.Attacker) {
					a.Exec("UPDATE guardianship SET until_on = '2026-11-01' WHERE guardian_id = ?", string(h.father.ID))
				},
			},
			"a refusing father without custody": {
				func(h *house) {
					h.answer(h.mother, participation.Video, "")
					h.answer(h.father, participation.None, consent.Together)
				},
				func(h *house, a *testkit.Attacker) {
					a.Exec("UPDATE guardianship SET custody = 'none' WHERE guardian_id = ?", string(h.father.ID))
				},
			},
		} {
			t.Run(name, func(t *testing.T) {
				fresh := testkit.NewSQLite
				if env.DB.Dialect() == db.Postgres {
					fresh = testkit.NewPostgres
				}
				own := fresh(t)
				h := newHouse(t, own)
				c.story(h)
				if _, found, _ := h.verify(); len(found) > 0 {
					t.Fatalf("before: %v", found)
				}
				c.attack(h, own.Attack(t))
				_, found, _ := h.verify()
				if !slices.ContainsFunc(found, func(f evidence.Finding) bool { return f.Kind == evidence.Raised }) {
					t.Errorf("found %v", found)
				}
			})
		}
	})
}

// What may raise besides an own yes is told with who did it; own yeses, and what lowers, are not.
func TestEveryRaiseThatNoOwnYesExplainsIsTold(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.recordYes(h.mother, participation.Audio)                                      // none → audio, by two
		h.answer(h.mother, participation.Video, "")                                     // audio → video, her own
		h.answer(h.father, participation.None, "")                                      // lowers
		h.setCustody(h.father, func(c *school.Change) { c.Custody = school.NoCustody }) // none → video, by two
		h.end(h.impose(sanction.AudioOnly, h.Today().AddDays(9)))                       // audio → video, the head
		h.settle(h.place(hold.Restriction))                                             // none → video, the office
		h.impose(sanction.Excluded, h.Today().AddDays(1))
		over := h.Today().AddDays(2)
		h.Clock.Advance(72 * time.Hour) // none → video, by itself
		h.withdraw(h.mother, consent.Picture)

		_, found, raises := h.verify()
		if len(found) > 0 {
			t.Fatalf("found %v", found)
		}
		none, audio, video := participation.None, participation.Audio, participation.Video
		both := []id.Account{h.office.Account, h.second.Account}
		want := []standing.Raise{
			{From: none, To: audio, Cause: standing.RecordedYes, By: both},
			{From: none, To: video, Cause: standing.CustodyChanged, By: both},
			{From: audio, To: video, Cause: standing.SanctionEnded, By: []id.Account{h.head.Account}},
			{From: none, To: video, Cause: standing.HoldSettled, By: []id.Account{h.office.Account}},
			{From: none, To: video, Cause: standing.SanctionOver, Day: over},
		}
		if len(raises) != len(want) {
			t.Fatalf("told %v", raises)
		}
		for i, got := range raises {
			if got.From != want[i].From || got.To != want[i].To || got.Cause != want[i].Cause || !slices.Equal(got.By, want[i].By) ||
				got.Pupil != h.pupil.ID || (got.Leaf == evidence.NoLeaf) != !want[i].Day.IsZero() || !want[i].Day.IsZero() && got.Day != over {
				t.Errorf("told %s, want %s", got, want[i])
			}
		}
	})
}

// Whoever holds the keys can write statements and rows that agree. One member of staff alone raises nothing, and the
// story shows it.
func TestARaiseByOneMemberOfStaffIsFound(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		decision := h.recordYes(h.mother, participation.Video)
		a := env.Attack(t)
		row := a.Rows("decision", "leaf_seq")[0]
		// The same once more for the father, without the second member of staff.
		h.withdraw(h.mother, consent.Everything)
		var forged proof.Statement
		var private *proof.Private
		h.Read(func(tx *db.Tx) error {
			all, err := h.Log.StatementsAt(tx, row["leaf_seq"].(int64))
			forged, private = all[0].Statement, all[0].Private
			return err
		})
		declared, server := forged.Declaration.(*proof.DecisionDeclared), forged.Server.(*proof.DecisionServer)
		if server.Decision != decision {
			t.Fatalf("read the statement of %s", server.Decision)
		}
		server.Decision, server.SecondBy, server.RecordedAt = id.New[id.Decision](), "", h.Clock.Now()
		declared.After = ""
		var entry evidence.Entry
		h.Write(func(tx *db.Tx) (err error) {
			part, err := evidence.NewPart(*private)
			if err == nil {
				entry, err = h.Log.Append(tx, forged, part)
			}
			return err
		})
		row["id"], row["leaf_seq"], row["statement_id"], row["second_by"] = string(server.Decision), entry.Leaf, string(entry.StatementID), nil
		row["after_id"], row["recorded_at"] = nil, server.RecordedAt.UnixMicro()
		a.Put("decision", row)

		_, found, raises := h.verify()
		if len(found) != 1 || found[0].Kind != evidence.Raised || found[0].Leaf != entry.Leaf || found[0].Pupil != h.pupil.ID {
			t.Errorf("found %v", found)
		}
		if len(raises) != 1 { // the one that two recorded
			t.Errorf("told %v", raises)
		}
	})
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
