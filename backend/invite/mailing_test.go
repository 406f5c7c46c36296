package invite_test

import (
	"context"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/invite"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// mailboxes is what can be known about mail here: which addresses are dead.
type mailboxes struct {
	off  bool
	dead []string
}

func (m *mailboxes) SendsMail() bool { return !m.off }

func (m *mailboxes) Unreachable(*db.Tx, []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, address := range m.dead {
		found[address] = true
	}
	return found, nil
}

func (s *secretariat) mailed(g school.Guardian, address string) school.Guardian {
	g.Contact.Email = address
	s.Write(func(tx *db.Tx) error { return s.School.Service.ChangeGuardian(tx, g) })
	return g
}

// planned writes a plan down: the family name for a letter by mail, and the obstacle behind a name.
func planned(t *testing.T, s *secretariat, selection invite.Selection) string {
	t.Helper()
	plan, err := s.PlanMailing(s.Ctx, s.office, selection)
	if err != nil {
		t.Fatal(err)
	}
	var persons []id.Person
	for _, row := range plan.Rows {
		persons = append(persons, row.Person)
	}
	names, err := s.NamesOf(s.Ctx, persons)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]string, len(plan.Rows))
	for i, row := range plan.Rows {
		rows[i] = strings.TrimSpace(names[row.Person].Name + " " + string(row.Obstacle))
	}
	return strings.Join(rows, ", ")
}

func TestLettersGoByMailWhereNothingStandsAgainstIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := opened(t, env)
		boxes := &mailboxes{dead: []string{"tot@familie.example"}}
		s.WithMailboxes(boxes)
		class := s.Class("7b")
		mia, jan := s.Pupil("Mia", "Amsel", "2014-03-01", class), s.Pupil("Jan", "Amsel", "2016-05-02", class)
		mother := s.mailed(s.Guardian("Hanne", "Amsel", mia, jan), "Hanne@familie.example")
		s.Guardian("Otto", "Amsel", mia) // no address
		lea := s.Pupil("Lea", "Dohle", "2014-03-01", class)
		s.mailed(s.Guardian("Ada", "Dohle", lea), "familie@dohle.example")
		s.mailed(s.Guardian("Bo", "Dohle", lea), "Familie@Dohle.example ")
		ben := s.Pupil("Ben", "Elster", "2014-03-01", class)
		s.mailed(s.Guardian("Eva", "Elster", ben), "tot@familie.example")
		twin := s.mailed(s.Guardian("Hanne", "Amsel", ben), "hanne@familie.example") // not joined yet with her other self
		grown := s.Pupil("Kim", "Fink", "2008-03-01", class)
		all := invite.Selection{Class: class.ID}

		const before = "Hanne Amsel, Otto Amsel no_address, Ada Dohle shared_address, Bo Dohle shared_address, Hanne Amsel, Eva Elster unreachable, Kim Fink no_address"
		if got := planned(t, s, all); got != before {
			t.Fatalf("planned: %s", got)
		}
		if n := s.count(t, "SELECT count(*) FROM letter"); n != 0 {
			t.Fatalf("a plan issued %d letters", n)
		}
		keyed := idempotency.With(context.Background(), idempotency.Key{Actor: string(s.office.Account), Route: "POST /letters/mailing", Value: "k", Body: []byte("{}")})
		first, err := s.Mail(keyed, s.office, all)
		if want := (invite.Mailed{Mailed: 2, OnPaper: 5}); err != nil || first != want {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := s.Mail(keyed, s.office, all); err != nil || again != first {
			t.Errorf("the same key: %+v, %v", again, err)
		}
		if other, err := s.Mail(s.Ctx, s.office, all); err != nil || other != (invite.Mailed{OnPaper: 5, Lately: 2}) {
			t.Errorf("without a key: %+v, %v", other, err)
		}
		if got := planned(t, s, all); strings.Count(got, "mailed_lately") != 2 {
			t.Errorf("planned afterwards: %s", got)
		}
		if n := s.count(t, "SELECT count(*) FROM letter WHERE delivery = 'mail' AND void_at IS NULL AND person_id IN (?, ?)", mother.ID, twin.ID); n != 2 {
			t.Errorf("%d letters by mail", n)
		}

		rest := all
		rest.NotByMail = true
		printed, err := s.Letters(s.Ctx, s.office, rest)
		if err != nil || printed.Count != 5 {
			t.Fatalf("%d printed, %v", printed.Count, err)
		}
		if n := s.count(t, "SELECT count(*) FROM letter WHERE delivery = 'mail' AND void_at IS NULL"); n != 2 {
			t.Errorf("printing the rest left %d letters by mail", n)
		}
		if _, err := s.Letters(s.Ctx, s.office, invite.Selection{Pupils: []id.Pupil{mia.ID, grown.ID}}); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, "SELECT count(*) FROM letter WHERE delivery = 'mail' AND void_at IS NULL"); n != 1 {
			t.Errorf("a letter on paper left %d letters by mail", n)
		}
	})
}

func TestWhatIsRefusedOfAMailing(t *testing.T) {
	s := opened(t, testkit.NewSQLite(t))
	class := s.Class("7b")
	ask := func(actor authz.Actor, selection invite.Selection) (error, error) {
		_, plan := s.PlanMailing(s.Ctx, actor, selection)
		_, mail := s.Mail(s.Ctx, actor, selection)
		return plan, mail
	}
	all := invite.Selection{Class: class.ID}
	if plan, mail := ask(s.office, all); !fault.Has(plan, fault.MailNotSetUp) || !fault.Has(mail, fault.MailNotSetUp) {
		t.Errorf("without mail: %v, %v", plan, mail)
	}
	boxes := &mailboxes{}
	s.WithMailboxes(boxes)
	for name, c := range map[string]struct {
		actor     authz.Actor
		selection invite.Selection
		want      fault.Code
	}{
		"a teacher":        {s.Staff(authz.Teacher), all, fault.NotAllowedHere},
		"nobody":           {s.office, all, fault.NobodyToInvite},
		"no selection":     {s.office, invite.Selection{}, fault.FieldInvalid},
		"two":              {s.office, invite.Selection{Class: class.ID, AllUnanswered: true}, fault.FieldInvalid},
		"an unknown class": {s.office, invite.Selection{Class: "x"}, fault.NothingHere},
	} {
		plan, mail := ask(c.actor, c.selection)
		if c.want == fault.FieldInvalid {
			if plan == nil || mail == nil {
				t.Errorf("%s: taken", name)
			}
		} else if !fault.Has(plan, c.want) || !fault.Has(mail, c.want) {
			t.Errorf("%s: %v, %v", name, plan, mail)
		}
	}
	boxes.off = true
	pupil := s.Pupil("Mia", "Amsel", "2014-03-01", class)
	s.Guardian("Hanne", "Amsel", pupil)
	rest := all
	rest.NotByMail = true
	if printed, err := s.Letters(s.Ctx, s.office, rest); err != nil || printed.Count != 1 {
		t.Errorf("without mail everybody's letter is printed: %d, %v", printed.Count, err)
	}
}
