package db_test

import (
	"context"
	"os"
	"testing"
	"time"

	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

func TestTheWriteAheadLogCanBeEmptied(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		insert := func(key string) {
			t.Helper()
			if err := env.DB.AddToDirectory(context.Background(), "school", key, id.New[id.School]()); err != nil {
				t.Fatal(err)
			}
		}
		insert("before")
		if env.Options.File != "" {
			if size := walSize(t, env); size == 0 {
				t.Fatal("the log is empty already: nothing would be shown")
			}
		}
		if err := env.DB.EmptyWAL(context.Background()); err != nil {
			t.Fatal(err)
		}
		if env.Options.File != "" && walSize(t, env) != 0 {
			t.Errorf("%d bytes are left", walSize(t, env))
		}
		insert("after")
		for _, key := range []string{"before", "after"} {
			if found, err := env.DB.InDirectory(context.Background(), "school", key); !found || err != nil {
				t.Errorf("%s: %v, %v", key, found, err)
			}
		}
	})
}

// The writer's own threshold is far above these few pages.
func TestTheWriteAheadLogIsCopiedBesideTheWriter(t *testing.T) {
	env := testkit.NewSQLite(t)
	before := sizeOf(t, env.Options.File)
	for until := time.Now().Add(time.Minute); sizeOf(t, env.Options.File) == before; {
		if time.Now().After(until) {
			t.Fatal("after a minute of changes the file has not grown")
		}
		if err := env.DB.AddToDirectory(t.Context(), "school", string(id.New[id.Letter]()), id.New[id.School]()); err != nil {
			t.Fatal(err)
		}
		if size := walSize(t, env); size > 2000*4096 {
			t.Fatalf("the file has not grown, and the log has %d bytes", size)
		}
	}
}

func walSize(t *testing.T, env *testkit.Env) int64 {
	t.Helper()
	return sizeOf(t, env.Options.File+"-wal")
}

func sizeOf(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
