package meeting_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func (c *classroom) open(class id.Class) []meeting.Contact {
	c.t.Helper()
	open, err := c.meetings.OpenContacts(c.Ctx, c.teacher, class)
	if err != nil {
		c.t.Fatal(err)
	}
	return open
}

func (c *classroom) collect() {
	c.t.Helper()
	if err := c.meetings.CollectContacts(c.Ctx); err != nil {
		c.t.Fatal(err)
	}
}

func pupilsIn(contacts []meeting.Contact) (names []string) {
	for _, contact := range contacts {
		names = append(names, contact.Name.Given)
	}
	return names
}

func TestWhoCouldNotTakePartIsOnTheListUntilDone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Video)
		plan := c.lesson()
		plan.StartsAt = env.Clock.Now().Add(time.Hour)
		m := c.plan(plan)
		c.collect()
		if open := c.open(""); len(open) != 0 {
			t.Fatalf("before it begins: %v", pupilsIn(open))
		}
		env.Clock.Set(m.StartsAt)
		if open := pupilsIn(c.open("")); !slices.Equal(open, []string{"Ben"}) {
			t.Fatalf("at its beginning: %v", open)
		}
		c.answer(participation.None)
		c.collect()
		c.answer(participation.Video) // comes too late for the part of the lesson that was missed
		env.Clock.Set(m.EndsAt)
		c.collect()
		c.answer(participation.None) // after the end
		if open := pupilsIn(c.open("")); !slices.Equal(open, []string{"Ben", "Lena"}) {
			t.Fatalf("after its end: %v", open)
		}
		colleague := c.newTeacher(c.class)
		if own, err := c.meetings.OpenContacts(c.Ctx, colleague, ""); err != nil || len(own) != 0 {
			t.Errorf("of a colleague: %v, %v", pupilsIn(own), err)
		}
		if ofClass, err := c.meetings.OpenContacts(c.Ctx, colleague, c.class.ID); err != nil || len(ofClass) != 2 {
			t.Errorf("of the class, for a colleague: %v, %v", pupilsIn(ofClass), err)
		}
		set, err := c.meetings.SetContact(c.Ctx, c.teacher, m.ID, c.ben.ID, meeting.ByLetter, true)
		if err != nil || set.Name.Given != "Ben" || !set.DoneAt.Equal(m.EndsAt) {
			t.Fatalf("set %+v, %v", set, err)
		}
		env.Clock.Advance(time.Hour)
		if again, err := c.meetings.SetContact(c.Ctx, c.teacher, m.ID, c.ben.ID, meeting.ByPhone, true); err != nil || !again.DoneAt.Equal(set.DoneAt) {
			t.Errorf("the day on which it was done moved: %+v, %v", again, err)
		}
		if open := pupilsIn(c.open("")); !slices.Equal(open, []string{"Lena"}) {
			t.Errorf("then: %v", open)
		}
		if all, err := c.meetings.Contacts(c.Ctx, c.teacher, m.ID); err != nil || len(all) != 2 || all[0].Kind != meeting.ByPhone {
			t.Errorf("all: %+v, %v", all, err)
		}
		counts, err := c.meetings.CountContacts(c.Ctx, c.Staff(authz.Office))
		if err != nil || len(counts) != 1 || counts[0].Open != 1 || counts[0].Done != 1 || counts[0].Class.Name != "7b" {
			t.Errorf("counts %+v, %v", counts, err)
		}
		env.Clock.Set(time.Date(2027, 8, 2, 9, 0, 0, 0, time.UTC))
		if err := c.meetings.ForgetContacts(c.Ctx); err != nil {
			t.Fatal(err)
		}
		c.collect()
		if n := c.count("SELECT count(*) FROM alternative_contact"); n != 0 {
			t.Errorf("in the next school year %d are left", n)
		}
	})
}

