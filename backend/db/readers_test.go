package db_test

import (
	"errors"
	"sync"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// What a reader saw first it sees to the end, whatever is written meanwhile: a standing's facts belong together.
func TestAReadSeesOneState(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		count := func(tx *db.Tx) (n int64) {
			if err := tx.G().Table("class").Where("school_id = ?", tx.School).Count(&n).Error; err != nil {
				t.Error(err)
			}
			return n
		}
		err := env.DB.Read(ctx, func(tx *db.Tx) error {
			before := count(tx)
			if err := env.DB.WriteUnaudited(ctx, func(tx *db.Tx) error { return addClass(tx, "5a") }); err != nil {
				return err
			}
			if after := count(tx); after != before {
				t.Errorf("%d classes became %d in one read", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = env.DB.Read(ctx, func(tx *db.Tx) error {
			if n := count(tx); n != 1 {
				t.Errorf("the next read sees %d classes", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// More readers than connections wait for each other; one that fails leaves its connection usable.
func TestReadersShareTheirConnections(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := addSchool(t, env)
		broken := errors.New("broken")
		var wait sync.WaitGroup
		for i := range 100 {
			wait.Go(func() {
				err := env.DB.Read(ctx, func(tx *db.Tx) error {
					var n int64
					if err := tx.G().Table("school").Count(&n).Error; err != nil || n != 1 {
						t.Errorf("%d schools, %v", n, err)
					}
					if i%2 == 0 {
						return broken
					}
					return nil
				})
				if (i%2 == 0) != errors.Is(err, broken) {
					t.Errorf("read %d: %v", i, err)
				}
			})
		}
		wait.Wait()
	})
}

// Whatever fails while a program starts or ends, it may close twice.
func TestClosingTwiceIsClosingOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		for range 2 {
			if err := env.DB.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
