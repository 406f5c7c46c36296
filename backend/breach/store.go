package breach

import (
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/sanction"
)

type row struct {
	SchoolID     id.School
	ID           id.Breach
	MeetingID    id.Meeting
	PupilID      id.Pupil
	RuleKey      string
	RulesVersion id.RulesVersion
	Heard        string
	NotedOn      calendar.Date
	ReportedBy   id.Account
	ReportedAt   int64
	ClosedBy     *id.Account
	ClosedAt     *int64
	SanctionID   *id.Sanction
}

func (row) TableName() string { return "breach" }

func (r row) breach() Breach {
	b := Breach{
		ID: r.ID, ReportedBy: r.ReportedBy, ReportedAt: time.UnixMicro(r.ReportedAt).UTC(),
		Report: Report{Meeting: r.MeetingID, Pupil: r.PupilID, RuleKey: r.RuleKey, RulesVersion: r.RulesVersion, Heard: sanction.PartiesOf(r.Heard), NotedOn: r.NotedOn},
	}
	if r.ClosedAt != nil {
		b.ClosedAt = time.UnixMicro(*r.ClosedAt).UTC()
	}
	if r.SanctionID != nil {
		b.Sanction = *r.SanctionID
	}
	return b
}

func insert(tx *db.Tx, made id.Breach, by id.Account, report Report) error {
	return tx.G().Create(&row{
		SchoolID: tx.School, ID: made, MeetingID: report.Meeting, PupilID: report.Pupil, RuleKey: report.RuleKey,
		RulesVersion: report.RulesVersion, Heard: sanction.WordsOf(report.Heard), NotedOn: report.NotedOn, ReportedBy: by, ReportedAt: tx.Now.UnixMicro(),
	}).Error
}

func find(tx *db.Tx, breach id.Breach) (Breach, error) {
	var r row
	err := tx.G().Where("school_id = ? AND id = ?", tx.School, breach).Take(&r).Error
	return r.breach(), err
}

func closeBreach(tx *db.Tx, breach id.Breach, by id.Account, made *id.Sanction) error {
	return db.MustAffect(tx.G().Model(&row{}).Where("school_id = ? AND id = ? AND closed_at IS NULL", tx.School, breach).
		Updates(map[string]any{"closed_by": by, "closed_at": tx.Now.UnixMicro(), "sanction_id": made}))
}

// list gives all reports, or those of one account.
func list(tx *db.Tx, by id.Account) ([]Breach, error) {
	query := tx.G().Where("school_id = ?", tx.School)
	if by != "" {
		query = query.Where("reported_by = ?", by)
	}
	var rows []row
	err := query.Order("id DESC").Find(&rows).Error
	found := make([]Breach, len(rows))
	for i, r := range rows {
		found[i] = r.breach()
	}
	return found, err
}

func deleteOf(tx *db.Tx, pupil id.Pupil) error {
	return tx.G().Where("school_id = ? AND pupil_id = ?", tx.School, pupil).Delete(&row{}).Error
}

func deleteReports(tx *db.Tx, reports []id.Breach) error {
	for some := range slices.Chunk(reports, db.RowsAtOnce) {
		if err := tx.G().Where("school_id = ? AND id IN ?", tx.School, some).Delete(&row{}).Error; err != nil {
			return err
		}
	}
	return nil
}
