package notice_test

import (
	"strings"
	"testing"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notify"
	"einverstanden/backend/participation"
	"einverstanden/backend/testkit"
)

// at is an instant by the clock on the wall; the world begins on Tuesday, 24 November 2026, at 10:00.
func (w *told) at(text string) time.Time {
	w.t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	must(w.t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	must(w.t, err)
	return at.UTC()
}

// plan plans a lesson of the class; each is another one.
func (w *told) plan(at string, change ...func(*meeting.Plan)) meeting.Meeting {
	w.t.Helper()
	w.lessons++
	plan := meeting.Plan{
		Title: "Mathematik " + string(rune('A'+w.lessons)), Kind: participation.Lesson, Class: w.theClass().ID, StartsAt: w.at(at), Length: time.Hour,
	}
	for _, c := range change {
		c(&plan)
	}
	made, err := w.meetings.Plan(w.Ctx, w.teacher, plan)
	must(w.t, err)
	return made
}

func weekly(p *meeting.Plan) { p.Weekly = &meeting.Weekly{Until: calendar.MustParse("2027-03-01")} }

const (
	planned   = "pupil: meeting_planned /pupil"
	moved     = "pupil: meeting_moved /pupil"
	cancelled = "pupil: meeting_cancelled /pupil"
	soon      = "pupil: meeting_soon /pupil"
	changedIt = "teacher: lesson_changed /meetings"
)

// Who is told of what becomes of a meeting. The teacher who did it is not told; a pupil hears of a series once, and once of
// what was planned on one day for one day.
func TestWhoHearsOfAMeeting(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(*told)
		want []string
	}{
		"planned": {act: func(w *told) { w.plan("2026-11-25 09:00") }, want: []string{planned}},
		"two for one day": {act: func(w *told) {
			w.plan("2026-11-25 09:00")
			w.works()
			w.plan("2026-11-25 11:00")
		}},
		"for two days":     {act: func(w *told) { w.plan("2026-11-25 09:00"); w.plan("2026-11-26 09:00") }, want: []string{planned, planned}},
		"a series":         {act: func(w *told) { w.plan("2026-11-25 09:00", weekly) }, want: []string{planned}},
		"planned and gone": {act: func(w *told) { w.cancel(w.plan("2026-11-25 09:00"), false) }, want: []string{cancelled}},
		"the first of two gone": {act: func(w *told) {
			first := w.plan("2026-11-25 09:00")
			w.plan("2026-11-25 11:00")
			w.cancel(first, false)
		}, want: []string{planned, cancelled}},
		"one of a series gone": {act: func(w *told) {
			w.cancel(w.plan("2026-11-25 09:00", weekly), false)
		}, want: []string{planned, cancelled}},
		"a series gone": {act: func(w *told) {
			made := w.plan("2026-11-25 09:00", weekly)
			w.works()
			w.cancel(made, true)
		}, want: []string{cancelled}},
		"moved twice is told as it is": {act: func(w *told) {
			made := w.plan("2026-11-25 09:00")
			w.works()
			w.move(made, "2026-11-25 10:00")
			w.move(made, "2026-11-25 11:00")
		}, want: []string{moved}},
		"for another pupil": {act: func(w *told) {
			other := w.Pupil("Wupp", "Zwitscherling", birth, w.theClass())
			w.plan("2026-11-25 09:00", func(p *meeting.Plan) { p.Kind, p.Pupils = participation.OneToOne, []id.Pupil{other.ID} })
		}},
		"a day at a distance, declared by the head": {act: func(w *told) {
			_, err := w.meetings.DeclareDistanceDay(w.Ctx, w.head, meeting.DistanceDay{From: 9 * time.Hour, Length: time.Hour, Title: "Distanztag"})
			must(w.t, err)
		}, want: []string{planned, changedIt}},
		"on Sunday: held until Monday": {act: func(w *told) {
			w.Clock.Set(w.at("2026-11-29 12:00"))
			w.plan("2026-12-02 09:00")
			w.wants("on Sunday")
			w.Clock.Set(w.at("2026-11-30 07:00"))
		}, want: []string{planned}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTold(t, testkit.NewSQLite(t))
			c.act(w)
			w.wants("told", c.want...)
		})
	}
}

