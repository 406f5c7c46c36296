package notice_test

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/mail"
	"einverstanden/backend/notice"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

const birth = "2014-05-17"

type families struct{}

func (families) BirthDates(*db.Tx, id.Person) ([]calendar.Date, error) {
	return []calendar.Date{calendar.MustParse(birth)}, nil
}

// world is a school that sends mail by a real server, with a pupil and its parents: the mother is listed with an address,
// the father is not.
type world struct {
	*testkit.School
	t        *testing.T
	server   *testkit.SMTP
	seen     int
	accounts *account.Service
	consents *consent.Service
	notices  *notice.Service
	notify   *notify.Service
	worker   *outbox.Worker
	office   authz.Actor
	pupil    school.Pupil
	mother   school.Guardian
	father   school.Guardian
}

const listedAddress = "mutter@familie.example"

func newWorld(t *testing.T, env *testkit.Env, custody ...func(*school.Guardianship)) *world {
	t.Helper()
	return newWorldOn(t, env, testkit.NewSMTP(t, testkit.SMTPConfig{Security: "none"}), custody...)
}

// newWorldOn is a world on a mail server; nil: it sends no mail.
func newWorldOn(t *testing.T, env *testkit.Env, server *testkit.SMTP, custody ...func(*school.Guardianship)) *world {
	t.Helper()
	w := &world{School: env.NewSchool(t), t: t, server: server}
	log := slog.New(slog.NewJSONHandler(t.Output(), nil))
	w.consents = consent.NewService(env.DB, env.Vault, w.Log, w.Service, w.Hub)
	standings := standing.NewService(env.DB, w.consents, w.Service)
	w.accounts = account.NewService(env.DB, env.Vault, w.Log, families{}, env.Clock.Now, log).HashWeakly()
	w.consents.WithSessions(w.accounts.IsAlive)
	w.consents.WithInvitations(w.accounts.CameByMail)
	w.notify = notify.NewService(env.DB, env.Vault, w.Service, &url.URL{Scheme: "https", Host: "schule.example"}, env.Clock.Now).
		WithLanguage(w.accounts.LanguageOf).WithSlips()
	if server != nil {
		w.notify.WithMail(mail.NewSender(mail.Server{Host: "127.0.0.1", Port: server.Port, From: "einwilligung@schule.example", Bounces: "zurueck@schule.example"}, env.Clock.Now))
	}
	w.notices = notice.NewService(env.DB, w.Service, w.accounts, w.consents, standings, w.notify)
	w.worker = outbox.NewWorker(env.DB, env.Jobs(t), env.Clock.Now, log)
	w.notices.Handle(w.worker)

	class := w.Class("Eulenklasse")
	w.pupil = w.Pupil("Kanarella", "Zwitscherling", birth, class)
	w.mother, w.father = w.Guardian("Ruth", "Zwitscherling"), w.Guardian("Otto", "Zwitscherling")
	w.Custody(w.mother, w.pupil, school.JointCustody, custody...)
	w.Custody(w.father, w.pupil, school.JointCustody)
	w.mother.Contact.Email = listedAddress
	w.Write(func(tx *db.Tx) error { return w.Service.ChangeGuardian(tx, w.mother) })
	w.office = w.Staff(authz.Office)
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one",
		"say": {"preset": "letter"}, "languages": {"de": {"title": "Videokonferenzen", "blocks": [{"id": "what", "kind": "paragraph", "text": "Es geht um Video."}]}}}`))
	must(t, err)
	_, err = w.consents.Publish(w.Ctx, w.Staff(authz.Head), draft, w.Today())
	must(t, err)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signsIn issues the guardian a letter and redeems it.
func (w *world) signsIn(g school.Guardian) authz.Actor {
	w.t.Helper()
	letters, err := w.accounts.IssueLetters(w.Ctx, w.office, []account.Recipient{{Person: id.GuardianOf(g.ID)}})
	must(w.t, err)
	signedIn, err := w.accounts.RedeemLetter(w.Ctx, letters[0].LetterNo, string(letters[0].Secret), calendar.MustParse(birth),
		account.Device{Address: netip.MustParseAddr("203.0.113.9"), Language: "tr"})
	must(w.t, err)
	return signedIn.Actor
}

func (w *world) answers(actor authz.Actor, answer participation.Mode) consent.Outcome {
	w.t.Helper()
	in := consent.AnswerInput{Pupil: w.pupil.ID, Answer: answer, Language: consent.German}
	w.Read(func(tx *db.Tx) error {
		sheet, err := w.consents.Sheet(tx, actor, w.pupil.ID, consent.German)
		in.Version, in.TextSHA256, in.After = sheet.Version.ID, sheet.German.SHA256, sheet.After
		return err
	})
	if answer > participation.None {
		in.Signature = &consent.Signature{Kind: string(consent.TypedSignature), Name: "Zwitscherling"}
	}
	outcome, err := w.consents.Answer(w.Ctx, actor, in)
	must(w.t, err)
	return outcome
}

// work does all jobs that are due, and gives what the server has accepted since the last time.
func (w *world) work() []testkit.Mail {
	w.t.Helper()
	_, err := w.worker.Once(context.WithoutCancel(w.t.Context()))
	must(w.t, err)
	if w.server == nil {
		return nil
	}
	mails := w.server.Mails()
	fresh := mails[w.seen:]
	w.seen = len(mails)
	for _, m := range fresh {
		for _, secret := range []string{"Kanarella", "Zwitscherling", "Eulenklasse"} {
			if strings.Contains(m.Subject()+m.Text+m.HTML, secret) {
				w.t.Errorf("a mail names %s:\n%s", secret, m.Text)
			}
		}
	}
	return fresh
}

// wantMails checks who got what, whatever the order.
func wantMails(t *testing.T, mails []testkit.Mail, want ...string) {
	t.Helper()
	got := make([]string, len(mails))
	for i, m := range mails {
		got[i] = strings.Join(m.To, " ") + ": " + m.Subject()
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("mails\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var tokenOf = regexp.MustCompile(`/m#(confirm|not-me|stop)=(\S+)`)

