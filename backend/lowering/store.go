package lowering

import (
	"slices"

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

const listSize = 500 // pupils in one query

// generationsOf are those of whoever has renewed a key for one of the pupils; everybody else's is the first, 0.
func generationsOf(tx *db.Tx, pupils []id.Pupil) (map[Owner]int64, error) {
	generations := map[Owner]int64{}
	for list := range slices.Chunk(pupils, listSize) {
		var rows []keyRow
		if err := tx.G().Where("school_id = ? AND pupil_id IN ?", tx.School, list).Find(&rows).Error; err != nil {
			return nil, err
		}
		for _, row := range rows {
			generations[Owner{id.Person{Kind: row.PersonKind, ID: row.PersonID}, row.PupilID}] = row.Generation
		}
	}
	return generations, nil
}

// Erase removes the keys that the person renewed, and those for a pupil that is erased.
func Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error {
	err := tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).Delete(&keyRow{}).Error
	if err != nil || person.Kind != id.PupilPerson {
		return err
	}
	return tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, person.ID).Delete(&keyRow{}).Error
}

func renew(tx *db.Tx, owner Owner) (generation int64, err error) {
	row := keyRow{
		SchoolID: tx.School, PersonKind: owner.Person.Kind, PersonID: owner.Person.ID, PupilID: owner.Pupil, Generation: 1,
	}
	one := []clause.Column{{Name: "school_id"}, {Name: "pupil_id"}, {Name: "person_kind"}, {Name: "person_id"}}
	err = tx.G().Clauses(clause.OnConflict{Columns: one, DoUpdates: clause.Assignments(map[string]any{
		"generation": clause.Expr{SQL: "lowering_key.generation + 1"},
	})}).Create(&row).Error
	if err != nil {
		return 0, err
	}
	generations, err := generationsOf(tx, []id.Pupil{owner.Pupil})
	return generations[owner], err
}
