package db_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

const insertSchool = `INSERT INTO school (school_id, name, address, officers, authority_name, authority_contact,
	conference_system, processor_name, user_rules, retention_years, lesson_basis, room_hosts, zone, created_at)
	VALUES (?, 'Gesamtschule Musterstadt', '-', '-', '-', '-', '-', '-', '-', 5, 'consent', '[]', 'Europe/Berlin', 0)`

func addSchool(t *testing.T, env *testkit.Env) context.Context {
	t.Helper()
	school := id.New[id.School]()
	ctx := env.InSchool(school)
	if err := env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error { return tx.G().Exec(insertSchool, school).Error }); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func addClass(tx *db.Tx, name string) error {
	return tx.G().Exec("INSERT INTO class (school_id, id, name, school_year) VALUES (?, ?, ?, '2026/27')",
		tx.School, id.New[id.Class](), name).Error
}

func countClasses(t *testing.T, env *testkit.Env, ctx context.Context) (n int64) {
	t.Helper()
	if err := env.DB.Read(ctx, func(tx *db.Tx) error { return tx.G().Table("class").Count(&n).Error }); err != nil {
		t.Fatal(err)
	}
	return n
}

func traced(tx *db.Tx) error {
	return audit.Record(tx, audit.Entry{Actor: audit.System, Action: audit.SchoolChanged, SubjectKind: "school", SubjectID: string(tx.School)})
}

func TestWriteRefusesAChangeWithoutTrace(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		err := env.DB.Write(ctx, func(tx *db.Tx) error { return addClass(tx, "7b") })
		if !errors.Is(err, db.ErrNotAudited) {
			t.Fatalf("got %v", err)
		}
		if n := countClasses(t, env, ctx); n != 0 {
			t.Fatalf("the untraced change stands: %d classes", n)
		}
	})
}

func TestWriteNeedsASchool(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		if err := env.DB.Write(context.Background(), traced); !errors.Is(err, db.ErrNoSchool) {
			t.Fatalf("got %v", err)
		}
	})
}

// Many writers at once: one that fails, and one that panics, leave the others of their group untouched.
func TestOneFailureInAGroupUndoesNobodyElse(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		broken := errors.New("broken")
		var group sync.WaitGroup
		outcomes := make([]error, 60)
		for i := range outcomes {
			group.Go(func() {
				outcomes[i] = env.DB.Write(ctx, func(tx *db.Tx) error {
					if err := errors.Join(addClass(tx, "k"+string(rune('A'+i))), traced(tx)); err != nil {
						return err
					}
					if i%3 == 1 {
						return broken
					}
					if i%3 == 2 && env.DB.Dialect() == db.SQLite {
						panic("told to")
					}
					return nil
				})
			})
		}
		group.Wait()
		var stands int64
		for i, err := range outcomes {
			if err == nil {
				stands++
			}
			if i%3 == 0 && err != nil || i%3 == 1 && !errors.Is(err, broken) {
				t.Errorf("writer %d: %v", i, err)
			}
		}
		if n := countClasses(t, env, ctx); n != stands {
			t.Fatalf("%d classes stand, %d were acknowledged", n, stands)
		}
	})
}

func TestAfterCommitRunsOnlyForWhatStands(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		var ran []string
		write := func(name string, fail error) {
			_ = env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error {
				tx.AfterCommit(func() { ran = append(ran, name) })
				return fail
			})
		}
		write("stands", nil)
		write("fails", errors.New("no"))
		if strings.Join(ran, " ") != "stands" {
			t.Fatalf("ran %v", ran)
		}
	})
}

// One list of violations, provoked on both databases.
func TestViolationsHaveOneMeaning(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		cases := []struct {
			name string
			want error
			sql  []string
		}{
			{"unique", db.ErrUnique, []string{
				"INSERT INTO class (school_id, id, name, school_year) VALUES (@s, 'a', '5a', '2026/27')",
				"INSERT INTO class (school_id, id, name, school_year) VALUES (@s, 'b', '5a', '2026/27')"}},
			{"foreign key", db.ErrForeignKey, []string{
				"INSERT INTO schooling (school_id, id, pupil_id, from_on) VALUES (@s, 'x', 'nobody', '2026-08-01')"}},
			{"check", db.ErrCheck, []string{
				"INSERT INTO own_limit (school_id, id, pupil_id, reach, set_at) VALUES (@s, 'x', 'nobody', 'video', 0)"}},
			{"not null", db.ErrNotNull, []string{"INSERT INTO class (school_id, id, school_year) VALUES (@s, 'a', '2026/27')"}},
			{"append-only", db.ErrAppendOnly, []string{
				"INSERT INTO leaf (school_id, seq, kind, record, at) VALUES (@s, 0, 'decision', 'x', 0)",
				"UPDATE leaf SET at = 1"}},
			{"append-only delete", db.ErrAppendOnly, []string{
				"INSERT INTO leaf (school_id, seq, kind, record, at) VALUES (@s, 0, 'decision', 'x', 0)",
				"DELETE FROM leaf"}},
		}
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				err := env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error {
					for _, statement := range c.sql {
						if err := tx.G().Exec(strings.ReplaceAll(statement, "@s", "'"+string(tx.School)+"'")).Error; err != nil {
							return err
						}
					}
					return nil
				})
				if !errors.Is(err, c.want) {
					t.Fatalf("want %v, got %v", c.want, err)
				}
			})
		}
	})
}

func TestReadersCannotWrite(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		err := env.DB.Read(ctx, func(tx *db.Tx) error { return addClass(tx, "5a") })
		if err == nil {
			t.Fatal("a reader wrote")
		}
	})
}

func TestAMissingRowIsNotFound(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		err := env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error {
			return db.MustAffect(tx.G().Table("class").Where("school_id = ? AND id = ?", tx.School, "none").Update("name", "x"))
		})
		if !fault.Has(err, fault.NothingHere) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestACallerWhoHasGoneChangesNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx, cancel := context.WithCancel(addSchool(t, env))
		cancel()
		err := env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error { return addClass(tx, "5a") })
		if !fault.Has(err, fault.TakesTooLong) {
			t.Fatalf("got %v", err)
		}
	})
}

// D4 on SQLite, at the schema.
func TestD4SQLiteHoldsOneSchool(t *testing.T) {
	env := testkit.NewSQLite(t)
	addSchool(t, env)
	second := id.New[id.School]()
	err := env.DB.WriteUnaudited(env.InSchool(second), func(tx *db.Tx) error { return tx.G().Exec(insertSchool, second).Error })
	if !errors.Is(err, db.ErrAppendOnly) || !strings.Contains(err.Error(), "sqlite holds one school") {
		t.Fatalf("got %v", err)
	}
}

func TestASecondServerOnOneFileIsRefused(t *testing.T) {
	env := testkit.NewSQLite(t)
	if err := env.DB.Lock(); err != nil {
		t.Fatal(err)
	}
	second, err := db.Open(env.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := second.Lock(); err == nil {
		t.Fatal("a second server took the lock")
	}
}
