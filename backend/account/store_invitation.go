package account

import (
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type invitationRow struct {
	SchoolID   id.School
	ID         id.Invitation
	EmailHash  string
	Body       []byte
	Role       authz.Role
	AccountID  *id.Account // whose password it renews; nil for somebody new
	SecretHash string
	InvitedBy  string
	InvitedAt  int64
	ExpiresAt  int64
	UsedAt     *int64
	VoidAt     *int64
}

func (invitationRow) TableName() string { return "invitation" }

func (r invitationRow) state(now time.Time) InvitationState {
	switch {
	case r.UsedAt != nil:
		return InvitationUsed
	case r.VoidAt != nil:
		return InvitationVoid
	case now.UnixMicro() >= r.ExpiresAt:
		return InvitationExpired
	}
	return InvitationOpen
}

// insertInvitation has the transaction run again when a parallel one has invited the same address.
func insertInvitation(tx *db.Tx, row invitationRow) error {
	err := tx.G().Create(&row).Error
	if db.Violated(err, db.ErrUnique) {
		return db.ErrAgain
	}
	return err
}

// findInvitations gives the latest thousand: a list for people.
func findInvitations(tx *db.Tx) (rows []invitationRow, err error) {
	err = tx.G().Where("school_id = ?", tx.School).Order("id DESC").Limit(1000).Find(&rows).Error
	return rows, err
}

func invitationByID(tx *db.Tx, invitation id.Invitation) (row invitationRow, err error) {
	err = tx.G().Where("school_id = ? AND id = ?", tx.School, invitation).Limit(1).Find(&row).Error
	return row, err
}

func invitationBySecret(tx *db.Tx, hash string) (row invitationRow, err error) {
	err = tx.G().Where("school_id = ? AND secret_hash = ?", tx.School, hash).Limit(1).Find(&row).Error
	return row, err
}

// useInvitation tells whether it was this call that used it.
func useInvitation(tx *db.Tx, invitation id.Invitation) (bool, error) {
	return closeInvitation(tx, invitation, "used_at")
}

func voidInvitation(tx *db.Tx, invitation id.Invitation) (bool, error) {
	return closeInvitation(tx, invitation, "void_at")
}

func closeInvitation(tx *db.Tx, invitation id.Invitation, column string) (bool, error) {
	result := tx.G().Table("invitation").Where("school_id = ? AND id = ? AND used_at IS NULL AND void_at IS NULL", tx.School, invitation).
		Updates(map[string]any{column: tx.Now.UnixMicro()})
	return result.RowsAffected == 1, result.Error
}

func voidInvitationsTo(tx *db.Tx, emailHash string) error {
	return tx.G().Table("invitation").Where("school_id = ? AND email_hash = ? AND used_at IS NULL AND void_at IS NULL", tx.School, emailHash).
		Updates(map[string]any{"void_at": tx.Now.UnixMicro()}).Error
}

// voidInvitationsBy voids what the account has handed out: it gives no more than it has.
func voidInvitationsBy(tx *db.Tx, account id.Account) error {
	return tx.G().Table("invitation").Where("school_id = ? AND invited_by = ? AND used_at IS NULL AND void_at IS NULL", tx.School, string(account)).
		Updates(map[string]any{"void_at": tx.Now.UnixMicro()}).Error
}
