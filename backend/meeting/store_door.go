package meeting

import (
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

type addressRow struct {
	SchoolID  id.School
	TokenHash string
	MeetingID id.Meeting
	PupilID   id.Pupil
	SessionID id.Session
	MadeAt    int64
	UsedAt    *int64
}

func (addressRow) TableName() string { return "join_address" }

func insertAddress(tx *db.Tx, hash string, meeting id.Meeting, pupil id.Pupil, session id.Session) error {
	return tx.G().Create(&addressRow{
		SchoolID: tx.School, TokenHash: hash, MeetingID: meeting, PupilID: pupil, SessionID: session, MadeAt: tx.Now.UnixMicro(),
	}).Error
}

// findAddress gives LinkExpired for an address that nobody was given, or that is forgotten.
func findAddress(tx *db.Tx, hash string) (addressRow, error) {
	var rows []addressRow
	err := tx.G().Where("school_id = ? AND token_hash = ?", tx.School, hash).Limit(1).Find(&rows).Error
	if err == nil && len(rows) == 0 {
		err = fault.New(fault.LinkExpired)
	}
	if err != nil {
		return addressRow{}, err
	}
	return rows[0], nil
}

// useAddress lets exactly one of those through who come with one address at the same time.
func useAddress(tx *db.Tx, hash string) error {
	used := tx.G().Table("join_address").Where("school_id = ? AND token_hash = ? AND used_at IS NULL", tx.School, hash).
		Update("used_at", tx.Now.UnixMicro())
	if used.Error == nil && used.RowsAffected == 0 {
		return fault.New(fault.LinkUsed)
	}
	return used.Error
}

const deleteOldAddresses = `DELETE FROM join_address WHERE school_id = ?
	AND meeting_id IN (SELECT id FROM meeting WHERE school_id = ? AND ends_at < ?)`

func deleteAddresses(tx *db.Tx, endedBefore time.Time) error {
	return tx.G().Exec(deleteOldAddresses, tx.School, tx.School, endedBefore.UnixMicro()).Error
}

type ownLimitRow struct {
	SchoolID  id.School
	ID        id.OwnLimit
	PupilID   id.Pupil
	MeetingID *id.Meeting
	Reach     string
	SetAt     int64
	LiftedAt  *int64
}

func (ownLimitRow) TableName() string { return "own_limit" }

// openOwnLimits are those for single meetings that the pupil has not taken back.
func openOwnLimits(tx *db.Tx, pupil id.Pupil) (rows []ownLimitRow, err error) {
	err = tx.G().Where("school_id = ? AND pupil_id = ? AND meeting_id IS NOT NULL AND lifted_at IS NULL", tx.School, pupil).
		Order("set_at, id").Find(&rows).Error
	return rows, err
}

// ownLimitsOf gives the strictest of them by meeting.
func ownLimitsOf(tx *db.Tx, pupil id.Pupil) (map[id.Meeting]participation.Mode, error) {
	rows, err := openOwnLimits(tx, pupil)
	if err != nil {
		return nil, err
	}
	limits := make(map[id.Meeting]participation.Mode, len(rows))
	for _, row := range rows {
		reach, err := participation.ParseMode(row.Reach)
		if err != nil {
			return nil, err
		}
		if known, ok := limits[*row.MeetingID]; !ok || reach < known {
			limits[*row.MeetingID] = reach
		}
	}
	return limits, nil
}

func setOwnLimit(tx *db.Tx, pupil id.Pupil, meeting id.Meeting, reach participation.Mode) ([]id.OwnLimit, error) {
	rows, err := openOwnLimits(tx, pupil)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if *row.MeetingID == meeting && (row.Reach == participation.None.String() || row.Reach == reach.String()) {
			return nil, nil
		}
	}
	made := id.New[id.OwnLimit]()
	return []id.OwnLimit{made}, tx.G().Create(&ownLimitRow{
		SchoolID: tx.School, ID: made, PupilID: pupil, MeetingID: &meeting, Reach: reach.String(), SetAt: tx.Now.UnixMicro(),
	}).Error
}

func liftOwnLimits(tx *db.Tx, pupil id.Pupil, meeting id.Meeting) (lifted []id.OwnLimit, err error) {
	rows, err := openOwnLimits(tx, pupil)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if *row.MeetingID == meeting {
			lifted = append(lifted, row.ID)
		}
	}
	if len(lifted) == 0 {
		return nil, nil
	}
	return lifted, tx.G().Table("own_limit").Where("school_id = ? AND id IN ?", tx.School, lifted).Update("lifted_at", tx.Now.UnixMicro()).Error
}
