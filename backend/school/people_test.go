package school_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

func TestRowsHaveTheColumnsOfTheirTables(t *testing.T) { testkit.CheckRows(t, school.Rows...) }

var today = calendar.MustParse("2026-11-24") // of testkit's clock

func TestPupilsAndGuardiansComeBackAsTheyWere(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		pupil := school.Pupil{
			ID: id.New[id.Pupil](), Name: school.Name{Given: "Jördis", Family: "Ähnlich-Groß"}, BirthDate: calendar.MustParse("2014-02-28"),
			ImportID: "4711", Email: "joerdis@schule.example", Phone: "01234 5678",
			Address: school.Address{Street: "Weg 1", Postcode: "12345", City: "Musterstadt"},
		}
		guardian := school.Guardian{
			ID: id.New[id.Guardian](), Name: school.Name{Given: "İpek", Family: "Öztürk"}, Salutation: "Frau", Language: "tr",
			Contact: school.Contact{Email: "ipek@post.example", Street: "Weg 2", Postcode: "12345", City: "Musterstadt"},
		}
		s.Write(func(tx *db.Tx) error {
			return errors.Join(
				s.Service.AddPupils(tx, []school.Pupil{pupil}), s.Service.AddGuardians(tx, []school.Guardian{guardian}))
		})
		s.Read(func(tx *db.Tx) error {
			pupils, err := s.Service.Pupils(tx, []id.Pupil{pupil.ID, "nobody"})
			if err != nil || len(pupils) != 1 || pupils[pupil.ID] != pupil {
				t.Errorf("pupils %+v, %v", pupils, err)
			}
			guardians, err := s.Service.Guardians(tx, []id.Guardian{guardian.ID, "nobody"})
			if err != nil || len(guardians) != 1 || guardians[guardian.ID] != guardian {
				t.Errorf("guardians %+v, %v", guardians, err)
			}
			return nil
		})
		pupil.ImportID, pupil.Family, guardian.Contact.Email = "4712", "Anders", "neu@post.example"
		s.Write(func(tx *db.Tx) error {
			return errors.Join(s.Service.ChangePupils(tx, []school.Pupil{pupil}), s.Service.ChangeGuardian(tx, guardian))
		})
		s.Read(func(tx *db.Tx) error {
			pupils, err := s.Service.AllPupils(tx)
			if err != nil || len(pupils) != 1 || pupils[0] != pupil {
				t.Errorf("changed pupils %+v, %v", pupils, err)
			}
			guardians, err := s.Service.AllGuardians(tx)
			if err != nil || len(guardians) != 1 || guardians[0] != guardian {
				t.Errorf("changed guardians %+v, %v", guardians, err)
			}
			return nil
		})
	})
}

func TestListsAreInTheOrderOfNames(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		class := s.Class("7b")
		for _, name := range []string{"Zoe Özel", "Ole Oz", "Änne Muller", "Anna Müller", "Emil Maß", "Ida Masse", "Ugo d'Este"} {
			given, family, _ := strings.Cut(name, " ")
			s.Pupil(given, family, "2014-01-01", class)
		}
		var order []string
		s.Read(func(tx *db.Tx) error {
			pupils, err := s.Service.AllPupils(tx)
			for _, p := range pupils {
				order = append(order, p.Family)
			}
			return err
		})
		if got := strings.Join(order, ", "); got != "d'Este, Maß, Masse, Müller, Muller, Oz, Özel" {
			t.Fatalf("order: %s", got)
		}
	})
}

func TestAnImportIDBelongsToOnePupil(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		a := school.Pupil{ID: id.New[id.Pupil](), Name: school.Name{Given: "Ada", Family: "Eins"}, ImportID: "1"}
		b := school.Pupil{ID: id.New[id.Pupil](), Name: school.Name{Given: "Bea", Family: "Zwei"}, ImportID: "2"}
		s.Write(func(tx *db.Tx) error { return s.Service.AddPupils(tx, []school.Pupil{a, b}) })
		err := s.DB.WriteUnaudited(s.Ctx, func(tx *db.Tx) error {
			return s.Service.AddPupils(tx, []school.Pupil{{ID: id.New[id.Pupil](), ImportID: "1"}})
		})
		if !errors.Is(err, db.ErrUnique) {
			t.Fatalf("a second pupil got the id: %v", err)
		}
		a.ImportID, b.ImportID = b.ImportID, a.ImportID
		s.Write(func(tx *db.Tx) error { return s.Service.ChangePupils(tx, []school.Pupil{a, b}) })
	})
}

