package consent

import (
	"gorm.io/gorm"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
)

// An inspection reads every decision, so it scans plain rows.
const inspectedColumns = `SELECT id, leaf_seq, statement_id, purpose, pupil_id, person_kind, person_id, guardianship_id, schooling_id,
	kind, answer, extent, version_id, edition, language, text_sha256, relation, channel, recorded_by, second_by, signature_kind,
	after_id, means, session_id, received_at, recorded_at FROM decision WHERE school_id = ? AND `

func scanDecisions(query *gorm.DB) (found []decisionRow, err error) {
	rows, err := query.Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r decisionRow
		err := rows.Scan(&r.ID, &r.LeafSeq, &r.StatementID, &r.Purpose, &r.PupilID, &r.PersonKind, &r.PersonID, &r.GuardianshipID,
			&r.SchoolingID, &r.Kind, &r.Answer, &r.Extent, &r.VersionID, &r.Edition, &r.Language, &r.TextSha256, &r.Relation, &r.Channel,
			&r.RecordedBy, &r.SecondBy, &r.SignatureKind, &r.AfterID, &r.Means, &r.SessionID, &r.ReceivedAt, &r.RecordedAt)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// decisionsBetween gives the decisions of leaves from first to before next.
func decisionsBetween(tx *db.Tx, first, next int64) ([]decisionRow, error) {
	return scanDecisions(tx.G().Raw(inspectedColumns+`leaf_seq >= ? AND leaf_seq < ?`, tx.School, first, next))
}

// decisionsBeside gives the decisions of leaves that a log of the size does not have; at most most of them.
func decisionsBeside(tx *db.Tx, size int64, most int) ([]decisionRow, error) {
	return scanDecisions(tx.G().Raw(inspectedColumns+`(leaf_seq < 0 OR leaf_seq >= ?) ORDER BY leaf_seq LIMIT ?`, tx.School, size, most))
}

func decisionsByID(tx *db.Tx, wanted []id.Decision) ([]decisionRow, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	return scanDecisions(tx.G().Raw(inspectedColumns+`id IN ?`, tx.School, wanted))
}

// invalidatedRow is an invalidation with the pupil of its decision.
type invalidatedRow struct {
	Row     invalidationRow `gorm:"embedded"`
	PupilID id.Pupil
}

func invalidations(tx *db.Tx) *gorm.DB {
	return tx.G().Table("invalidation").Select("invalidation.*, decision.pupil_id").
		Joins("LEFT JOIN decision ON decision.school_id = invalidation.school_id AND decision.id = invalidation.decision_id").
		Where("invalidation.school_id = ?", tx.School)
}

func invalidationsOf(tx *db.Tx, wanted []id.Decision) (map[id.Decision]invalidatedRow, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	var rows []invalidatedRow
	err := invalidations(tx).Where("invalidation.decision_id IN ?", wanted).Find(&rows).Error
	found := make(map[id.Decision]invalidatedRow, len(rows))
	for _, row := range rows {
		found[row.Row.DecisionID] = row
	}
	return found, err
}

// invalidationClaims gives the invalidations behind an id in the order of their ids.
func invalidationClaims(tx *db.Tx, after string, most int) ([]evidence.Claim, error) {
	var rows []invalidatedRow
	err := invalidations(tx).Where("invalidation.decision_id > ?", after).Order("invalidation.decision_id").Limit(most).Find(&rows).Error
	found := make([]evidence.Claim, len(rows))
	for i, row := range rows {
		found[i] = evidence.Claim{ID: string(row.Row.DecisionID), Leaf: row.Row.LeafSeq, Pupil: row.PupilID}
	}
	return found, err
}

// publishedRow is a version with its form's purpose.
type publishedRow struct {
	Row     versionRow `gorm:"embedded"`
	Purpose Purpose
}

// publishedVersions gives versions by their ids; all of them when none are wanted by name.
func publishedVersions(tx *db.Tx, wanted []id.Version) (map[id.Version]publishedRow, error) {
	query := tx.G().Table("form_version").Select("form_version.*, form.purpose").
		Joins("LEFT JOIN form ON form.school_id = form_version.school_id AND form.id = form_version.form_id").
		Where("form_version.school_id = ?", tx.School)
	if wanted != nil {
		query = query.Where("form_version.id IN ?", wanted)
	}
	var rows []publishedRow
	err := query.Find(&rows).Error
	found := make(map[id.Version]publishedRow, len(rows))
	for _, row := range rows {
		found[row.Row.ID] = row
	}
	return found, err
}

func textsOfVersions(tx *db.Tx, wanted []id.Version) (map[id.Version][]textRow, error) {
	var rows []textRow
	err := tx.G().Where("school_id = ? AND version_id IN ?", tx.School, wanted).Order("version_id, language").Find(&rows).Error
	found := map[id.Version][]textRow{}
	for _, row := range rows {
		found[row.VersionID] = append(found[row.VersionID], row)
	}
	return found, err
}
