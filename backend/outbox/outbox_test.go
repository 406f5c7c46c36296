package outbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
	"einverstanden/backend/testkit"
)

type row struct {
	SchoolID   id.School
	ID         string
	Topic      string
	DedupKey   *string
	Payload    string
	RunAt      int64
	Attempts   int64
	LeaseUntil int64
	LeaseBy    *string
	DoneAt     int64
	DeadAt     int64
	LastError  *string
}

func jobs(t *testing.T, env *testkit.Env, ctx context.Context) (rows []row) {
	t.Helper()
	if err := env.DB.Read(ctx, func(tx *db.Tx) error { return tx.G().Table("outbox").Order("id").Find(&rows).Error }); err != nil {
		t.Fatal(err)
	}
	return rows
}

func enqueue(env *testkit.Env, ctx context.Context, jobs ...outbox.Job) error {
	return env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error {
		for _, job := range jobs {
			if err := outbox.Enqueue(tx, job); err != nil {
				return err
			}
		}
		return nil
	})
}

type payload struct {
	Decision id.Decision `json:"decision"`
}

func recorded(decision id.Decision) outbox.Job {
	return outbox.Job{Topic: outbox.DecisionRecorded, Payload: payload{decision}}
}

func TestAJobIsWrittenWithItsChange(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := env.InSchool("musterstadt")
		if err := enqueue(env, ctx, recorded("0193-decision")); err != nil {
			t.Fatal(err)
		}
		rows := jobs(t, env, ctx)
		if len(rows) != 1 || rows[0].ID == "" {
			t.Fatalf("got %+v", rows)
		}
		want := row{
			SchoolID: "musterstadt", ID: rows[0].ID, Topic: "decision.recorded", Payload: `{"decision":"0193-decision"}`,
			RunAt: env.Clock.Now().UnixMicro(), // at once
		}
		if rows[0] != want {
			t.Errorf("got %+v, want %+v", rows[0], want)
		}
	})
}

func TestAJobMayWait(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := env.InSchool("musterstadt")
		later := recorded("0193-decision")
		later.RunAt = env.Clock.Now().Add(36 * time.Hour)
		if err := enqueue(env, ctx, later); err != nil {
			t.Fatal(err)
		}
		if rows := jobs(t, env, ctx); len(rows) != 1 || rows[0].RunAt != later.RunAt.UnixMicro() {
			t.Fatalf("got %+v", rows)
		}
	})
}

func TestAChangeThatFailsTakesItsJobsWithIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := env.InSchool("musterstadt")
		broken := errors.New("broken")
		err := env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error {
			return errors.Join(outbox.Enqueue(tx, recorded("0193-decision")), broken)
		})
		if rows := jobs(t, env, ctx); !errors.Is(err, broken) || len(rows) != 0 {
			t.Fatalf("got %+v, %v", rows, err)
		}
	})
}

// A second job with the key of one that exists is no job and no error: the rest of its change stands, in the same
// transaction or a later one, and also after the first was done.
func TestADedupKeyIsTakenOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := env.InSchool("musterstadt")
		first, again, other := recorded("first"), recorded("again"), recorded("other")
		first.DedupKey, again.DedupKey, other.DedupKey = "receipt:1", "receipt:1", "receipt:2"
		if err := enqueue(env, ctx, first, again, other); err != nil {
			t.Fatal(err)
		}
		done := func(tx *db.Tx) error { return tx.G().Exec("UPDATE outbox SET done_at = 1").Error }
		if err := env.DB.WriteUnaudited(ctx, done); err != nil {
			t.Fatal(err)
		}
		if err := enqueue(env, ctx, again, recorded("beside it")); err != nil {
			t.Fatal(err)
		}
		var payloads []string
		for _, job := range jobs(t, env, ctx) {
			payloads = append(payloads, job.Payload)
		}
		const want = `{"decision":"first"} {"decision":"other"} {"decision":"beside it"}`
		if got := strings.Join(payloads, " "); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
}

func TestJobsWithoutAKeyAreAllKept(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := env.InSchool("musterstadt")
		if err := enqueue(env, ctx, recorded("a"), recorded("a")); err != nil {
			t.Fatal(err)
		}
		if rows := jobs(t, env, ctx); len(rows) != 2 {
			t.Fatalf("got %+v", rows)
		}
	})
}

func TestUnwrittenLeavesOutWhatTheSchoolHas(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx, elsewhere := env.InSchool("musterstadt"), env.InSchool("anderswo")
		keyed := func(key string) outbox.Job {
			job := recorded("one")
			job.DedupKey = key
			return job
		}
		if err := enqueue(env, ctx, keyed("near:1"), recorded("without a key")); err != nil {
			t.Fatal(err)
		}
		unwritten := func(ctx context.Context) (keys string) {
			err := env.DB.Read(ctx, func(tx *db.Tx) error {
				left, err := outbox.Unwritten(tx, []outbox.Job{keyed("near:1"), keyed("near:2"), keyed("")})
				for _, job := range left {
					keys += "[" + job.DedupKey + "]"
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return keys
		}
		if got := unwritten(ctx); got != "[near:2][]" {
			t.Errorf("left %s", got)
		}
		if env.DB.Dialect() == db.Postgres { // SQLite holds one school
			if got := unwritten(elsewhere); got != "[near:1][near:2][]" {
				t.Errorf("of another school left %s", got)
			}
		}
	})
}

func TestSchoolsDoNotShareDedupKeys(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		job := recorded("a")
		job.DedupKey = "receipt:1"
		for _, school := range []id.School{"musterstadt", "nachbarort"} {
			if err := enqueue(env, env.InSchool(school), job); err != nil {
				t.Fatal(err)
			}
			var rows int
			for _, row := range jobs(t, env, env.InSchool(school)) {
				if row.SchoolID == school {
					rows++
				}
			}
			if rows != 1 {
				t.Errorf("%s has %d jobs", school, rows)
			}
		}
	})
}

func TestAPayloadMustHaveJSON(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := env.InSchool("musterstadt")
		err := enqueue(env, ctx, outbox.Job{Topic: outbox.DecisionRecorded, Payload: make(chan int)})
		if rows := jobs(t, env, ctx); err == nil || len(rows) != 0 {
			t.Fatalf("got %+v, %v", rows, err)
		}
	})
}
