package notice_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/breach"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/outbox"
	"einverstanden/backend/participation"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func (w *told) measure() sanction.New {
	return sanction.New{
		Pupil: w.pupil.ID, Kind: sanction.Formal, Measure: sanction.Excluded, RuleKey: "NO_RECORDING",
		Heard: []sanction.Party{sanction.Pupil, sanction.Parents}, NotedOn: w.Today(), From: w.Today(), Until: w.Today().AddDays(7),
	}
}

func (w *told) impose() id.Sanction {
	w.t.Helper()
	made, err := w.sanctions.Impose(w.Ctx, w.head, w.measure())
	must(w.t, err)
	return made
}

// born gives the pupil another birth date; the zero one is unknown.
func (w *told) born(day calendar.Date) {
	w.pupil.BirthDate = day
	w.Write(func(tx *db.Tx) error { return w.Service.ChangePupils(tx, []school.Pupil{w.pupil}) })
}

// fatherHas changes the father's guardianship.
func (w *told) fatherHas(change func(*school.Guardianship)) {
	g := w.GuardianshipOf(w.father, w.pupil)
	w.Write(func(tx *db.Tx) error {
		return tx.G().Table("guardianship").Where("school_id = ? AND id = ?", tx.School, g.ID).Updates(changesOf(g, change)).Error
	})
}

func changesOf(g school.Guardianship, change func(*school.Guardianship)) map[string]any {
	change(&g)
	return map[string]any{"custody": g.Custody, "prevented": g.Prevented}
}

// Who is told of a sanction, whose place it leads to, and who is not told.
func TestWhoHearsOfASanction(t *testing.T) {
	both := []string{"father: sanction_imposed /home", "mother: sanction_imposed /home", "pupil: own_sanction /pupil"}
	for name, c := range map[string]struct {
		custody []func(*school.Guardianship)
		change  func(*told)
		want    []string
	}{
		"both parents and the pupil":               {want: both},
		"a protected guardianship: each by itself": {custody: []func(*school.Guardianship){protected}, want: both},
		"no custody": {
			change: func(w *told) { w.fatherHas(func(g *school.Guardianship) { g.Custody = school.NoCustody }) },
			want:   []string{"mother: sanction_imposed /home", "pupil: own_sanction /pupil"},
		},
		"who cannot act": {
			change: func(w *told) { w.fatherHas(func(g *school.Guardianship) { g.Prevented = true }) },
			want:   []string{"mother: sanction_imposed /home", "pupil: own_sanction /pupil"},
		},
		"of age": {
			change: func(w *told) { w.born(calendar.MustParse("2008-11-24")) }, want: []string{"pupil: sanction_imposed /home"},
		},
		"birth date unknown: nobody has a say, and custody counts": {
			change: func(w *told) { w.born(calendar.Date{}) }, want: both,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTold(t, testkit.NewSQLite(t), c.custody...)
			if c.change != nil {
				c.change(w)
			}
			w.impose()
			w.wants("imposed", c.want...)
		})
	}
}

// Whoever has neither browser nor address is on the office's list; the message names nobody, and leads to its page.
func TestASanctionFallsThroughToNobody(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newToldOn(t, newWorld(t, env))
		w.browsers.of = nil
		w.impose()
		mails := w.work()
		wantMails(t, mails, listedAddress+": Eine Mitteilung der Schulleitung")
		for _, word := range []string{"Ton", "Ausschluss", "aufnehmen", "Maßnahme", "Ordnung"} {
			if strings.Contains(mails[0].Text, word) {
				t.Errorf("the mail says %q:\n%s", word, mails[0].Text)
			}
		}
		if !strings.Contains(mails[0].Text, "https://schule.example/home\n") {
			t.Errorf("it leads elsewhere:\n%s", mails[0].Text)
		}
		if got := w.slips(); !slices.Equal(got, []string{"father: sanction_imposed", "pupil: own_sanction"}) {
			t.Errorf("slips: %v", got)
		}
	})
}

