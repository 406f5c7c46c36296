package intake_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/consent/content"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/intake"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func TestRowsHaveTheColumnsOfTheirTables(t *testing.T) { testkit.CheckRows(t, intake.Rows...) }

const listHeader = "Interne ID-Nummer;Nachname;Vorname;Klasse;Geburtsdatum;Aufnahmedatum;Entlassdatum;" +
	"Erzieher 1: Vorname;Erzieher 1: Nachname;Erzieher 1: E-Mail"

const (
	ida = "1;Ohm;Ida;7b;02.02.2014;01.08.2024;;Ute;Ohm;ute@example.org"
	jo  = "2;Ohm;Jo;5a;03.03.2016;01.08.2026;;Ute;Ohm;ute@example.org"
	mia = "3;Roth;Mia;7b;05.05.2014;01.08.2024;;Eva;Roth;eva@example.org"
)

// house is a school with the service whose lists it takes.
type house struct {
	*testkit.School
	t       *testing.T
	service *intake.Service
	head    authz.Actor
}

func eachHouse(t *testing.T, test func(t *testing.T, h house)) {
	t.Helper()
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) { test(t, newHouse(t, env)) })
}

func newHouse(t *testing.T, env *testkit.Env) house {
	s := env.NewSchool(t)
	return house{s, t, intake.NewService(env.DB, env.Vault, s.Service, s.Hub), s.Staff(authz.Head)}
}

func (h house) propose(rows ...string) intake.Stored {
	h.t.Helper()
	stored, err := h.service.Propose(h.Ctx, h.head, lines(append([]string{listHeader}, rows...)...))
	if err != nil {
		h.t.Fatal(err)
	}
	return stored
}

// take reads a list and does all that it says, with everything confirmed that has one of the reasons.
func (h house) take(confirm []intake.Reason, rows ...string) intake.Counts {
	h.t.Helper()
	stored := h.propose(rows...)
	var refs []string
	for _, e := range stored.Plan.Entries {
		if slices.Contains(confirm, e.NeedsConfirmation) {
			refs = append(refs, e.Ref)
		}
	}
	if len(refs) < len(confirm) {
		h.t.Fatalf("not all of %v are in the plan: %q", confirm, showAll(stored.Plan))
	}
	done, err := h.service.Apply(h.Ctx, h.head, stored.ID, refs)
	if err != nil {
		h.t.Fatal(err)
	}
	return done
}

// state is the school as the office sees it: each pupil with what matters, the guardians behind it.
func (h house) state() []string {
	h.t.Helper()
	var all []string
	h.Read(func(tx *db.Tx) error {
		pupils, err := h.Service.AllPupils(tx)
		if err != nil {
			return err
		}
		schoolings, err := h.Service.AllSchoolings(tx)
		if err != nil {
			return err
		}
		guardianships, err := h.Service.AllGuardianships(tx)
		if err != nil {
			return err
		}
		for _, p := range pupils {
			classes, err := h.Service.ClassNamesOf(tx, []id.Pupil{p.ID}, h.todayIn(tx))
			if err != nil {
				return err
			}
			line := []string{p.ImportID, p.Given, p.Family, p.BirthDate.String(), classes[p.ID].Name}
			for _, s := range schoolings[p.ID] {
				line = append(line, s.Period.From.String()+".."+s.Period.Until.String())
			}
			for _, g := range guardianships[p.ID] {
				people, err := h.Service.Guardians(tx, []id.Guardian{g.Guardian})
				if err != nil {
					return err
				}
				who := people[g.Guardian]
				line = append(line, who.Given+" "+who.Family+" <"+who.Contact.Email+"> "+string(g.Custody)+" "+string(g.Basis))
			}
			all = append(all, strings.Join(line, "|"))
		}
		return nil
	})
	return all
}

func (h house) todayIn(tx *db.Tx) (day calendar.Date) {
	h.t.Helper()
	day, err := h.Service.Today(tx)
	if err != nil {
		h.t.Fatal(err)
	}
	return day
}