// More ids than one IN list holds give one answer all the same.
func TestLongListsOfPupilsAreAskedInParts(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		class := s.Class("7b")
		const many = 1203
		pupils := make([]school.Pupil, many)
		schoolings := make([]school.Schooling, many)
		memberships := make([]school.Membership, many)
		ids := make([]id.Pupil, many)
		for i := range pupils {
			ids[i] = id.New[id.Pupil]()
			pupils[i] = school.Pupil{ID: ids[i], Name: school.Name{Given: fmt.Sprint(i), Family: "Viel"}}
			schoolings[i] = school.Schooling{ID: id.New[id.Schooling](), Pupil: ids[i], Period: calendar.Period{From: today}}
			memberships[i] = school.Membership{
				ID: id.New[id.Membership](), Pupil: ids[i], Class: class.ID, Period: calendar.Period{From: today},
			}
		}
		s.Write(func(tx *db.Tx) error {
			return errors.Join(
				s.Service.AddPupils(tx, pupils), s.Service.AddSchoolings(tx, schoolings), s.Service.AddMemberships(tx, memberships))
		})
		s.Read(func(tx *db.Tx) error {
			found, err := s.Service.Pupils(tx, ids)
			if err != nil || len(found) != many {
				t.Errorf("%d pupils, %v", len(found), err)
			}
			times, err := s.Service.SchoolingsOf(tx, ids)
			if err != nil || len(times) != many {
				t.Errorf("%d schoolings, %v", len(times), err)
			}
			classes, err := s.Service.ClassNamesOf(tx, ids, today)
			if err != nil || len(classes) != many || classes[ids[many-1]] != class {
				t.Errorf("%d classes, %v", len(classes), err)
			}
			members, err := s.Service.PupilsOfClass(tx, class.ID, today)
			if err != nil || !slices.Equal(slices.Sorted(slices.Values(members)), slices.Sorted(slices.Values(ids))) {
				t.Errorf("%d members, %v", len(members), err)
			}
			return nil
		})
	})
}

func TestErasedPeopleAreInNoList(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		class := s.Class("7b")
		pupil := s.Pupil("Mia", "Muster", "2014-01-01", class)
		guardian := s.Guardian("Eva", "Muster", pupil)
		s.Write(func(tx *db.Tx) error {
			return errors.Join(
				tx.G().Exec("UPDATE pupil SET erased_at = 1 WHERE id = ?", pupil.ID).Error,
				tx.G().Exec("UPDATE guardian SET erased_at = 1 WHERE id = ?", guardian.ID).Error)
		})
		s.Read(func(tx *db.Tx) error {
			pupils, err1 := s.Service.AllPupils(tx)
			some, err2 := s.Service.Pupils(tx, []id.Pupil{pupil.ID})
			members, err3 := s.Service.PupilsOfClass(tx, class.ID, today)
			guardians, err4 := s.Service.AllGuardians(tx)
			if n := len(pupils) + len(some) + len(members) + len(guardians); n != 0 {
				t.Errorf("%d erased people are listed", n)
			}
			return errors.Join(err1, err2, err3, err4)
		})
	})
}

// settled.md 1: nothing personal stands in the file, and what stands in one row opens in no other.
func TestNamesLieSealed(t *testing.T) {
	env := testkit.NewSQLite(t)
	s := env.NewSchool(t, func(settings *school.Settings) { settings.Officers.HeadName = "Walburga Kennzeichen" })
	class := s.Class("7b")
	secrets := []string{"Walburga", "Kennzeichen", "Quirinus", "Zuckertuch", "1999-12-31", "quirinus@", "Geheimweg", "IMP-90210"}
	pupil := school.Pupil{
		ID: id.New[id.Pupil](), Name: school.Name{Given: "Quirinus", Family: "Zuckertuch"}, ImportID: "IMP-90210",
		BirthDate: calendar.MustParse("1999-12-31"), Email: "quirinus@schule.example",
	}
	guardian := school.Guardian{
		ID: id.New[id.Guardian](), Name: pupil.Name,
		Contact: school.Contact{Email: "quirinus@post.example", Street: "Geheimweg 7"},
	}
	other := s.Pupil("Mia", "Muster", "2014-01-01", class)
	s.Write(func(tx *db.Tx) error {
		return errors.Join(
			s.Service.AddPupils(tx, []school.Pupil{pupil}), s.Service.AddGuardians(tx, []school.Guardian{guardian}))
	})
	s.Write(func(tx *db.Tx) error {
		return tx.G().Exec("UPDATE pupil SET profile = (SELECT profile FROM pupil WHERE id = ?) WHERE id = ?", pupil.ID, other.ID).Error
	})
	err := s.DB.Read(s.Ctx, func(tx *db.Tx) error {
		_, err := s.Service.Pupils(tx, []id.Pupil{other.ID})
		return err
	})
	if !errors.Is(err, vault.ErrSealBroken) {
		t.Errorf("a copied profile opened in another row: %v", err)
	}
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(env.Options.File + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if suffix == "-wal" && !bytes.Contains(content, []byte(class.ID)) {
			t.Fatal("the log does not hold what was just written: the search would prove nothing")
		}
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%q stands in school.db%s", secret, suffix)
			}
		}
	}
}

