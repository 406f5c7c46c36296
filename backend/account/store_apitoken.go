package account

import (
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type apiTokenRow struct {
	SchoolID   id.School
	ID         id.APIToken
	TokenHash  string
	Body       []byte
	Scopes     authz.Scopes
	MadeBy     id.Account
	MadeAt     int64
	ExpiresAt  int64
	LastUsedAt *int64 // to the hour
	RevokedAt  *int64
}

func (apiTokenRow) TableName() string { return "api_token" }

// useDue tells whether the hour of this use is not noted yet.
func (r apiTokenRow) useDue(now time.Time) bool {
	return r.LastUsedAt == nil || *r.LastUsedAt < now.Truncate(apiTokenUseStep).UnixMicro()
}

// apiTokenView is a token with what is needed of its maker. Its zero value is no token, and revoked.
type apiTokenView struct {
	Token    apiTokenRow `gorm:"embedded"`
	MakerMay bool        // still has a role that makes tokens, in an account that is not disabled
}

func (v apiTokenView) state(now time.Time) APITokenState {
	switch {
	case v.Token.ID == "" || v.Token.RevokedAt != nil || !v.MakerMay:
		return APITokenRevoked
	case now.UnixMicro() >= v.Token.ExpiresAt:
		return APITokenExpired
	}
	return APITokenActive
}

const selectAPITokens = `SELECT api_token.*, EXISTS (SELECT 1 FROM account
	JOIN account_role ON account_role.school_id = account.school_id AND account_role.account_id = account.id
	WHERE account.school_id = api_token.school_id AND account.id = api_token.made_by AND account.disabled_at IS NULL
		AND account_role.role IN ?) AS maker_may FROM api_token WHERE api_token.school_id = ?`

func insertAPIToken(tx *db.Tx, row apiTokenRow) error { return tx.G().Create(&row).Error }

// findAPITokens gives the latest thousand: a list for people.
func findAPITokens(tx *db.Tx) (views []apiTokenView, err error) {
	err = tx.G().Raw(selectAPITokens+" ORDER BY api_token.id DESC LIMIT 1000", authz.RolesWith(authz.ManageTokens), tx.School).Scan(&views).Error
	return views, err
}

// apiTokenByHash is the zero view when there is none.
func apiTokenByHash(tx *db.Tx, hash string) (view apiTokenView, err error) {
	err = tx.G().Raw(selectAPITokens+" AND api_token.token_hash = ?", authz.RolesWith(authz.ManageTokens), tx.School, hash).Scan(&view).Error
	return view, err
}

func knowsAPIToken(tx *db.Tx, token id.APIToken) (bool, error) {
	var found int64
	err := tx.G().Table("api_token").Where("school_id = ? AND id = ?", tx.School, token).Count(&found).Error
	return found == 1, err
}

// revokeAPIToken tells whether it was this call that revoked it.
func revokeAPIToken(tx *db.Tx, token id.APIToken) (bool, error) {
	result := tx.G().Table("api_token").Where("school_id = ? AND id = ? AND revoked_at IS NULL", tx.School, token).
		Updates(map[string]any{"revoked_at": tx.Now.UnixMicro()})
	return result.RowsAffected == 1, result.Error
}

func revokeAPITokensBy(tx *db.Tx, account id.Account) (revoked []id.APIToken, err error) {
	err = tx.G().Raw("UPDATE api_token SET revoked_at = ? WHERE school_id = ? AND made_by = ? AND revoked_at IS NULL RETURNING id",
		tx.Now.UnixMicro(), tx.School, account).Scan(&revoked).Error
	return revoked, err
}

// setAPITokenUsed leaves a later hour alone.
func setAPITokenUsed(tx *db.Tx, token id.APIToken, hour time.Time) error {
	return tx.G().Table("api_token").
		Where("school_id = ? AND id = ? AND (last_used_at IS NULL OR last_used_at < ?)", tx.School, token, hour.UnixMicro()).
		Updates(map[string]any{"last_used_at": hour.UnixMicro()}).Error
}

func deleteAPITokensBy(tx *db.Tx, account id.Account) error {
	return tx.G().Where("school_id = ? AND made_by = ?", tx.School, account).Delete(&apiTokenRow{}).Error
}
