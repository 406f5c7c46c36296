package reminder_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
	"einverstanden/backend/participation"
	"einverstanden/backend/reminder"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// browsers stands for package push: who has one, what it was told, and what the push service answers.
type browsers struct {
	with   []id.Person
	told   []string // ids of messages
	answer error
}

func (b *browsers) Name() notify.ChannelName { return notify.Push }

func (b *browsers) Deliver(_ context.Context, message string, m notify.Message) (notify.Outcome, error) {
	if !slices.Contains(b.with, m.Person) {
		return notify.Outcome{}, notify.ErrNoWay
	}
	b.told = append(b.told, message)
	return notify.Outcome{}, b.answer
}

func (b *browsers) reached(*db.Tx, id.Person) ([]id.Person, error) { return b.with, nil }

// hour lets the worker do what is due, and gives the mails that were sent meanwhile as "address: subject".
func (s *secretariat) hour(now string) (mails []string) {
	s.t.Helper()
	s.env.Clock.Set(at(now))
	if _, err := s.worker.Once(context.WithoutCancel(s.t.Context())); err != nil {
		s.t.Fatal(err)
	}
	all := s.server.Mails()
	for _, m := range all[s.seen:] {
		mails = append(mails, strings.Join(m.To, " "))
		for _, secret := range []string{"Amsel", "Hanne", "Mia", " 7b"} {
			if strings.Contains(m.Subject()+m.Text, secret) {
				s.t.Errorf("a reminder names %q:\n%s", secret, m.Text)
			}
		}
	}
	s.seen = len(all)
	slices.Sort(mails)
	return mails
}

// day lets the worker work from eight to eight, a look every hour and one at half past.
func (s *secretariat) day(date string) (mails []string) {
	s.t.Helper()
	for _, clock := range []string{"08:00", "16:20", "16:40", "17:00", "17:20", "17:40"} {
		mails = append(mails, s.hour(date+" "+clock)...)
	}
	slices.Sort(mails)
	return mails
}

func (s *secretariat) want(got []string, want ...string) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.t.Errorf("%s: mails to %v, want %v", s.env.Clock.Now(), got, want)
	}
}

func (s *secretariat) log() []reminder.Logged {
	s.t.Helper()
	logged, _, err := s.Outcome(s.Ctx, s.office, "", 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return logged
}

const (
	hanne = "Hanne@familie.example"
	otto  = "Otto@familie.example"
)

// family is a school with a mother of two children and a father of a third, all asked on 9 November 2026, a Monday.
func family(s *secretariat) (mother, father school.Guardian, tom school.Pupil) {
	class := s.Class("7b")
	mia, jan := s.Pupil("Mia", "Amsel", "2014-03-01", class), s.Pupil("Jan", "Amsel", "2015-03-01", class)
	tom = s.Pupil("Tom", "Berg", "2014-01-01", class)
	mother, father = s.mailed(s.Guardian("Hanne", "Amsel", mia, jan)), s.mailed(s.Guardian("Otto", "Berg", tom))
	s.asks(class)
	return mother, father, tom
}

// journey 6: from the first message to the last day. Siblings are one mail, a no ends it, nobody hears twice a day.
func TestRemindersAreSent(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		_, father, tom := family(s)
		s.want(s.day("2026-11-09"), hanne, otto)
		s.want(s.day("2026-11-10"))
		s.want(s.day("2026-11-12"), hanne, otto) // S+3
		s.saysNo(father, tom)
		s.want(s.day("2026-11-16"), hanne) // D-7
		s.want(s.day("2026-11-20"))        // D-3 is nearer than two days to the last step, which
		s.want(s.day("2026-11-21"), hanne) // cannot be on a Sunday: D is the Monday, so this Saturday is open
		s.want(s.day("2026-11-23"))
		s.want(s.day("2026-11-24"))
		steps := map[reminder.Step]int{}
		for _, l := range s.log() {
			steps[l.Step]++
			if len(l.Outcomes) != 1 || l.Outcomes[0].State != "accepted" || l.Outcomes[0].Channel != notify.Mail {
				t.Errorf("%s: %+v", l.Step, l.Outcomes)
			}
		}
		if steps[reminder.First] != 3 || steps[reminder.Second] != 3 || steps[reminder.Middle] != 2 {
			t.Errorf("the log has %v", steps)
		}
	})
}