// A job that runs again, because its process was killed behind the last write, tells nobody twice.
func TestAJobThatRunsTwiceTellsOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newTold(t, env)
		made := w.impose()
		again := func() {
			w.Write(func(tx *db.Tx) error {
				return outbox.Enqueue(tx, outbox.Job{Topic: outbox.SanctionImposed, Payload: sanction.Told{Sanction: made, Pupil: w.pupil.ID}})
			})
		}
		again()
		if got := w.works(); len(got) != 3 {
			t.Errorf("told %v", got)
		}
		again()
		w.wants("once more")
	})
}

// What ended before it was told is told as ended, and what is over or erased not at all.
func TestASanctionIsToldAsItIsWhenItIsTold(t *testing.T) {
	end := func(w *told, made id.Sanction) { must(w.t, w.sanctions.End(w.Ctx, w.head, made)) }
	ended := []string{"father: sanction_ended /home", "mother: sanction_ended /home", "pupil: own_sanction /pupil"}
	for name, c := range map[string]struct {
		meanwhile func(*told, id.Sanction)
		want      []string
	}{
		"ended meanwhile": {meanwhile: end, want: append(ended, "pupil: own_sanction /pupil")},
		"over meanwhile":  {meanwhile: func(w *told, _ id.Sanction) { w.Clock.Advance(8 * 24 * time.Hour) }},
		"erased meanwhile": {meanwhile: func(w *told, _ id.Sanction) {
			w.Write(func(tx *db.Tx) error { return w.sanctions.Erase(tx, id.PupilOf(w.pupil.ID), nil) })
		}},
		"ended after it was told": {
			meanwhile: func(w *told, made id.Sanction) { w.works(); end(w, made) }, want: ended,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTold(t, testkit.NewSQLite(t))
			c.meanwhile(w, w.impose())
			w.wants("told", c.want...)
		})
	}
}

// An objection is told to whoever made it and to the head; its answer to whoever made it; that it was upheld the others
// hear as an end, and not whose objection it was.
func TestWhoHearsOfAnObjection(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newTold(t, env, protected)
		made := w.impose()
		w.works()
		objection, err := w.breaches.Object(w.Ctx, w.As(id.GuardianOf(w.mother.ID)), made)
		must(t, err)
		w.wants("received", "mother: objection_news /home", "head: decision_waiting /office/sanctions")
		must(t, w.sanctions.Answer(w.Ctx, w.head, made, objection, sanction.Upheld, ""))
		w.wants("upheld", "mother: objection_news /home",
			"mother: sanction_ended /home", "father: sanction_ended /home", "pupil: own_sanction /pupil")
	})
}

// A report waits for the head, who is told in a browser and at the address of the account; whoever has decided is not.
func TestTheHeadHearsOfWhatWaits(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newToldOn(t, newWorld(t, env))
		held, err := w.meetings.Plan(w.Ctx, w.teacher, meeting.Plan{Title: "Mathematik", Kind: participation.Lesson, Class: w.theClass().ID, Length: time.Hour})
		must(t, err)
		w.works()
		report := func() id.Breach {
			made, err := w.breaches.Report(w.Ctx, w.teacher, breach.Report{Meeting: held.ID, Pupil: w.pupil.ID, RuleKey: "ON_TIME", NotedOn: w.Today()})
			must(t, err)
			return made
		}
		first := report()
		wantMails(t, w.work(), headAddress+": Eine Entscheidung wartet auf Sie")
		if want := []string{"head: decision_waiting /office/sanctions"}; !slices.Equal(w.browsers.got, want) {
			t.Errorf("got %v", w.browsers.got)
		}
		w.browsers.got = nil
		second := report()
		must(t, errors.Join(w.breaches.Dismiss(w.Ctx, w.head, first), w.breaches.Dismiss(w.Ctx, w.head, second)))
		w.wants("decided before it was told")
		must(t, w.accounts.SetRole(w.Ctx, w.head, w.teacher.Account, "head"))
		report()
		w.teacher.Role = authz.Head
		must(t, w.accounts.DisableAccount(w.Ctx, w.teacher, w.head.Account))
		w.wants("to those who are heads when it is told", "teacher: decision_waiting /office/sanctions")
	})
}
