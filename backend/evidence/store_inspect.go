package evidence

import (
	"database/sql"
	"errors"

	"gorm.io/gorm"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// An inspection reads every row of the log, so it scans plain rows: GORM's take three times as long.

type leafRow struct {
	Seq    int64
	Kind   string
	Record []byte
	At     int64
}

type hashRow struct {
	Position int64
	Hash     []byte
}

// scanAll reads every row of a query. into gives the places for one row's columns.
func scanAll[T any](query *gorm.DB, into func(*T) []any) (found []T, err error) {
	rows, err := query.Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var row T
		if err := rows.Scan(into(&row)...); err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

func leavesBetween(tx *db.Tx, first, next int64) ([]leafRow, error) {
	query := tx.G().Raw(`SELECT seq, kind, record, at FROM leaf WHERE school_id = ? AND seq >= ? AND seq < ? ORDER BY seq`,
		tx.School, first, next)
	return scanAll(query, func(r *leafRow) []any { return []any{&r.Seq, &r.Kind, &r.Record, &r.At} })
}

const statementColumns = `SELECT id, leaf_seq, body, salt, private FROM statement WHERE school_id = ? AND `

func intoStatement(r *statementRow) []any {
	return []any{&r.ID, &r.LeafSeq, &r.Body, &r.Salt, &r.Private}
}

func statementsBetween(tx *db.Tx, first, next int64) ([]statementRow, error) {
	query := tx.G().Raw(statementColumns+`leaf_seq >= ? AND leaf_seq < ? ORDER BY leaf_seq`, tx.School, first, next)
	return scanAll(query, intoStatement)
}

func statementsAt(tx *db.Tx, leaves []int64) ([]statementRow, error) {
	return scanAll(tx.G().Raw(statementColumns+`leaf_seq IN ? ORDER BY leaf_seq`, tx.School, leaves), intoStatement)
}

// bodyRow is a statement without what an inspection has compared already.
type bodyRow struct {
	ID      id.Statement
	LeafSeq int64
	Body    []byte
}

func bodiesAt(tx *db.Tx, leaves []int64) ([]bodyRow, error) {
	query := tx.G().Raw(`SELECT id, leaf_seq, body FROM statement WHERE school_id = ? AND leaf_seq IN ?`, tx.School, leaves)
	return scanAll(query, func(r *bodyRow) []any { return []any{&r.ID, &r.LeafSeq, &r.Body} })
}

func leavesAt(tx *db.Tx, leaves []int64) ([]leafRow, error) {
	query := tx.G().Raw(`SELECT seq, kind, record, at FROM leaf WHERE school_id = ? AND seq IN ? ORDER BY seq`, tx.School, leaves)
	return scanAll(query, func(r *leafRow) []any { return []any{&r.Seq, &r.Kind, &r.Record, &r.At} })
}

func hashesBetween(tx *db.Tx, first, next int64) ([]hashRow, error) {
	query := tx.G().Raw(`SELECT position, hash FROM tlog_hash WHERE school_id = ? AND position >= ? AND position < ? ORDER BY position`,
		tx.School, first, next)
	return scanAll(query, func(r *hashRow) []any { return []any{&r.Position, &r.Hash} })
}

// checkpointsBetween gives the checkpoints of sizes from first to before next.
func checkpointsBetween(tx *db.Tx, first, next int64) ([]checkpointRow, error) {
	query := tx.G().Raw(`SELECT size, note, signed_at FROM checkpoint WHERE school_id = ? AND size >= ? AND size < ? ORDER BY size`,
		tx.School, first, next)
	return scanAll(query, func(r *checkpointRow) []any { return []any{&r.Size, &r.Note, &r.SignedAt} })
}

// findHead reads the head without a lock; found is false where there is none.
func findHead(tx *db.Tx) (head logHead, found bool, err error) {
	err = tx.G().Table("log_head").Where("school_id = ?", tx.School).Take(&head).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return logHead{}, false, nil
	}
	return head, true, err
}

// nextLeaf is the first leaf from a number on; found is false where there is none.
func nextLeaf(tx *db.Tx, from int64) (seq int64, found bool, err error) {
	var least sql.NullInt64
	err = tx.G().Raw(`SELECT min(seq) FROM leaf WHERE school_id = ? AND seq >= ?`, tx.School, from).Row().Scan(&least)
	return least.Int64, least.Valid, err
}

// endOfLeaves is one more than the number of the last leaf.
func endOfLeaves(tx *db.Tx) (int64, error) {
	var greatest sql.NullInt64
	err := tx.G().Raw(`SELECT max(seq) FROM leaf WHERE school_id = ?`, tx.School).Row().Scan(&greatest)
	if !greatest.Valid {
		return 0, err
	}
	return greatest.Int64 + 1, err
}

// Where numbers of the log stand besides the walk's own range.
const (
	strayLeaves      = `SELECT seq AS number, '' AS id FROM leaf WHERE school_id = ? AND (seq < 0 OR seq >= ?) ORDER BY seq`
	strayStatements  = `SELECT leaf_seq AS number, id FROM statement WHERE school_id = ? AND (leaf_seq < 0 OR leaf_seq >= ?) ORDER BY leaf_seq`
	strayHashes      = `SELECT position AS number, '' AS id FROM tlog_hash WHERE school_id = ? AND (position < 0 OR position >= ?) ORDER BY position`
	strayCheckpoints = `SELECT size AS number, '' AS id FROM checkpoint WHERE school_id = ? AND (size < 0 OR size > ?) ORDER BY size`
)

type strayRow struct {
	Number int64
	ID     id.Statement
}

// strays hands over the rows of a query above one by one; at most most of them.
func strays(tx *db.Tx, query string, end int64, most int) ([]strayRow, error) {
	return scanAll(tx.G().Raw(query+` LIMIT ?`, tx.School, end, most), func(r *strayRow) []any { return []any{&r.Number, &r.ID} })
}
