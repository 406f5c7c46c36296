package school_test

import (
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func TestAGroupIsGivenAndFilledLikeAClassAndIsNone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		office := s.Staff(authz.Office)
		class, other := s.Class("7b"), s.Class("7c")
		lena, jan := s.Pupil("Lena", "Brückner", "2014-03-12", class), s.Pupil("Jan", "Fremd", "2014-01-01", other)
		band, err := s.Service.MakeGroup(s.Ctx, office, "  Band  1 ")
		if err != nil || band.Name != "Band 1" || !band.IsGroup() {
			t.Fatalf("made %+v, %v", band, err)
		}
		set := func(pupils ...id.Pupil) error { return s.Service.SetMembers(s.Ctx, office, band.ID, pupils) }
		if err := set(lena.ID, jan.ID, jan.ID); err != nil {
			t.Fatal(err)
		}
		look := func(day calendar.Date) (members []id.Pupil) {
			s.Read(func(tx *db.Tx) (err error) {
				members, err = s.Service.PupilsOfClass(tx, band.ID, day)
				return err
			})
			return members
		}
		today := s.Today()
		if members := look(today); len(members) != 2 {
			t.Fatalf("members %v", members)
		}
		env.Clock.Advance(48 * 60 * 60 * 1e9)
		if err := set(lena.ID); err != nil {
			t.Fatal(err)
		}
		if now, then := look(s.Today()), look(today); len(now) != 1 || len(then) != 2 {
			t.Errorf("now %v, then %v", now, then)
		}
		s.Read(func(tx *db.Tx) error {
			classes, err := s.Service.ClassesOn(tx, s.Today())
			if err != nil || len(classes) != 2 {
				t.Errorf("classes %v, %v", classes, err)
			}
			names, err := s.Service.ClassNamesOf(tx, []id.Pupil{lena.ID}, s.Today())
			if err != nil || names[lena.ID].Name != "7b" {
				t.Errorf("the class of a member of a group is %v, %v", names, err)
			}
			all, err := s.Service.AllMemberships(tx)
			if err != nil || len(all[lena.ID]) != 1 {
				t.Errorf("a class list sees %v, %v", all[lena.ID], err)
			}
			return nil
		})
		s.Write(func(tx *db.Tx) error { // Lena leaves the school: the class list ends the membership in the class alone
			tx.MarkAudited()
			return tx.G().Exec("UPDATE membership SET until_on = ? WHERE pupil_id = ? AND class_id = ?", today, lena.ID, class.ID).Error
		})
		if members := look(s.Today()); len(members) != 0 {
			t.Errorf("who has left is still in the group: %v", members)
		}
	})
}

func TestAGroupThatCannotBe(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		office := s.Staff(authz.Office)
		class := s.Class("7b")
		for _, name := range []string{" ", "7b", "ein Name, der viel zu lang für jede Liste und jeden Plan ist"} {
			if _, err := s.Service.MakeGroup(s.Ctx, office, name); !fault.Has(err, fault.InvalidInput) {
				t.Errorf("%q: %v", name, err)
			}
		}
		if _, err := s.Service.MakeGroup(s.Ctx, s.Staff(authz.Teacher), "Band"); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("by a teacher: %v", err)
		}
		band, err := s.Service.MakeGroup(s.Ctx, office, "Band")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Service.SetMembers(s.Ctx, office, band.ID, []id.Pupil{"nobody"}); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("nobody as a member: %v", err)
		}
		if err := s.Service.SetMembers(s.Ctx, office, class.ID, nil); !fault.Has(err, fault.NothingHere) {
			t.Errorf("members of a class: %v", err)
		}
		err = env.DB.Write(s.Ctx, func(tx *db.Tx) error {
			tx.MarkAudited()
			return s.Service.AddClasses(tx, []school.Class{{ID: id.New[id.Class](), Name: "Band", SchoolYear: band.SchoolYear}})
		})
		if !fault.Has(err, fault.AlreadyExists) {
			t.Errorf("a class named like a group: %v", err)
		}
	})
}

func TestTheHeadSetsHowMeetingsAreHeld(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		head := s.Staff(authz.Head)
		want := school.MeetingSettings{LessonBasis: school.ByStatute, DefaultRoom: "Aula", HidesNumbers: true}
		if err := s.Service.SetMeetings(s.Ctx, head, want); err != nil {
			t.Fatal(err)
		}
		s.Read(func(tx *db.Tx) error {
			settings, err := s.Service.Settings(tx)
			got := school.MeetingSettings{LessonBasis: settings.LessonBasis, DefaultRoom: settings.DefaultRoom, HidesNumbers: settings.HidesNumbers}
			if err != nil || got != want || settings.Name == "" || settings.Officers.HeadName == "" {
				t.Errorf("got %+v, %v", settings, err)
			}
			return nil
		})
		if err := s.Service.SetMeetings(s.Ctx, head, school.MeetingSettings{LessonBasis: "whim"}); !fault.Has(err, fault.InvalidInput) {
			t.Errorf("by whim: %v", err)
		}
		if err := s.Service.SetMeetings(s.Ctx, s.Staff(authz.Office), want); !fault.Has(err, fault.NotAllowedHere) {
			t.Errorf("by the office: %v", err)
		}
	})
}
