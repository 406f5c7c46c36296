package evidence

import (
	"slices"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

const searchedAtOnce = 500 // statements: opening them takes about 50 ms

func findFrom(tx *db.Tx, leaf int64) (rows []placedStatement, err error) {
	err = tx.G().Table("statement").Select("id, leaf_seq, body").Where("school_id = ? AND leaf_seq >= ?", tx.School, leaf).
		Order("leaf_seq").Limit(searchedAtOnce).Find(&rows).Error
	return rows, err
}

// deleteStatements gives those that were still there: another person whom they concern may be erased already.
func deleteStatements(tx *db.Tx, wanted []erasable) (deleted []erasable, err error) {
	for some := range slices.Chunk(wanted, db.RowsAtOnce) {
		ids := make([]id.Statement, len(some))
		for i, one := range some {
			ids[i] = one.id
		}
		var gone []id.Statement
		err := tx.G().Raw("DELETE FROM statement WHERE school_id = ? AND id IN ? RETURNING id", tx.School, ids).Scan(&gone).Error
		if err != nil {
			return nil, err
		}
		if err := tx.G().Exec("DELETE FROM receipt WHERE school_id = ? AND statement_id IN ?", tx.School, ids).Error; err != nil {
			return nil, err
		}
		for _, one := range some {
			if slices.Contains(gone, one.id) {
				deleted = append(deleted, one)
			}
		}
	}
	return deleted, nil
}

type erasedRow struct {
	SchoolID    id.School
	StatementID id.Statement
	LeafSeq     int64
	SignerKind  *id.PersonKind
	SignerID    *string
}

func (erasedRow) TableName() string { return "erased_statement" }

func insertErased(tx *db.Tx, erased []erasable) error {
	if len(erased) == 0 {
		return nil
	}
	rows := make([]erasedRow, len(erased))
	for i, one := range erased {
		rows[i] = erasedRow{SchoolID: tx.School, StatementID: one.id, LeafSeq: one.leaf}
		if one.signer != (id.Person{}) {
			rows[i].SignerKind, rows[i].SignerID = &one.signer.Kind, &one.signer.ID
		}
	}
	return tx.G().CreateInBatches(rows, db.RowsAtOnce).Error
}

func forgetSigner(tx *db.Tx, person id.Person) error {
	return tx.G().Table("erased_statement").
		Where("school_id = ? AND signer_kind = ? AND signer_id = ?", tx.School, person.Kind, person.ID).
		Updates(map[string]any{"signer_kind": nil, "signer_id": nil}).Error
}

func findErased(tx *db.Tx, statement id.Statement) (erased Erased, ok bool, err error) {
	var rows []erasedRow
	err = tx.G().Where("school_id = ? AND statement_id = ?", tx.School, statement).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return erased, false, err
	}
	erased.Leaf = rows[0].LeafSeq
	if rows[0].SignerKind != nil && rows[0].SignerID != nil {
		erased.Signer = id.Person{Kind: *rows[0].SignerKind, ID: *rows[0].SignerID}
	}
	return erased, true, nil
}
