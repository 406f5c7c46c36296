package account

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

type issuerRow struct {
	SchoolID   id.School
	IssuerHash string
	Body       []byte
	Seen       []byte // groups that people have come with; nil: none yet
	ChangedAt  int64
}

func (issuerRow) TableName() string { return "oidc_issuer" }

// oidcLinkRow says who a provider's subject is here. Without an account it waits for the office.
type oidcLinkRow struct {
	SchoolID    id.School
	ID          id.OIDCLink
	IssuerHash  string
	SubjectHash string
	Body        []byte
	AccountID   *id.Account
	PersonID    *id.Pupil // whom the account comes as; nil for staff
	SeenAt      int64
	LinkedAt    *int64
}

func (oidcLinkRow) TableName() string { return "oidc_link" }

func findIssuer(tx *db.Tx) (row issuerRow, err error) {
	err = tx.G().Where("school_id = ?", tx.School).Limit(1).Find(&row).Error
	return row, err
}

func putIssuer(tx *db.Tx, row issuerRow) error {
	return tx.G().Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "school_id"}}, DoUpdates: clause.AssignmentColumns([]string{"issuer_hash", "body", "changed_at"}),
	}).Create(&row).Error
}

func setSeenGroups(tx *db.Tx, sealed []byte) error {
	return db.MustAffect(tx.G().Table("oidc_issuer").Where("school_id = ?", tx.School).Updates(map[string]any{"seen": sealed}))
}

// deleteIssuer takes its links with it.
func deleteIssuer(tx *db.Tx, fingerprint string) error {
	if err := tx.G().Where("school_id = ?", tx.School).Delete(&oidcLinkRow{}).Error; err != nil {
		return err
	}
	err := tx.G().Exec("DELETE FROM directory WHERE kind = ? AND key_hash = ? AND school_id = ?", directoryOIDC, fingerprint, tx.School).Error
	if err != nil {
		return err
	}
	return db.MustAffect(tx.G().Where("school_id = ?", tx.School).Delete(&issuerRow{}))
}

func oidcLinkBySubject(tx *db.Tx, subjectHash string) (row oidcLinkRow, err error) {
	err = tx.G().Where("school_id = ? AND subject_hash = ?", tx.School, subjectHash).Limit(1).Find(&row).Error
	return row, err
}

// oidcLinkByID is the zero row when there is none.
func oidcLinkByID(tx *db.Tx, link id.OIDCLink) (row oidcLinkRow, err error) {
	err = tx.G().Where("school_id = ? AND id = ?", tx.School, link).Limit(1).Find(&row).Error
	return row, err
}

func oidcLinks(tx *db.Tx) (rows []oidcLinkRow, err error) {
	err = tx.G().Where("school_id = ?", tx.School).Order("id").Find(&rows).Error
	return rows, err
}

func countOIDCLinksOf(tx *db.Tx, account id.Account) (links int64, err error) {
	err = tx.G().Model(&oidcLinkRow{}).Where("school_id = ? AND account_id = ?", tx.School, account).Count(&links).Error
	return links, err
}

// insertOIDCLink has the transaction run again when the subject came in parallel.
func insertOIDCLink(tx *db.Tx, row oidcLinkRow) error {
	err := db.MustAffect(tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&row))
	if fault.Has(err, fault.NothingHere) {
		return db.ErrAgain
	}
	return err
}

func touchOIDCLink(tx *db.Tx, link id.OIDCLink, body []byte) error {
	return db.MustAffect(tx.G().Table("oidc_link").Where("school_id = ? AND id = ?", tx.School, link).
		Updates(map[string]any{"body": body, "seen_at": tx.Now.UnixMicro()}))
}

// settleOIDCLink says who it is. When that was said in the meantime, the transaction runs again and finds it so.
func settleOIDCLink(tx *db.Tx, row oidcLinkRow) error {
	result := tx.G().Table("oidc_link").Where("school_id = ? AND id = ? AND account_id IS NULL", tx.School, row.ID).
		Updates(map[string]any{"account_id": row.AccountID, "person_id": row.PersonID, "linked_at": tx.Now.UnixMicro()})
	if result.Error == nil && result.RowsAffected == 0 {
		return db.ErrAgain
	}
	return result.Error
}

func deleteOIDCLink(tx *db.Tx, link id.OIDCLink) error {
	return tx.G().Where("school_id = ? AND id = ?", tx.School, link).Delete(&oidcLinkRow{}).Error
}

func deleteOIDCWaitingBefore(tx *db.Tx, before time.Time) error {
	return tx.G().Where("school_id = ? AND account_id IS NULL AND seen_at < ?", tx.School, before.UnixMicro()).Delete(&oidcLinkRow{}).Error
}

// deleteOIDCLinksOf takes all that wait with it: one of them may be the pupil's, and whoever it is comes again.
func deleteOIDCLinksOf(tx *db.Tx, pupil id.Pupil) error {
	return tx.G().Where("school_id = ? AND (person_id = ? OR account_id IS NULL)", tx.School, pupil).Delete(&oidcLinkRow{}).Error
}

func openSessionsByWay(tx *db.Tx, ways ...Way) (open []id.Session, err error) {
	err = tx.G().Table("session").Where("school_id = ? AND way IN ? AND ended_at IS NULL", tx.School, ways).Order("id").Pluck("id", &open).Error
	return open, err
}
