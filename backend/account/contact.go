package account

import (
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// StaffContact is the address and the language of a member of staff; both are empty once the account is disabled.
func (s *Service) StaffContact(tx *db.Tx, account id.Account) (email, language string, err error) {
	row, err := staffByID(tx, account)
	if err != nil || row.Account.ID == "" || row.Account.DisabledAt != nil {
		return "", "", err
	}
	profile, err := s.openProfile(row.Account)
	return profile.Email, row.Account.Language, err
}

// Heads are the accounts of the school's heads that are not disabled.
func (s *Service) Heads(tx *db.Tx) (heads []id.Account, err error) {
	rows, err := staffAccounts(tx)
	for _, row := range rows {
		if row.Role == authz.Head {
			heads = append(heads, row.Account.ID)
		}
	}
	return heads, err
}
