package notice

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

type toldRow struct {
	SchoolID   id.School
	PupilID    id.Pupil
	PersonKind id.PersonKind
	PersonID   string
	Mode       string
	ToldAt     int64
}

func (toldRow) TableName() string { return "told_mode" }

// findTold is what the person knows of the pupil's mode. Who was told nothing yet knows that it begins with none.
func findTold(tx *db.Tx, pupil id.Pupil, person id.Person) (row toldRow, err error) {
	row.Mode = participation.None.String()
	err = tx.G().Where("school_id = ? AND pupil_id = ? AND person_kind = ? AND person_id = ?", tx.School, pupil, person.Kind, person.ID).
		Limit(1).Find(&row).Error
	return row, err
}

func allTold(tx *db.Tx) (rows []toldRow, err error) {
	err = tx.G().Where("school_id = ?", tx.School).Order("pupil_id").Find(&rows).Error
	return rows, err
}

func putTold(tx *db.Tx, pupil id.Pupil, person id.Person, mode participation.Mode, at time.Time) error {
	row := toldRow{SchoolID: tx.School, PupilID: pupil, PersonKind: person.Kind, PersonID: person.ID, Mode: mode.String(), ToldAt: at.UnixMicro()}
	anew := clause.OnConflict{
		Columns:   []clause.Column{{Name: "school_id"}, {Name: "pupil_id"}, {Name: "person_kind"}, {Name: "person_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"mode", "told_at"}),
	}
	return tx.G().Clauses(anew).Create(&row).Error
}

// Erase deletes what the person was told of pupils, and what others were told of it.
func Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	g := tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID)
	if person.Kind == id.PupilPerson {
		g = tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, person.ID)
	}
	return g.Delete(&toldRow{}).Error
}
