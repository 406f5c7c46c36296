package account

import (
	"database/sql"
	"slices"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type sessionRow struct {
	SchoolID    id.School
	ID          id.Session
	AccountID   id.Account
	Role        authz.Role
	PersonKind  *id.PersonKind
	PersonID    *string
	RefreshHash string
	RotatedHash *string
	RotatedAt   *int64
	DeviceHash  string
	CreatedAt   int64
	ExpiresAt   int64
	EndedAt     *int64
	Way         Way
	ProvedAt    int64 // when whoever sits there last proved who they are; 0: with the sign-in
	Limited     bool  // waits for a second factor
	Shared      bool
	DeviceKind  DeviceKind
	Browser     Browser
}

func (sessionRow) TableName() string { return "session" }

// sessionView is a session with what is needed of its account. Its zero value is no session, and not alive.
type sessionView struct {
	Session    sessionRow `gorm:"embedded"`
	Profile    []byte
	Language   string
	DisabledAt *int64 // of the account
}

func (v sessionView) alive(now time.Time) bool {
	return v.Session.ID != "" && v.Session.EndedAt == nil && v.DisabledAt == nil && now.UnixMicro() < v.Session.ExpiresAt
}

func (v sessionView) account() accountRow {
	return accountRow{SchoolID: v.Session.SchoolID, ID: v.Session.AccountID, Profile: v.Profile, Language: v.Language}
}

func (r sessionRow) end() time.Time { return time.UnixMicro(r.ExpiresAt).UTC() }

func (r sessionRow) actor() authz.Actor {
	actor := authz.Actor{
		School: r.SchoolID, Account: r.AccountID, Session: r.ID, Role: r.Role, Limited: r.Limited, NoSay: r.Way.hasNoSay(),
	}
	if r.PersonKind != nil && r.PersonID != nil {
		actor.Person = id.Person{Kind: *r.PersonKind, ID: *r.PersonID}
	}
	return actor
}

func insertSession(tx *db.Tx, row sessionRow) error { return tx.G().Create(&row).Error }

const selectSession = `SELECT session.id, session.account_id, session.role, session.person_kind, session.person_id,
	session.refresh_hash, session.rotated_hash, session.rotated_at, session.device_hash, session.created_at, session.expires_at,
	session.ended_at, session.way, session.proved_at, session.limited, session.shared, session.device_kind, session.browser,
	account.profile, account.language, account.disabled_at FROM session
	JOIN account ON account.school_id = session.school_id AND account.id = session.account_id
	WHERE session.school_id = ? AND session.id `

// sessionByID reads by the primary keys of both tables. An unknown session is the zero view.
func sessionByID(tx *db.Tx, session id.Session) (view sessionView, err error) {
	found, err := db.Query(tx, scanSession(tx), selectSession+"= ?", tx.School, session)
	if err == nil && len(found) > 0 {
		view = found[0]
	}
	return view, err
}

func scanSession(tx *db.Tx) func(*sql.Rows) (sessionView, error) {
	return func(rows *sql.Rows) (v sessionView, err error) {
		s := &v.Session
		s.SchoolID = tx.School
		return v, rows.Scan((*string)(&s.ID), (*string)(&s.AccountID), (*string)(&s.Role), &s.PersonKind, &s.PersonID,
			&s.RefreshHash, &s.RotatedHash, &s.RotatedAt, &s.DeviceHash, &s.CreatedAt, &s.ExpiresAt,
			&s.EndedAt, (*string)(&s.Way), &s.ProvedAt, &s.Limited, &s.Shared, (*string)(&s.DeviceKind), (*string)(&s.Browser),
			&v.Profile, &v.Language, &v.DisabledAt)
	}
}

// sessionOnce is sessionByID for transactions that change no session.
func sessionOnce(tx *db.Tx, session id.Session) (sessionView, error) {
	return db.Once(tx, sessionKey(session), func() (sessionView, error) { return sessionByID(tx, session) })
}

// sessionKey is what a transaction remembers a session by.
type sessionKey id.Session

func sessionsByID(tx *db.Tx, actors []authz.Actor) (map[id.Session]sessionView, error) {
	wanted := make([]id.Session, len(actors))
	for i, actor := range actors {
		wanted[i] = actor.Session
	}
	marks, values := db.Marks(wanted)
	rows, err := db.Query(tx, scanSession(tx), selectSession+"IN "+marks, slices.Insert(values, 0, any(tx.School))...)
	if err != nil {
		return nil, err
	}
	views := make(map[id.Session]sessionView, len(rows))
	for _, row := range rows {
		views[row.Session.ID] = row
	}
	return views, nil
}

// rotateSession replaces the refresh token that is still the present one, and moves the session's end. When a parallel
// refresh was faster, the transaction runs again and finds that its token has become the previous one.
func rotateSession(tx *db.Tx, session id.Session, from, to string, end time.Time) error {
	result := tx.G().Table("session").
		Where("school_id = ? AND id = ? AND refresh_hash = ? AND ended_at IS NULL", tx.School, session, from).
		Updates(map[string]any{"refresh_hash": to, "rotated_hash": from, "rotated_at": tx.Now.UnixMicro(), "expires_at": end.UnixMicro()})
	if result.Error == nil && result.RowsAffected == 0 {
		return db.ErrAgain
	}
	return result.Error
}

// endSession leaves a session alone that has ended already.
func endSession(tx *db.Tx, session id.Session) error {
	return tx.G().Table("session").Where("school_id = ? AND id = ? AND ended_at IS NULL", tx.School, session).
		Updates(map[string]any{"ended_at": tx.Now.UnixMicro()}).Error
}

// usedDevice tells whether the account has ever signed in on the device.
func usedDevice(tx *db.Tx, account id.Account, deviceHash string) (bool, error) {
	var sessions int64
	err := tx.G().Table("session").Where("school_id = ? AND account_id = ? AND device_hash = ?", tx.School, account, deviceHash).
		Count(&sessions).Error
	return sessions > 0, err
}

// sessionsOnDevice are those that have not ended in the browser.
func sessionsOnDevice(tx *db.Tx, deviceHash string) (open []id.Session, err error) {
	err = tx.G().Table("session").Where("school_id = ? AND device_hash = ? AND ended_at IS NULL", tx.School, deviceHash).
		Order("id").Pluck("id", &open).Error
	return open, err
}

// openSessions are those of an account that live, the newest first.
func openSessions(tx *db.Tx, account id.Account) (rows []sessionRow, err error) {
	err = tx.G().Where("school_id = ? AND account_id = ? AND ended_at IS NULL AND expires_at > ?", tx.School, account, tx.Now.UnixMicro()).
		Order("created_at DESC, id DESC").Find(&rows).Error
	return rows, err
}

// endSessionsOf ends whatever sessions of the account are open, and names them.
func endSessionsOf(tx *db.Tx, account id.Account) (ended []id.Session, err error) {
	open := tx.G().Table("session").Where("school_id = ? AND account_id = ? AND ended_at IS NULL", tx.School, account)
	if err := open.Pluck("id", &ended).Error; err != nil || len(ended) == 0 {
		return nil, err
	}
	err = tx.G().Table("session").Where("school_id = ? AND account_id = ? AND ended_at IS NULL", tx.School, account).
		Updates(map[string]any{"ended_at": tx.Now.UnixMicro()}).Error
	return ended, err
}

// proveSession notes that whoever sits at the session has just proved who they are.
func proveSession(tx *db.Tx, session id.Session) error {
	return db.MustAffect(tx.G().Table("session").Where("school_id = ? AND id = ? AND ended_at IS NULL", tx.School, session).
		Updates(map[string]any{"proved_at": tx.Now.UnixMicro()}))
}
