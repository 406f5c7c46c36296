package evidence_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
)

func letter(guardian string) proof.Statement {
	return proof.Statement{
		Kind:        proof.KindLetter,
		Declaration: &proof.LetterDeclared{Letter: "0193-letter", Person: id.GuardianOf(id.Guardian(guardian)), Act: "issued"},
		Server:      &proof.LetterServer{At: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)},
	}
}

func (h *house) erase(tb testing.TB, search *evidence.Search, person id.Person) (entry evidence.Entry) {
	tb.Helper()
	err := h.DB.WriteAlone(h.ctx, func(tx *db.Tx) (err error) {
		entry, err = h.log.Erase(tx, search, person, "request", proof.ErasureServer{At: tx.Now})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return entry
}

// leavesOf are what an erasure's statement names.
func (h *house) leavesOf(tb testing.TB, erasure evidence.Entry) []int64 {
	tb.Helper()
	var leaves []int64
	h.read(tb, func(tx *db.Tx) error {
		body, err := h.log.Statement(tx, erasure.StatementID)
		if err != nil {
			return err
		}
		statement, err := proof.DecodeStatement(body)
		if err == nil {
			leaves = statement.Declaration.(*proof.ErasureDeclared).Leaves
		}
		return err
	})
	return leaves
}

// What is appended after the search has read the log is found all the same: the rest is read under the lock on the head.
func TestAnErasureFindsWhatCameWhileItWasSearching(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		mother := id.GuardianOf("mother")
		h.append(t, act{Statement: letter("mother")})
		search := evidence.NewSearch(mother)
		h.read(t, func(tx *db.Tx) error {
			more, err := h.log.Advance(tx, search)
			if more {
				t.Error("one statement is more than one part")
			}
			return err
		})
		h.append(t, act{Statement: letter("father")})
		late := h.append(t, act{Statement: letter("mother")})
		if leaves := h.leavesOf(t, h.erase(t, search, mother)); !slices.Equal(leaves, []int64{0, late.Leaf}) {
			t.Fatalf("leaves %v were erased", leaves)
		}
		h.wantTree(t)
	})
}

// A log of several parts, of which one person has every seventh statement.
func TestAnErasureReadsTheWholeLog(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		var statements []proof.Statement
		var want []int64
		for i := range int64(1500) {
			who := fmt.Sprint(i)
			if i%7 == 0 {
				who = "mother"
				want = append(want, i)
			}
			statements = append(statements, letter(who))
		}
		err := h.DB.WriteAlone(h.ctx, func(tx *db.Tx) error {
			_, err := h.log.AppendAll(tx, statements)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		mother := id.GuardianOf("mother")
		search, parts := evidence.NewSearch(mother), 1
		h.read(t, func(tx *db.Tx) error {
			for {
				more, err := h.log.Advance(tx, search)
				if err != nil || !more {
					return err
				}
				parts++
			}
		})
		if parts < 3 {
			t.Errorf("the log was read in %d parts", parts)
		}
		if leaves := h.leavesOf(t, h.erase(t, search, mother)); !slices.Equal(leaves, want) {
			t.Fatalf("%d leaves were erased, want %d", len(leaves), len(want))
		}
	})
}

// A person of whom the log knows nothing is erased with a statement that names no leaf.
func TestAnErasureMayNameNoLeaf(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.append(t, act{Statement: letter("father")})
		mother := id.GuardianOf("mother")
		if leaves := h.leavesOf(t, h.erase(t, evidence.NewSearch(mother), mother)); len(leaves) != 0 {
			t.Fatalf("leaves %v were erased", leaves)
		}
		h.wantTree(t)
	})
}

// A statement that does not open could be about anybody: nothing is erased until somebody has looked.
func TestABrokenStatementStopsAnErasure(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		kept := h.append(t, act{Statement: letter("mother")})
		broken := h.append(t, act{Statement: letter("father")})
		if err := h.exec("DELETE FROM statement WHERE id = ?", broken.StatementID); err != nil {
			t.Fatal(err)
		}
		school, _ := db.SchoolOf(h.ctx)
		if err := h.exec("INSERT INTO statement (school_id, id, leaf_seq, body, salt) VALUES (?, ?, 1, ?, ?)", school, broken.StatementID, []byte("x"), []byte("x")); err != nil {
			t.Fatal(err)
		}
		mother := id.GuardianOf("mother")
		err := h.DB.WriteAlone(h.ctx, func(tx *db.Tx) error {
			_, err := h.log.Erase(tx, evidence.NewSearch(mother), mother, "request", proof.ErasureServer{At: tx.Now})
			return err
		})
		if err == nil {
			t.Fatal("erased all the same")
		}
		h.read(t, func(tx *db.Tx) error {
			_, err := h.log.Statement(tx, kept.StatementID)
			return err
		})
	})
}

func TestAnErasureNeedsASearchForThatPerson(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	err := h.DB.WriteAlone(h.ctx, func(tx *db.Tx) error {
		_, err := h.log.Erase(tx, evidence.NewSearch(id.GuardianOf("father")), id.GuardianOf("mother"), "request", proof.ErasureServer{At: tx.Now})
		return err
	})
	if err == nil || fault.Has(err, fault.NothingHere) {
		t.Fatalf("got %v", err)
	}
}