func TestWhoDidNotComeReachesTheList(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		c.answer(participation.Video)
		ahead := c.lesson()
		ahead.StartsAt = env.Clock.Now().Add(time.Hour)
		later, m := c.plan(ahead), c.plan(c.lesson())
		mark := func(of meeting.Meeting, pupil school.Pupil) (meeting.Contact, error) {
			return c.meetings.SetContact(c.Ctx, c.teacher, of.ID, pupil.ID, "", false)
		}
		takeBack := func(of meeting.Meeting, pupil school.Pupil) error {
			return c.meetings.TakeBack(c.Ctx, c.teacher, of.ID, pupil.ID)
		}
		if _, err := mark(later, c.lena); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("before it begins: %v", err)
		}
		marked, err := mark(m, c.lena)
		if err != nil || !marked.Absent || marked.Kind != "" || !marked.DoneAt.IsZero() {
			t.Fatalf("marked %+v, %v", marked, err)
		}
		if ben, err := mark(m, c.ben); err != nil || ben.Absent {
			t.Errorf("whoever could not come is absent: %+v, %v", ben, err)
		}
		if err := takeBack(m, c.ben); !fault.Has(err, fault.NothingHere) {
			t.Errorf("somebody falls through: %v", err)
		}
		if err := takeBack(m, c.lena); err != nil {
			t.Error(err)
		}
		if open := pupilsIn(c.open("")); !slices.Equal(open, []string{"Ben"}) {
			t.Errorf("taken back: %v", open)
		}
		if _, err := mark(m, c.lena); err != nil {
			t.Fatal(err)
		}
		if _, err := c.meetings.SetContact(c.Ctx, c.teacher, m.ID, c.lena.ID, meeting.ByPhone, true); err != nil {
			t.Fatal(err)
		}
		if err := takeBack(m, c.lena); !fault.Has(err, fault.NothingHere) {
			t.Errorf("who was reached is forgotten: %v", err)
		}
		c.answer(participation.None)
		c.collect() // now it cannot take part
		if _, err := c.meetings.SetContact(c.Ctx, c.teacher, m.ID, c.lena.ID, "", false); err != nil {
			t.Fatal(err)
		}
		if err := takeBack(m, c.lena); !fault.Has(err, fault.NothingHere) {
			t.Errorf("a pupil whose answer is no falls through: %v", err)
		}
		if n := c.count("SELECT count(*) FROM audit WHERE action = 'alternative_contact.taken_back'"); n != 1 {
			t.Errorf("%d traces of what was taken back", n)
		}
	})
}

// The school's own server leads everybody in, so that at the end it is known who did not come.
func TestPresenceSaysWhoDidNotCome(t *testing.T) {
	for name, test := range map[string]struct {
		room          meeting.Room
		teacher, came bool
		want          []string
	}{
		"held on the server":     {meeting.Room{}, true, false, []string{"Ben", "Lena"}},
		"who came":               {meeting.Room{}, true, true, []string{"Ben"}},
		"nobody opened the room": {meeting.Room{}, false, false, []string{"Ben"}},
		"in an IServ room":       {meeting.Room{URL: roomLink}, true, false, []string{"Ben"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := testkit.NewSQLite(t)
			c := newClassroom(t, env)
			c.answer(participation.Audio)
			plan := c.lesson()
			plan.Room = test.room
			m := c.plan(plan)
			c.Write(func(tx *db.Tx) (err error) {
				if test.teacher {
					_, err = meeting.LetTeacherIn(tx, m.ID, c.teacher.Account)
				}
				if err == nil && test.came {
					_, err = meeting.LetIn(tx, m, c.lena.ID, participation.Audio)
				}
				return err
			})
			c.collect()
			if open := pupilsIn(c.open("")); !slices.Contains(open, "Ben") || slices.Contains(open, "Lena") {
				t.Errorf("while it runs: %v", open)
			}
			env.Clock.Set(m.EndsAt)
			c.collect()
			if open := pupilsIn(c.open("")); !slices.Equal(open, test.want) {
				t.Errorf("after its end: %v, want %v", open, test.want)
			}
		})
	}
}

func TestAContactThatIsNotTheTeachers(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		m := c.plan(c.lesson())
		jan := c.Pupil("Jan", "Fremd", "2014-01-01", c.Class("7c"))
		stranger := c.newTeacher()
		set := func(actor authz.Actor, pupil id.Pupil, kind meeting.ContactKind) error {
			_, err := c.meetings.SetContact(c.Ctx, actor, m.ID, pupil, kind, true)
			return err
		}
		if err := set(c.teacher, jan.ID, meeting.ByPhone); !fault.Has(err, fault.NothingHere) {
			t.Errorf("of another class: %v", err)
		}
		if err := set(stranger, c.ben.ID, meeting.ByPhone); !fault.Has(err, fault.NothingHere) {
			t.Errorf("by a stranger: %v", err)
		}
		if err := set(c.teacher, c.ben.ID, "pigeon"); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("by pigeon: %v", err)
		}
		if _, err := c.meetings.OpenContacts(c.Ctx, stranger, c.class.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("the list of a class that is not theirs: %v", err)
		}
		if n := c.count("SELECT count(*) FROM alternative_contact"); n != 0 {
			t.Errorf("%d were written", n)
		}
	})
}

