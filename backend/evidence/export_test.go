package evidence

import (
	"crypto/rand"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// Kept is a statement as the fast way into a log takes it.
type Kept struct {
	Statement proof.Statement // for the leaf
	Body      []byte          // canonical; nil: of the statement
	Private   *proof.Private
	ID        id.Statement // empty: a new one
	Salt      []byte       // empty: a new one
	At        int64
}

// Fill appends statements as Append does, without its queries: for logs of a million leaves, and for whoever rewrites a
// log with the keys at hand.
func (l *Log) Fill(tx *db.Tx, count int64, next func(leaf int64) (Kept, error)) error {
	const rows = 250
	head, err := lockHead(tx)
	if err != nil {
		return err
	}
	right, err := parseEdge(head.Size, head.Edge)
	if err != nil {
		return err
	}
	var statements, leaves, hashes []any
	flush := func() error {
		for _, insert := range []struct {
			into   string
			values []any
			width  int
		}{
			{"INSERT INTO statement (school_id, id, leaf_seq, body, salt, private) VALUES ", statements, 6},
			{"INSERT INTO leaf (school_id, seq, kind, record, at) VALUES ", leaves, 5},
			{"INSERT INTO tlog_hash (school_id, position, hash) VALUES ", hashes, 3},
		} {
			if len(insert.values) == 0 {
				continue
			}
			row := "(" + strings.TrimSuffix(strings.Repeat("?, ", insert.width), ", ") + "), "
			places := strings.TrimSuffix(strings.Repeat(row, len(insert.values)/insert.width), ", ")
			if err := tx.G().Exec(insert.into+places, insert.values...).Error; err != nil {
				return err
			}
		}
		statements, leaves, hashes = statements[:0], leaves[:0], hashes[:0]
		return nil
	}
	for range count {
		kept, err := next(head.Size)
		if err != nil {
			return err
		}
		if kept.Body == nil {
			if kept.Body, err = kept.Statement.Encode(); err != nil {
				return err
			}
		}
		if kept.Salt == nil {
			kept.Salt = make([]byte, proof.SaltSize)
			if _, err := rand.Read(kept.Salt); err != nil {
				return err
			}
		}
		row, err := l.sealAs(tx.School, kept)
		if err != nil {
			return err
		}
		made := follow(head, proof.Leaf{
			Kind: kept.Statement.Kind, Commit: proof.Commitment(kept.Salt, kept.Body), TextSHA256: kept.Statement.TextSHA256(), At: kept.At,
		})
		record, err := made.Encode()
		if err != nil {
			return err
		}
		grown, stored := right.grow(head.Size, tlog.RecordHash(record))
		statements = append(statements, tx.School, row.ID, head.Size, row.Body, row.Salt, row.Private)
		leaves = append(leaves, tx.School, made.Seq, made.Kind, record, made.At)
		for i := range stored {
			hashes = append(hashes, tx.School, tlog.StoredHashIndex(0, head.Size)+int64(i), stored[i][:])
		}
		right, head.Size, head.At = grown, head.Size+1, made.At
		if len(leaves) >= rows*5 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	head.Edge = right.bytes()
	return moveHead(tx, head)
}

func (l *Log) sealAs(school id.School, kept Kept) (row statementRow, err error) {
	if kept.ID == "" {
		var part Part
		if kept.Private != nil {
			if part, err = NewPart(*kept.Private); err != nil {
				return row, err
			}
		}
		return l.seal(school, kept.Body, kept.Salt, part)
	}
	row = statementRow{SchoolID: school, ID: kept.ID}
	if row.Body, err = l.vault.Seal(place(school, "body", row.ID), kept.Body); err != nil {
		return row, err
	}
	if row.Salt, err = l.vault.Seal(place(school, "salt", row.ID), kept.Salt); err != nil || kept.Private == nil {
		return row, err
	}
	row.Private, err = l.vault.SealJSON(place(school, "private", row.ID), kept.Private)
	return row, err
}