func token(t *testing.T, m testkit.Mail, use string) string {
	t.Helper()
	for _, found := range tokenOf.FindAllStringSubmatch(m.Text, -1) {
		if found[1] == use {
			return found[2]
		}
	}
	t.Fatalf("no link %s in\n%s", use, m.Text)
	return ""
}

// confirmed gives the person an address, with its link opened.
func (w *world) confirmed(actor authz.Actor, address string) {
	w.t.Helper()
	must(w.t, w.notify.SetAddress(w.Ctx, actor, address))
	for _, m := range w.work() {
		if m.To[0] == address {
			must(w.t, w.notify.ConfirmAddress(w.t.Context(), token(w.t, m, "confirm")))
			return
		}
	}
	w.t.Fatalf("no confirmation to %s", address)
}

func (w *world) mode() (mode participation.Mode) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		standings, err := standing.NewService(w.DB, w.consents, w.Service).Of(tx, []id.Pupil{w.pupil.ID})
		mode = standings[w.pupil.ID].Mode
		return err
	})
	return mode
}

func (w *world) overview() notify.Overview {
	w.t.Helper()
	o, err := w.notify.OverviewOf(w.Ctx, w.office)
	must(w.t, err)
	return o
}

func recipients(guardians ...school.Guardian) (all []account.Recipient) {
	for _, g := range guardians {
		all = append(all, account.Recipient{Person: id.GuardianOf(g.ID)})
	}
	return all
}

func changeGuardian(w *world, g school.Guardian) func(*db.Tx) error {
	return func(tx *db.Tx) error { return w.Service.ChangeGuardian(tx, g) }
}

func protected(g *school.Guardianship) { g.Protected = true }
