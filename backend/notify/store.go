package notify

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// Sealed are the columns that hold sealed values.
var Sealed = []vault.Column{addressColumn}

var addressColumn = vault.Column{Table: "mail_address", Column: "address", Row: "person_id"}

type state string

// What becomes of a message. A slip waits until it is handed over.
const (
	stateWaiting  state = "waiting"
	stateAccepted state = "accepted"
	stateFailed   state = "failed"
	stateBounced  state = "bounced"
)

type messageRow struct {
	SchoolID   id.School
	ID         string
	Event      string
	Kind       Kind
	PersonKind id.PersonKind
	PersonID   string
	Channel    ChannelName
	State      state
	Host       string
	Code       string
	MadeAt     int64
	At         int64

	AddressHash *string // of the one mail address that it went to; nil: none, or several
}

func (messageRow) TableName() string { return "message" }

func (r messageRow) person() id.Person { return id.Person{Kind: r.PersonKind, ID: r.PersonID} }

// event is what the message was about, without its kind.
func (r messageRow) event() string { return strings.TrimPrefix(r.Event, string(r.Kind)+"|") }

// codeNotMe is the code of a message whose reader says that it was meant for somebody else.
const codeNotMe = "not_me"

// begin gives the row of the message on the channel, and makes it before the first attempt: its id, by which a repetition
// is seen as one, is the same afterwards.
func (s *Service) begin(ctx context.Context, channel ChannelName, m Message) (row messageRow, err error) {
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		made := messageRow{
			SchoolID: tx.School, ID: id.New[string](), Event: m.key(), Kind: m.Kind, PersonKind: m.Person.Kind, PersonID: m.Person.ID,
			Channel: channel, State: stateWaiting, MadeAt: tx.Now.UnixMicro(), At: tx.Now.UnixMicro(),
		}
		if err := tx.G().Clauses(clause.OnConflict{DoNothing: true}).Create(&made).Error; err != nil {
			return err
		}
		return tx.G().Where("school_id = ? AND event = ? AND person_kind = ? AND person_id = ? AND channel = ?",
			tx.School, m.key(), m.Person.Kind, m.Person.ID, channel).Take(&row).Error
	})
	return row, err
}

// keep writes the outcome; one that bounced meanwhile stays so.
func (s *Service) keep(ctx context.Context, row messageRow) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		return tx.G().Table("message").Where("school_id = ? AND id = ? AND state <> ?", tx.School, row.ID, stateBounced).
			Updates(map[string]any{"state": row.State, "host": row.Host, "code": row.Code, "address_hash": row.AddressHash, "at": tx.Now.UnixMicro()}).Error
	})
}

// forget deletes the row of a channel that has no way to the person, unless an earlier attempt had one.
func (s *Service) forget(ctx context.Context, row messageRow) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		return tx.G().Where("school_id = ? AND id = ? AND state = ?", tx.School, row.ID, stateWaiting).Delete(&messageRow{}).Error
	})
}

type addressRow struct {
	SchoolID    id.School
	PersonKind  id.PersonKind
	PersonID    string
	Address     []byte
	AddressHash string
	AddedAt     int64
	ConfirmedAt *int64
}

func (addressRow) TableName() string { return "mail_address" }

// version tells which of the person's typings it was, and nothing of the address: jobs are not erased.
func (r addressRow) version() string { return strconv.FormatInt(r.AddedAt, 10) }

func findAddress(tx *db.Tx, person id.Person) (row addressRow, err error) {
	err = tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).Limit(1).Find(&row).Error
	return row, err
}

