package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// A long look is one view too, and has no deadline but its caller's.
func TestALongReadSeesOneStateWithoutADeadline(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		err := env.DB.ReadLong(ctx, func(tx *db.Tx) error {
			if _, limited := tx.G().Statement.Context.Deadline(); limited {
				t.Error("a long read has a deadline")
			}
			if n := classesIn(t, tx); n != 0 {
				t.Errorf("%d classes", n)
			}
			if err := env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error { return addClass(tx, "5a") }); err != nil {
				return err
			}
			if n := classesIn(t, tx); n != 0 {
				t.Errorf("%d classes in the middle of a long read", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := env.DB.ReadLong(context.Background(), func(*db.Tx) error { return nil }); err == nil {
			t.Error("reads without a school")
		}
	})
}

func classesIn(t *testing.T, tx *db.Tx) (n int64) {
	t.Helper()
	if err := tx.G().Table("class").Where("school_id = ?", tx.School).Count(&n).Error; err != nil {
		t.Error(err)
	}
	return n
}

func TestADatabaseOpenedToReadRefusesEveryChange(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		options := env.Options
		options.ReadOnly = true
		reader, err := db.Open(options)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		change := func(tx *db.Tx) error { return addClass(tx, "5a") }
		for name, err := range map[string]error{
			"write": reader.Write(ctx, change), "unaudited": reader.WriteUnaudited(ctx, change),
			"alone": reader.WriteAlone(ctx, change), "outside": reader.Outside(ctx, func(*db.Tx) error { return nil }),
			"through a read": reader.ReadLong(ctx, change),
		} {
			if err == nil {
				t.Errorf("%s: changed", name)
			}
		}
		schools, err := reader.Schools(ctx)
		if err != nil || len(schools) != 0 { // addSchool lists none
			t.Errorf("%v, %v", schools, err)
		}
		if n := countClasses(t, env, ctx); n != 0 {
			t.Errorf("%d classes", n)
		}
	})
}

// A backup is a plain file without a write-ahead log.
func TestACopyOpensToReadAndAMissingFileIsNotMade(t *testing.T) {
	env := testkit.NewSQLite(t)
	ctx := addSchool(t, env)
	folder := t.TempDir()
	copied, missing := filepath.Join(folder, "copy.db"), filepath.Join(folder, "missing.db")
	pool, err := sql.Open("sqlite", env.Options.File)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec("VACUUM INTO ?", copied); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := db.Open(db.Options{File: copied, ReadOnly: true, Clock: env.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	err = reader.ReadLong(ctx, func(tx *db.Tx) error {
		var schools int64
		err := tx.G().Table("school").Count(&schools).Error
		if schools != 1 {
			t.Errorf("%d schools", schools)
		}
		return err
	})
	if err := errors.Join(err, reader.Close()); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(copied); err != nil || !bytes.Equal(before, after) {
		t.Errorf("reading changed the copy (%v)", err)
	}
	if _, err := db.Open(db.Options{File: missing, ReadOnly: true, Clock: env.Clock.Now}); err == nil {
		t.Error("a missing file opens")
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the missing file: %v", err)
	}
}
