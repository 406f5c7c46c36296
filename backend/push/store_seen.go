package push

import (
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type seenRow struct {
	SchoolID  id.School
	AccountID id.Account
	Path      string
	SeenAt    int64
}

func (seenRow) TableName() string { return "push_seen" }

func putSeen(tx *db.Tx, account id.Account, path string) error {
	row := seenRow{SchoolID: tx.School, AccountID: account, Path: path, SeenAt: tx.Now.UnixMicro()}
	return tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
}

func isSeen(tx *db.Tx, account id.Account, path string) (bool, error) {
	var found int64
	err := tx.G().Table("push_seen").Where("school_id = ? AND account_id = ? AND path = ?", tx.School, account, path).Count(&found).Error
	return found > 0, err
}

// endedRow is an endpoint that its push service has ended. A browser does not always notice by itself.
type endedRow struct {
	SchoolID     id.School
	EndpointHash string
	EndedAt      int64
}

func (endedRow) TableName() string { return "push_ended" }

func putEnded(tx *db.Tx, endpoint string) error {
	row := endedRow{SchoolID: tx.School, EndpointHash: endpoint, EndedAt: tx.Now.UnixMicro()}
	return tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
}

func isEnded(tx *db.Tx, endpoint string) (bool, error) {
	var found int64
	err := tx.G().Table("push_ended").Where("school_id = ? AND endpoint_hash = ?", tx.School, endpoint).Count(&found).Error
	return found > 0, err
}

func forgetSeen(tx *db.Tx, seen, ended time.Time) error {
	if err := tx.G().Where("school_id = ? AND seen_at < ?", tx.School, seen.UnixMicro()).Delete(&seenRow{}).Error; err != nil {
		return err
	}
	return tx.G().Where("school_id = ? AND ended_at < ?", tx.School, ended.UnixMicro()).Delete(&endedRow{}).Error
}

// resting are the browsers of people that were not seen since an instant, where no other of the same person was; of one
// person, if it is named.
func resting(tx *db.Tx, one id.Person, unseen time.Time) (found []struct {
	PersonKind id.PersonKind
	PersonID   string
	ID         id.PushSubscription
	SeenAt     int64
}, err error) {
	query := `SELECT session.person_kind, session.person_id, push_subscription.id, push_subscription.seen_at` + joined + alive + `
		AND push_subscription.active_at IS NOT NULL AND session.person_id IS NOT NULL AND session.person_id <> ''`
	args := []any{tx.School, tx.Now.UnixMicro()}
	if one.ID != "" {
		query += " AND session.person_kind = ? AND session.person_id = ?"
		args = append(args, one.Kind, one.ID)
	}
	err = tx.G().Raw(query+" ORDER BY push_subscription.seen_at DESC, push_subscription.id", args...).Scan(&found).Error
	if err != nil {
		return nil, err
	}
	latest := map[id.Person]bool{}
	rest := found[:0]
	for _, one := range found {
		person := id.Person{Kind: one.PersonKind, ID: one.PersonID}
		if !latest[person] && one.SeenAt < unseen.UnixMicro() {
			rest = append(rest, one)
		}
		latest[person] = true
	}
	return rest, nil
}

// waitingNow counts the messages that browsers still wait for, and gives the oldest.
func waitingNow(tx *db.Tx, since time.Time) (count, oldest int64, err error) {
	var found struct{ Count, Oldest int64 }
	err = tx.G().Raw(`SELECT count(*) AS count, coalesce(min(made_at), 0) AS oldest FROM push_message
		JOIN push_subscription ON push_subscription.school_id = push_message.school_id AND push_subscription.id = push_message.subscription_id
		WHERE push_message.school_id = ? AND state = ? AND made_at >= ?`, tx.School, waiting, since.UnixMicro()).Scan(&found).Error
	return found.Count, found.Oldest, err
}
