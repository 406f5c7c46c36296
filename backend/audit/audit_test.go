package audit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
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

type row struct {
	SchoolID    id.School
	ID          string
	At          int64
	Actor       string
	Action      string
	SubjectKind string
	SubjectID   string
}

func trail(t *testing.T, env *testkit.Env, ctx context.Context) (rows []row) {
	t.Helper()
	if err := env.DB.Read(ctx, func(tx *db.Tx) error { return tx.G().Table("audit").Order("id").Find(&rows).Error }); err != nil {
		t.Fatal(err)
	}
	return rows
}

var voided = audit.Entry{Actor: "0193-account", Action: audit.LetterVoided, SubjectKind: "letter", SubjectID: "0193-letter"}

// A change that leaves an entry may be committed; the entry says who did what to which row, and when.
func TestAnEntryMakesTheChangeAudited(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		env.Clock.Advance(time.Hour)
		if err := env.DB.Write(ctx, func(tx *db.Tx) error { return audit.Record(tx, voided) }); err != nil {
			t.Fatal(err)
		}
		rows := trail(t, env, ctx)
		if len(rows) != 1 || rows[0].ID == "" {
			t.Fatalf("got %+v", rows)
		}
		school, _ := db.SchoolOf(ctx)
		want := row{
			SchoolID: school, ID: rows[0].ID, At: env.Clock.Now().UnixMicro(),
			Actor: "0193-account", Action: "letter.voided", SubjectKind: "letter", SubjectID: "0193-letter",
		}
		if rows[0] != want {
			t.Errorf("got %+v, want %+v", rows[0], want)
		}
	})
}

// No entry is no trace, and more entries than one INSERT takes are all written.
func TestAnyNumberOfEntriesAtOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		for _, many := range []int{0, 1001} {
			entries := make([]audit.Entry, many)
			for i := range entries {
				entries[i] = voided
			}
			err := env.DB.Write(ctx, func(tx *db.Tx) error { return audit.Record(tx, entries...) })
			if (many == 0) != errors.Is(err, db.ErrNotAudited) || len(trail(t, env, ctx)) != many {
				t.Errorf("%d entries: %v", many, err)
			}
		}
	})
}

func TestOneChangeMayLeaveSeveralEntries(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		err := env.DB.Write(ctx, func(tx *db.Tx) error { return errors.Join(audit.Record(tx, voided), audit.Record(tx, voided)) })
		if rows := trail(t, env, ctx); err != nil || len(rows) != 2 || rows[0].ID == rows[1].ID {
			t.Fatalf("got %+v, %v", rows, err)
		}
	})
}

func TestAChangeThatFailsLeavesNoEntry(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		broken := errors.New("broken")
		err := env.DB.Write(ctx, func(tx *db.Tx) error { return errors.Join(audit.Record(tx, voided), broken) })
		if rows := trail(t, env, ctx); !errors.Is(err, broken) || len(rows) != 0 {
			t.Fatalf("got %+v, %v", rows, err)
		}
	})
}

// An entry that could not be written is no trace: here for a school that is not there.
func TestAnEntryThatFailsDoesNotCount(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := env.InSchool("unknown")
		err := env.DB.Write(ctx, func(tx *db.Tx) error {
			if err := audit.Record(tx, voided); !db.Violated(err, db.ErrForeignKey) {
				t.Errorf("got %v", err)
			}
			return nil
		})
		if !errors.Is(err, db.ErrNotAudited) {
			t.Fatalf("got %v", err)
		}
	})
}
