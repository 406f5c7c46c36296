package evidence

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
	"gorm.io/gorm"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// Appending is on the way of every decision, so it speaks to the database in plain statements.

type statementRow struct {
	SchoolID id.School
	ID       id.Statement
	LeafSeq  int64
	Body     []byte
	Salt     []byte
	Private  []byte // nil where the kind has none
}

// placedStatement is a statement with what its leaf knows.
type placedStatement struct {
	ID      id.Statement
	LeafSeq int64
	Body    []byte
	At      int64
}

// logHead is the row on which the appends of one school queue.
type logHead struct {
	Size int64
	Edge []byte
	At   int64
}

// lockHead reads the head and keeps it from others until the transaction ends. The first append of a school makes it.
func lockHead(tx *db.Tx) (logHead, error) {
	head, found, err := readHead(tx)
	if err != nil || found {
		return head, err
	}
	// Whoever comes second waits here for the first one's commit, and then reads what it left.
	_, err = db.Exec(tx, `INSERT INTO log_head (school_id, size, edge, at) VALUES (?, 0, ?, 0) ON CONFLICT DO NOTHING`,
		tx.School, []byte{})
	if err != nil {
		return logHead{}, err
	}
	head, _, err = readHead(tx)
	return head, err
}

func readHead(tx *db.Tx) (head logHead, found bool, err error) {
	text := "SELECT size, edge, at FROM log_head WHERE school_id = ?"
	if tx.Dialect() == db.Postgres {
		text += " FOR UPDATE"
	}
	err = db.Each(tx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&head.Size, &head.Edge, &head.At)
	}, text, tx.School)
	return head, found, err
}

// moveHead needs the lock on the head that lockHead took.
func moveHead(tx *db.Tx, to logHead) error {
	moved, err := db.Exec(tx, `UPDATE log_head SET size = ?, edge = ?, at = ? WHERE school_id = ?`, to.Size, to.Edge, to.At, tx.School)
	if err == nil && moved != 1 {
		return errors.New("log head is gone")
	}
	return err
}

// written collects what an append inserts.
type written struct {
	statements, leaves []any // values, column by column and row by row
	hashes             []tlog.Hash
}

func (w *written) add(row statementRow, leaf proof.Leaf, record []byte, stored []tlog.Hash) {
	w.statements = append(w.statements, row.SchoolID, row.ID, row.LeafSeq, row.Body, row.Salt, row.Private)
	w.leaves = append(w.leaves, row.SchoolID, leaf.Seq, leaf.Kind, record, leaf.At)
	w.hashes = append(w.hashes, stored...)
}

// insert writes the hashes at consecutive positions from the given one.
func (w *written) insert(tx *db.Tx, position int64) error {
	hashes := make([]any, 0, 3*len(w.hashes))
	for i := range w.hashes {
		hashes = append(hashes, tx.School, position+int64(i), w.hashes[i][:])
	}
	if err := insertRows(tx, `statement (school_id, id, leaf_seq, body, salt, private)`, 6, w.statements); err != nil {
		return err
	}
	if err := insertRows(tx, `leaf (school_id, seq, kind, record, at)`, 5, w.leaves); err != nil {
		return err
	}
	return insertRows(tx, `tlog_hash (school_id, position, hash)`, 3, hashes)
}

func insertRows(tx *db.Tx, into string, columns int, values []any) error {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + "), "
	for some := range slices.Chunk(values, columns*db.RowsAtOnce) {
		rows := strings.TrimSuffix(strings.Repeat(row, len(some)/columns), ", ")
		if _, err := db.Exec(tx, "INSERT INTO "+into+" VALUES "+rows, some...); err != nil {
			return err
		}
	}
	return nil
}

func placed(tx *db.Tx) *gorm.DB {
	return tx.G().Table("statement").Select("statement.id, statement.leaf_seq, statement.body, leaf.at").
		Joins("JOIN leaf ON leaf.school_id = statement.school_id AND leaf.seq = statement.leaf_seq").
		Where("statement.school_id = ?", tx.School)
}

func findByID(tx *db.Tx, statements ...id.Statement) (rows []placedStatement, err error) {
	err = placed(tx).Where("statement.id IN ?", statements).Find(&rows).Error
	return rows, err
}

func findByLeaf(tx *db.Tx, leaves ...int64) (rows []placedStatement, err error) {
	err = placed(tx).Where("statement.leaf_seq IN ?", leaves).Find(&rows).Error
	return rows, err
}

func findRecord(tx *db.Tx, leaf int64) ([]byte, error) {
	var row struct{ Record []byte }
	err := tx.G().Table("leaf").Select("record").Where("school_id = ? AND seq = ?", tx.School, leaf).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, fault.Wrap(fault.NothingHere, err)
	}
	return row.Record, err
}

// findHashes answers in the order of the positions, as tlog.HashReader demands.
func findHashes(tx *db.Tx, positions []int64) ([]tlog.Hash, error) {
	var rows []struct {
		Position int64
		Hash     []byte
	}
	err := tx.G().Table("tlog_hash").Select("position, hash").
		Where("school_id = ? AND position IN ?", tx.School, positions).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	at := make(map[int64]tlog.Hash, len(rows))
	for _, row := range rows {
		if len(row.Hash) != tlog.HashSize {
			return nil, fmt.Errorf("log hash %d has %d bytes", row.Position, len(row.Hash))
		}
		at[row.Position] = tlog.Hash(row.Hash)
	}
	hashes := make([]tlog.Hash, len(positions))
	for i, position := range positions {
		hash, found := at[position]
		if !found {
			return nil, fmt.Errorf("log hash %d is missing", position)
		}
		hashes[i] = hash
	}
	return hashes, nil
}

// findSealed reads a statement's sealed parts.
func findSealed(tx *db.Tx, statement id.Statement) (row statementRow, err error) {
	err = tx.G().Table("statement").Where("school_id = ? AND id = ?", tx.School, statement).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, missing(tx, statement)
	}
	return row, err
}
