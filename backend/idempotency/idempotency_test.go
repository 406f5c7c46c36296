package idempotency_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/testkit"
)

// call does something once per key: it leaves an audit entry and reports the id it made.
func call(env *testkit.Env, ctx context.Context, body string, fail error) (made string, repeated bool, err error) {
	key := idempotency.Key{Actor: "a", Route: "POST /things", Value: "k", Body: []byte(body)}
	ctx = idempotency.With(ctx, key)
	err = env.DB.Write(ctx, func(tx *db.Tx) error {
		made = ""
		repeated, err = idempotency.Do(ctx, tx, &made, func() error {
			made = "thing"
			return errors.Join(fail, audit.Record(tx, audit.Entry{Actor: "a", Action: audit.MeetingPlanned, SubjectKind: "thing", SubjectID: made}))
		})
		return err
	})
	return made, repeated, err
}

func entries(t *testing.T, s *testkit.School) (n int64) {
	t.Helper()
	s.Read(func(tx *db.Tx) error { return tx.G().Table("audit").Where("subject_kind = 'thing'").Count(&n).Error })
	return n
}

func TestTheSameKeyDoesItOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				if made, _, err := call(env, s.Ctx, "{}", nil); err != nil || made != "thing" {
					t.Errorf("%q, %v", made, err)
				}
			})
		}
		group.Wait()
		if n := entries(t, s); n != 1 {
			t.Fatalf("done %d times", n)
		}
		if _, repeated, err := call(env, s.Ctx, "{}", nil); !repeated || err != nil {
			t.Errorf("repeated %v, %v", repeated, err)
		}
	})
}

func TestAnotherBodyUnderTheKeyIsRefused(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		if _, _, err := call(env, s.Ctx, "{}", nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := call(env, s.Ctx, `{"a":1}`, nil); !fault.Has(err, fault.IdempotencyKeyReused) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAFailedCallLeavesNoKey(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		broken := errors.New("broken")
		if _, _, err := call(env, s.Ctx, "{}", broken); !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		if _, repeated, err := call(env, s.Ctx, "{}", nil); repeated || err != nil {
			t.Fatalf("repeated %v, %v", repeated, err)
		}
	})
}