func (w *told) cancel(m meeting.Meeting, following bool) {
	w.t.Helper()
	_, err := w.meetings.Cancel(w.Ctx, w.teacher, m.ID, following)
	must(w.t, err)
}

func (w *told) move(m meeting.Meeting, to string) {
	w.t.Helper()
	_, err := w.meetings.Move(w.Ctx, w.teacher, m.ID, w.at(to), 0)
	must(w.t, err)
}

// Who was to stand in hears that it was moved, which ends the substitution.
func TestTheSubstituteHearsOfAMove(t *testing.T) {
	w := newTold(t, testkit.NewSQLite(t))
	made := w.plan("2026-11-24 14:00")
	_, err := w.meetings.TakeOver(w.Ctx, w.head, made.ID)
	must(t, err)
	w.works()
	w.move(made, "2026-11-24 15:00")
	w.wants("moved", moved, "head: lesson_changed /meetings")
}

// lookAt is what the round of a minute leads to at a time.
func (w *told) lookAt(text string) []string {
	w.t.Helper()
	w.Clock.Set(w.at(text))
	must(w.t, w.notices.LookAhead(w.Ctx))
	must(w.t, w.notices.LookAhead(w.Ctx)) // another instance
	return w.works()
}

// A meeting that begins: the teacher hears half an hour before, the pupil when the door opens, each once.
func TestWhoHearsThatAMeetingBegins(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newTold(t, env)
		w.answers(w.signsIn(w.mother), participation.Audio)
		w.plan("2026-11-25 09:00")
		w.works()
		for _, step := range []struct {
			at   string
			want string
		}{
			{"2026-11-25 08:29", ""}, {"2026-11-25 08:30", "teacher: lesson_soon /meetings/"}, {"2026-11-25 08:49", ""},
			{"2026-11-25 08:50", soon}, {"2026-11-25 08:51", ""}, {"2026-11-25 09:00", ""},
		} {
			got := w.lookAt(step.at)
			if len(got) > 1 || len(got) == 1 && got[0] != step.want || len(got) == 0 && step.want != "" {
				t.Errorf("%s: %v, want %q", step.at, got, step.want)
			}
		}
	})
}

// No mode is told: whoever may not come in hears nothing of a beginning, and of the plan the same as everybody.
func TestABeginningIsForThoseWhoMayCome(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*told)
		want   []string
	}{
		"mode none":  {before: func(*told) {}},
		"sound only": {before: func(w *told) { w.answers(w.signsIn(w.mother), participation.Audio) }, want: []string{soon}},
		"excluded":   {before: func(w *told) { w.answers(w.signsIn(w.mother), participation.Video); w.impose() }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTold(t, testkit.NewSQLite(t))
			c.before(w)
			w.works()
			w.plan("2026-11-24 18:45") // 18:15 is after the teacher's hours
			w.wants("planned", planned)
			w.Clock.Set(w.at("2026-11-24 18:36"))
			must(t, w.notices.LookAhead(w.Ctx))
			w.wants("begins", c.want...)
		})
	}
}

// What changes between the job and the message is read again.
func TestABeginningIsReadAgain(t *testing.T) {
	for name, change := range map[string]func(*told, meeting.Meeting){
		"cancelled": func(w *told, m meeting.Meeting) { w.cancel(m, false) },
		"moved":     func(w *told, m meeting.Meeting) { w.move(m, "2026-11-24 17:30") },
		"excluded":  func(w *told, _ meeting.Meeting) { w.impose() },
		"too late":  func(w *told, _ meeting.Meeting) { w.Clock.Advance(30 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTold(t, testkit.NewSQLite(t))
			w.answers(w.signsIn(w.mother), participation.Video)
			made := w.plan("2026-11-24 15:00")
			w.works()
			w.Clock.Set(w.at("2026-11-24 14:55"))
			must(t, w.notices.LookAhead(w.Ctx))
			w.Write(func(tx *db.Tx) error { // what LookAhead leads to, written before the change
				return notify.Tell(tx, notify.Message{
					Event: "written before", Kind: notify.MeetingSoon, Person: id.PupilOf(w.pupil.ID), Subject: string(made.ID),
					Path: "/pupil", Until: made.StartsAt.Add(10 * time.Minute),
				})
			})
			change(w, made)
			for _, got := range w.works() {
				if got == soon {
					t.Error("told that it begins")
				}
			}
		})
	}
}