// Between the commit that logs a reminder and its delivery an answer comes, or the handler is killed and runs again.
func TestNothingGoesToWhomHasAnsweredMeanwhile(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		_, father, tom := family(s)
		waiting := outbox.NewWorker(env.DB, env.Jobs(t), env.Clock.Now, discard)
		s.Handle(waiting) // and nobody who delivers
		for _, clock := range []string{"16:20", "17:00", "17:40"} {
			env.Clock.Set(at("2026-11-09 " + clock))
			if _, err := waiting.Once(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(s.log()); n != 3 {
			t.Fatalf("%d steps are logged", n)
		}
		s.saysNo(father, tom)
		s.want(s.hour("2026-11-09 17:45"), hanne)
		s.want(s.hour("2026-11-10 17:45"))
		for _, l := range s.log() {
			if l.Answered != (len(l.Outcomes) == 0) {
				t.Errorf("%+v", l)
			}
		}
	})
}

// S-2: a new edition asks anew whoever said yes, as of its first day, and a mail announces it that asks nothing and is not
// counted. A no is not asked again.
func TestANewEditionIsAnnounced(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		_, father, tom := family(s)
		lea := s.Pupil("Lea", "Dohle", "2014-01-01", s.Class("7c"))
		s.says(s.mailed(s.Guardian("Uta", "Dohle", lea)), lea, participation.Audio)
		s.saysNo(father, tom)
		draft, err := consent.ParseDraft([]byte(strings.Replace(form, "Es geht um Video.", "Es geht um etwas anderes.", 1)))
		if err == nil {
			_, err = s.consents.Publish(s.Ctx, s.Staff(authz.Head), draft, day("2026-12-02")) // a Wednesday
		}
		if err != nil {
			t.Fatal(err)
		}
		s.asksAhead("2026-11-24 06:00")
		s.want(s.day("2026-11-24"))
		s.asksAhead("2026-11-26 06:00")
		s.want(s.day("2026-11-27"))
		s.want(s.day("2026-11-30"), hanne, "Uta@familie.example")
		if last := s.server.Mails()[s.seen-1]; !strings.HasPrefix(last.Subject(), "Bald fragt") || !strings.Contains(last.Text, "02.12.2026") {
			t.Errorf("the announcement: %s\n%s", last.Subject(), last.Text)
		}
		if p := s.preview("2026-12-02"); p.Messages != 2 || p.Slips != 1 { // the slip is about the first edition
			t.Errorf("%d messages and %d slips before anybody is asked", p.Messages, p.Slips)
		}
		s.want(s.day("2026-12-02"), hanne, "Uta@familie.example")
		if logged := s.log(); logged[0].Step != reminder.First || logged[len(logged)-1].Step != reminder.Announcement {
			t.Errorf("the log: %+v", logged)
		}
	})
}

