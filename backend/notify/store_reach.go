package notify

import (
	"slices"

	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// bounce notes that a message came back, and gives it.
func bounce(tx *db.Tx, message, status string) (row messageRow, err error) {
	err = db.MustAffect(tx.G().Table("message").Where("school_id = ? AND id = ? AND channel = ?", tx.School, message, Mail).
		Updates(map[string]any{"state": stateBounced, "code": status, "at": tx.Now.UnixMicro()}))
	if err != nil {
		return row, err
	}
	err = tx.G().Where("school_id = ? AND id = ?", tx.School, message).Take(&row).Error
	return row, err
}

type bounceRow struct {
	SchoolID    id.School
	PersonKind  id.PersonKind
	PersonID    string
	AddressHash string
	At          int64
}

func (bounceRow) TableName() string { return "mail_bounce" }

func putBounces(tx *db.Tx, person id.Person, hashes []string) error {
	rows := make([]bounceRow, len(hashes))
	for i, hash := range hashes {
		rows[i] = bounceRow{SchoolID: tx.School, PersonKind: person.Kind, PersonID: person.ID, AddressHash: hash, At: tx.Now.UnixMicro()}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// deadFor gives those of the addresses that are dead for anybody, by their hashes.
func deadFor(tx *db.Tx, hashes []string) (dead []string, err error) {
	for some := range slices.Chunk(hashes, db.RowsAtOnce) {
		var found []string
		err := tx.G().Model(&bounceRow{}).Where("school_id = ? AND address_hash IN ?", tx.School, some).Pluck("address_hash", &found).Error
		if err != nil {
			return nil, err
		}
		dead = append(dead, found...)
	}
	return dead, nil
}

func deleteBounce(tx *db.Tx, person id.Person, hash string) error {
	return tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ? AND address_hash = ?", tx.School, person.Kind, person.ID, hash).
		Delete(&bounceRow{}).Error
}

// all gives the rows of one person, or of everybody in the school where there is more than one to look for.
func all[Row personRow](tx *db.Tx, persons []id.Person) (rows []Row, err error) {
	query := tx.G().Where("school_id = ?", tx.School)
	if len(persons) == 1 {
		query = query.Where("person_kind = ? AND person_id = ?", persons[0].Kind, persons[0].ID)
	}
	err = query.Find(&rows).Error
	return rows, err
}

// messagesOf are those about the events, as Message.key has them, on every channel.
func messagesOf(tx *db.Tx, events []string) (rows []messageRow, err error) {
	for some := range slices.Chunk(events, db.RowsAtOnce) {
		var found []messageRow
		if err := tx.G().Where("school_id = ? AND event IN ?", tx.School, some).Order("channel, id").Find(&found).Error; err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}
