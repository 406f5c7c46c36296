package notice_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/audit"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

const (
	invited  = listedAddress + ": Ihre Schule bittet um Ihre Antwort"
	answered = ": Für Ihr Kind wurde geantwortet"
)

// invites issues letters by mail.
func (w *world) invites(guardians ...school.Guardian) []account.IssuedLetter {
	w.t.Helper()
	letters, err := w.accounts.IssueByMail(w.Ctx, w.office, recipients(guardians...))
	must(w.t, err)
	return letters
}

var door = regexp.MustCompile(`https://schule\.example/e#(\d{8})\.([0-9A-Z]{14})`)

// opens redeems the letter in a mail.
func (w *world) opens(m testkit.Mail) (account.SignedIn, error) {
	w.t.Helper()
	found := door.FindStringSubmatch(m.Text)
	if found == nil {
		w.t.Fatalf("no link in\n%s", m.Text)
	}
	return w.accounts.RedeemLetter(w.Ctx, found[1], found[2], calendar.MustParse(birth),
		account.Device{Address: netip.MustParseAddr("203.0.113.9"), Language: "tr"})
}

// answersByMail is a mother who was invited by mail and says yes.
func (w *world) answersByMail() consent.Outcome {
	w.t.Helper()
	w.invites(w.mother)
	mails := w.work()
	wantMails(w.t, mails, invited)
	in, err := w.opens(mails[0])
	must(w.t, err)
	return w.answers(in.Actor, participation.Video)
}

func (w *world) state(letter id.Letter) (state account.LetterState) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		l, err := w.accounts.LetterByID(tx, letter)
		state = l.State
		return err
	})
	return state
}

// lists changes the address that the school has of a guardian.
func (w *world) lists(g *school.Guardian, address string) {
	w.t.Helper()
	g.Contact.Email = address
	must(w.t, w.DB.WriteUnaudited(w.Ctx, changeGuardian(w, *g)))
}

// The secret stands in the mail and nowhere else; whoever opens the link answers by the mailbox, and so says the evidence.
// As that mailbox is also where news of it goes, it is told by another way: here on paper, for the father has no address.
func TestAnInvitationByMail(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		letter := w.invites(w.mother)[0]
		if letter.Secret != "" {
			t.Error("the office is shown a secret")
		}
		mails := w.work()
		wantMails(t, mails, invited)
		if found := door.FindStringSubmatch(mails[0].Text); found == nil || found[1] != letter.LetterNo || strings.Count(mails[0].Text, found[2]) != 1 {
			t.Fatalf("%s", mails[0].Text)
		} else {
			for _, table := range []string{"outbox", "message", "letter", "audit"} {
				for _, row := range env.Attack(t).Rows(table, "school_id") {
					for column, value := range row {
						if text, ok := value.(string); ok && strings.Contains(text, found[2]) {
							t.Errorf("%s.%s holds the secret", table, column)
						}
					}
				}
			}
		}
		in, err := w.opens(mails[0])
		must(t, err)
		if _, err := w.opens(mails[0]); !fault.Has(err, fault.LetterUsed) {
			t.Errorf("used twice: %v", err)
		}
		outcome := w.answers(in.Actor, participation.Video)
		if outcome.Decision.Means != proof.MeansMail || w.mode() != participation.Video {
			t.Errorf("means %s, mode %s", outcome.Decision.Means, w.mode())
		}
		wantMails(t, w.work(), redeemed, firstTold)
		troubles := w.overview().Troubles
		if len(troubles) != 1 || troubles[0].Person != id.GuardianOf(w.father.ID) || troubles[0].Kind != notify.AnswerGiven || troubles[0].Channel != notify.Slip {
			t.Errorf("%+v", troubles)
		}
		if again := w.answers(w.signsIn(w.mother), participation.Audio); again.Decision.Means != proof.MeansSession {
			t.Errorf("by a letter on paper afterwards: %s", again.Decision.Means)
		}
	})
}

