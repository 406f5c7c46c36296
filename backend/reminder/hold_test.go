package reminder_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
	"einverstanden/backend/reminder"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// A step that goes by push alone comes by mail where no browser takes it, at once or after an hour of trying; it is one
// reminder all the same.
func TestAStepWithoutAcceptedPushGoesByMail(t *testing.T) {
	s := newSecretariat(t, testkit.NewSQLite(t))
	mother, father, _ := family(s)
	s.push.with = []id.Person{id.GuardianOf(mother.ID), id.GuardianOf(father.ID)}
	s.want(s.day("2026-11-09"), hanne, otto) // push and mail
	if len(s.push.told) != 2 {
		t.Fatalf("told by push: %v", s.push.told)
	}
	s.hour("2026-11-12 16:25")
	s.push.with = s.push.with[:1] // the father's browser is gone since it was planned for
	s.push.answer = outbox.After("push_waits", 0, errors.New("busy"))
	var mails []string
	for _, clock := range []string{"16:40", "17:00", "17:20", "17:31"} { // whenever her turn was, it is no hour ago
		mails = append(mails, s.hour("2026-11-12 "+clock)...)
	}
	s.want(mails, otto)
	s.want(s.hour("2026-11-12 18:50"), hanne)
	s.push.answer = nil
	s.want(s.hour("2026-11-13 09:00"))
	if ids := slices.Compact(s.push.told[2:]); len(ids) != 1 {
		t.Errorf("each attempt has the same id: %v", ids)
	}
	if n := len(s.log()); n != 6 {
		t.Errorf("%d steps are logged, not two for each of three asks", n)
	}
}

const returned = "To: %s\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
	"Reporting-MTA: dns; mx.familie.example\r\n\r\nFinal-Recipient: rfc822; otto@FAMILIE.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"

// Point 5: who can be reached no more, and who was reminded in vain, is on the slip list by what was really sent.
func TestAnAddressThatCameBackIsNoChannel(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		_, father, _ := family(s)
		s.want(s.day("2026-11-09"), hanne, otto)
		if p := s.preview("2026-11-12"); p.Slips != 0 || p.WithoutChannel != 0 || p.Messages != 2 {
			t.Fatalf("%d slips, %d without a channel, %d messages", p.Slips, p.WithoutChannel, p.Messages)
		}
		mails := s.server.Mails()
		to := slices.IndexFunc(mails, func(m testkit.Mail) bool { return m.To[0] == otto })
		if err := s.notify.Bounced(t.Context(), strings.NewReader(strings.Replace(returned, "%s", mails[to].From, 1))); err != nil {
			t.Fatal(err)
		}
		s.want(s.day("2026-11-12"), hanne)
		p := s.preview("2026-11-13")
		if reason, _ := s.reasonFor(p, father); reason != reminder.NoChannel || p.Slips != 1 {
			t.Errorf("%q, %d slips", reason, p.Slips)
		}
		for _, l := range s.log() {
			if l.Person == id.GuardianOf(father.ID) && (len(l.Outcomes) != 1 || l.Outcomes[0].State != "bounced" || l.Outcomes[0].Code != "5.1.1") {
				t.Errorf("%+v", l.Outcomes)
			}
		}
		if p := s.preview("2026-11-16"); p.Slips != 1 {
			t.Errorf("%d slips", p.Slips)
		}
		env.Clock.Set(at("2026-11-16 09:00")) // the fifth school day before the last
		if p := s.preview("2026-11-17"); p.Slips != 2 {
			t.Errorf("%d slips five school days before the last day", p.Slips)
		}
		father.Contact.Email = "neu@familie.example"
		s.Write(func(tx *db.Tx) error { return s.School.Service.ChangeGuardian(tx, father) })
		s.want(s.day("2026-11-16"), hanne, "neu@familie.example")
	})
}

// A mail that the server takes only after the quiet hours have begun waits for the morning, and counts from then on.
func TestWhatIsLateWaitsForTheMorning(t *testing.T) {
	s := newSecretariat(t, testkit.NewSQLite(t))
	_, father, _ := family(s)
	email := func(address string) {
		father.Contact.Email = address
		s.Write(func(tx *db.Tx) error { return s.School.Service.ChangeGuardian(tx, father) })
	}
	email("greylisted@familie.example")
	s.want(s.day("2026-11-09"), hanne)
	email(otto)
	s.want(s.hour("2026-11-09 19:30"))
	s.want(s.hour("2026-11-10 07:30"))
	s.want(s.hour("2026-11-10 08:00"), otto)
	for _, l := range s.log() {
		if day := calendar.Today(l.At, berlin).String(); l.Person == id.GuardianOf(father.ID) && day != "2026-11-10" {
			t.Errorf("logged on %s", day)
		}
	}
}

// Two instances share the work; nobody hears twice.
func TestTwoInstancesTellOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		family(s)
		second := outbox.NewWorker(env.DB, env.Jobs(t), env.Clock.Now, discard)
		s.Handle(second)
		second.Handle(notify.SendMessage, s.notify.Send)
		for _, clock := range []string{"16:20", "17:00", "17:40"} {
			env.Clock.Set(at("2026-11-09 " + clock))
			var working sync.WaitGroup
			for _, w := range []*outbox.Worker{s.worker, second} {
				working.Go(func() {
					if _, err := w.Once(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
				})
			}
			working.Wait()
		}
		s.want(s.hour("2026-11-09 17:45"), hanne, otto)
		if n := len(s.log()); n != 3 {
			t.Errorf("%d steps are logged", n)
		}
	})
}

