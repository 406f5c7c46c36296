package card

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type linkRow struct {
	SchoolID  id.School
	ClassID   id.Class
	KeyHash   string
	MadeBy    id.Account
	MadeAt    int64
	OpenUntil *int64
}

func (linkRow) TableName() string { return "class_link" }

// openUntil is zero when nobody has opened the link, or not lately enough.
func (r linkRow) openUntil(now time.Time) time.Time {
	if r.OpenUntil == nil || now.UnixMicro() >= *r.OpenUntil {
		return time.Time{}
	}
	return time.UnixMicro(*r.OpenUntil).UTC()
}

// putLink closes what was open by the old one.
func putLink(tx *db.Tx, class id.Class, keyHash string, by id.Account) error {
	row := linkRow{SchoolID: tx.School, ClassID: class, KeyHash: keyHash, MadeBy: by, MadeAt: tx.Now.UnixMicro()}
	return tx.G().Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "school_id"}, {Name: "class_id"}}, UpdateAll: true,
	}).Create(&row).Error
}

func openLink(tx *db.Tx, class id.Class, until time.Time) error {
	return db.MustAffect(tx.G().Table("class_link").Where("school_id = ? AND class_id = ?", tx.School, class).
		Updates(map[string]any{"open_until": until.UnixMicro()}))
}

// linkOf is the zero row for a class without a link.
func linkOf(tx *db.Tx, class id.Class) (row linkRow, err error) {
	err = tx.G().Where("school_id = ? AND class_id = ?", tx.School, class).Limit(1).Find(&row).Error
	return row, err
}

func linkByKey(tx *db.Tx, keyHash string) (row linkRow, err error) {
	err = tx.G().Where("school_id = ? AND key_hash = ?", tx.School, keyHash).Limit(1).Find(&row).Error
	return row, err
}