// S-2 for whoever has an account: what opens without a letter, the first form or a child that came later, is announced and
// then asked, once. Whoever cannot be reached is on the slip list, and whoever has no account waits for a letter.
func TestWhoHasAnAccountIsAskedWithoutALetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		class := s.Class("7b")
		mia := s.Pupil("Mia", "Amsel", "2014-03-01", class)
		mother := s.mailed(s.Guardian("Hanne", "Amsel", mia))
		father := s.mailed(s.Guardian("Otto", "Amsel", mia))
		silent := s.Guardian("Ida", "Dohle", s.Pupil("Lea", "Dohle", "2014-01-01", class))
		s.consents.WithAccounts(func(*db.Tx) ([]id.Person, error) {
			return []id.Person{id.GuardianOf(mother.ID), id.GuardianOf(silent.ID), id.PupilOf(mia.ID)}, nil
		})
		s.asksAhead("2026-11-09 06:00") // a Monday, on which the first form came into force
		s.want(s.day("2026-11-09"), hanne)
		if last := s.server.Mails()[s.seen-1]; !strings.HasPrefix(last.Subject(), "Bald fragt") || !strings.Contains(last.Text, "11.11.2026") {
			t.Errorf("the announcement: %s\n%s", last.Subject(), last.Text)
		}
		s.asksAhead("2026-11-10 06:00")
		s.want(s.day("2026-11-10"))
		if p := s.preview("2026-11-11"); p.Slips != 0 || p.Messages != 1 || len(p.Rows) != 2 {
			t.Errorf("before the day: %d slips, %d messages, %d people", p.Slips, p.Messages, len(p.Rows))
		}
		s.asksAhead("2026-11-11 06:00")
		s.want(s.day("2026-11-11"), hanne)
		p := s.preview("2026-11-12")
		if reason, _ := s.reasonFor(p, silent); reason != reminder.NoChannel || p.Slips != 1 {
			t.Errorf("without a channel: %q, %d slips", reason, p.Slips)
		}
		if _, known := s.reasonFor(p, father); known {
			t.Error("who has no account was asked")
		}
		s.says(mother, mia, participation.Audio)

		jan := s.Pupil("Jan", "Amsel", "2015-03-01", class)
		s.Custody(mother, jan, school.JointCustody)
		s.asksAhead("2026-11-13 06:00") // a Friday: no school day lies two days ahead of another before Wednesday
		s.want(s.day("2026-11-13"))
		s.asksAhead("2026-11-16 06:00")
		s.want(s.day("2026-11-16"), hanne)
		s.want(s.day("2026-11-18"), hanne)
		steps := map[reminder.Step]int{}
		for _, l := range s.log() {
			steps[l.Step]++
		}
		if len(steps) != 2 || steps[reminder.Announcement] != 2 || steps[reminder.First] != 2 {
			t.Errorf("the log has %v", steps)
		}
	})
}

// A letter asks today, whatever was to be asked later, and never in the holidays by itself.
func TestALetterHastensAnAsk(t *testing.T) {
	s := newSecretariat(t, testkit.NewSQLite(t))
	class := s.Class("7b")
	mother := s.mailed(s.Guardian("Hanne", "Amsel", s.Pupil("Mia", "Amsel", "2014-03-01", class)))
	s.consents.WithAccounts(func(*db.Tx) ([]id.Person, error) { return []id.Person{id.GuardianOf(mother.ID)}, nil })
	s.asksAhead("2026-12-24 06:00") // Christmas holidays until 6 January 2027
	if p := s.preview("2026-12-28"); len(p.Rows) != 0 {
		t.Errorf("asked in the holidays: %+v", p.Rows)
	}
	s.asksAhead("2027-01-06 06:00")
	if p := s.preview("2027-01-11"); len(p.Rows) != 1 || p.Rows[0].Next.Messages[0].Step != reminder.Announcement {
		t.Errorf("before the holidays end: %+v", p.Rows)
	}
	s.env.Clock.Set(at("2027-01-07 09:00"))
	s.asks(class)
	s.want(s.day("2027-01-07"), hanne)
	if logged := s.log(); len(logged) != 1 || logged[0].Step != reminder.First {
		t.Errorf("the log: %+v", logged)
	}
}

// asksAhead is the daily round; once more changes nothing.
func (s *secretariat) asksAhead(now string) {
	s.t.Helper()
	s.env.Clock.Set(at(now))
	for range 2 {
		if err := s.consents.AskAhead(s.Ctx); err != nil {
			s.t.Fatal(err)
		}
	}
}
