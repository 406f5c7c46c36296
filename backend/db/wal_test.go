package db_test

import (
	"context"
	"os"
	"testing"

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

func walSize(t *testing.T, env *testkit.Env) int64 {
	t.Helper()
	info, err := os.Stat(env.Options.File + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
