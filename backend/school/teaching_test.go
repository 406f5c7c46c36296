package school_test

import (
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

func addAccount(s *testkit.School) id.Account {
	account := id.New[id.Account]()
	s.Write(func(tx *db.Tx) error {
		return tx.G().Exec("INSERT INTO account (school_id, id, profile, language, created_at) VALUES (?, ?, ?, 'de', 0)",
			tx.School, account, []byte{}).Error
	})
	return account
}

// Abuse X31: a teacher sees the classes that the office gave, and no others.
func TestTeachersHaveTheClassesThatTheyWereGiven(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		office, teacher, other := s.Staff(authz.Office), addAccount(s), addAccount(s)
		own, foreign := s.Class("7b"), s.Class("7a")
		for range 2 { // again changes nothing
			if err := s.Service.GiveClass(s.Ctx, office, own.ID, teacher); err != nil {
				t.Fatal(err)
			}
		}
		check := func(want bool) {
			t.Helper()
			s.Read(func(tx *db.Tx) error {
				teaches, err := s.Service.Teaches(tx, teacher, own.ID)
				if err != nil || teaches != want {
					t.Errorf("teaches %v, %v", teaches, err)
				}
				classes, err := s.Service.ClassesOfTeacher(tx, teacher, today)
				if err != nil || (len(classes) == 1 && classes[0] == own) != want || len(classes) > 1 {
					t.Errorf("classes %v, %v", classes, err)
				}
				teachers, err := s.Service.TeachersOf(tx, own.ID)
				if err != nil || (len(teachers) == 1 && teachers[0] == teacher) != want {
					t.Errorf("teachers %v, %v", teachers, err)
				}
				for _, pair := range []struct {
					account id.Account
					class   id.Class
				}{{teacher, foreign.ID}, {other, own.ID}} {
					if teaches, err := s.Service.Teaches(tx, pair.account, pair.class); teaches || err != nil {
						t.Errorf("%v teaches what was not given: %v", pair, err)
					}
				}
				nextYear, err := s.Service.ClassesOfTeacher(tx, teacher, calendar.MustParse("2027-08-01"))
				if err != nil || len(nextYear) != 0 {
					t.Errorf("next year: %v, %v", nextYear, err)
				}
				return nil
			})
		}
		check(true)
		if err := s.Service.TakeClass(s.Ctx, office, own.ID, teacher); err != nil {
			t.Fatal(err)
		}
		check(false)
		if err := s.Service.TakeClass(s.Ctx, office, own.ID, teacher); !fault.Has(err, fault.NothingHere) {
			t.Errorf("taken twice: %v", err)
		}
	})
}

func TestGivingClassesIsTheOffices(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		class, account := s.Class("7b"), addAccount(s)
		for _, role := range authz.Roles {
			err := s.Service.GiveClass(s.Ctx, s.Staff(role), class.ID, account)
			if allowed := role == authz.Office || role == authz.Head; allowed != (err == nil) || !allowed && !fault.Has(err, fault.NotAllowedHere) {
				t.Errorf("%s: %v", role, err)
			}
		}
		office := s.Staff(authz.Office)
		if err := s.Service.GiveClass(s.Ctx, office, "none", account); !fault.Has(err, fault.NothingHere) {
			t.Errorf("no such class: %v", err)
		}
		if err := s.Service.GiveClass(s.Ctx, office, class.ID, "nobody"); !fault.Has(err, fault.NothingHere) {
			t.Errorf("no such account: %v", err)
		}
	})
}
