package consent

import (
	"cmp"
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func askOf(tx *db.Tx, person id.Person, pupil id.Pupil, edition int, channel string, at time.Time, due calendar.Date) askRow {
	return askRow{
		SchoolID: tx.School, ID: id.New[id.Ask](), Purpose: VideoConference, PupilID: pupil, PersonKind: person.Kind,
		PersonID: person.ID, Edition: edition, Channel: channel, AskedAt: at.UnixMicro(), DueOn: due,
	}
}

// insertAsks leaves those as they are that were made for the edition already.
func insertAsks(tx *db.Tx, rows []askRow) error {
	return tx.G().Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, db.RowsAtOnce).Error
}

// party is a person for a pupil.
type party struct {
	PupilID    id.Pupil
	PersonKind id.PersonKind
	PersonID   string
}

func (p party) person() id.Person { return id.Person{Kind: p.PersonKind, ID: p.PersonID} }

func (p party) compare(other party) int {
	return cmp.Or(cmp.Compare(p.PupilID, other.PupilID), cmp.Compare(p.PersonKind, other.PersonKind), cmp.Compare(p.PersonID, other.PersonID))
}

// askedFor are those who are asked for the edition, answered or not.
func askedFor(tx *db.Tx, edition int) (map[party]bool, error) {
	var parties []party
	err := tx.G().Table("ask").Where("school_id = ? AND purpose = ? AND edition = ?", tx.School, VideoConference, edition).Find(&parties).Error
	asked := make(map[party]bool, len(parties))
	for _, p := range parties {
		asked[p] = true
	}
	return asked, err
}

// hasten has an ask begin now that was to begin later: a letter asks today.
func hasten(tx *db.Tx, person id.Person, pupil id.Pupil, edition int, due calendar.Date) error {
	return tx.G().Model(&askRow{}).
		Where("school_id = ? AND purpose = ? AND pupil_id = ? AND person_kind = ? AND person_id = ? AND edition = ? AND asked_at > ?",
			tx.School, VideoConference, pupil, person.Kind, person.ID, edition, tx.Now.UnixMicro()).
		Updates(map[string]any{"asked_at": tx.Now.UnixMicro(), "due_on": due, "channel": "letter"}).Error
}

// knownBefore are those who were asked or have decided under an earlier edition, and are not asked for this one.
func knownBefore(tx *db.Tx, edition int) (parties []party, err error) {
	err = tx.G().Raw(`SELECT known.pupil_id, known.person_kind, known.person_id FROM (
			SELECT pupil_id, person_kind, person_id FROM ask WHERE school_id = ? AND purpose = ? AND edition < ?
			UNION SELECT pupil_id, person_kind, person_id FROM decision WHERE school_id = ? AND purpose = ?) AS known
		WHERE NOT EXISTS (SELECT 1 FROM ask WHERE ask.school_id = ? AND ask.purpose = ? AND ask.edition = ? AND ask.pupil_id = known.pupil_id
			AND ask.person_kind = known.person_kind AND ask.person_id = known.person_id)
		ORDER BY known.pupil_id, known.person_kind, known.person_id`,
		tx.School, VideoConference, edition, tx.School, VideoConference, tx.School, VideoConference, edition).Scan(&parties).Error
	return parties, err
}

// unclosedAsks lists the asks without an answer, the oldest first; of one person, if it is named.
func unclosedAsks(tx *db.Tx, person id.Person) (rows []askRow, err error) {
	query := tx.G().Where("school_id = ? AND purpose = ? AND closed_at IS NULL", tx.School, VideoConference)
	if person.ID != "" {
		query = query.Where("person_kind = ? AND person_id = ?", person.Kind, person.ID)
	}
	err = query.Order("asked_at, id").Find(&rows).Error
	return rows, err
}

// lockAsks keeps answers of the person from closing its asks until the transaction ends.
func lockAsks(tx *db.Tx, person id.Person) error {
	if tx.Dialect() == db.SQLite {
		return nil // there is one writer at a time
	}
	var locked []struct{ ID id.Ask }
	return tx.G().Table("ask").Select("id").
		Where("school_id = ? AND person_kind = ? AND person_id = ? AND closed_at IS NULL", tx.School, person.Kind, person.ID).
		Order("id").Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Find(&locked).Error
}

// closeAsks closes what an answer answers: a no is an answer for every edition, and a withdrawal of everything too.
func closeAsks(tx *db.Tx, d Decision) error {
	if d.Kind == Withdrawal && d.Extent == Picture {
		return nil
	}
	_, err := db.Exec(tx, `UPDATE ask SET closed_at = ?, closed_by = ?
		WHERE school_id = ? AND purpose = ? AND pupil_id = ? AND person_kind = ? AND person_id = ? AND closed_at IS NULL`,
		tx.Now.UnixMicro(), d.ID, tx.School, VideoConference, d.Pupil, d.Person.Kind, d.Person.ID)
	return err
}

type invalidationRow struct {
	SchoolID   id.School
	DecisionID id.Decision
	LeafSeq    int64
	Reason     InvalidReason
	Author     id.Account
	RecordedAt int64
}

func (invalidationRow) TableName() string { return "invalidation" }

func insertInvalidation(tx *db.Tx, decision id.Decision, leaf int64, reason InvalidReason, author id.Account) error {
	return tx.G().Create(&invalidationRow{
		SchoolID: tx.School, DecisionID: decision, LeafSeq: leaf, Reason: reason, Author: author, RecordedAt: tx.Now.UnixMicro(),
	}).Error
}

type confirmationRow struct {
	SchoolID    id.School
	DecisionID  id.Decision
	ConfirmedBy id.Account
	ConfirmedAt int64
}

func (confirmationRow) TableName() string { return "confirmation" }

func insertConfirmation(tx *db.Tx, decision id.Decision, by id.Account) error {
	return tx.G().Create(&confirmationRow{
		SchoolID: tx.School, DecisionID: decision, ConfirmedBy: by, ConfirmedAt: tx.Now.UnixMicro(),
	}).Error
}

// unconfirmed lists withdrawals that teachers received and the office has not confirmed, oldest first.
func unconfirmed(tx *db.Tx) ([]Decision, error) {
	return listDecisions(tx, "confirmation.confirmed_at IS NULL AND decision.channel = ?", ByTeacher)
}
