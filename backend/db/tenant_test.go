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
func TestPostgresSeesOneSchoolAtATime(t *testing.T) {
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

// Checklist D6: a row of another school is refused, a foreign key into one as well.
func TestPostgresRefusesForeignRows(t *testing.T) {
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

// Checklist D5 in small: schools interleaved over two connections never see each other.
func TestPostgresPoolNeverLeaksASchool(t *testing.T) {
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
func TestCheckRefusesWhatRowLevelSecurityCannotHold(t *testing.T) {
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
