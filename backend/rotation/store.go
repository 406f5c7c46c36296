package rotation

import (
	"maps"
	"slices"

	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/vault"
)

// value is a sealed value in the row that its column calls Place.
type value struct {
	Place  string
	Sealed []byte
}

// exchange is a value and what shall stand in its stead.
type exchange struct {
	value
	fresh []byte
}

// valuesNotOn reads the next values, in the order of their rows, that are not on the key.
func valuesNotOn(tx *db.Tx, c vault.Column, key vault.KeyID, after string, limit int) (values []value, err error) {
	row, column := clause.Column{Name: c.Row}, clause.Column{Name: c.Column}
	err = tx.G().Table(c.Table).Select("? AS place, ? AS sealed", row, column).
		Where("school_id = ? AND ? > ? AND substr(?, 1, ?) <> ?", tx.School, row, after, column, vault.PrefixSize, key.Prefix()).
		Order(clause.OrderByColumn{Column: row}).Limit(limit).Find(&values).Error
	return values, err
}

// exchangeAll puts the fresh value where the one that was read still stands, and says in how many rows it did.
func exchangeAll(tx *db.Tx, c vault.Column, all []exchange) (moved int64, err error) {
	row, column := clause.Column{Name: c.Row}, clause.Column{Name: c.Column}
	for _, x := range all {
		result := tx.G().Table(c.Table).
			Where("school_id = ? AND ? = ? AND ? = ?", tx.School, row, x.Place, column, x.Sealed).
			Update(c.Column, x.fresh)
		if result.Error != nil {
			return 0, result.Error
		}
		moved += result.RowsAffected
	}
	return moved, nil
}

// countKeys adds the school's values to those of the others.
func countKeys(tx *db.Tx, c vault.Column, counts map[vault.KeyID]int64) error {
	column := clause.Column{Name: c.Column}
	var found []struct {
		Prefix []byte
		N      int64
	}
	err := tx.G().Table(c.Table).Select("substr(?, 1, ?) AS prefix, count(*) AS n", column, vault.PrefixSize).
		Where("school_id = ? AND ? IS NOT NULL", tx.School, column).Group("prefix").Find(&found).Error
	for _, f := range found {
		key, _ := vault.PrefixKey(f.Prefix)
		counts[key] += f.N
	}
	return err
}

func appendCounts(counts []Count, c vault.Column, byKey map[vault.KeyID]int64) []Count {
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		counts = append(counts, Count{Column: c, Key: key, Values: byKey[key]})
	}
	return counts
}
