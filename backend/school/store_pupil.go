package school

import (
	"database/sql"
	"slices"

	"gorm.io/gorm"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type pupilRow struct {
	SchoolID   id.School
	ID         id.Pupil
	ImportHash *string
	Profile    []byte
	ErasedAt   *int64
}

func (pupilRow) TableName() string { return "pupil" }

type schoolingRow struct {
	SchoolID id.School
	ID       id.Schooling
	PupilID  id.Pupil
	FromOn   calendar.Date
	UntilOn  calendar.Date
}

func (schoolingRow) TableName() string { return "schooling" }

func (r schoolingRow) schooling() Schooling {
	return Schooling{ID: r.ID, Pupil: r.PupilID, Period: calendar.Period{From: r.FromOn, Until: r.UntilOn}}
}

func pupils(tx *db.Tx) *gorm.DB {
	return tx.G().Where("school_id = ? AND erased_at IS NULL", tx.School)
}

func findPupils(tx *db.Tx, wanted []id.Pupil) ([]pupilRow, error) {
	const text = `SELECT id, import_hash, profile FROM pupil WHERE school_id = ? AND erased_at IS NULL AND id IN `
	return queryLists(tx, wanted, text, "", func(rows *sql.Rows) (r pupilRow, err error) {
		r.SchoolID = tx.School
		return r, rows.Scan((*string)(&r.ID), &r.ImportHash, &r.Profile)
	})
}

func findPupilByImport(tx *db.Tx, importHash string) (pupil id.Pupil, err error) {
	err = pupils(tx).Table("pupil").Where("import_hash = ?", importHash).Limit(1).Pluck("id", &pupil).Error
	return pupil, err
}

func findAllPupils(tx *db.Tx) (rows []pupilRow, err error) {
	err = pupils(tx).Order("id").Find(&rows).Error
	return rows, err
}

// clearImportIDs makes room, so that two pupils can exchange theirs in any order.
func clearImportIDs(tx *db.Tx, of []id.Pupil) error {
	for list := range slices.Chunk(of, listSize) {
		err := tx.G().Table("pupil").Where("school_id = ? AND id IN ?", tx.School, list).Update("import_hash", nil).Error
		if err != nil {
			return err
		}
	}
	return nil
}

func updatePupil(tx *db.Tx, r pupilRow) error {
	return db.MustAffect(tx.G().Table("pupil").Where("school_id = ? AND id = ? AND erased_at IS NULL", tx.School, r.ID).
		Updates(map[string]any{"profile": r.Profile, "import_hash": r.ImportHash}))
}

func findSchoolings(tx *db.Tx, wanted []id.Pupil) ([]schoolingRow, error) {
	const text = `SELECT id, pupil_id, from_on, until_on FROM schooling WHERE school_id = ? AND pupil_id IN `
	return queryLists(tx, wanted, text, " ORDER BY from_on, id", func(rows *sql.Rows) (r schoolingRow, err error) {
		r.SchoolID = tx.School
		return r, rows.Scan((*string)(&r.ID), (*string)(&r.PupilID), &r.FromOn, &r.UntilOn)
	})
}

func findAllSchoolings(tx *db.Tx) (rows []schoolingRow, err error) {
	err = tx.G().Where("school_id = ?", tx.School).Order("from_on, id").Find(&rows).Error
	return rows, err
}

func updateSchooling(tx *db.Tx, s Schooling) error {
	return db.MustAffect(tx.G().Table("schooling").Where("school_id = ? AND id = ?", tx.School, s.ID).
		Updates(map[string]any{"from_on": s.Period.From, "until_on": s.Period.Until}))
}