func (h house) want(want ...string) {
	h.t.Helper()
	if have := h.state(); !slices.Equal(have, want) {
		h.t.Errorf("the school is\n\t%s\nwant\n\t%s", strings.Join(have, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func (h house) guardians() (n int) {
	h.t.Helper()
	h.Read(func(tx *db.Tx) error {
		all, err := h.Service.AllGuardians(tx)
		n = len(all)
		return err
	})
	return n
}

const (
	idaNow = "1|Ida|Ohm|2014-02-02|7b|2024-08-01..|Ute Ohm <ute@example.org> joint assumed"
	joNow  = "2|Jo|Ohm|2016-03-03|5a|2026-08-01..|Ute Ohm <ute@example.org> joint assumed"
	miaNow = "3|Mia|Roth|2014-05-05|7b|2024-08-01..|Eva Roth <eva@example.org> joint assumed"
)

func TestApplyMakesTheSchoolOfTheList(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		before := h.propose(ida, jo, mia)
		h.want() // a plan changes nothing
		done, err := h.service.Apply(h.Ctx, h.head, before.ID, nil)
		if err != nil || done != (intake.Counts{New: 3}) {
			t.Fatalf("%+v, %v", done, err)
		}
		h.want(idaNow, joNow, miaNow)
		if n := h.guardians(); n != 2 {
			t.Errorf("%d guardians; siblings share theirs", n)
		}
		if again := h.take(nil, ida, jo, mia); again != (intake.Counts{Unchanged: 3}) {
			t.Errorf("the same list again: %+v", again)
		}
		h.want(idaNow, joNow, miaNow)
	})
}

func TestApplyDoesWhatTheEntriesSay(t *testing.T) {
	for name, c := range map[string]struct {
		confirm []intake.Reason
		rows    []string
		want    []string
	}{
		"moves to another class": {
			nil, []string{strings.Replace(ida, "7b", "7c", 1), jo, mia},
			[]string{strings.Replace(idaNow, "7b", "7c", 1), joNow, miaNow},
		},
		"who is missing stays": {nil, []string{ida, jo}, []string{idaNow, joNow, miaNow}},
		"who is missing leaves when that is confirmed": {
			[]intake.Reason{intake.NotInList}, []string{ida, jo},
			[]string{idaNow, joNow, "3|Mia|Roth|2014-05-05||2024-08-01..2026-11-23|Eva Roth <eva@example.org> joint assumed"},
		},
		"leaves on the file's day": {
			nil, []string{strings.Replace(ida, "01.08.2024;", "01.08.2024;31.10.2026", 1), jo, mia},
			[]string{"1|Ida|Ohm|2014-02-02||2024-08-01..2026-10-31|Ute Ohm <ute@example.org> joint assumed", joNow, miaNow},
		},
		"another name": {
			nil, []string{strings.Replace(ida, ";Ohm;Ida", ";Ohm-Roth;Ida", 1), jo, mia},
			[]string{joNow, strings.Replace(idaNow, "Ida|Ohm", "Ida|Ohm-Roth", 1), miaNow},
		},
		"a birth date across an age waits": {
			nil, []string{strings.Replace(ida, "02.02.2014", "02.02.2008", 1), jo, mia}, []string{idaNow, joNow, miaNow},
		},
		"a birth date across an age, confirmed": {
			[]intake.Reason{intake.BirthDateAcrossAge}, []string{strings.Replace(ida, "02.02.2014", "02.02.2010", 1), jo, mia},
			[]string{strings.Replace(idaNow, "2014-02-02", "2010-02-02", 1), joNow, miaNow},
		},
		"an id given to somebody else waits": {
			nil, []string{"1;Ahl;Kim;7b;06.06.2014;01.11.2026;;;;", jo, mia}, []string{idaNow, joNow, miaNow},
		},
		"an id given to somebody else, confirmed": {
			[]intake.Reason{intake.IDReused}, []string{"1;Ahl;Kim;7b;06.06.2014;01.11.2026;;;;", jo, mia},
			[]string{"1|Kim|Ahl|2014-06-06|7b|2026-11-01..", strings.TrimPrefix(idaNow, "1"), joNow, miaNow},
		},
		"the same pupil under another id, confirmed": {
			[]intake.Reason{intake.OtherID}, []string{strings.Replace(ida, "1;", "77;", 1), jo, mia},
			[]string{strings.Replace(idaNow, "1|", "77|", 1), joNow, miaNow},
		},
		"a guardian's other address": {
			nil, []string{ida, jo, strings.Replace(mia, "eva@", "neu@", 1)},
			[]string{idaNow, joNow, strings.Replace(miaNow, "eva@", "neu@", 1)},
		},
		"one more guardian": {
			nil, []string{ida, jo, strings.Replace(mia, "Eva;Roth;eva@", "Kai;Roth;kai@", 1)},
			[]string{idaNow, joNow, miaNow + "|Kai Roth <kai@example.org> joint assumed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachHouse(t, func(t *testing.T, h house) {
				h.take(nil, ida, jo, mia)
				h.take(c.confirm, c.rows...)
				h.want(c.want...)
				if again := h.propose(c.rows...); len(c.confirm) > 0 && again.Plan.Counts.Doubtful > 0 {
					t.Errorf("still in doubt after it was confirmed: %q", showAll(again.Plan))
				}
			})
		})
	}
}

