package rules

import (
	"encoding/json"
	"strings"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type versionRow struct {
	SchoolID    id.School
	ID          id.RulesVersion
	Number      int
	InForceOn   calendar.Date
	Content     string
	PublishedAt int64
	PublishedBy string
}

func (versionRow) TableName() string { return "rules_version" }

func insertVersion(tx *db.Tx, by string, v Version) error {
	content, err := json.Marshal(v.set)
	if err != nil {
		return err
	}
	tx.Forget(versionsKey{})
	return tx.G().Create(&versionRow{
		SchoolID: tx.School, ID: v.ID, Number: v.Number, InForceOn: v.InForceOn, Content: string(content),
		PublishedAt: v.PublishedAt.UnixMicro(), PublishedBy: by,
	}).Error
}

// listVersions gives the versions by number, without their sets.
func listVersions(tx *db.Tx) ([]Version, error) {
	var rows []versionRow
	err := tx.G().Select("school_id", "id", "number", "in_force_on", "published_at").
		Where("school_id = ?", tx.School).Order("number").Find(&rows).Error
	versions := make([]Version, len(rows))
	for i, row := range rows {
		versions[i] = Version{ID: row.ID, Number: row.Number, InForceOn: row.InForceOn, PublishedAt: time.UnixMicro(row.PublishedAt).UTC()}
	}
	return versions, err
}

func contentOf(tx *db.Tx, version id.RulesVersion) (content string, err error) {
	err = tx.G().Table("rules_version").Select("content").Where("school_id = ? AND id = ?", tx.School, version).Take(&content).Error
	return content, err
}

type acknowledgementRow struct {
	SchoolID     id.School
	ID           id.Acknowledgement
	PupilID      id.Pupil
	VersionID    id.RulesVersion
	HalfYearFrom calendar.Date
	RuleKeys     string // separated by blanks
	Explain      bool
	At           int64
}

func (acknowledgementRow) TableName() string { return "acknowledgement" }

func insertAcknowledgement(tx *db.Tx, made id.Acknowledgement, pupil id.Pupil, halfYear calendar.Period, a acknowledgement) error {
	return tx.G().Create(&acknowledgementRow{
		SchoolID: tx.School, ID: made, PupilID: pupil, VersionID: a.version, HalfYearFrom: halfYear.From,
		RuleKeys: strings.Join(a.keys, " "), Explain: a.explain, At: a.at.UnixMicro(),
	}).Error
}

func acknowledgementsOf(tx *db.Tx, pupils []id.Pupil, halfYear calendar.Period) (map[id.Pupil][]acknowledgement, error) {
	var rows []acknowledgementRow
	err := tx.G().Where("school_id = ? AND half_year_from = ? AND pupil_id IN ?", tx.School, halfYear.From, pupils).
		Order("at, id").Find(&rows).Error
	read := make(map[id.Pupil][]acknowledgement, len(pupils))
	for _, row := range rows {
		read[row.PupilID] = append(read[row.PupilID], acknowledgement{
			version: row.VersionID, keys: strings.Fields(row.RuleKeys), explain: row.Explain, at: time.UnixMicro(row.At).UTC(),
		})
	}
	return read, err
}

func deletePupil(tx *db.Tx, pupil id.Pupil) error {
	return tx.G().Exec("DELETE FROM acknowledgement WHERE school_id = ? AND pupil_id = ?", tx.School, pupil).Error
}