func putAddress(tx *db.Tx, row addressRow) error {
	anew := clause.OnConflict{
		Columns:   []clause.Column{{Name: "school_id"}, {Name: "person_kind"}, {Name: "person_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"address", "address_hash", "added_at", "confirmed_at"}),
	}
	return tx.G().Clauses(anew).Create(&row).Error
}

func confirmAddress(tx *db.Tx, row addressRow) error {
	return db.MustAffect(tx.G().Table("mail_address").
		Where("school_id = ? AND person_kind = ? AND person_id = ? AND address_hash = ?", tx.School, row.PersonKind, row.PersonID, row.AddressHash).
		Updates(map[string]any{"confirmed_at": tx.Now.UnixMicro()}))
}

func deleteAddress(tx *db.Tx, person id.Person) error {
	return tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).Delete(&addressRow{}).Error
}

type confirmationRow struct {
	SchoolID    id.School
	AddressHash string
	SentAt      int64
}

func (confirmationRow) TableName() string { return "mail_confirmation" }

// takeConfirmation reports whether a confirmation may go to the address now, and notes that it does.
func takeConfirmation(tx *db.Tx, hash string, every time.Duration) (bool, error) {
	before := tx.Now.Add(-every).UnixMicro()
	fresh := tx.G().Clauses(clause.OnConflict{DoNothing: true}).
		Create(&confirmationRow{SchoolID: tx.School, AddressHash: hash, SentAt: tx.Now.UnixMicro()})
	if fresh.Error != nil || fresh.RowsAffected == 1 {
		return fresh.Error == nil, fresh.Error
	}
	late := tx.G().Table("mail_confirmation").Where("school_id = ? AND address_hash = ? AND sent_at <= ?", tx.School, hash, before).
		Updates(map[string]any{"sent_at": tx.Now.UnixMicro()})
	return late.RowsAffected == 1, late.Error
}

func deleteConfirmationsBefore(tx *db.Tx, before time.Time) error {
	return tx.G().Where("school_id = ? AND sent_at < ?", tx.School, before.UnixMicro()).Delete(&confirmationRow{}).Error
}

func deleteConfirmation(tx *db.Tx, hash string) error {
	return tx.G().Where("school_id = ? AND address_hash = ?", tx.School, hash).Delete(&confirmationRow{}).Error
}

type settingRow struct {
	SchoolID    id.School
	PersonKind  id.PersonKind
	PersonID    string
	Language    *string
	NoReminders bool
	MailOnly    bool
	HoursFrom   *int
	HoursUntil  *int
}

func (settingRow) TableName() string { return "notice_setting" }

func (r settingRow) hours() Hours {
	if r.HoursFrom == nil || r.HoursUntil == nil {
		return Hours{}
	}
	return Hours{*r.HoursFrom, *r.HoursUntil}
}

func findSetting(tx *db.Tx, person id.Person) (row settingRow, err error) {
	err = tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).Limit(1).Find(&row).Error
	return row, err
}

func putSetting(tx *db.Tx, row settingRow) error {
	anew := clause.OnConflict{
		Columns:   []clause.Column{{Name: "school_id"}, {Name: "person_kind"}, {Name: "person_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"language", "no_reminders", "mail_only", "hours_from", "hours_until"}),
	}
	return tx.G().Clauses(anew).Create(&row).Error
}

type personRow interface {
	addressRow | settingRow | messageRow | bounceRow
}

func deleteOf[Row personRow](tx *db.Tx, person id.Person) error {
	var row Row
	return tx.G().Where("school_id = ? AND person_kind = ? AND person_id = ?", tx.School, person.Kind, person.ID).Delete(&row).Error
}

// refuse notes that a message came to somebody whom it was not for, and gives it; there may be none.
func refuse(tx *db.Tx, kind Kind, event string) (rows []messageRow, err error) {
	about := tx.G().Where("school_id = ? AND event = ? AND channel = ?", tx.School, Message{Kind: kind, Event: event}.key(), Mail)
	err = about.Session(&gorm.Session{}).Table("message").Updates(map[string]any{"state": stateBounced, "code": codeNotMe, "at": tx.Now.UnixMicro()}).Error
	if err == nil {
		err = about.Session(&gorm.Session{}).Find(&rows).Error
	}
	return rows, err
}

// lastOf are the states of what went last to the addresses, by their hash.
func lastOf(tx *db.Tx, hashes []string) (map[string]state, error) {
	found := map[string]state{}
	for some := range slices.Chunk(hashes, db.RowsAtOnce) {
		var rows []messageRow
		if err := tx.G().Where("school_id = ? AND address_hash IN ?", tx.School, some).Order("at, id").Find(&rows).Error; err != nil {
			return nil, err
		}
		for _, row := range rows {
			found[*row.AddressHash] = row.State
		}
	}
	return found, nil
}