// Who else hears of the first answer of somebody who came by mail.
func TestTheCounterCheckGoesPastTheMailbox(t *testing.T) {
	for name, c := range map[string]struct {
		father  string
		custody []func(*school.Guardianship)
		mails   []string
		slip    func(*world) id.Person
	}{
		"to the other's mailbox":            {"vater@familie.example", nil, []string{"vater@familie.example" + answered}, nil},
		"on paper where they share one":     {strings.ToUpper(listedAddress), nil, nil, func(w *world) id.Person { return id.GuardianOf(w.father.ID) }},
		"on paper to itself, if nobody may": {"vater@familie.example", []func(*school.Guardianship){protected}, nil, func(w *world) id.Person { return id.GuardianOf(w.mother.ID) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.NewSQLite(t), c.custody...)
			w.lists(&w.father, c.father)
			w.answersByMail()
			mails := slices.DeleteFunc(w.work(), func(m testkit.Mail) bool { return strings.Contains(m.Subject(), "Videokonferenz") })
			wantMails(t, mails, append(c.mails, redeemed, firstTold)...)
			troubles := w.overview().Troubles
			if c.slip == nil && len(troubles) != 0 || c.slip != nil && (len(troubles) != 1 || troubles[0].Person != c.slip(w) || troubles[0].Channel != notify.Slip) {
				t.Errorf("%+v", troubles)
			}
		})
	}
}

// What does not arrive leaves no open letter behind; what is tried again is the same message with the same secret.
func TestALetterWhoseMailDoesNotArriveIsVoid(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		wantState := func(letter account.IssuedLetter, want account.LetterState) {
			t.Helper()
			if got := w.state(letter.ID); got != want {
				t.Errorf("the letter is %s, want %s", got, want)
			}
		}
		w.lists(&w.mother, "unknown@familie.example")
		refused := w.invites(w.mother)[0]
		wantMails(t, w.work())
		wantState(refused, account.LetterVoid)

		w.lists(&w.mother, "")
		nowhere := w.invites(w.mother)[0]
		wantMails(t, w.work())
		wantState(nowhere, account.LetterVoid)

		w.lists(&w.mother, listedAddress)
		bounced := w.invites(w.mother)[0]
		mails := w.work()
		wantMails(t, mails, invited)
		wantState(bounced, account.LetterOpen)
		must(t, w.notify.Bounced(t.Context(), strings.NewReader(report(mails[0].From, "failed", "5.1.1"))))
		wantState(bounced, account.LetterVoid)
		if _, err := w.opens(mails[0]); !fault.Has(err, fault.LetterVoid) {
			t.Errorf("by the mail that came back: %v", err)
		}
		if more := w.invites(w.mother); len(more) != 0 {
			t.Errorf("a fourth within a day: %+v", more)
		}

		w.Clock.Advance(25 * time.Hour)
		w.lists(&w.mother, "greylisted@familie.example")
		later := w.invites(w.mother)[0]
		wantMails(t, w.work())
		w.lists(&w.mother, listedAddress)
		w.Clock.Advance(time.Hour)
		mails = w.work()
		wantMails(t, mails, invited)
		wantState(later, account.LetterOpen)
		if more := w.invites(w.mother); len(more) != 0 {
			t.Errorf("while one is open: %+v", more)
		}
		if _, err := w.opens(mails[0]); err != nil {
			t.Error(err)
		}
	})
}

