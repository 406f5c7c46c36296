package evidence_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
)

// size is the number of leaves, which must be numbered without a gap.
func (h *house) size(tb testing.TB) int64 {
	tb.Helper()
	var seqs []int64
	h.read(tb, func(tx *db.Tx) error {
		return tx.G().Table("leaf").Where("school_id = ?", tx.School).Order("seq").Pluck("seq", &seqs).Error
	})
	for i, seq := range seqs {
		if seq != int64(i) {
			tb.Fatalf("leaf %d stands where %d belongs", seq, i)
		}
	}
	return int64(len(seqs))
}

// memory is a tree built from the records alone, by package tlog.
type memory []tlog.Hash

func (m memory) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(positions))
	for i, position := range positions {
		if position >= int64(len(m)) {
			return nil, fmt.Errorf("hash %d of %d", position, len(m))
		}
		hashes[i] = m[position]
	}
	return hashes, nil
}

// wantTree checks the stored tree against one built from the leaves, and every inclusion proof against its root.
func (h *house) wantTree(tb testing.TB) {
	tb.Helper()
	size := h.size(tb)
	h.read(tb, func(tx *db.Tx) error {
		var scratch memory
		records := make([][]byte, size)
		for n := range size {
			var err error
			if records[n], err = h.log.Record(tx, n); err != nil {
				return err
			}
			hashes, err := tlog.StoredHashes(n, records[n], scratch)
			if err != nil {
				return err
			}
			scratch = append(scratch, hashes...)
		}
		root, err := tlog.TreeHash(size, scratch)
		if err != nil {
			return err
		}
		for n, record := range records {
			path, err := tlog.ProveRecord(size, int64(n), h.log.Hashes(tx))
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(path, size, root, int64(n), tlog.RecordHash(record)); err != nil {
				tb.Errorf("leaf %d of %d: %v", n, size, err)
			}
		}
		return nil
	})
}

// At every size the tree's root is the one that tlog computes from the records, and every size is proved to be the
// beginning of the last.
func TestTheTreeIsRightAtEverySize(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		const last = 67
		for range last {
			h.append(t, answer(""))
		}
		h.wantTree(t)
		h.read(t, func(tx *db.Tx) error {
			hashes := h.log.Hashes(tx)
			root, err := tlog.TreeHash(last, hashes)
			if err != nil {
				return err
			}
			var scratch memory
			for n := range int64(last) {
				record, err := h.log.Record(tx, n)
				if err != nil {
					return err
				}
				stored, err := tlog.StoredHashes(n, record, scratch)
				if err != nil {
					return err
				}
				scratch = append(scratch, stored...)
				want, err1 := tlog.TreeHash(n+1, scratch)
				got, err2 := tlog.TreeHash(n+1, hashes)
				if want != got || err1 != nil || err2 != nil {
					t.Errorf("size %d: root %s, want %s (%v, %v)", n+1, got, want, err2, err1)
				}
				proof, err := tlog.ProveTree(last, n+1, hashes)
				if err != nil {
					return err
				}
				if err := tlog.CheckTree(proof, last, root, n+1, got); err != nil {
					t.Errorf("size %d is not the beginning of %d: %v", n+1, last, err)
				}
			}
			return nil
		})
	})
}

func TestOneChangeMayAppendSeveralStatements(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.append(t, answer("before"))
		var leaves []int64
		err := h.DB.Write(h.ctx, func(tx *db.Tx) error {
			leaves = nil
			for _, place := range []string{"one", "two", "three"} {
				entry, err := h.log.Append(tx, answer(place).Statement, answer(place).part())
				if err != nil {
					return err
				}
				leaves = append(leaves, entry.Leaf)
			}
			return nil
		})
		if err != nil || !slices.Equal(leaves, []int64{1, 2, 3}) {
			t.Fatalf("leaves %v, %v", leaves, err)
		}
		h.append(t, answer("after"))
		h.wantTree(t)
	})
}

// More statements than one INSERT takes, from an odd beginning on.
func TestManyStatementsAreAppendedTogether(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.append(t, answer("before"))
		const many = 503
		statements := make([]proof.Statement, many)
		for i := range statements {
			statements[i] = letter(fmt.Sprint(i))
		}
		var entries []evidence.Entry
		err := h.DB.WriteAlone(h.ctx, func(tx *db.Tx) (err error) {
			entries, err = h.log.AppendAll(tx, statements)
			return err
		})
		if err != nil || len(entries) != many {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		h.append(t, answer("after"))
		h.wantTree(t)
		h.read(t, func(tx *db.Tx) error {
			for i, entry := range entries {
				want, err := statements[i].Encode()
				if err != nil {
					return err
				}
				if got, err := h.log.Statement(tx, entry.StatementID); err != nil || string(got) != string(want) || entry.Leaf != int64(i+1) {
					t.Fatalf("statement %d, leaf %d: %s, %v", i, entry.Leaf, got, err)
				}
			}
			return nil
		})
	})
}

