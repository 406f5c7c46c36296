package lowering

import (
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type keyRow struct {
	SchoolID   id.School
	PersonKind id.PersonKind
	PersonID   string
	PupilID    id.Pupil
	Generation int64
}

func (keyRow) TableName() string { return "lowering_key" }

// generationsOf are those of the pupil's people who have renewed their key; everybody else's is the first, 0.
func generationsOf(tx *db.Tx, pupil id.Pupil) (map[id.Person]int64, error) {
	var rows []keyRow
	err := tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, pupil).Find(&rows).Error
	generations := make(map[id.Person]int64, len(rows))
	for _, row := range rows {
		generations[id.Person{Kind: row.PersonKind, ID: row.PersonID}] = row.Generation
	}
	return generations, err
}

func renew(tx *db.Tx, person id.Person, pupil id.Pupil) (generation int64, err error) {
	row := keyRow{SchoolID: tx.School, PersonKind: person.Kind, PersonID: person.ID, PupilID: pupil, Generation: 1}
	one := []clause.Column{{Name: "school_id"}, {Name: "pupil_id"}, {Name: "person_kind"}, {Name: "person_id"}}
	err = tx.G().Clauses(clause.OnConflict{Columns: one, DoUpdates: clause.Assignments(map[string]any{
		"generation": clause.Expr{SQL: "lowering_key.generation + 1"},
	})}).Create(&row).Error
	if err != nil {
		return 0, err
	}
	generations, err := generationsOf(tx, pupil)
	return generations[person], err
}