func TestNumbersAreShownForAnOpenContactOnRecord(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		c := newClassroom(t, env)
		mara := school.Guardian{ID: id.New[id.Guardian](), Name: school.Name{Given: "Mara", Family: "Brückner"}, Contact: school.Contact{Phone: "02302 4711"}, Language: "de"}
		c.Write(func(tx *db.Tx) error { return c.Service.AddGuardians(tx, []school.Guardian{mara}) })
		c.Custody(mara, c.lena, school.JointCustody)
		m := c.plan(c.lesson())
		numbers := func(pupil id.Pupil) ([]meeting.Number, error) {
			return c.meetings.Numbers(c.Ctx, c.teacher, m.ID, pupil)
		}
		got, err := numbers(c.lena.ID)
		if err != nil || len(got) != 1 || got[0].Number != "02302 4711" || got[0].Name.Given != "Mara" {
			t.Fatalf("got %+v, %v", got, err)
		}
		if _, err := numbers(c.lena.ID); err != nil {
			t.Fatal(err)
		}
		subject := string(m.ID) + ":" + string(c.lena.ID)
		if n := c.count("SELECT count(*) FROM audit WHERE action = 'guardian_number.shown' AND subject_id = ? AND actor = ?", subject, c.teacher.Account); n != 2 {
			t.Errorf("%d looks on record", n)
		}
		if _, err := c.meetings.SetContact(c.Ctx, c.teacher, m.ID, c.lena.ID, meeting.ByPhone, true); err != nil {
			t.Fatal(err)
		}
		if _, err := numbers(c.lena.ID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("when it is done: %v", err)
		}
		hide := school.MeetingSettings{LessonBasis: school.ByConsent, HidesNumbers: true}
		if err := c.Service.SetMeetings(c.Ctx, c.Staff(authz.Head), hide); err != nil {
			t.Fatal(err)
		}
		if _, err := numbers(c.ben.ID); !fault.Has(err, fault.NumbersHidden) {
			t.Errorf("where the head hides them: %v", err)
		}
	})
}

// Whatever is planned, answered and ticked off in whatever order: who cannot take part while a meeting runs is on its
// teacher's list exactly once, until done.
func TestNobodyFallsThrough(t *testing.T) {
	for seed := range uint64(4) {
		env := testkit.NewSQLite(t)
		c := newClassroom(t, env)
		r := rand.New(rand.NewPCG(seed, 7))
		type task struct {
			meeting id.Meeting
			pupil   id.Pupil
		}
		missed, done := map[task]bool{}, map[task]bool{}
		var meetings []meeting.Meeting
		answers := 0
		for range 60 {
			switch r.IntN(5) {
			case 0:
				plan := c.lesson()
				plan.StartsAt = env.Clock.Now().Add(time.Duration(r.IntN(60)) * time.Minute)
				plan.Title += string(rune('A' + r.IntN(20)))
				if r.IntN(2) == 0 {
					plan.Kind, plan.Pupils = participation.OneToOne, []id.Pupil{c.lena.ID}
				}
				if m, err := c.meetings.Plan(c.Ctx, c.teacher, plan); err == nil {
					meetings = append(meetings, m)
				} else if !fault.Has(err, fault.InvalidInput) { // the same once more
					t.Fatal(err)
				}
			case 1:
				if answers++; answers > 10 { // a day
					continue
				}
				c.answer([]participation.Mode{participation.Video, participation.None, participation.Audio}[r.IntN(3)])
			case 2:
				if open := c.open(""); len(open) > 0 {
					one := open[r.IntN(len(open))]
					if _, err := c.meetings.SetContact(c.Ctx, c.teacher, one.Meeting.ID, one.Pupil, meeting.InPerson, true); err != nil {
						t.Fatal(err)
					}
					done[task{one.Meeting.ID, one.Pupil}] = true
				}
			default:
				env.Clock.Advance(time.Duration(r.IntN(20)) * time.Minute)
			}
			c.collect()
			for _, m := range meetings {
				if !m.Runs(env.Clock.Now()) {
					continue
				}
				roster, err := c.meetings.Roster(c.Ctx, c.teacher, m.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range roster.Rows {
					if row.Mode == participation.None {
						missed[task{m.ID, row.Pupil}] = true
					}
				}
			}
			listed := map[task]int{}
			for _, contact := range c.open("") {
				listed[task{contact.Meeting.ID, contact.Pupil}]++
			}
			for one := range missed {
				if want := map[bool]int{false: 1}[done[one]]; listed[one] != want {
					t.Fatalf("seed %d: %v is listed %d times, want %d", seed, one, listed[one], want)
				}
			}
		}
		if len(missed) == 0 || len(done) == 0 {
			t.Errorf("seed %d tried nothing: %d missed, %d done", seed, len(missed), len(done))
		}
	}
}