// On a school day after 14:00 each teacher hears once of the next school day's meetings, over the weekend too.
func TestTeachersHearOfTheNextSchoolDay(t *testing.T) {
	w := newTold(t, testkit.NewSQLite(t))
	w.plan("2026-11-30 09:00")
	gone := w.plan("2026-12-01 11:00")
	w.works()
	is := func(at string, want ...string) {
		t.Helper()
		got := w.lookAt(at)
		if len(got) != len(want) || len(got) == 1 && got[0] != want[0] {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
	}
	const tomorrow = "teacher: lesson_tomorrow /meetings"
	is("2026-11-27 13:59")
	is("2026-11-27 14:00", tomorrow)
	is("2026-11-27 17:00")
	is("2026-11-28 14:30")
	is("2026-11-29 14:30")
	w.cancel(gone, false)
	is("2026-11-30 07:00", cancelled) // over the Sunday
	is("2026-11-30 14:30")
}

// A teacher without a browser is mailed to the address of the account when somebody else planned for it.
func TestATeacherIsMailed(t *testing.T) {
	w := newToldOn(t, newWorld(t, testkit.NewSQLite(t)))
	w.browsers.of = nil
	_, err := w.meetings.DeclareDistanceDay(w.Ctx, w.head, meeting.DistanceDay{From: 9 * time.Hour, Length: time.Hour, Title: "Distanztag"})
	must(t, err)
	wantMails(t, w.work(), "lehrerin@schule.example: Neues zu Ihren Videokonferenzen")
}

// The pupil hears 60 days ahead of an age, and those with a say; once, until the day has come.
func TestWhoHearsOfAnAge(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newTold(t, env, protected)
		is := func(at string, want ...string) {
			t.Helper()
			w.Clock.Set(w.at(at))
			must(t, w.notices.CheckAges(w.Ctx))
			must(t, w.notices.CheckAges(w.Ctx))
			w.wants(at, want...)
		}
		w.born(calendar.MustParse("2009-01-24"))
		is("2026-11-24 10:00") // 61 days ahead
		is("2026-11-25 10:00", "pupil: age_near /", "mother: child_age_near /home", "father: child_age_near /home")
		is("2026-11-26 10:00")
		is("2027-01-24 10:00")
	})
}

// The day stands in the mail and not in the job; a pupil that cannot be reached is on the office's list.
func TestTheDayOfAnAgeIsFilledInWhenItIsSent(t *testing.T) {
	w := newToldOn(t, newWorld(t, testkit.NewSQLite(t)))
	w.browsers.of = nil
	w.born(calendar.MustParse("2009-01-20"))
	must(t, w.notices.CheckAges(w.Ctx))
	w.Read(func(tx *db.Tx) error {
		var leaks int64
		err := tx.G().Table("outbox").Where("payload LIKE ? OR dedup_key LIKE ?", "%2027%", "%2027%").Count(&leaks).Error
		if leaks > 0 {
			t.Error("a job says the day")
		}
		return err
	})
	mails := w.work()
	wantMails(t, mails, listedAddress+": Bald zählt die Antwort Ihres Kindes")
	if want := "Ab dem 20.01.2027 entscheidet"; !strings.Contains(mails[0].Text, want) {
		t.Errorf("the mail does not say %q:\n%s", want, mails[0].Text)
	}
	if got := w.slips(); len(got) != 1 || got[0] != "pupil: age_near" {
		t.Errorf("slips: %v", got)
	}
}
