package account

import (
	"cmp"
	"context"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// StaffAccount is one member of staff as the head sees them.
type StaffAccount struct {
	Staff
	Email        string
	LastSeen     time.Time // of any session; zero for never
	SecondFactor bool
	Disabled     bool
}

// StaffAccounts lists the accounts of the school's staff, disabled ones too, by name.
func (s *Service) StaffAccounts(ctx context.Context, actor authz.Actor) ([]StaffAccount, error) {
	if err := allow(actor, authz.ManageAccounts); err != nil {
		return nil, err
	}
	found := map[id.Account]StaffAccount{}
	err := s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		rows, err := allStaff(tx)
		if err != nil {
			return err
		}
		seen, err := lastSeen(tx)
		if err != nil {
			return err
		}
		secured, err := withSecondFactor(tx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			account := row.Account
			if known, ok := found[account.ID]; ok && rank(known.Role) < rank(row.Role) {
				continue
			}
			profile, err := s.openProfile(account)
			if err != nil {
				return err
			}
			found[account.ID] = StaffAccount{
				Staff: Staff{Account: account.ID, Name: profile.Name, Role: row.Role}, Email: profile.Email,
				LastSeen: seen[account.ID], SecondFactor: secured[account.ID], Disabled: account.DisabledAt != nil,
			}
		}
		return nil
	})
	accounts := make([]StaffAccount, 0, len(found))
	for _, account := range found {
		accounts = append(accounts, account)
	}
	slices.SortFunc(accounts, func(a, b StaffAccount) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account))
	})
	return accounts, err
}

// SetRole gives another member of staff another role. Their sessions end, so that nothing goes on with the old one
// (checklist B10); the last head stays one.
func (s *Service) SetRole(ctx context.Context, actor authz.Actor, account id.Account, role authz.Role) error {
	if !slices.Contains(staffRoles, role) {
		return fault.InvalidField("role", fault.FieldInvalid)
	}
	return s.change(ctx, actor, account, audit.RoleChanged, func(tx *db.Tx, target accountRoleRow) error {
		if role != authz.Head {
			if err := keepAHead(tx, target); err != nil {
				return err
			}
		}
		if err := replaceRole(tx, account, role); err != nil {
			return err
		}
		return s.cutOff(tx, account)
	})
}

// DisableAccount ends whatever another member of staff has open and lets nobody sign in to the account any more
// (checklist B9). The last head stays.
func (s *Service) DisableAccount(ctx context.Context, actor authz.Actor, account id.Account) error {
	return s.change(ctx, actor, account, audit.AccountDisabled, func(tx *db.Tx, target accountRoleRow) error {
		if err := keepAHead(tx, target); err != nil {
			return err
		}
		now := tx.Now.UnixMicro()
		if err := setDisabled(tx, account, &now); err != nil {
			return err
		}
		return s.cutOff(tx, account)
	})
}

// EnableAccount lets a disabled account sign in again, with its password and second factor.
func (s *Service) EnableAccount(ctx context.Context, actor authz.Actor, account id.Account) error {
	return s.change(ctx, actor, account, audit.AccountEnabled, func(tx *db.Tx, _ accountRoleRow) error {
		return setDisabled(tx, account, nil)
	})
}

// ResetFactors takes away the second factors of another member of staff who has lost them: codes, recovery codes and
// passkeys. The next sign-in, by the password, sets up a new one and tells that this was done.
func (s *Service) ResetFactors(ctx context.Context, actor authz.Actor, account id.Account) error {
	return s.change(ctx, actor, account, audit.SecondFactorReset, func(tx *db.Tx, _ accountRoleRow) error {
		return s.resetFactors(tx, account)
	})
}

// ResetFactorsForSystem does the same at the shell, by address, for a school whose only head has lost the second factor.
func (s *Service) ResetFactorsForSystem(ctx context.Context, email string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		found, err := accountByEmail(tx, s.vault.Index(tx.School, "account.email", normalEmail(email)))
		if err != nil {
			return err
		}
		if found.ID == "" {
			return fault.New(fault.NothingHere)
		}
		if err := s.resetFactors(tx, found.ID); err != nil {
			return err
		}
		return recordAccount(tx, audit.System, audit.SecondFactorReset, found.ID)
	})
}