func TestAGuardianOfOthersIsJoinedOnlyWhenConfirmed(t *testing.T) {
	kim := "4;Ahl;Kim;5a;06.06.2016;01.11.2026;;Ute;Ohm;ute@example.org"
	for name, c := range map[string]struct {
		confirm []intake.Reason
		people  int
	}{
		"confirmed": {[]intake.Reason{intake.SamePerson}, 1},
		"not":       {nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			eachHouse(t, func(t *testing.T, h house) {
				h.take(nil, ida)
				h.take(c.confirm, ida, kim)
				if n := h.guardians(); n != c.people {
					t.Errorf("%d guardians, want %d", n, c.people)
				}
			})
		})
	}
}

// A second schooling keeps the first: no yes from before counts under it (product.md).
func TestAPupilWhoReturnsBeginsAnew(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		h.take(nil, ida, mia)
		h.take([]intake.Reason{intake.NotInList}, mia)
		h.Clock.Advance(30 * 24 * time.Hour)
		h.take(nil, ida, mia)
		h.want("1|Ida|Ohm|2014-02-02||2024-08-01..2026-11-23|Ute Ohm <ute@example.org> joint assumed", miaNow)
		h.take([]intake.Reason{intake.Returning}, ida, mia)
		h.want("1|Ida|Ohm|2014-02-02|7b|2024-08-01..2026-11-23|2026-12-24..|Ute Ohm <ute@example.org> joint assumed", miaNow)
	})
}

func TestTwoMovesOnOneDayLeaveOneClass(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		h.take(nil, ida)
		for _, class := range []string{"7c", "7d", "7b"} {
			h.take(nil, strings.Replace(ida, "7b", class, 1))
			h.want(strings.Replace(idaNow, "7b", class, 1))
		}
	})
}

// In a new school year everybody moves, and the classes of the old one stay what they were.
func TestANewSchoolYearHasItsOwnClasses(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		h.take(nil, ida, mia)
		h.Clock.Set(time.Date(2027, 8, 20, 9, 0, 0, 0, time.UTC))
		done := h.take(nil, strings.Replace(ida, "7b", "8b", 1), strings.Replace(mia, "7b", "8b", 1))
		if done.Moved != 2 {
			t.Errorf("%+v", done)
		}
		h.want(strings.Replace(idaNow, "7b", "8b", 1), strings.Replace(miaNow, "7b", "8b", 1))
		var before map[id.Pupil]school.Class
		h.Read(func(tx *db.Tx) error {
			pupils, err := h.Service.AllPupils(tx)
			if err == nil {
				before, err = h.Service.ClassNamesOf(tx, []id.Pupil{pupils[0].ID}, day("2027-07-31"))
			}
			return err
		})
		for _, class := range before {
			if class.Name != "7b" {
				t.Errorf("in July it was %s", class.Name)
			}
		}
		if len(before) != 1 {
			t.Errorf("in July in %d classes", len(before))
		}
	})
}

func TestAListRevivesNoGuardianWhomTheOfficeEnded(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		h.take(nil, mia)
		h.Write(func(tx *db.Tx) error {
			all, err := h.Service.AllGuardianships(tx)
			for _, of := range all {
				for _, g := range of {
					g.Custody, g.Basis = school.NoCustody, school.Confirmed
					g.ID, g.Period.From = id.New[id.Guardianship](), day("2026-09-01")
					err = errors.Join(err, h.Service.AddGuardianships(tx, []school.Guardianship{g}))
				}
			}
			return err
		})
		before := h.state()
		if done := h.take(nil, mia); done != (intake.Counts{Unchanged: 1}) {
			t.Errorf("%+v", done)
		}
		h.want(before...)
	})
}

