package breach_test

import (
	"slices"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/breach"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// world is a class with a lesson that has begun, on 24 November 2026.
type world struct {
	*testkit.School
	t             *testing.T
	sanctions     *sanction.Service
	breaches      *breach.Service
	rules         *rules.Service
	teacher, head authz.Actor
	lena, ben     school.Pupil
	vera          school.Guardian
	lesson        meeting.Meeting
}

func newWorld(t *testing.T, env *testkit.Env) *world {
	t.Helper()
	s := env.NewSchool(t)
	w := &world{School: s, t: t, teacher: s.Staff(authz.Teacher), head: s.Staff(authz.Head), rules: rules.NewService(env.DB, s.Service, s.Hub)}
	must(t, w.rules.Ready(s.Ctx))
	standings := standing.NewService(env.DB, consent.NewService(env.DB, env.Vault, s.Log, s.Service, s.Hub), s.Service)
	meetings := meeting.NewService(env.DB, s.Service, standings, w.rules, s.Hub)
	w.sanctions = sanction.NewService(env.DB, s.Log, s.Service, w.rules, s.Hub)
	w.breaches = breach.NewService(env.DB, s.Service, meetings, standings, w.sanctions, w.rules)
	class := s.Class("7b")
	w.lena, w.ben = s.Pupil("Lena", "Brückner", "2014-03-12", class), s.Pupil("Ben", "Arndt", "2014-05-01", class)
	w.vera = s.Guardian("Vera", "Brückner", w.lena)
	w.Write(func(tx *db.Tx) error { // reports refer to the account
		return tx.G().Exec("INSERT INTO account (school_id, id, profile, language, created_at) VALUES (?, ?, ?, 'de', 0)",
			tx.School, w.teacher.Account, []byte("x")).Error
	})
	must(t, s.Service.GiveClass(s.Ctx, s.Staff(authz.Office), class.ID, w.teacher.Account))
	lesson, err := meetings.Plan(s.Ctx, w.teacher, meeting.Plan{Title: "Mathematik", Kind: participation.Lesson, Class: class.ID, Length: time.Hour})
	must(t, err)
	w.lesson = lesson
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) report(pupil school.Pupil, rule string) id.Breach {
	w.t.Helper()
	made, err := w.breaches.Report(w.Ctx, w.teacher, breach.Report{Meeting: w.lesson.ID, Pupil: pupil.ID, RuleKey: rule, NotedOn: w.Today()})
	must(w.t, err)
	return made
}

// decide lets the sanction end in a week.
func (w *world) decide(report id.Breach) id.Sanction {
	w.t.Helper()
	made, err := w.breaches.Decide(w.Ctx, w.head, report, sanction.New{
		Kind: sanction.Educational, Measure: sanction.AudioOnly, NotedOn: w.Today(), From: w.Today(), Until: w.Today().AddDays(7),
	})
	must(w.t, err)
	return made
}

// left is what there is: sanctions, reports, objections, and statements about the first and last.
func (w *world) left() (counts [4]int64) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		for i, table := range []string{"sanction", "breach", "sanction_objection"} {
			if err := tx.G().Table(table).Where("school_id = ?", tx.School).Count(&counts[i]).Error; err != nil {
				return err
			}
		}
		return tx.G().Table("statement").Joins("JOIN leaf ON leaf.school_id = statement.school_id AND leaf.seq = statement.leaf_seq").
			Where("statement.school_id = ? AND leaf.kind IN ?", tx.School, []string{"sanction", "objection"}).Count(&counts[3]).Error
	})
	return counts
}

func (w *world) wants(what string, want [4]int64) {
	w.t.Helper()
	_, _, err := w.breaches.Forget(w.Ctx)
	must(w.t, err)
	if got := w.left(); got != want {
		w.t.Errorf("%s: %d sanctions, %d reports, %d objections, %d statements are left, want %v", what, got[0], got[1], got[2], got[3], want)
	}
}

func (w *world) on(day string) {
	at, err := time.Parse(time.DateOnly, day)
	must(w.t, err)
	w.Clock.Set(at.Add(12 * time.Hour))
}

