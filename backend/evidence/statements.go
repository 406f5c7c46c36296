package evidence

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// StatementsAt gives the statements of the numbered leaves that the log vouches for, in the order of the numbers. Those that
// were erased or that do not hold are missing from the answer.
func (l *Log) StatementsAt(tx *db.Tx, leaves ...int64) ([]Attested, error) {
	var all []Attested
	for some := range slices.Chunk(leaves, window) {
		attested, err := l.statementsAt(tx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, attested...)
	}
	return all, nil
}

func (l *Log) statementsAt(tx *db.Tx, leaves []int64) ([]Attested, error) {
	rows, err := leavesAt(tx, leaves)
	if err != nil {
		return nil, err
	}
	statements, err := statementsAt(tx, leaves)
	if err != nil {
		return nil, err
	}
	at := make(map[int64]*leafRow, len(rows))
	for i := range rows {
		at[rows[i].Seq] = &rows[i]
	}
	all := make([]judged, len(statements))
	share(len(all), func(i int) {
		all[i] = l.judge(tx.School, statements[i].LeafSeq, at[statements[i].LeafSeq], &statements[i])
	})
	attested := make([]Attested, 0, len(all))
	for i := range all {
		if all[i].attested != nil {
			attested = append(attested, *all[i].attested)
		}
	}
	return attested, nil
}

// Known is a statement that an inspection has vouched for.
type Known struct {
	Leaf int64
	Kind proof.Kind
}

// Fetched are known statements as they were read, still sealed.
type Fetched struct {
	log    *Log
	school id.School
	kinds  map[int64]proof.Kind
	rows   []bodyRow
}

// Fetch reads statements that an inspection in the same view has vouched for.
func (l *Log) Fetch(tx *db.Tx, known []Known) (*Fetched, error) {
	f := &Fetched{log: l, school: tx.School, kinds: make(map[int64]proof.Kind, len(known)), rows: make([]bodyRow, 0, len(known))}
	for some := range slices.Chunk(known, window) {
		leaves := make([]int64, len(some))
		for i, k := range some {
			leaves[i], f.kinds[k.Leaf] = k.Leaf, k.Kind
		}
		rows, err := bodiesAt(tx, leaves)
		if err != nil {
			return nil, err
		}
		f.rows = append(f.rows, rows...)
	}
	return f, nil
}

// Open opens the statements on all processors and without the database; private parts are left out. It compares nothing
// again.
func (f *Fetched) Open() ([]Attested, error) {
	read, errs := make([]Attested, len(f.rows)), make([]error, len(f.rows))
	share(len(f.rows), func(i int) { read[i], errs[i] = f.open(f.rows[i]) })
	return read, errors.Join(errs...)
}

func (f *Fetched) open(row bodyRow) (Attested, error) {
	body, err := f.log.vault.Open(place(f.school, "body", row.ID), row.Body)
	if err != nil {
		return Attested{}, err
	}
	statement, err := proof.ReadStatement(f.kinds[row.LeafSeq], body)
	return Attested{ID: row.ID, Leaf: row.LeafSeq, At: statement.RecordedAt(), Statement: statement}, err
}

// share does the pieces of a work on all processors.
func share(pieces int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), pieces)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for i := worker; i < pieces; i += workers {
				do(i)
			}
		})
	}
	group.Wait()
}
