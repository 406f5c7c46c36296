package reminder_test

import (
	"io"
	"log/slog"
	"net/url"
	"slices"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/invite"
	"einverstanden/backend/mail"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
	"einverstanden/backend/paper"
	"einverstanden/backend/participation"
	"einverstanden/backend/reminder"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

const form = `{
	"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
	"languages": {"de": {"title": "Videokonferenzen", "blocks": [{"id": "what", "kind": "paragraph", "text": "Es geht um Video."}]}}
}`

// secretariat is a school whose form is in force, with everybody whom reminding needs.
type secretariat struct {
	*testkit.School
	*reminder.Service
	t        *testing.T
	env      *testkit.Env
	consents *consent.Service
	invites  *invite.Service
	office   authz.Actor
	server   *testkit.SMTP
	seen     int
	push     browsers
	notify   *notify.Service
	worker   *outbox.Worker
}

func newSecretariat(t *testing.T, env *testkit.Env) *secretariat {
	t.Helper()
	env.Clock.Set(at("2026-11-09 09:00"))
	s := &secretariat{School: env.NewSchool(t), t: t, env: env}
	s.consents = consent.NewService(env.DB, env.Vault, s.Log, s.School.Service, s.Hub)
	silent := discard
	accounts := account.NewService(env.DB, env.Vault, evidence.NewLog(env.Vault), nil, env.Clock.Now, silent)
	printer, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	base, _ := url.Parse("https://einverstanden.schule.example")
	s.invites = invite.NewService(env.DB, s.School.Service, s.consents, accounts, printer, base)
	s.server = testkit.NewSMTP(t, testkit.SMTPConfig{Security: "none"})
	s.notify = notify.NewService(env.DB, env.Vault, s.School.Service, base, env.Clock.Now).
		WithMail(mail.NewSender(mail.Server{Host: "127.0.0.1", Port: s.server.Port, From: "einwilligung@schule.example", Bounces: "zurueck@schule.example"}, env.Clock.Now)).
		WithChannel(&s.push)
	s.Service = reminder.NewService(env.DB, s.School.Service, s.consents, s.invites, reminder.ContactsOf(s.notify, s.push.reached))
	s.Checks(s.notify)
	s.worker = outbox.NewWorker(env.DB, env.Jobs(t), env.Clock.Now, silent)
	s.Handle(s.worker)
	s.worker.Handle(notify.SendMessage, s.notify.Send)
	s.office = s.Staff(authz.Office)
	draft, err := consent.ParseDraft([]byte(form))
	if err == nil {
		_, err = s.consents.Publish(s.Ctx, s.Staff(authz.Head), draft, calendar.Date{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mailed gives the guardian a mail address.
func (s *secretariat) mailed(g school.Guardian) school.Guardian {
	g.Contact.Email = g.Given + "@familie.example"
	s.Write(func(tx *db.Tx) error { return s.School.Service.ChangeGuardian(tx, g) })
	return g
}

func (s *secretariat) asks(class school.Class) {
	s.t.Helper()
	if _, err := s.invites.Letters(s.Ctx, s.office, invite.Selection{Class: class.ID}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *secretariat) saysNo(g school.Guardian, pupil school.Pupil) {
	s.t.Helper()
	s.says(g, pupil, participation.None)
}

func (s *secretariat) says(g school.Guardian, pupil school.Pupil, answer participation.Mode) {
	s.t.Helper()
	actor := s.As(id.GuardianOf(g.ID))
	var sheet consent.Sheet
	s.Read(func(tx *db.Tx) (err error) {
		sheet, err = s.consents.Sheet(tx, actor, pupil.ID, "de")
		return err
	})
	in := consent.AnswerInput{Pupil: pupil.ID, Answer: answer, Version: sheet.Version.ID, TextSHA256: sheet.German.SHA256, Language: "de"}
	if answer > participation.None {
		in.Signature = &consent.Signature{Kind: string(consent.TypedSignature), Name: g.Family}
	}
	_, err := s.consents.Answer(s.Ctx, actor, in)
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *secretariat) preview(day string) reminder.Preview {
	s.t.Helper()
	preview, err := s.Preview(s.Ctx, s.office, calendar.MustParse(day))
	if err != nil {
		s.t.Fatal(err)
	}
	return preview
}

func (s *secretariat) reasonFor(p reminder.Preview, g school.Guardian) (reminder.Reason, bool) {
	for _, row := range p.Rows {
		if row.Person == id.GuardianOf(g.ID) {
			return row.Next.Reason, true
		}
	}
	return "", false
}

// journey 6: who has not answered is planned, whoever has no mail gets a slip, and a no is never reminded.
func TestThePreview(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		class := s.Class("7b")
		mia, jan, tom := s.Pupil("Mia", "Amsel", "2014-03-01", class), s.Pupil("Jan", "Amsel", "2015-03-01", class), s.Pupil("Tom", "Berg", "2014-01-01", class)
		mother := s.mailed(s.Guardian("Hanne", "Amsel", mia, jan))
		paperOnly := s.Guardian("Ida", "Berg", tom)
		no := s.mailed(s.Guardian("Otto", "Berg", tom))
		lea := s.Pupil("Lea", "Dohle", "2014-01-01", class)
		first, second := s.mailed(s.Guardian("Uta", "Dohle", lea)), s.mailed(s.Guardian("Udo", "Dohle", lea))
		s.asks(class)

		if p := s.preview("2026-11-09"); p.Messages != 4 || p.From.In(berlin).Hour() < 16 || p.WithoutChannel != 1 || p.Slips != 1 {
			t.Errorf("on the day of asking: %d from %s, %d without a channel, %d slips", p.Messages, p.From, p.WithoutChannel, p.Slips)
		}
		for _, row := range s.preview("2026-11-09").Rows {
			if row.Person == id.GuardianOf(mother.ID) && len(row.Next.Messages) != 2 {
				t.Errorf("the siblings' message speaks of %d", len(row.Next.Messages))
			}
		}
		s.saysNo(no, tom)
		s.saysNo(first, lea)
		p := s.preview("2026-11-12") // S+3
		if p.Messages != 1 {
			t.Errorf("%d messages after two answers: %+v", p.Messages, p.Rows)
		}
		if _, listed := s.reasonFor(p, no); listed {
			t.Error("a no is an answer")
		}
		if reason, _ := s.reasonFor(p, second); reason != reminder.AnsweredByOther {
			t.Errorf("the other guardian has answered, and one is enough: %q", reason)
		}
		if reason, _ := s.reasonFor(p, paperOnly); reason != reminder.AnsweredByOther {
			t.Errorf("nor a slip: %q", reason)
		}
	})
}

func TestWhoIsNoLongerReminded(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		class := s.Class("7b")
		mia, tom := s.Pupil("Mia", "Amsel", "2014-03-01", class), s.Pupil("Tom", "Berg", "2014-01-01", class)
		removed, disputed, other := s.mailed(s.Guardian("Hanne", "Amsel", mia)), s.mailed(s.Guardian("Ida", "Berg", tom)), s.mailed(s.Guardian("Otto", "Berg", tom))
		s.asks(class)
		s.Write(func(tx *db.Tx) error {
			tx.MarkAudited()
			return tx.G().Exec("UPDATE guardianship SET disputed = ? WHERE guardian_id = ?", true, disputed.ID).Error
		})
		s.saysNo(other, tom)
		link := s.GuardianshipOf(removed, mia)
		s.Write(func(tx *db.Tx) error {
			tx.MarkAudited()
			return tx.G().Exec("UPDATE guardianship SET prevented = ? WHERE id = ?", true, link.ID).Error
		})
		p := s.preview("2026-11-12")
		if reason, _ := s.reasonFor(p, removed); reason != reminder.NoSay {
			t.Errorf("without a say: %q", reason)
		}
		if reason, _ := s.reasonFor(p, disputed); reason != "" {
			t.Errorf("both are needed while custody is disputed: %q", reason)
		}
		env.Clock.Set(at("2026-11-25 09:00"))
		if reason, _ := s.reasonFor(s.preview("2026-11-26"), disputed); reason != reminder.Over {
			t.Errorf("after the last day: %q", reason)
		}
	})
}

func TestSlipsAreLoggedOnceAndForgottenWithTheSchoolYear(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env)
		class := s.Class("7b")
		paperOnly := s.Guardian("Ida", "Berg", s.Pupil("Tom", "Berg", "2014-01-01", class))
		s.mailed(s.Guardian("Hanne", "Amsel", s.Pupil("Mia", "Amsel", "2014-03-01", class)))
		s.asks(class)

		if _, err := s.Slips(s.Ctx, s.office, "", invite.ByPost); !fault.Has(err, fault.NobodyToInvite) {
			t.Errorf("nobody has an address: %v", err)
		}
		printed, err := s.Slips(s.Ctx, s.office, class.ID, invite.ByClass)
		if err != nil || printed.Count != 1 || !slices.Equal(printed.To, []id.Person{id.GuardianOf(paperOnly.ID)}) {
			t.Fatalf("got %d for %v, %v", printed.Count, printed.To, err)
		}
		if _, err := s.Slips(s.Ctx, s.office, class.ID, invite.ByClass); !fault.Has(err, fault.NobodyToInvite) {
			t.Errorf("one slip an ask: %v", err)
		}
		logged, next, err := s.Outcome(s.Ctx, s.office, "", 10)
		if err != nil || next != "" || len(logged) != 1 || logged[0].Step != reminder.Slip || logged[0].By != s.office.Account || logged[0].Answered {
			t.Fatalf("the log has %+v, %q, %v", logged, next, err)
		}
		env.Clock.Set(at("2026-11-16 09:00")) // the fifth school day before the 23rd
		if printed, err = s.Slips(s.Ctx, s.office, class.ID, invite.ByClass); err != nil || printed.Count != 1 {
			t.Errorf("who was reminded in vain gets one before the last day: %d, %v", printed.Count, err)
		}
		if _, err := s.Preview(s.Ctx, s.Staff(authz.Teacher), calendar.Date{}); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("a teacher sees it: %v", err)
		}
		for _, step := range []struct {
			when string
			want int
		}{{"2027-07-31 12:00", 2}, {"2027-08-01 12:00", 0}} {
			env.Clock.Set(at(step.when))
			if err := s.Forget(s.Ctx); err != nil {
				t.Fatal(err)
			}
			if logged, _, err := s.Outcome(s.Ctx, s.office, "", 10); err != nil || len(logged) != step.want {
				t.Errorf("%s: %d are left, %v", step.when, len(logged), err)
			}
		}
	})
}

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))