func (s *Service) resetFactors(tx *db.Tx, account id.Account) error {
	if err := deleteTOTP(tx, account); err != nil {
		return err
	}
	if err := deleteRecoveryCodes(tx, account); err != nil {
		return err
	}
	if err := deletePasskeys(tx, account); err != nil {
		return err
	}
	if err := noteFactorReset(tx, account); err != nil {
		return err
	}
	return s.endSessionsOf(tx, account)
}

// InviteAnew gives another member of staff a link to set a new password. It leaves the second factor as it is.
func (s *Service) InviteAnew(ctx context.Context, actor authz.Actor, account id.Account) (made MadeInvitation, err error) {
	err = s.change(ctx, actor, account, "", func(tx *db.Tx, target accountRoleRow) error {
		made, err = s.inviteAnew(tx, string(actor.Account), target)
		return err
	})
	return made, err
}

// InviteAnewForSystem does the same at the shell, by address.
func (s *Service) InviteAnewForSystem(ctx context.Context, email string) (made MadeInvitation, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		found, err := accountByEmail(tx, s.vault.Index(tx.School, "account.email", normalEmail(email)))
		if err != nil {
			return err
		}
		target, err := staffByID(tx, found.ID)
		if err != nil {
			return err
		}
		if target.Account.ID == "" {
			return fault.New(fault.NothingHere)
		}
		made, err = s.inviteAnew(tx, audit.System, target)
		return err
	})
	return made, err
}

func (s *Service) inviteAnew(tx *db.Tx, by string, target accountRoleRow) (MadeInvitation, error) {
	if target.Account.DisabledAt != nil {
		return MadeInvitation{}, fault.New(fault.NotAllowedHere)
	}
	profile, err := s.openProfile(target.Account)
	if err != nil {
		return MadeInvitation{}, err
	}
	if profile.Email == "" { // who comes by the school's provider alone has no address to sign in with
		return MadeInvitation{}, fault.New(fault.NotAllowedHere)
	}
	invited := NewInvitation{Role: target.Role, Email: profile.Email, Name: profile.Name}
	return s.makeInvitation(tx, by, invited, &target.Account.ID)
}

// change does something to another member of staff's account. Nobody changes their own (OwnAccount). Such changes wait
// for each other, so that two heads cannot take each other away.
func (s *Service) change(
	ctx context.Context, actor authz.Actor, account id.Account, action audit.Action, do func(*db.Tx, accountRoleRow) error,
) error {
	if err := allow(actor, authz.ManageAccounts); err != nil {
		return err
	}
	if account == actor.Account {
		return fault.New(fault.OwnAccount)
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if err := lockHeads(tx); err != nil {
			return err
		}
		target, err := staffByID(tx, account)
		if err != nil {
			return err
		}
		if target.Account.ID == "" {
			return fault.New(fault.NothingHere)
		}
		if err := do(tx, target); err != nil || action == "" {
			return err
		}
		return recordAccount(tx, string(actor.Account), action, account)
	})
}

// keepAHead refuses to take away the last head who can sign in.
func keepAHead(tx *db.Tx, target accountRoleRow) error {
	others, err := countOtherHeads(tx, target.Account.ID)
	if err == nil && others == 0 && target.Role == authz.Head && target.Account.DisabledAt == nil {
		err = fault.New(fault.LastHead)
	}
	return err
}

// cutOff ends what the account has open and what it has handed out.
func (s *Service) cutOff(tx *db.Tx, account id.Account) error {
	if err := voidInvitationsBy(tx, account); err != nil {
		return err
	}
	if err := s.revokeAPITokensOf(tx, account); err != nil {
		return err
	}
	return s.endSessionsOf(tx, account)
}