// Jobs that were given up, or whose letter is void before they have their turn, send nothing and leave nothing open.
func TestNoMailOfADeadJobStaysOpen(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	void := w.invites(w.mother)[0]
	must(t, w.accounts.VoidLetter(w.Ctx, w.office, void.ID))
	wantMails(t, w.work())

	w.lists(&w.mother, "greylisted@familie.example")
	given := w.invites(w.mother)[0]
	for range 14 {
		wantMails(t, w.work())
		w.Clock.Advance(5 * time.Hour)
	}
	if state := w.state(given.ID); state != account.LetterVoid {
		t.Errorf("given up, and the letter is %s", state)
	}

	lost := w.invites(w.mother)[0] // its jobs vanish, as if every attempt had ended with its process
	w.Write(func(tx *db.Tx) error {
		tx.MarkAudited()
		return tx.G().Exec("DELETE FROM outbox WHERE done_at = 0").Error
	})
	must(t, w.notices.VoidUndelivered(w.Ctx))
	if state := w.state(lost.ID); state != account.LetterOpen {
		t.Errorf("too early: %s", state)
	}
	w.Clock.Advance(49 * time.Hour)
	must(t, w.notices.VoidUndelivered(w.Ctx))
	must(t, w.notices.VoidUndelivered(w.Ctx))
	if state := w.state(lost.ID); state != account.LetterVoid {
		t.Errorf("never sent, and the letter is %s", state)
	}
	var audits int64
	w.Read(func(tx *db.Tx) error {
		return tx.G().Table("audit").Where("action = ? AND subject_id = ?", audit.LetterVoided, lost.ID).Count(&audits).Error
	})
	if audits != 1 {
		t.Errorf("void %d times", audits)
	}
}

// The newer letter voids the older, whichever way they went. Whoever got a mail that was meant for somebody else can say
// so, and only then; after the use it takes back what came of it.
func TestTheNewerLetterHoldsAndTheWrongReaderCanSaySo(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	first := w.invites(w.mother)[0]
	mails := w.work()
	_, err := w.accounts.IssueLetters(w.Ctx, w.office, recipients(w.mother))
	must(t, err)
	if _, err := w.opens(mails[0]); !fault.Has(err, fault.LetterVoid) || w.state(first.ID) != account.LetterVoid {
		t.Errorf("mailed before one was printed: %v", err)
	}
	w.work()
	w.Clock.Advance(time.Hour)
	second := w.invites(w.mother)[0]
	mails = w.work()
	notMine := regexp.MustCompile(`/m#not-mine=(\S+)`).FindStringSubmatch(mails[0].Text)[1]
	must(t, w.notices.NotMe(t.Context(), notMine))
	must(t, w.notices.NotMe(t.Context(), notMine))
	if state := w.state(second.ID); state != account.LetterVoid {
		t.Errorf("refused, and the letter is %s", state)
	}
	if troubles := w.overview().Troubles; len(troubles) != 1 || troubles[0].Code != "not_me" || troubles[0].Kind != notify.Invitation {
		t.Errorf("%+v", troubles)
	}
	w.wantUnreachable()

	w.Clock.Advance(25 * time.Hour)
	w.invites(w.mother)
	mails = w.work()
	w.wantUnreachable() // though this one was accepted
	in, err := w.opens(mails[0])
	must(t, err)
	w.answers(in.Actor, participation.Video)
	notMine = regexp.MustCompile(`/m#not-mine=(\S+)`).FindStringSubmatch(mails[0].Text)[1]
	must(t, w.notices.NotMe(t.Context(), notMine))
	if w.mode() != participation.None {
		t.Errorf("after the use: %s", w.mode())
	}
}

// wantUnreachable wants the listed address to be one, for letters and for reminders.
func (w *world) wantUnreachable() {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		unreachable, err := w.notify.Unreachable(tx, []string{listedAddress, "neu@familie.example", "keine"})
		if !unreachable[listedAddress] || unreachable["neu@familie.example"] || !unreachable["keine"] {
			w.t.Errorf("unreachable: %v", unreachable)
		}
		if err != nil {
			return err
		}
		mother := id.GuardianOf(w.mother.ID)
		reach, err := w.notify.ReachOf(tx, []id.Person{mother})
		if reach[mother].Mail {
			w.t.Error("reminders would go there")
		}
		return err
	})
}