func TestApplyRefusesAndChangesNothing(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		h.take(nil, ida, jo, mia)
		plan := h.propose(strings.Replace(ida, "7b", "7c", 1), strings.Replace(jo, "Jo;", "Joa;", 1), mia)
		if !plan.Plan.NeedsHead {
			t.Fatal("a third of the school changes: the head is needed")
		}
		office := h.Staff(authz.Office)
		for name, c := range map[string]struct {
			actor     authz.Actor
			plan      id.ImportPlan
			confirmed []string
			want      fault.Code
		}{
			"a teacher":           {h.Staff(authz.Teacher), plan.ID, nil, fault.NotAllowedHere},
			"the office, too big": {office, plan.ID, nil, fault.HeadNeeded},
			"an unknown plan":     {h.head, id.New[id.ImportPlan](), nil, fault.NothingHere},
			"an unknown ref":      {h.head, plan.ID, []string{"999"}, fault.InvalidInput},
		} {
			_, err := h.service.Apply(h.Ctx, c.actor, c.plan, c.confirmed)
			if !fault.Has(err, c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
			h.want(idaNow, joNow, miaNow)
		}
		if _, err := h.service.Propose(h.Ctx, h.Staff(authz.Teacher), lines(listHeader, ida)); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("a teacher proposes: %v", err)
		}
		if _, err := h.service.Plan(h.Ctx, h.Staff(authz.DPO), plan.ID); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("the DPO reads a plan: %v", err)
		}
	})
}

func TestAPlanIsForOneDayOnceAndForTheSchoolItSaw(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		first, second := h.propose(ida), h.propose(ida, mia)
		if _, err := h.service.Apply(h.Ctx, h.head, first.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := h.service.Apply(h.Ctx, h.head, first.ID, nil); !fault.Has(err, fault.PlanApplied) {
			t.Errorf("twice: %v", err)
		}
		if stored, err := h.service.Plan(h.Ctx, h.head, first.ID); err != nil || !stored.Applied || stored.Plan.Counts.New != 1 {
			t.Errorf("afterwards: %+v, %v", stored, err)
		}
		if _, err := h.service.Apply(h.Ctx, h.head, second.ID, nil); !fault.Has(err, fault.PlanStale) {
			t.Errorf("of another school: %v", err)
		}
		third := h.propose(ida, mia)
		h.Clock.Advance(24 * time.Hour)
		if _, err := h.service.Apply(h.Ctx, h.head, third.ID, nil); !fault.Has(err, fault.NothingHere) {
			t.Errorf("a day later: %v", err)
		}
		h.propose(ida)
		var kept int64
		h.Read(func(tx *db.Tx) error { return tx.G().Table("import_plan").Count(&kept).Error })
		if kept != 1 {
			t.Errorf("%d plans kept; people in expired ones are forgotten", kept)
		}
	})
}

// An answer that comes in while the office reads its plan protects the address of whoever gave it (abuse X11).
func TestAnAnswerMeanwhileMakesItsAddressWait(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		h.take(nil, ida, mia)
		plan := h.propose(ida, strings.Replace(mia, "eva@", "neu@", 1))
		log := consent.NewService(h.DB, h.Vault, h.Log, h.Service, h.Hub)
		h.decideFor(log, "Mia")
		if _, err := h.service.Apply(h.Ctx, h.head, plan.ID, nil); !fault.Has(err, fault.PlanStale) {
			t.Errorf("%v, want plan_stale", err)
		}
		again := h.propose(ida, strings.Replace(mia, "eva@", "neu@", 1))
		if e := again.Plan.Entries; len(e) != 1 || e[0].NeedsConfirmation != intake.ContactOfAnswered {
			t.Errorf("%q", showAll(again.Plan))
		}
	})
}

// decideFor lets the guardian of the pupil withdraw.
func (h house) decideFor(consents *consent.Service, given string) {
	h.t.Helper()
	draft, err := consent.ParseDraft(content.VideoConference)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := consents.Publish(h.Ctx, h.head, draft, calendar.Date{}); err != nil {
		h.t.Fatal(err)
	}
	var pupil id.Pupil
	var guardian id.Guardian
	h.Read(func(tx *db.Tx) error {
		pupils, err := h.Service.AllPupils(tx)
		if err != nil {
			return err
		}
		pupil = pupils[slices.IndexFunc(pupils, func(p school.Pupil) bool { return p.Given == given })].ID
		all, err := h.Service.GuardianshipsOf(tx, []id.Pupil{pupil})
		guardian = all[pupil][0].Guardian
		return err
	})
	if _, err := consents.Withdraw(h.Ctx, h.As(id.GuardianOf(guardian)), pupil, consent.Everything); err != nil {
		h.t.Fatal(err)
	}
}

