package push

import (
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// Sealed are the columns that hold sealed values.
var Sealed = []vault.Column{{Table: "push_subscription", Column: "body", Row: "id"}}

func bodyPlace(school id.School, subscription id.PushSubscription) vault.Place {
	return Sealed[0].At(school, string(subscription))
}

type row struct {
	SchoolID     id.School
	ID           id.PushSubscription
	AccountID    id.Account
	SessionID    id.Session
	EndpointHash string
	Body         []byte
	VapidKeyID   string
	Language     string
	ProofHash    *string
	CreatedAt    int64
	SeenAt       int64
	ActiveAt     *int64 // when the browser gave back what it had been sent
	OpenedAt     *int64 // when it was last sent a message about push itself
	OkAt         *int64
	Errors       int64
	FirstErrorAt *int64
	LastError    *Verdict
	Muted        muted
}

func (row) TableName() string { return "push_subscription" }

// view is a subscription with what is shown of its browser.
type view struct {
	Row        row `gorm:"embedded"`
	DeviceKind string
	Browser    string
}

func insert(tx *db.Tx, r row) error { return tx.G().Create(&r).Error }

func rows(tx *db.Tx, where string, args ...any) (found []row, err error) {
	err = tx.G().Where("school_id = ? AND "+where, append([]any{tx.School}, args...)...).Order("seen_at, id").Find(&found).Error
	return found, err
}

func firstRow(tx *db.Tx, where string, args ...any) (row, bool, error) {
	found, err := rows(tx, where, args...)
	if err != nil || len(found) == 0 {
		return row{}, false, err
	}
	return found[0], true, nil
}

func byEndpoint(tx *db.Tx, hash string) (row, bool, error) {
	return firstRow(tx, "endpoint_hash = ?", hash)
}

func ofAccount(tx *db.Tx, account id.Account, subscription id.PushSubscription) (row, bool, error) {
	return firstRow(tx, "account_id = ? AND id = ?", account, subscription)
}

func byProof(tx *db.Tx, hash string) (row, bool, error) { return firstRow(tx, "proof_hash = ?", hash) }

func set(tx *db.Tx, subscription id.PushSubscription, columns map[string]any) error {
	return tx.G().Table("push_subscription").Where("school_id = ? AND id = ?", tx.School, subscription).Updates(columns).Error
}

func remove(tx *db.Tx, where string, args ...any) (int64, error) {
	result := tx.G().Where("school_id = ? AND "+where, append([]any{tx.School}, args...)...).Delete(&row{})
	return result.RowsAffected, result.Error
}

// isShared reports whether others use the browser of the session too.
func isShared(tx *db.Tx, session id.Session) (shared bool, err error) {
	err = tx.G().Raw("SELECT shared FROM session WHERE school_id = ? AND id = ?", tx.School, session).Scan(&shared).Error
	return shared, err
}

// alive is what a session must be for its browser to be told anything.
const alive = `session.ended_at IS NULL AND session.expires_at > ? AND account.disabled_at IS NULL`

const joined = ` FROM push_subscription
	JOIN session ON session.school_id = push_subscription.school_id AND session.id = push_subscription.session_id
	JOIN account ON account.school_id = push_subscription.school_id AND account.id = push_subscription.account_id
	WHERE push_subscription.school_id = ? AND `

// viewsOf are the account's, the last seen first.
func viewsOf(tx *db.Tx, account id.Account) (views []view, err error) {
	err = tx.G().Raw("SELECT push_subscription.*, session.device_kind, session.browser"+joined+alive+
		" AND push_subscription.account_id = ? ORDER BY push_subscription.seen_at DESC, push_subscription.id DESC",
		tx.School, tx.Now.UnixMicro(), account).Scan(&views).Error
	return views, err
}

// reachable are the browsers that a message of the kind may go to.
func reachable(tx *db.Tx, to Recipient, kind Kind) ([]row, error) {
	found, err := browsersOf(tx, to)
	return slices.DeleteFunc(found, func(r row) bool { return !r.Muted.wants(manners[kind].choice) }), err
}

// browsersOf are those that messages arrive at.
func browsersOf(tx *db.Tx, to Recipient) (found []row, err error) {
	query := "SELECT push_subscription.*" + joined + alive + " AND push_subscription.active_at IS NOT NULL AND "
	args := []any{tx.School, tx.Now.UnixMicro()}
	if to.Account != "" {
		query += "push_subscription.account_id = ? AND session.role NOT IN ?"
		args = append(args, to.Account, []authz.Role{authz.Guardian, authz.Pupil})
	} else {
		query += "session.person_kind = ? AND session.person_id = ?"
		args = append(args, to.Person.Kind, to.Person.ID)
	}
	err = tx.G().Raw(query+" ORDER BY push_subscription.id", args...).Scan(&found).Error
	return found, err
}

// personsWithBrowser are those of the people whom a message of the kind may reach; of everybody, where none is named.
func personsWithBrowser(tx *db.Tx, kind Kind, one id.Person) (persons []id.Person, err error) {
	var found []struct {
		PersonKind id.PersonKind
		PersonID   string
		Muted      muted
	}
	query := "SELECT DISTINCT session.person_kind, session.person_id, push_subscription.muted" + joined + alive +
		" AND push_subscription.active_at IS NOT NULL AND session.person_id IS NOT NULL"
	args := []any{tx.School, tx.Now.UnixMicro()}
	if one.ID != "" {
		query += " AND session.person_kind = ? AND session.person_id = ?"
		args = append(args, one.Kind, one.ID)
	}
	err = tx.G().Raw(query, args...).Scan(&found).Error
	seen := make(map[id.Person]bool, len(found))
	for _, f := range found {
		person := id.Person{Kind: f.PersonKind, ID: f.PersonID}
		if !seen[person] && f.Muted.wants(manners[kind].choice) {
			seen[person] = true
			persons = append(persons, person)
		}
	}
	return persons, err
}

// The states of a message to one browser.
type state string

const (
	waiting state = "waiting"
	sent    state = "accepted"
	failed  state = "failed"
)

type messageRow struct {
	SchoolID       id.School
	ID             string
	AccountID      id.Account
	SubscriptionID id.PushSubscription
	Event          string
	Kind           Kind
	Path           string
	State          state
	MadeAt         int64
}

func (messageRow) TableName() string { return "push_message" }

// claim gives the message of the event to the browser as it stands, made now if there is none.
func claim(tx *db.Tx, m messageRow) (messageRow, error) {
	once := clause.OnConflict{
		Columns:   []clause.Column{{Name: "school_id"}, {Name: "event"}, {Name: "subscription_id"}},
		DoNothing: true,
	}
	if err := tx.G().Clauses(once).Create(&m).Error; err != nil {
		return messageRow{}, err
	}
	var found messageRow
	err := tx.G().Where("school_id = ? AND event = ? AND subscription_id = ?", tx.School, m.Event, m.SubscriptionID).Take(&found).Error
	return found, err
}

func setState(tx *db.Tx, message string, to state) error {
	return tx.G().Table("push_message").Where("school_id = ? AND id = ?", tx.School, message).Updates(map[string]any{"state": to}).Error
}

func messageTo(tx *db.Tx, account id.Account, message string) (messageRow, bool, error) {
	var found []messageRow
	err := tx.G().Where("school_id = ? AND account_id = ? AND id = ?", tx.School, account, message).Find(&found).Error
	if err != nil || len(found) == 0 {
		return messageRow{}, false, err
	}
	return found[0], true, nil
}

// tidy removes the browsers that nobody is signed in at or has come with for long, and old messages.
func tidy(tx *db.Tx, unseen, old time.Time) error {
	gone := tx.G().Table("session").Select("id").
		Where("school_id = ? AND (ended_at IS NOT NULL OR expires_at <= ?)", tx.School, tx.Now.UnixMicro())
	if _, err := remove(tx, "(seen_at < ? OR session_id IN (?))", unseen.UnixMicro(), gone); err != nil {
		return err
	}
	return tx.G().Where("school_id = ? AND made_at < ?", tx.School, old.UnixMicro()).Delete(&messageRow{}).Error
}

// eraseOf removes whatever the accounts of a person have.
func eraseOf(tx *db.Tx, person id.Person) error {
	for _, table := range []string{"push_message", "push_seen", "push_subscription"} {
		err := tx.G().Exec("DELETE FROM "+table+` WHERE school_id = ? AND account_id IN
			(SELECT account_id FROM account_person WHERE school_id = ? AND person_kind = ? AND person_id = ?)`,
			tx.School, tx.School, person.Kind, person.ID).Error
		if err != nil {
			return err
		}
	}
	return nil
}

func usesOfKeys(tx *db.Tx) (uses []struct {
	VapidKeyID string
	Uses       int
}, err error) {
	err = tx.G().Raw("SELECT vapid_key_id, count(*) AS uses FROM push_subscription WHERE school_id = ? GROUP BY vapid_key_id", tx.School).
		Scan(&uses).Error
	return uses, err
}
