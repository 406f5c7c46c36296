package invite_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
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
	"einverstanden/backend/paper"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

const form = `{
	"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
	"languages": {"de": {"title": "Videokonferenzen", "blocks": [{"id": "what", "kind": "paragraph", "text": "Es geht um Video."}]}}
}`

const address = "https://einverstanden.schule.example"

// secretariat is a school with everybody whom inviting needs.
type secretariat struct {
	*testkit.School
	*invite.Service
	accounts *account.Service
	consents *consent.Service
	office   authz.Actor
}

func newSecretariat(t testing.TB, env *testkit.Env, baseURL string) *secretariat {
	t.Helper()
	s := &secretariat{School: env.NewSchool(t)}
	s.consents = consent.NewService(env.DB, env.Vault, s.Log, s.School.Service, s.Hub)
	s.accounts = account.NewService(env.DB, env.Vault, evidence.NewLog(env.Vault), families{s.School.Service}, env.Clock.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	s.office = s.Staff(authz.Office)
	printer, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(baseURL)
	if err != nil {
		t.Fatal(err)
	}
	s.Service = invite.NewService(env.DB, s.School.Service, s.consents, s.accounts, printer, base)
	return s
}

// opened is a secretariat with a form in force.
func opened(t testing.TB, env *testkit.Env) *secretariat {
	t.Helper()
	s := newSecretariat(t, env, address)
	s.publish(t, form)
	return s
}

func (s *secretariat) publish(t testing.TB, form string) {
	t.Helper()
	draft, err := consent.ParseDraft([]byte(form))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.consents.Publish(s.Ctx, s.Staff(authz.Head), draft, calendar.Date{}); err != nil {
		t.Fatal(err)
	}
}

type families struct{ schools *school.Service }

func (f families) BirthDates(tx *db.Tx, person id.Person) (dates []calendar.Date, err error) {
	pupils := []id.Pupil{id.Pupil(person.ID)}
	if person.Kind == id.GuardianPerson {
		day, err := f.schools.Today(tx)
		if err != nil {
			return nil, err
		}
		if pupils, err = f.schools.ChildrenOf(tx, id.Guardian(person.ID), day); err != nil {
			return nil, err
		}
	}
	known, err := f.schools.Pupils(tx, pupils)
	for _, pupil := range known {
		dates = append(dates, pupil.BirthDate)
	}
	return dates, err
}

// answers records a no of the person, which is an answer like any other.
func (s *secretariat) answers(t testing.TB, person id.Person, pupil school.Pupil) {
	t.Helper()
	actor := s.As(person)
	var sheet consent.Sheet
	s.Read(func(tx *db.Tx) (err error) {
		sheet, err = s.consents.Sheet(tx, actor, pupil.ID, "de")
		return err
	})
	_, err := s.consents.Answer(s.Ctx, actor, consent.AnswerInput{
		Pupil: pupil.ID, Answer: participation.None, Version: sheet.Version.ID, TextSHA256: sheet.German.SHA256, Language: "de",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// livesAt gives the guardian an address.
func (s *secretariat) livesAt(g school.Guardian, salutation, street, postcode, city string) {
	g.Salutation, g.Contact = salutation, school.Contact{Street: street, Postcode: postcode, City: city}
	s.Write(func(tx *db.Tx) error { return s.School.Service.ChangeGuardian(tx, g) })
}

func (s *secretariat) count(t testing.TB, query string, values ...any) (n int) {
	t.Helper()
	s.Read(func(tx *db.Tx) error { return tx.G().Raw(query, values...).Scan(&n).Error })
	return n
}

// page is one printed letter as it is read.
type page struct {
	text             string
	to               string // first line of the address field
	how              string // second line
	letterNo, secret string
}

var (
	printedNo     = regexp.MustCompile(`(?m)^\d{8}$`)
	printedSecret = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}$`)
)

func read(t testing.TB, pdf []byte) (pages []page) {
	t.Helper()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Fatal("pdftotext is missing; scripts/setup installs it (Debian: apt-get install poppler-utils)")
	}
	reader := exec.Command(program, "-raw", "-enc", "UTF-8", "-", "-")
	reader.Stdin = bytes.NewReader(pdf)
	text, err := reader.Output()
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(string(text), "\f"), "\f") {
		lines := strings.Split(part, "\n") // school, its address, both again, then the recipient
		pages = append(pages, page{
			text: part, to: lines[3], how: lines[4],
			letterNo: printedNo.FindString(part), secret: printedSecret.FindString(part),
		})
	}
	return pages
}

// print has letters printed and gives them as they are read.
func (s *secretariat) print(t testing.TB, selection invite.Selection) []page {
	t.Helper()
	printed, err := s.Letters(s.Ctx, s.office, selection)
	if err != nil {
		t.Fatal(err)
	}
	pages := read(t, printed.PDF)
	if len(pages) != printed.Count {
		t.Errorf("%d pages for %d letters", len(pages), printed.Count)
	}
	return pages
}

func names(pages []page) (names []string) {
	for _, page := range pages {
		names = append(names, page.to)
	}
	return names
}

// journey 1: one letter per guardian for all its children; what is printed opens the door.
func TestOneLetterForAllChildren(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := opened(t, env)
		five, seven := s.Class("5a"), s.Class("7b")
		mia, jan := s.Pupil("Mia", "Amselweg", "2014-03-01", seven), s.Pupil("Jan", "Amselweg", "2016-05-02", five)
		mother, father := s.Guardian("Hanne", "Amselweg", mia, jan), s.Guardian("Otto", "Amselweg", mia, jan)
		s.livesAt(mother, "Frau", "Am Hang 3", "12345", "Musterstadt")
		s.Guardian("Ida", "Berg", s.Pupil("Tom", "Berg", "2016-01-01", five))

		pages := s.print(t, invite.Selection{Class: seven.ID})
		if got := names(pages); !slices.Equal(got, []string{"Frau Hanne Amselweg", "Otto Amselweg"}) {
			t.Fatalf("letters for %q", got)
		}
		if pages[0].how != "Am Hang 3" || pages[1].how != "durch Ihr Kind Mia, 7b" {
			t.Errorf("they go to %q and %q", pages[0].how, pages[1].how)
		}
		for _, page := range pages {
			if !strings.Contains(page.text, "Mia, 7b Jan, 5a") {
				t.Errorf("the letter of %s does not name both children:\n%s", page.to, page.text)
			}
			if !strings.Contains(page.text, "einverstanden.schule.example\n") || !strings.Contains(page.text, "bis zum 14. Dezember 2026") {
				t.Errorf("address or last day is missing:\n%s", page.text)
			}
		}
		for _, parent := range []school.Guardian{mother, father} {
			if n := s.count(t, "SELECT count(*) FROM ask WHERE person_id = ?", parent.ID); n != 2 {
				t.Errorf("%s is asked %d times", parent.Given, n)
			}
			if n := s.count(t, "SELECT count(*) FROM audit WHERE action = 'ask.made' AND actor = ? AND subject_id = ?",
				s.office.Account, parent.ID); n != 1 {
				t.Errorf("%d audit entries", n)
			}
		}
		signedIn, err := s.accounts.RedeemLetter(s.Ctx, pages[1].letterNo, pages[1].secret, jan.BirthDate,
			account.Device{Address: netip.MustParseAddr("192.0.2.1")})
		if err != nil || signedIn.Actor.Person != id.GuardianOf(father.ID) {
			t.Errorf("the printed code: %+v, %v", signedIn.Actor.Person, err)
		}
	})
}

func TestWhoGetsALetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := opened(t, env)
		class := s.Class("13a")
		mia := s.Pupil("Mia", "Amselweg", "2014-03-01", class)
		s.Guardian("Hanne", "Amselweg", mia)
		no := s.Guardian("Otto", "Amselweg", mia)
		s.answers(t, id.GuardianOf(no.ID), mia)
		s.Custody(s.Guardian("Udo", "Ohnerecht"), mia, school.NoCustody)
		s.Custody(s.Guardian("Uta", "Verhindert"), mia, school.JointCustody, func(g *school.Guardianship) { g.Prevented = true })
		s.Custody(s.Guardian("Ulf", "Vorbei"), mia, school.JointCustody, func(g *school.Guardianship) {
			g.Period.Until = calendar.MustParse("2026-10-01")
		})
		s.Guardian("Ute", "Ohnetag", s.Pupil("Kai", "Ohnetag", "", class)) // nobody has a say while the birth date is unknown
		deniz := s.Pupil("Deniz", "Volljahr", "2008-02-29", class)
		s.Guardian("Emre", "Volljahr", deniz)
		gone := s.Pupil("Lea", "Weg", "2014-03-01", class)
		s.Guardian("Jo", "Weg", gone)
		s.Write(func(tx *db.Tx) error {
			schoolings, err := s.School.Service.SchoolingsOf(tx, []id.Pupil{gone.ID})
			if err != nil {
				return err
			}
			left := schoolings[gone.ID][0]
			left.Period.Until = calendar.MustParse("2026-11-23")
			return s.School.Service.ChangeSchooling(tx, left)
		})

		missing := []string{"Hanne Amselweg", "Deniz Volljahr"}
		if got := names(s.print(t, invite.Selection{Class: class.ID})); !slices.Equal(got, missing) {
			t.Errorf("class: %q", got)
		}
		all := s.print(t, invite.Selection{AllUnanswered: true})
		if !slices.Equal(names(all), missing) {
			t.Errorf("all: %q", names(all))
		}
		if adult := all[1]; adult.how != "persönlich" || !strings.Contains(adult.text, "Geben Sie Ihr Geburtsdatum ein.") {
			t.Errorf("the adult pupil's letter:\n%s", adult.text)
		}
		chosen := s.print(t, invite.Selection{Pupils: []id.Pupil{mia.ID}})
		if got := names(chosen); !slices.Equal(got, []string{"Hanne Amselweg", "Otto Amselweg"}) {
			t.Errorf("chosen pupil: %q, and who has lost the phone gets a letter too", got)
		}
		_, err := s.Letters(s.Ctx, s.office, invite.Selection{Pupils: []id.Pupil{gone.ID}})
		if !fault.Has(err, fault.NobodyToInvite) {
			t.Errorf("a pupil who has left: %v", err)
		}
	})
}

// Where pupils decide from 14 with their guardians, each gets a letter, and the pupil's speaks to the pupil.
func TestAYoungPupilGetsALetterOfItsOwn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env, address)
		s.publish(t, strings.Replace(form, `"letter"`, `"from_fourteen"`, 1))
		class := s.Class("9b")
		mia := s.Pupil("Mia", "Amselweg", "2011-11-24", class)
		mother := s.Guardian("Hanne", "Amselweg", mia)
		s.livesAt(mother, "", "Am Hang 3", "12345", "Musterstadt")
		pages := s.print(t, invite.Selection{Class: class.ID})
		if got := names(pages); !slices.Equal(got, []string{"Hanne Amselweg", "Mia Amselweg"}) {
			t.Fatalf("letters for %q", got)
		}
		if own := pages[1]; own.how != "persönlich" || !strings.Contains(own.text, "Hallo Mia,") {
			t.Errorf("the pupil's letter:\n%s", own.text)
		}
		if !strings.Contains(pages[0].text, "Guten Tag Hanne Amselweg,") {
			t.Errorf("the mother's letter:\n%s", pages[0].text)
		}
	})
}

// A letter that names a child whose answer is there already, because it names all, still asks for the other alone.
func TestOnlyWhatIsMissingIsAsked(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := opened(t, env)
		class := s.Class("7b")
		mia, jan := s.Pupil("Mia", "Amselweg", "2014-03-01", class), s.Pupil("Jan", "Amselweg", "2014-03-01", class)
		mother := s.Guardian("Hanne", "Amselweg", mia, jan)
		s.answers(t, id.GuardianOf(mother.ID), mia)
		for range 2 { // printing twice asks once
			if got := s.print(t, invite.Selection{Class: class.ID}); len(got) != 1 || !strings.Contains(got[0].text, "Jan, 7b Mia, 7b") {
				t.Fatalf("letters: %+v", got)
			}
		}
		if n := s.count(t, "SELECT count(*) FROM ask"); n != 1 || s.count(t, "SELECT count(*) FROM ask WHERE pupil_id = ?", jan.ID) != 1 {
			t.Errorf("%d asks", n)
		}
		s.answers(t, id.GuardianOf(mother.ID), jan)
		if _, err := s.Letters(s.Ctx, s.office, invite.Selection{Class: class.ID}); !fault.Has(err, fault.NobodyToInvite) {
			t.Errorf("when all have answered: %v", err)
		}
	})
}

// More people than are asked in one transaction, handed out class by class, the letters of one child together.
func TestLettersComeInTheOrderOfTheClasses(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := opened(t, env)
		ten, five := s.Class("10a"), s.Class("5b")
		var want []string
		for _, class := range []school.Class{ten, five} {
			for _, family := range []string{"Öhler", "Zander", "Oberst", "Yıldız", "Acar", "Ney"} {
				child := s.Pupil("Kim", family+class.Name, "2014-03-01", class)
				s.Guardian("Zoe", "Aal"+class.Name, child)
				s.Guardian("Ben", family+class.Name, child)
			}
		}
		for _, class := range []string{"5b", "10a"} {
			for _, family := range []string{"Acar", "Ney", "Oberst", "Öhler", "Yıldız", "Zander"} {
				want = append(want, "Zoe Aal"+class, "Ben "+family+class)
			}
		}
		if got := names(s.print(t, invite.Selection{AllUnanswered: true})); !slices.Equal(got, want) {
			t.Errorf("order\n got %q\nwant %q", got, want)
		}
	})
}

func TestWhatIsRefused(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env, address)
		class := s.Class("7b")
		if _, err := s.Letters(s.Ctx, s.office, invite.Selection{Class: class.ID}); !fault.Has(err, fault.NoFormInForce) {
			t.Errorf("without a form: %v", err)
		}
		s.publish(t, form)
		cases := []struct {
			name      string
			selection invite.Selection
			code      fault.Code
		}{
			{"an empty class", invite.Selection{Class: class.ID}, fault.NobodyToInvite},
			{"an empty school", invite.Selection{AllUnanswered: true}, fault.NobodyToInvite},
			{"an unknown class", invite.Selection{Class: id.New[id.Class]()}, fault.NothingHere},
			{"an unknown pupil", invite.Selection{Pupils: []id.Pupil{id.New[id.Pupil]()}}, fault.NothingHere},
			{"nothing", invite.Selection{}, fault.InvalidInput},
			{"two things", invite.Selection{Class: class.ID, AllUnanswered: true}, fault.InvalidInput},
		}
		for _, c := range cases {
			if _, err := s.Letters(s.Ctx, s.office, c.selection); !fault.Has(err, c.code) {
				t.Errorf("%s: %v, want %s", c.name, err, c.code)
			}
		}
		for _, role := range authz.Roles {
			_, err := s.Letters(s.Ctx, s.Staff(role), invite.Selection{AllUnanswered: true})
			if may := role == authz.Office || role == authz.Head; fault.Has(err, fault.NotAllowedHere) == may {
				t.Errorf("%s: %v", role, err)
			}
		}
	})
}

// An address too long for a code on paper: the letters were issued, but nobody has seen their secrets.
func TestUnprintedLettersAreVoid(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env, "https://"+strings.Repeat("einverstanden.", 20)+"example")
		s.publish(t, form)
		class := s.Class("7b")
		mia := s.Pupil("Mia", "Amselweg", "2014-03-01", class)
		s.Guardian("Hanne", "Amselweg", mia)
		s.Guardian("Otto", "Amselweg", mia)
		printed, err := s.Letters(s.Ctx, s.office, invite.Selection{Class: class.ID})
		if err == nil || printed.PDF != nil {
			t.Fatalf("printed %d letters", printed.Count)
		}
		letters, _, err := s.accounts.Letters(s.Ctx, s.office, account.LetterFilter{}, account.Page{})
		if err != nil || len(letters) != 2 {
			t.Fatalf("%d letters, %v", len(letters), err)
		}
		for _, letter := range letters {
			if letter.State != account.LetterVoid {
				t.Errorf("letter %s is %s", letter.LetterNo, letter.State)
			}
		}
	})
}

func TestNamesOf(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSecretariat(t, env, address)
		class := s.Class("7b")
		mia, jan := s.Pupil("Mia", "Amselweg", "2014-03-01", class), s.Pupil("Jan", "Amselweg", "2016-05-02", class)
		mother := s.Guardian("Hanne", "Amselweg", mia, jan)
		other := s.Guardian("Udo", "Ohnerecht")
		s.Custody(other, mia, school.NoCustody)
		nobody := id.GuardianOf(id.New[id.Guardian]())
		names, err := s.NamesOf(s.Ctx, []id.Person{id.GuardianOf(mother.ID), id.GuardianOf(other.ID), id.PupilOf(mia.ID), nobody})
		if err != nil || len(names) != 3 {
			t.Fatalf("%v, %v", names, err)
		}
		if got := names[id.GuardianOf(mother.ID)]; got.Name != "Hanne Amselweg" || !slices.Equal(got.Children, []string{"Jan Amselweg", "Mia Amselweg"}) {
			t.Errorf("the mother: %+v", got)
		}
		if got := names[id.GuardianOf(other.ID)]; got.Name != "Udo Ohnerecht" || got.Children != nil {
			t.Errorf("without custody: %+v", got)
		}
		if got := names[id.PupilOf(mia.ID)]; got.Name != "Mia Amselweg" || got.Children != nil {
			t.Errorf("the pupil: %+v", got)
		}
		if none, err := s.NamesOf(s.Ctx, nil); err != nil || len(none) != 0 {
			t.Errorf("nobody: %v, %v", none, err)
		}
	})
}
