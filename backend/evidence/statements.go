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

// Reread gives statements by the numbers of their leaves to who has inspected the log in the same view: it opens them and
// compares nothing. Those that were erased are missing from the answer; private parts are left out.
func (l *Log) Reread(tx *db.Tx, leaves ...int64) ([]Attested, error) {
	all := make([]Attested, 0, len(leaves))
	for some := range slices.Chunk(leaves, window) {
		rows, err := bodiesAt(tx, some)
		if err != nil {
			return nil, err
		}
		read, errs := make([]Attested, len(rows)), make([]error, len(rows))
		share(len(rows), func(i int) { read[i], errs[i] = l.reread(tx.School, rows[i]) })
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		all = append(all, read...)
	}
	return all, nil
}

func (l *Log) reread(school id.School, row bodyRow) (Attested, error) {
	body, err := l.vault.Open(place(school, "body", row.ID), row.Body)
	if err != nil {
		return Attested{}, err
	}
	statement, err := proof.ReadStatement(row.Kind, body)
	if err != nil { // the leaf's column may say another kind than its record
		statement, err = proof.DecodeStatement(body)
	}
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
