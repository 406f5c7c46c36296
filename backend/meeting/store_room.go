package meeting

import (
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func updateRoom(tx *db.Tx, meeting id.Meeting, room Room) error {
	values := map[string]any{"room_url": nil, "room_name": nil}
	if room.URL != "" {
		values["room_url"] = room.URL
	}
	if room.Name != "" {
		values["room_name"] = room.Name
	}
	return db.MustAffect(tx.G().Table("meeting").Where("school_id = ? AND id = ?", tx.School, meeting).Updates(values))
}

type standingRow struct {
	SchoolID  id.School
	AccountID id.Account
	URL       string `gorm:"column:url"`
	Name      string
}

func (standingRow) TableName() string { return "standing_room" }

func standingRoom(tx *db.Tx, teacher id.Account) (Room, error) {
	var rows []standingRow
	err := tx.G().Where("school_id = ? AND account_id = ?", tx.School, teacher).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return Room{}, err
	}
	return Room{URL: rows[0].URL, Name: rows[0].Name}, nil
}

func putStandingRoom(tx *db.Tx, teacher id.Account, room Room) error {
	row := standingRow{SchoolID: tx.School, AccountID: teacher, URL: room.URL, Name: room.Name}
	return tx.G().Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "school_id"}, {Name: "account_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"url", "name"}),
	}).Create(&row).Error
}

func isSpent(tx *db.Tx, link string) (bool, error) {
	var found int64
	err := tx.G().Table("spent_room").Where("school_id = ? AND link = ?", tx.School, link).Count(&found).Error
	return found > 0, err
}

func insertSpent(tx *db.Tx, link string) error {
	return tx.G().Exec("INSERT INTO spent_room (school_id, link, spent_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		tx.School, link, tx.Now.UnixMicro()).Error
}

func deleteSpent(tx *db.Tx, link string) error {
	return tx.G().Exec("DELETE FROM spent_room WHERE school_id = ? AND link = ?", tx.School, link).Error
}