func TestTwoWhoApplyAtOnceDoItOnce(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		plan := h.propose(ida, jo, mia)
		var group sync.WaitGroup
		results := make([]error, 6)
		for i := range results {
			group.Go(func() { _, results[i] = h.service.Apply(h.Ctx, h.head, plan.ID, nil) })
		}
		group.Wait()
		done := 0
		for _, err := range results {
			if err == nil {
				done++
			} else if !fault.Has(err, fault.PlanApplied) {
				t.Errorf("%v", err)
			}
		}
		if done != 1 {
			t.Errorf("done %d times", done)
		}
		h.want(idaNow, joNow, miaNow)
	})
}

func TestTheSameCallAgainGetsTheSameAnswer(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		plan := h.propose(ida, jo)
		ctx := idempotency.With(h.Ctx, idempotency.Key{Actor: "a", Route: "POST /imports/{id}/apply", Value: "k"})
		for range 2 {
			done, err := h.service.Apply(ctx, h.head, plan.ID, nil)
			if err != nil || done.New != 2 {
				t.Errorf("%+v, %v", done, err)
			}
		}
	})
}

func TestOpenRostersHearOfAList(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		heard := h.Hub.Subscribe(h.ID)
		defer heard.Close()
		plan := h.propose(ida)
		select {
		case <-heard.Ready():
			t.Error("a plan is nothing that happened")
		default:
		}
		if _, err := h.service.Apply(h.Ctx, h.head, plan.ID, nil); err != nil {
			t.Fatal(err)
		}
		<-heard.Ready()
	})
}

func TestNothingOfAPlanLiesOpenInTheDatabase(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		h.propose(ida, mia)
		var bodies [][]byte
		h.Read(func(tx *db.Tx) error { return tx.G().Table("import_plan").Pluck("body", &bodies).Error })
		for _, body := range bodies {
			if bytes.Contains(body, []byte("Ohm")) || bytes.Contains(body, []byte("eva@example.org")) {
				t.Error("a name can be read")
			}
		}
		if len(bodies) != 1 {
			t.Errorf("%d plans", len(bodies))
		}
	})
}

func TestAPlanOfAnotherSchoolIsUnknown(t *testing.T) {
	env := testkit.NewPostgres(t) // SQLite holds one school
	h, other := newHouse(t, env), newHouse(t, env)
	plan := h.propose(ida)
	if _, err := other.service.Apply(other.Ctx, other.head, plan.ID, nil); !fault.Has(err, fault.NothingHere) {
		t.Errorf("%v, want not_found", err)
	}
	other.want()
}

func TestTheDemoListMakesAWholeSchool(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		data, err := os.ReadFile("../app/demo/schueler.txt")
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []intake.Counts{{New: 100, Ignored: 2}, {Unchanged: 100, Ignored: 2}} {
			stored, err := h.service.Propose(h.Ctx, h.head, data)
			if err != nil {
				t.Fatal(err)
			}
			done, err := h.service.Apply(h.Ctx, h.head, stored.ID, nil)
			if err != nil || done != want {
				t.Errorf("import %d: %+v, %v; want %+v", i+1, done, err, want)
			}
		}
		if n := h.guardians(); n != 162 {
			t.Errorf("%d guardians, want 162", n)
		}
	})
}

func TestAFaultyFileLeavesNoPlan(t *testing.T) {
	eachHouse(t, func(t *testing.T, h house) {
		_, err := h.service.Propose(h.Ctx, h.head, lines(listHeader, strings.Replace(ida, "02.02.2014", "31.02.2014", 1)))
		if !fault.Has(err, fault.FileInvalid) {
			t.Errorf("%v", err)
		}
		_, err = h.service.Propose(context.Background(), h.head, lines(listHeader, ida))
		if !errors.Is(err, db.ErrNoSchool) {
			t.Errorf("in no school: %v", err)
		}
	})
}