func TestAppendingNothingIsNoTrace(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		err := h.DB.Write(h.ctx, func(tx *db.Tx) error {
			_, err := h.log.AppendAll(tx, nil)
			return err
		})
		if !errors.Is(err, db.ErrNotAudited) {
			t.Fatalf("got %v", err)
		}
	})
}

// Checklist G7, from an empty log on: 200 at once.
func TestG7ParallelAppendsLeaveNoGap(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		const writers = 200
		leaves := make([]int64, writers)
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				err := h.DB.Write(h.ctx, func(tx *db.Tx) error {
					entry, err := h.log.Append(tx, answer(fmt.Sprint(i)).Statement, answer(fmt.Sprint(i)).part())
					leaves[i] = entry.Leaf
					return err
				})
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		group.Wait()
		slices.Sort(leaves)
		for i, leaf := range leaves {
			if leaf != int64(i) {
				t.Fatalf("leaf %d was acknowledged where %d belongs", leaf, i)
			}
		}
		if size := h.size(t); size != writers {
			t.Fatalf("%d leaves of %d", size, writers)
		}
		h.wantTree(t)
	})
}

// Changes that fail after they appended, each third of many at once, take their leaves with them: on SQLite the
// savepoint of one within a group that commits.
func TestAFailedChangeLeavesNoGap(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		broken := errors.New("broken")
		const writers = 90
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				fails := i%3 == 1
				err := h.DB.Write(h.ctx, func(tx *db.Tx) error {
					if _, err := h.log.Append(tx, answer(fmt.Sprint(i)).Statement, answer(fmt.Sprint(i)).part()); err != nil {
						return err
					}
					if fails {
						return broken
					}
					return nil
				})
				if fails != errors.Is(err, broken) || !fails && err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		group.Wait()
		if size := h.size(t); size != writers*2/3 {
			t.Fatalf("%d leaves of %d", size, writers*2/3)
		}
		h.wantTree(t)
	})
}

// A statement that somebody deleted leaves its leaf, and every proof, its own included. It does not count as erased.
func TestAMissingStatementLeavesAllProofs(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		var made []evidence.Entry
		for i := range 5 {
			made = append(made, h.append(t, answer(fmt.Sprint(i))))
		}
		erased := made[2]
		// As an erasure writes it; package privacy's tests erase people.
		if err := h.exec("DELETE FROM statement WHERE id = ?", erased.StatementID); err != nil {
			t.Fatal(err)
		}
		h.append(t, act{Statement: proof.Statement{
			Kind:        proof.KindErasure,
			Declaration: &proof.ErasureDeclared{Leaves: []int64{erased.Leaf}, Reason: "retention"},
			Server:      &proof.ErasureServer{At: env.Clock.Now()},
		}})
		h.wantTree(t)
		h.read(t, func(tx *db.Tx) error {
			if _, err := h.log.Statement(tx, erased.StatementID); !fault.Has(err, fault.NothingHere) {
				t.Errorf("a statement that is missing without an erasure: %v", err)
			}
			at, err := h.log.EntriesAt(tx, 1, erased.Leaf, 3)
			if _, there := at[erased.Leaf]; err != nil || there || len(at) != 2 {
				t.Errorf("entries %v, %v", at, err)
			}
			for _, entry := range []evidence.Entry{made[0], made[1], made[3], made[4]} {
				if _, err := h.log.Statement(tx, entry.StatementID); err != nil {
					t.Errorf("statement of leaf %d: %v", entry.Leaf, err)
				}
			}
			return nil
		})
	})
}

// SQLite holds one school; on PostgreSQL each has a log of its own and sees no other.
func TestSchoolsHaveLogsOfTheirOwn(t *testing.T) {
	env := testkit.NewPostgres(t)
	mine, theirs := newHouse(t, env), newHouse(t, env)
	for i := range 9 {
		h := mine
		if i%3 == 0 {
			h = theirs
		}
		h.append(t, answer(fmt.Sprint(i)))
	}
	if mine.size(t) != 6 || theirs.size(t) != 3 {
		t.Fatalf("%d and %d leaves", mine.size(t), theirs.size(t))
	}
	mine.wantTree(t)
	theirs.wantTree(t)
	foreign := theirs.append(t, answer("theirs"))
	mine.read(t, func(tx *db.Tx) error {
		if _, err := mine.log.Statement(tx, foreign.StatementID); !fault.Has(err, fault.NothingHere) {
			t.Errorf("another school's statement: %v", err)
		}
		return nil
	})
}

// Outside of a school there is no log to append to.
func TestAppendNeedsASchool(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		err := h.DB.Outside(h.ctx, func(tx *db.Tx) error {
			_, err := h.log.Append(tx, answer("").Statement, answer("").part())
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "no school") {
			t.Fatalf("got %v", err)
		}
	})
}
