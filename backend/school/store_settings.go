package school

import (
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type schoolRow struct {
	SchoolID         id.School
	Name             string
	Address          string
	Officers         []byte
	AuthorityName    string
	AuthorityContact string
	ConferenceSystem string
	ProcessorName    string
	UserRules        string
	RetentionYears   int64
	LessonBasis      string
	RoomHosts        string
	Zone             string
	DefaultRoom      string
	HidesNumbers     bool
	Land             calendar.Land
	Vacations        *string
	CreatedAt        int64
}

func (schoolRow) TableName() string { return "school" }

// changeable are the columns that UpdateSettings writes.
func (r schoolRow) changeable() map[string]any {
	return map[string]any{
		"name": r.Name, "address": r.Address, "officers": r.Officers, "authority_name": r.AuthorityName,
		"authority_contact": r.AuthorityContact, "conference_system": r.ConferenceSystem,
		"processor_name": r.ProcessorName, "user_rules": r.UserRules, "retention_years": r.RetentionYears,
		"lesson_basis": r.LessonBasis, "room_hosts": r.RoomHosts, "zone": r.Zone, "land": r.Land,
		"default_room": r.DefaultRoom, "hides_numbers": r.HidesNumbers,
	}
}

func insertSchool(tx *db.Tx, r schoolRow) error { return tx.G().Create(&r).Error }

func updateSchool(tx *db.Tx, r schoolRow) error {
	tx.Forget(rowKey{})
	return db.MustAffect(tx.G().Table("school").Where("school_id = ?", tx.School).Updates(r.changeable()))
}

func updateRoomHosts(tx *db.Tx, settings Settings) error {
	hosts, err := settings.hosts()
	if err != nil {
		return err
	}
	tx.Forget(rowKey{})
	return db.MustAffect(tx.G().Table("school").Where("school_id = ?", tx.School).Updates(map[string]any{"room_hosts": hosts}))
}

func updateVacations(tx *db.Tx, vacations *string) error {
	tx.Forget(rowKey{})
	return db.MustAffect(tx.G().Table("school").Where("school_id = ?", tx.School).Updates(map[string]any{"vacations": vacations}))
}

func findSchool(tx *db.Tx) (r schoolRow, err error) {
	err = tx.G().Where("school_id = ?", tx.School).Take(&r).Error
	return r, err
}

// listInDirectory lets the school be found before anyone is signed in.
func listInDirectory(tx *db.Tx) error {
	return tx.G().Exec("INSERT INTO directory (kind, key_hash, school_id) VALUES ('school', '', ?)", tx.School).Error
}