// Sanctions and closed reports go on the first day behind the school year that follows the one in which they ended, with
// their evidence, and not a day earlier. The leaves stay, and the log says that something was erased.
func TestSanctionsAreForgottenASchoolYearAfterTheirEnd(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.decide(w.report(w.lena, "ON_TIME"))
		contested := w.decide(w.report(w.ben, "FRIENDLY"))
		must(t, w.breaches.Dismiss(w.Ctx, w.head, w.report(w.lena, "PRIVACY")))
		w.report(w.ben, "TALK_RULES") // waits, however long
		var objection id.Objection
		w.Write(func(tx *db.Tx) error {
			known, err := sanction.Find(tx, contested)
			if err == nil {
				objection, err = w.sanctions.ObjectIn(tx, w.As(id.PupilOf(w.ben.ID)), known)
			}
			return err
		})
		all := [4]int64{2, 4, 1, 3}
		w.on("2027-07-31")
		w.wants("in the school year", all)
		w.on("2028-07-31")
		w.wants("on the last day of the next one", all)
		w.on("2028-08-01")
		w.wants("behind it", [4]int64{1, 2, 1, 2}) // the contested one and its report stay, and the one that waits
		w.wants("once more", [4]int64{1, 2, 1, 2})

		must(t, w.sanctions.Answer(w.Ctx, w.head, contested, objection, sanction.Kept, sanction.SchoolAuthority))
		w.on("2030-07-31")
		w.wants("answered late, on the last day", [4]int64{1, 2, 1, 3})
		w.on("2030-08-01")
		w.wants("answered late, behind it", [4]int64{0, 1, 0, 0})

		var leaves, erasures int64
		w.Read(func(tx *db.Tx) error {
			if err := tx.G().Table("leaf").Where("school_id = ? AND kind IN ?", tx.School, []string{"sanction", "objection"}).Count(&leaves).Error; err != nil {
				return err
			}
			return tx.G().Table("leaf").Where("school_id = ? AND kind = ?", tx.School, "erasure").Count(&erasures).Error
		})
		if leaves != 4 || erasures != 2 {
			t.Errorf("%d leaves and %d erasures", leaves, erasures)
		}
	})
}

// A restriction keeps everything about its pupil (GDPR Art. 18(1)(c)), until it is settled.
func TestAHoldKeepsWhatWouldBeForgotten(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	w.decide(w.report(w.lena, "ON_TIME"))
	holds := hold.NewService(w.DB, w.Log, w.Service, w.Hub)
	placed, err := holds.Place(w.Ctx, w.head, w.lena.ID, hold.Restriction)
	must(t, err)
	w.on("2028-08-01")
	w.wants("held", [4]int64{1, 1, 0, 1})
	must(t, holds.Settle(w.Ctx, w.head, placed))
	w.wants("settled", [4]int64{})
}

// A rule of the school's own can be broken, a report keeps the version that it was of, and so does what comes of it.
func TestARuleOfTheSchoolsOwnCanBeBroken(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		shipped := w.report(w.lena, "ON_TIME")
		own, err := rules.Default()
		must(t, err)
		own.Rules = slices.Clone(own.Rules)
		for i := range own.Rules {
			if own.Rules[i].Key == "ON_TIME" {
				own.Rules[i].Key = "NO_OWLS"
			}
		}
		for l := range own.Languages {
			cards := slices.Clone(own.Languages[l].Rules)
			for i := range cards {
				if cards[i].Key == "ON_TIME" {
					cards[i].Key, cards[i].Title = "NO_OWLS", "Keine Eulen"
				}
			}
			own.Languages[l].Rules = cards
		}
		version, err := w.rules.Publish(w.Ctx, w.head, own, w.Today())
		must(t, err)
		reported := w.report(w.ben, "NO_OWLS")
		made, late := w.decide(reported), w.decide(shipped)
		w.Read(func(tx *db.Tx) error {
			owls, err := sanction.Find(tx, made)
			must(t, err)
			before, err := sanction.Find(tx, late)
			must(t, err)
			if owls.RulesVersion != version.ID || before.RulesVersion == version.ID || before.RulesVersion == "" {
				t.Errorf("versions %q and %q; the school's own is %q", owls.RulesVersion, before.RulesVersion, version.ID)
			}
			called, err := w.rules.Titles(tx, "tr")
			if got := called.Of(owls.RulesVersion, owls.RuleKey) + ", " + called.Of(before.RulesVersion, before.RuleKey) + ", " + called.Of("", "ON_TIME"); got !=
				"Keine Eulen, Zamanında gel, Zamanında gel" {
				t.Errorf("called %s", got)
			}
			return err
		})
		_, err = w.breaches.Report(w.Ctx, w.teacher, breach.Report{Meeting: w.lesson.ID, Pupil: w.lena.ID, RuleKey: "ON_TIME", NotedOn: w.Today()})
		if err == nil {
			t.Error("a rule that is not in force any more is reported")
		}
	})
}
