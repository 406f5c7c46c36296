package db_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// Row level security: without a school nothing is seen, with one its rows alone (checklist D3).
func TestD3PostgresSeesOneSchoolAtATime(t *testing.T) {
	env := testkit.NewPostgres(t)
	mine, other := addSchool(t, env), addSchool(t, env)
	if err := env.DB.WriteUnaudited(other, func(tx *db.Tx) error { return addClass(tx, "fremd") }); err != nil {
		t.Fatal(err)
	}
	for name, ctx := range map[string]context.Context{"another school": mine, "no such school": env.InSchool("none")} {
		if n := countClasses(t, env, ctx); n != 0 {
			t.Errorf("%s sees %d foreign classes", name, n)
		}
	}
	for _, table := range tenantTables(t, env) {
		var n int64
		if err := env.DB.ReadOutside(context.Background(), func(tx *db.Tx) error { return tx.G().Table(table).Count(&n).Error }); err != nil {
			t.Fatal(err)
		}
		if n != 0 {
			t.Errorf("table %s shows %d rows without a school", table, n)
		}
	}
}

// Checklist D6: a row of another school is refused.
func TestD6PostgresRefusesForeignRows(t *testing.T) {
	env := testkit.NewPostgres(t)
	mine := addSchool(t, env)
	theirs, _ := db.SchoolOf(addSchool(t, env))
	err := env.DB.WriteUnaudited(mine, func(tx *db.Tx) error {
		return tx.G().Exec("INSERT INTO class (school_id, id, name, school_year) VALUES (?, 'x', '5a', '2026/27')", theirs).Error
	})
	if err == nil || !strings.Contains(err.Error(), "row-level security") {
		t.Fatalf("got %v", err)
	}
}

// Checklist D5 without HTTP: schools interleaved over the pool never see each other.
func TestD5PostgresPoolNeverLeaksASchool(t *testing.T) {
	env := testkit.NewPostgres(t)
	schools := make([]context.Context, 5)
	for i := range schools {
		schools[i] = addSchool(t, env)
		if err := env.DB.WriteUnaudited(schools[i], func(tx *db.Tx) error { return addClass(tx, "canary-"+string(tx.School)) }); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			ctx := schools[i%len(schools)]
			school, _ := db.SchoolOf(ctx)
			var names []string
			err := env.DB.Read(ctx, func(tx *db.Tx) error { return tx.G().Table("class").Pluck("name", &names).Error })
			if err != nil || len(names) != 1 || names[0] != "canary-"+string(school) {
				t.Errorf("school %s sees %v (%v)", school, names, err)
			}
		})
	}
	group.Wait()
}

// Checklist D4: the start is refused for a role that could pass row level security, and for an unguarded table.
func TestD4CheckRefusesWhatRowLevelSecurityCannotHold(t *testing.T) {
	env := testkit.NewPostgres(t)
	ctx := context.Background()
	if err := env.DB.Check(ctx); err != nil {
		t.Fatalf("the plain runtime role is refused: %v", err)
	}
	owner, err := db.Open(db.Options{Runtime: env.Options.Owner, Clock: env.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	if err := owner.Check(ctx); err == nil || !strings.Contains(err.Error(), "owns table") {
		t.Errorf("the owner of the tables is accepted: %v", err)
	}
	err = owner.Outside(ctx, func(tx *db.Tx) error { return tx.G().Exec("ALTER TABLE class NO FORCE ROW LEVEL SECURITY").Error })
	if err != nil {
		t.Fatal(err)
	}
	if err := env.DB.Check(ctx); err == nil || !strings.Contains(err.Error(), "class") {
		t.Errorf("an unguarded table is accepted: %v", err)
	}
	superuser, err := db.Open(db.Options{Runtime: strings.Replace(env.Options.Owner, "einverstanden_owner", "postgres", 1), Clock: env.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer superuser.Close()
	if err := superuser.Check(ctx); err == nil || !strings.Contains(err.Error(), "passes row level security") {
		t.Errorf("a superuser is accepted: %v", err)
	}
}

// D4 for a role that is no superuser and owns nothing: BYPASSRLS alone is refused.
func TestD4CheckRefusesARoleThatBypasses(t *testing.T) {
	env := testkit.NewPostgres(t)
	ctx := context.Background()
	superuser, err := db.Open(db.Options{Runtime: strings.Replace(env.Options.Owner, "einverstanden_owner", "postgres", 1), Clock: env.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer superuser.Close()
	role := "bypass_" + strings.ReplaceAll(string(id.New[id.School]()), "-", "")
	as := func(sql string) {
		t.Helper()
		if err := superuser.Outside(ctx, func(tx *db.Tx) error { return tx.G().Exec(sql).Error }); err != nil {
			t.Fatal(err)
		}
	}
	as("CREATE ROLE " + role + " LOGIN NOSUPERUSER BYPASSRLS PASSWORD 'x'")
	defer as("DROP ROLE " + role)
	bypassing, err := db.Open(db.Options{Runtime: strings.Replace(env.Options.Runtime, "einverstanden_rt", role, 1), Clock: env.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer bypassing.Close()
	if err := bypassing.Check(ctx); err == nil || !strings.Contains(err.Error(), "passes row level security") {
		t.Errorf("a role with BYPASSRLS is accepted: %v", err)
	}
}

// D6 on both engines: keys lead with the school, so that a row cannot point into another one.
func TestD6AForeignKeyIntoAnotherSchoolIsRefused(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		mine := addSchool(t, env)
		if env.DB.Dialect() == db.SQLite { // which refuses a second school; here one has got in nevertheless
			err := env.DB.WriteUnaudited(mine, func(tx *db.Tx) error { return tx.G().Exec("DROP TRIGGER school_only_one").Error })
			if err != nil {
				t.Fatal(err)
			}
		}
		theirs := addSchool(t, env)
		if err := env.DB.WriteUnaudited(theirs, addAccount); err != nil {
			t.Fatal(err)
		}
		insert := func(tx *db.Tx) error {
			return tx.G().Exec("INSERT INTO account_role (school_id, account_id, role) VALUES (?, 'theirs', 'head')", tx.School).Error
		}
		if err := env.DB.WriteUnaudited(mine, insert); !db.Violated(err, db.ErrForeignKey) {
			t.Errorf("a role of another school's account: %v", err)
		}
		if err := env.DB.WriteUnaudited(theirs, insert); err != nil {
			t.Errorf("the same in its own school: %v", err)
		}
	})
}

func addAccount(tx *db.Tx) error {
	return tx.G().Exec("INSERT INTO account (school_id, id, profile, language, created_at) VALUES (?, 'theirs', ?, 'de', 0)", tx.School, []byte("x")).Error
}

func TestSchoolsAreListedByTheDirectory(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		school := id.New[id.School]()
		err := env.DB.Outside(context.Background(), func(tx *db.Tx) error {
			return tx.G().Exec("INSERT INTO directory (kind, key_hash, school_id) VALUES ('school', '', ?)", school).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		schools, err := env.DB.Schools(context.Background())
		if err != nil || len(schools) != 1 || schools[0] != school {
			t.Fatalf("got %v, %v", schools, err)
		}
	})
}
