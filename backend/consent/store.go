package consent

import (
	"database/sql"
	"encoding/json"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

type versionRow struct {
	SchoolID    id.School
	ID          id.Version
	FormID      id.Form
	Number      int
	Edition     int
	Change      participation.Change
	Policy      participation.Policy
	Ages        string
	InForceOn   calendar.Date
	PublishedAt int64
	PublishedBy id.Account
}

func (versionRow) TableName() string { return "form_version" }

type textRow struct {
	SchoolID   id.School
	VersionID  id.Version
	Language   string
	Title      string
	Blocks     string
	TextSha256 string
}

func (textRow) TableName() string { return "form_text" }

type formRow struct {
	SchoolID id.School
	ID       id.Form
	Purpose  Purpose
}

func (formRow) TableName() string { return "form" }

func listVersions(tx *db.Tx, purpose Purpose) (versionList, error) {
	const text = `SELECT v.id, v.number, v.edition, v.policy, v.in_force_on, v.ages FROM form_version v
		JOIN form ON form.school_id = v.school_id AND form.id = v.form_id
		WHERE v.school_id = ? AND form.purpose = ? ORDER BY v.number`
	return db.Query(tx, func(rows *sql.Rows) (v Version, err error) {
		var ages []byte
		if err = rows.Scan((*string)(&v.ID), &v.Number, &v.Edition, (*string)(&v.Policy), &v.InForceOn, &ages); err != nil {
			return v, err
		}
		return v, json.Unmarshal(ages, &v.Ages)
	}, text, tx.School, purpose)
}

func insertVersion(tx *db.Tx, by id.Account, draft Draft, version Version, texts []Text) error {
	tx.Forget(versionsKey{})
	form, err := formFor(tx, draft.Purpose)
	if err != nil {
		return err
	}
	ages, err := json.Marshal(version.Ages)
	if err != nil {
		return err
	}
	row := versionRow{
		SchoolID: tx.School, ID: version.ID, FormID: form, Number: version.Number, Edition: version.Edition, Change: draft.Change,
		Policy: version.Policy, Ages: string(ages), InForceOn: version.InForceOn, PublishedAt: tx.Now.UnixMicro(), PublishedBy: by,
	}
	if err := tx.G().Create(&row).Error; err != nil {
		return err
	}
	for _, text := range texts {
		blocks, err := json.Marshal(text.Blocks)
		if err != nil {
			return err
		}
		err = tx.G().Create(&textRow{
			SchoolID: tx.School, VersionID: version.ID, Language: text.Language, Title: text.Title, Blocks: string(blocks),
			TextSha256: text.SHA256,
		}).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// formFor finds the school's form of the purpose, or makes it.
func formFor(tx *db.Tx, purpose Purpose) (id.Form, error) {
	var rows []formRow
	if err := tx.G().Where("school_id = ? AND purpose = ?", tx.School, purpose).Find(&rows).Error; err != nil {
		return "", err
	}
	if len(rows) > 0 {
		return rows[0].ID, nil
	}
	row := formRow{SchoolID: tx.School, ID: id.New[id.Form](), Purpose: purpose}
	return row.ID, tx.G().Create(&row).Error
}

func listTexts(tx *db.Tx, version id.Version) (map[string]Text, error) {
	var rows []textRow
	err := tx.G().Where("school_id = ? AND version_id = ?", tx.School, version).Find(&rows).Error
	texts := make(map[string]Text, len(rows))
	for _, row := range rows {
		text := Text{Language: row.Language, Title: row.Title, SHA256: row.TextSha256}
		if err := json.Unmarshal([]byte(row.Blocks), &text.Blocks); err != nil {
			return nil, err
		}
		texts[row.Language] = text
	}
	return texts, err
}

// Deciders are all who have decided something for any pupil of the school, invalidated decisions included.
func Deciders(tx *db.Tx) (map[id.Person]bool, error) {
	var people []struct {
		PersonKind id.PersonKind
		PersonID   string
	}
	err := tx.G().Table("decision").Distinct("person_kind", "person_id").Where("school_id = ?", tx.School).Find(&people).Error
	deciders := make(map[id.Person]bool, len(people))
	for _, p := range people {
		deciders[id.Person{Kind: p.PersonKind, ID: p.PersonID}] = true
	}
	return deciders, err
}