func TestClassesOfADayAreThoseOfItsSchoolYear(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		for _, name := range []string{"10a", "EF", "5b", "5a", "Q1"} {
			s.Class(name)
		}
		s.Write(func(tx *db.Tx) error {
			return s.Service.AddClasses(tx, []school.Class{{ID: id.New[id.Class](), Name: "6a", SchoolYear: "2027/28"}})
		})
		names := func(day string) (names []string) {
			s.Read(func(tx *db.Tx) error {
				classes, err := s.Service.ClassesOn(tx, calendar.MustParse(day))
				for _, class := range classes {
					names = append(names, class.Name)
				}
				return err
			})
			return names
		}
		for day, want := range map[string]string{
			"2026-07-31": "[]", "2026-08-01": "[5a 5b 10a EF Q1]", "2027-07-31": "[5a 5b 10a EF Q1]", "2027-08-01": "[6a]",
		} {
			if got := fmt.Sprint(names(day)); got != want {
				t.Errorf("on %s: %s, want %s", day, got, want)
			}
		}
		_, err := s.Service.Create(context.Background(), school.Settings{})
		if !fault.Has(err, fault.InvalidInput) {
			t.Errorf("a school without a name: %v", err)
		}
	})
}

func TestMembershipHoldsOnItsFirstAndLastDay(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		old, fresh := s.Class("7a"), s.Class("7b")
		pupil := s.Pupil("Mia", "Muster", "2014-01-01", old)
		moved := calendar.MustParse("2026-11-20")
		s.Write(func(tx *db.Tx) error {
			all, err := s.Service.AllMemberships(tx)
			if err != nil {
				return err
			}
			first := all[pupil.ID][0]
			first.Period.Until = moved.AddDays(-1)
			next := school.Membership{
				ID: id.New[id.Membership](), Pupil: pupil.ID, Class: fresh.ID, Period: calendar.Period{From: moved, Until: today},
			}
			return errors.Join(s.Service.ChangeMembership(tx, first), s.Service.AddMemberships(tx, []school.Membership{next}))
		})
		for day, want := range map[string]string{
			"2026-07-31": "", "2026-08-01": "7a", "2026-11-19": "7a", "2026-11-20": "7b", "2026-11-24": "7b", "2026-11-25": "",
		} {
			s.Read(func(tx *db.Tx) error {
				classes, err := s.Service.ClassNamesOf(tx, []id.Pupil{pupil.ID}, calendar.MustParse(day))
				if got := classes[pupil.ID].Name; got != want {
					t.Errorf("on %s in %q, want %q", day, got, want)
				}
				return err
			})
		}
	})
}

func TestChildrenAreThoseInCustodyToday(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		class := s.Class("7b")
		mine, sole, contact, past := s.Pupil("A", "Muster", "", class), s.Pupil("B", "Muster", "", class),
			s.Pupil("C", "Muster", "", class), s.Pupil("D", "Muster", "", class)
		guardian := s.Guardian("Eva", "Muster", mine)
		s.Custody(guardian, sole, school.SoleCustody)
		s.Custody(guardian, contact, school.NoCustody)
		s.Custody(guardian, past, school.JointCustody, func(g *school.Guardianship) { g.Period.Until = today.AddDays(-1) })
		s.Read(func(tx *db.Tx) error {
			children, err := s.Service.ChildrenOf(tx, guardian.ID, today)
			if err != nil || !slices.Equal(children, []id.Pupil{mine.ID, sole.ID}) {
				t.Errorf("children %v, %v", children, err)
			}
			for _, child := range []school.Pupil{mine, sole, contact, past} {
				g, err := s.Service.GuardianshipInForce(tx, guardian.ID, child.ID, today)
				if own := child == mine || child == sole; own != (err == nil && g.Pupil == child.ID) || !own && !fault.Has(err, fault.NothingHere) {
					t.Errorf("%s: %+v, %v", child.Given, g, err)
				}
			}
			if _, err := s.Service.GuardianshipInForce(tx, guardian.ID, "nobody", today); !fault.Has(err, fault.NothingHere) {
				t.Errorf("no child at all: %v", err)
			}
			return nil
		})
	})
}
