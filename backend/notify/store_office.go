package notify

import (
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func countMessages(tx *db.Tx, since time.Time) (counts []Count, err error) {
	err = tx.G().Table("message").Select("kind, channel, state, COUNT(*) AS n").Where("school_id = ? AND at >= ?", tx.School, since.UnixMicro()).
		Group("kind, channel, state").Order("kind, channel, state").Scan(&counts).Error
	return counts, err
}

const troublesShown = 200

func findTroubles(tx *db.Tx, since time.Time) ([]Trouble, error) {
	var rows []messageRow
	err := tx.G().Where("school_id = ? AND at >= ?", tx.School, since.UnixMicro()).
		Where("state IN ? OR (channel = ? AND state = ?)", []state{stateFailed, stateBounced}, Slip, stateWaiting).
		Order("at DESC, id").Limit(troublesShown).Find(&rows).Error
	troubles := make([]Trouble, len(rows))
	for i, row := range rows {
		troubles[i] = Trouble{
			ID: row.ID, Kind: row.Kind, Person: id.Person{Kind: row.PersonKind, ID: row.PersonID}, Channel: row.Channel, State: string(row.State),
			Host: row.Host, Code: row.Code, At: time.UnixMicro(row.At).UTC(),
		}
	}
	return troubles, err
}

func handOver(tx *db.Tx, by id.Account, message string) error {
	err := db.MustAffect(tx.G().Table("message").
		Where("school_id = ? AND id = ? AND channel = ? AND state = ?", tx.School, message, Slip, stateWaiting).
		Updates(map[string]any{"state": stateAccepted, "at": tx.Now.UnixMicro()}))
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: string(by), Action: audit.SlipHandedOver, SubjectKind: "message", SubjectID: message})
}

func deleteMessagesBefore(tx *db.Tx, before time.Time) error {
	return tx.G().Where("school_id = ? AND at < ?", tx.School, before.UnixMicro()).Delete(&messageRow{}).Error
}
