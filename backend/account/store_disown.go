package account

import (
	"database/sql"
	"math"
	"slices"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// markDisowned tells whether this call, among however many at once, is the one that does it.
func markDisowned(tx *db.Tx, letter id.Letter) (first bool, err error) {
	result := lettersOfSchool(tx).Where("id = ? AND used_at IS NOT NULL AND disowned_at IS NULL", letter).
		Updates(map[string]any{"disowned_at": tx.Now.UnixMicro()})
	return result.RowsAffected == 1, result.Error
}

// nextUse is when the recipient's next letter was used, in microseconds; the end of time when none was.
func nextUse(tx *db.Tx, letter letterRow) (int64, error) {
	var uses []int64
	err := lettersOfSchool(tx).Where("person_kind = ? AND person_id = ? AND used_at > ?", letter.PersonKind, letter.PersonID, *letter.UsedAt).
		Order("used_at").Limit(1).Pluck("used_at", &uses).Error
	if err != nil || len(uses) == 0 {
		return math.MaxInt64, err
	}
	return uses[0], nil
}

// sessionsOf are those of the person that began in [from, until), in microseconds.
func sessionsOf(tx *db.Tx, person id.Person, from, until int64) (sessions []id.Session, err error) {
	err = tx.G().Table("session").Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).
		Where("created_at >= ? AND created_at < ?", from, until).Order("id").Pluck("id", &sessions).Error
	return sessions, err
}

// deletePasskeysFrom deletes those of the account that were added in [from, until), in microseconds.
func deletePasskeysFrom(tx *db.Tx, account id.Account, from, until int64) error {
	return tx.G().Where("school_id = ? AND account_id = ? AND created_at >= ? AND created_at < ?", tx.School, account, from, until).
		Delete(&passkeyRow{}).Error
}

// usesOf are the instants at which letters of the persons were used, in microseconds and in their order.
func usesOf(tx *db.Tx, persons []id.Person) (map[id.Person][]int64, error) {
	uses := map[id.Person][]int64{}
	for some := range slices.Chunk(personIDs(persons), batchSize) {
		var rows []letterRow
		err := lettersOfSchool(tx).Where("person_id IN ? AND used_at IS NOT NULL", some).Order("used_at").Find(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			uses[row.person()] = append(uses[row.person()], *row.UsedAt)
		}
	}
	return uses, nil
}

// lastUsedLetter is the last one that let the person in; the zero row without one.
func lastUsedLetter(tx *db.Tx, person id.Person, before time.Time) (row letterRow, err error) {
	err = lettersOfSchool(tx).Where("person_kind = ? AND person_id = ? AND used_at <= ?", person.Kind, person.ID, before.UnixMicro()).
		Order("used_at DESC, id DESC").Limit(1).Find(&row).Error
	return row, err
}

// lastDelivery is how that letter went; empty without one.
func lastDelivery(tx *db.Tx, person id.Person, before time.Time) (delivery Delivery, err error) {
	const text = `SELECT delivery FROM letter WHERE school_id = ? AND purpose = ? AND person_kind = ? AND person_id = ? AND used_at <= ?
		ORDER BY used_at DESC, id DESC LIMIT 1`
	err = db.Each(tx, func(rows *sql.Rows) error { return rows.Scan((*string)(&delivery)) },
		text, tx.School, purpose, person.Kind, person.ID, before.UnixMicro())
	return delivery, err
}
