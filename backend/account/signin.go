package account

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// SignInWithPassword signs in a member of staff. An unknown address, a wrong password and a disabled account are the
// same PasswordWrong for the same work; after ten failures in an hour the pauses between two tries grow
// (TooManyTries), whether the account exists or not.
//
// A right password is told from a wrong one by the answers SecondFactorNeeded and SecondFactorWrong, which only it
// gets; there is therefore nothing that their time could tell beyond that. A wrong code counts like a wrong password:
// of a million codes three hold, and about fifteen can be tried in an hour. Without a second factor the session is
// limited to setting one up.
func (s *Service) SignInWithPassword(ctx context.Context, email, password string, proof Proof, device Device) (signedIn SignedIn, err error) {
	email = normalEmail(email)
	err = s.guess(ctx, passwordCounters(email), func() error {
		account, role, err := s.findByPassword(ctx, email, password)
		if err != nil {
			return err
		}
		return s.db.WriteUnaudited(db.InSchool(ctx, account.SchoolID), func(tx *db.Tx) error {
			limited, err := s.useFactor(tx, account.ID, proof)
			if err != nil {
				return err
			}
			device.way, device.limited = ByPassword, limited
			signedIn, err = s.openSession(tx, account, role, id.Person{}, device)
			return err
		})
	})
	return signedIn, err
}

// findByPassword tries every school that knows the address. Passwords are compared outside any transaction.
func (s *Service) findByPassword(ctx context.Context, email, password string) (accountRow, authz.Role, error) {
	candidates, err := s.staffByEmail(ctx, email)
	if err != nil {
		return accountRow{}, "", err
	}
	if len(candidates) == 0 {
		candidates = []accountRoleRow{{}}
	}
	for _, candidate := range candidates {
		hash := decoyHash
		if candidate.Account.PasswordHash != nil {
			hash = *candidate.Account.PasswordHash
		}
		right, err := s.hasher.matches(ctx, hash, password)
		if err != nil {
			return accountRow{}, "", err
		}
		if right && candidate.Account.PasswordHash != nil {
			return candidate.Account, candidate.Role, nil
		}
	}
	return accountRow{}, "", fault.New(fault.PasswordWrong)
}

// staffByEmail gives at most one account for each school, with the role that it comes as.
func (s *Service) staffByEmail(ctx context.Context, email string) ([]accountRoleRow, error) {
	var schools []id.School
	err := s.db.ReadOutside(ctx, func(tx *db.Tx) (err error) {
		schools, err = schoolsOf(tx, directoryStaffEmail, s.emailFingerprint(email))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(schools) == 0 {
		schools = []id.School{nowhere}
	}
	var candidates []accountRoleRow
	for _, school := range schools {
		var roles []accountRoleRow
		err := s.db.Read(db.InSchool(ctx, school), func(tx *db.Tx) (err error) {
			roles, err = accountsByEmail(tx, s.vault.Index(school, "account.email", email))
			return err
		})
		if err != nil {
			return nil, err
		}
		if best, ok := firstRole(roles); ok {
			candidates = append(candidates, best)
		}
	}
	return candidates, nil
}

func firstRole(roles []accountRoleRow) (best accountRoleRow, ok bool) {
	for i, row := range roles {
		if i == 0 || rank(row.Role) < rank(best.Role) {
			best = row
		}
	}
	return best, len(roles) > 0
}