// The office sees the effect first. Its reminder waits for the person's hours, counts, and takes the next one's place.
func TestTheOfficeReminds(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		mother, father, tom := family(s)
		class := s.Class("7c")
		s.Guardian("Ida", "Dohle", s.Pupil("Lea", "Dohle", "2014-01-01", class)) // without a channel
		s.asks(class)
		s.want(s.day("2026-11-09"), hanne, otto)
		s.saysNo(father, tom)
		env.Clock.Set(at("2026-11-11 09:00"))
		effect, err := s.EffectOf(s.Ctx, s.office, reminder.Selection{})
		if err != nil || effect.Reminded != 1 || effect.WithoutChannel != 1 || effect.Others != 0 || calendar.Today(effect.From, berlin).String() != "2026-11-11" {
			t.Fatalf("%+v, %v", effect, err)
		}
		if p := s.preview("2026-11-11"); p.Wanted != 0 {
			t.Error("looking at the effect reminds")
		}
		ctx := idempotency.With(s.Ctx, idempotency.Key{Actor: string(s.office.Account), Route: "POST /reminders", Value: "once"})
		for range 2 {
			done, err := s.RemindNow(ctx, s.office, reminder.Selection{Persons: []id.Person{id.GuardianOf(mother.ID)}})
			if err != nil || done.Reminded != 1 || done.WithoutChannel != 0 || !done.From.Equal(effect.From) {
				t.Fatalf("%+v, %v", done, err)
			}
		}
		if p := s.preview("2026-11-11"); p.Wanted != 1 {
			t.Errorf("%d are waited for", p.Wanted)
		}
		s.want(s.day("2026-11-11"), hanne)
		s.want(s.day("2026-11-12")) // S+3
		if p := s.preview("2026-11-13"); p.Wanted != 0 {
			t.Errorf("%d are waited for after it went out", p.Wanted)
		}
		logged := s.log()
		if logged[0].Step != reminder.Manual || logged[0].By != s.office.Account {
			t.Errorf("%+v", logged[0])
		}
		if _, err := s.RemindNow(s.Ctx, s.Staff(authz.Teacher), reminder.Selection{}); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("a teacher reminds: %v", err)
		}
		if _, err := s.EffectOf(s.Ctx, s.office, reminder.Selection{Class: "nowhere"}); !fault.Has(err, fault.NothingHere) {
			t.Errorf("an unknown class: %v", err)
		}
	})
}

// What a person chose wins over the usual hours and channels, never over days and caps (decision 0038).
func TestOwnChoicesHold(t *testing.T) {
	s := newSecretariat(t, testkit.NewSQLite(t))
	mother, father, _ := family(s)
	s.push.with = []id.Person{id.GuardianOf(mother.ID), id.GuardianOf(father.ID)}
	choose := func(g school.Guardian, choice notify.Choice) error {
		choice.Language = "de"
		return s.notify.Choose(s.Ctx, s.As(id.GuardianOf(g.ID)), choice)
	}
	for _, hours := range []notify.Hours{{From: 5 * 60, Until: 9 * 60}, {From: 20 * 60, Until: 23 * 60}, {From: 600, Until: 630}, {From: 600}, {Until: 600}} {
		var bad *fault.Error
		if err := choose(mother, notify.Choice{Hours: hours}); !errors.As(err, &bad) || bad.Fields[0].Name != "hours" || bad.Fields[0].Code != fault.HoursInvalid {
			t.Errorf("%v: %v", hours, err)
		}
	}
	if err := errors.Join(choose(mother, notify.Choice{MailOnly: true, Hours: notify.Hours{From: 20 * 60, Until: 21 * 60}}), choose(father, notify.Choice{NoReminders: true})); err != nil {
		t.Fatal(err)
	}
	s.want(s.day("2026-11-09"))
	s.want(s.hour("2026-11-09 19:59"))
	s.want(s.hour("2026-11-09 20:40"), hanne)
	if len(s.push.told) != 0 {
		t.Errorf("told by push: %v", s.push.told)
	}
	if reason, _ := s.reasonFor(s.preview("2026-11-10"), father); reason != reminder.Stopped {
		t.Errorf("%q", reason)
	}
}

// A school without a list of school holidays knows public ones alone; its own list holds at once.
func TestASchoolsOwnHolidays(t *testing.T) {
	s := newSecretariat(t, testkit.NewSQLite(t))
	family(s)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	file := func(lines ...string) []byte {
		return []byte("BEGIN:VCALENDAR\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n")
	}
	var bad *fault.Error
	err := s.School.Service.SetVacations(s.Ctx, s.office, file("BEGIN:VEVENT", "DTSTART:20261109T000000Z", "END:VEVENT"))
	if !errors.As(err, &bad) || bad.Fields[0].Code != fault.HolidayFileInvalid || bad.Fields[0].Params["line"] != "3" {
		t.Fatalf("%v", err)
	}
	must(s.School.Service.SetVacations(s.Ctx, s.office, file("BEGIN:VEVENT", "DTSTART;VALUE=DATE:20261109", "DTEND;VALUE=DATE:20261117", "END:VEVENT")))
	if p := s.preview("2026-11-09"); p.HolidaysUntil.String() != "2026-11-16" || p.Messages != 0 {
		t.Errorf("until %s, %d messages", p.HolidaysUntil, p.Messages)
	}
	s.want(s.day("2026-11-09"))
	s.want(s.day("2026-11-17"), hanne, otto)
	must(s.School.Service.DropVacations(s.Ctx, s.office))
	if p := s.preview("2026-11-18"); p.HolidaysUntil.Year() < 2028 {
		t.Errorf("until %s", p.HolidaysUntil)
	}
}
