package db_test

import (
	"errors"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

func TestOnceRemembersWithinOneTransactionAndNoFault(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		type key struct{}
		reads := 0
		look := func(tx *db.Tx) (int, error) {
			return db.Once(tx, key{}, func() (int, error) {
				if reads++; reads == 1 {
					return 0, errors.New("broken")
				}
				return reads, nil
			})
		}
		s := env.NewSchool(t)
		inTx := func(steps func(tx *db.Tx)) {
			if err := env.DB.Read(s.Ctx, func(tx *db.Tx) error { steps(tx); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		want := func(tx *db.Tx, want int) {
			t.Helper()
			if got, err := look(tx); got != want || err != nil {
				t.Errorf("%d (%v), want %d", got, err, want)
			}
		}
		inTx(func(tx *db.Tx) {
			if _, err := look(tx); err == nil {
				t.Error("the fault is swallowed")
			}
			want(tx, 2)
			want(tx, 2)
			tx.Forget(key{})
			want(tx, 3)
		})
		inTx(func(tx *db.Tx) { want(tx, 4) })
	})
}
