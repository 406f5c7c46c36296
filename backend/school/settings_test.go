package school_test

import (
	"context"
	"einverstanden/backend/calendar"
	"reflect"
	"testing"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

func TestSettingsComeBackAsTheyWereSet(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		want := school.Settings{
			Name: "Schule am Wald", Address: "Waldweg 1", AuthorityName: "Behörde", AuthorityContact: "post@behoerde.example",
			Officers:         school.Officers{HeadName: "Kim Beispiel", DPOName: "Lou Muster", DPOContact: "dsb@wald.example"},
			ConferenceSystem: "IServ", ProcessorName: "Betrieb GmbH", UserRules: "Regeln vom 1. Mai 2026", RetentionYears: 0,
			LessonBasis: school.ByStatute, RoomHosts: []string{"wald.example", "bbb.wald.example"}, Zone: "Europe/Vienna", Land: calendar.Bayern,
		}
		if err := s.Service.UpdateSettings(s.Ctx, audit.System, want); err != nil {
			t.Fatal(err)
		}
		want.ID = s.ID
		s.Read(func(tx *db.Tx) error {
			got, err := s.Service.Settings(tx)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v", got)
			}
			return err
		})
	})
}

func TestANewSchoolHasDefaults(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		s.Read(func(tx *db.Tx) error {
			got, err := s.Service.Settings(tx)
			if got.LessonBasis != school.ByConsent || got.Zone != school.DefaultZone || got.Land != school.DefaultLand || got.RetentionYears != 5 {
				t.Errorf("got %+v", got)
			}
			return err
		})
		if schools, err := env.DB.Schools(context.Background()); err != nil || len(schools) != 1 || schools[0] != s.ID {
			t.Errorf("the directory lists %v, %v", schools, err)
		}
	})
}

func TestASecondSchoolNeedsPostgreSQL(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		_, err := s.Service.Create(context.Background(), school.Settings{Name: "Zweite Schule"})
		if refused := fault.Has(err, fault.SQLiteHoldsOne); refused != (env.DB.Dialect() == db.SQLite) || err != nil && !refused {
			t.Fatalf("got %v", err)
		}
	})
}

func TestSettingsThatCannotBeAreNamed(t *testing.T) {
	env := testkit.NewSQLite(t)
	s := env.NewSchool(t)
	cases := map[string]func(*school.Settings){
		"name":           func(s *school.Settings) { s.Name = "  " },
		"lessonBasis":    func(s *school.Settings) { s.LessonBasis = "habit" },
		"retentionYears": func(s *school.Settings) { s.RetentionYears = 31 },
		"land":           func(s *school.Settings) { s.Land = "XX" },
		"zone":           func(s *school.Settings) { s.Zone = "Local" },
		"roomHosts":      func(s *school.Settings) { s.RoomHosts = []string{"user@host.example"} },
		"userRules":      func(s *school.Settings) { s.UserRules = string(make([]byte, 501)) },
	}
	for field, spoil := range cases {
		settings := school.Settings{Name: "Schule", LessonBasis: school.ByConsent, Zone: school.DefaultZone, Land: school.DefaultLand}
		spoil(&settings)
		err := s.Service.UpdateSettings(s.Ctx, audit.System, settings)
		fields := fieldsOf(t, err)
		if len(fields) != 1 || fields[0] != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// At 23:30 UTC it is the next day in Berlin; in summer it is already so at 22:00.
func TestTodayIsTheSchoolsDay(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		for instant, want := range map[string]string{
			"2026-11-24T22:59:59Z": "2026-11-24", "2026-11-24T23:00:00Z": "2026-11-25",
			"2026-07-01T21:59:59Z": "2026-07-01", "2026-07-01T22:00:00Z": "2026-07-02",
		} {
			now, err := time.Parse(time.RFC3339, instant)
			if err != nil {
				t.Fatal(err)
			}
			env.Clock.Set(now)
			if got := s.Today().String(); got != want {
				t.Errorf("%s falls on %s, want %s", instant, got, want)
			}
		}
	})
}
