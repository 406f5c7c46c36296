package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

const (
	nameMax     = 100 // characters
	emailMax    = 254 // bytes (RFC 5321, erratum 1690)
	languageMax = 35  // bytes (RFC 5646, 4.4.1)
)

// NewStaff describes an account that signs in by password.
type NewStaff struct {
	Name     string
	Email    string
	Role     authz.Role // teacher, office, head or dpo
	Password string
	Language string // BCP 47
}

// CreateStaff makes an account in the context's school. It is for the shell and the demo: nobody is signed in, hence
// the audit names the system. An address that the school knows already gives AlreadyExists.
func (s *Service) CreateStaff(ctx context.Context, staff NewStaff) (id.Account, error) {
	staff.Name = strings.TrimSpace(staff.Name)
	staff.Email = normalEmail(staff.Email)
	if err := staff.check(); err != nil {
		return "", err
	}
	hash, err := s.hasher.hash(ctx, staff.Password)
	if err != nil {
		return "", err
	}
	account := id.New[id.Account]()
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := s.insertStaff(tx, account, staff, hash); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{
			Actor: audit.System, Action: audit.AccountCreated, SubjectKind: "account", SubjectID: string(account),
		})
	})
	if errors.Is(err, db.ErrUnique) {
		return "", fault.Wrap(fault.AlreadyExists, err).WithField("email", fault.AlreadyExists, nil)
	}
	return account, err
}

func (s *Service) insertStaff(tx *db.Tx, account id.Account, staff NewStaff, hash string) error {
	sealed, err := s.vault.SealJSON(profilePlace(tx.School, account), sealedProfile{Name: staff.Name, Email: staff.Email})
	if err != nil {
		return err
	}
	emailHash := s.vault.Index(tx.School, "account.email", staff.Email)
	row := accountRow{
		SchoolID: tx.School, ID: account, Profile: sealed, EmailHash: &emailHash, PasswordHash: &hash,
		Language: staff.Language, CreatedAt: tx.Now.UnixMicro(),
	}
	if err := insertAccount(tx, row, staff.Role); err != nil {
		return err
	}
	return insertDirectory(tx, directoryStaffEmail, s.emailFingerprint(staff.Email))
}

func (n NewStaff) check() error {
	if invalid := n.wrongFields(); len(invalid.Fields) > 0 {
		return invalid
	}
	return checkNewPassword(n.Password, n.Name, n.Email)
}

// wrongFields names what is wrong but for the password.
func (n NewStaff) wrongFields() *fault.Error {
	invalid := fault.New(fault.InvalidInput)
	switch {
	case n.Name == "":
		invalid = invalid.WithField("name", fault.FieldMissing, nil)
	case utf8.RuneCountInString(n.Name) > nameMax:
		invalid = invalid.WithField("name", fault.FieldTooLong, nil)
	}
	address, err := mail.ParseAddress(n.Email)
	if err != nil || address.Address != n.Email || len(n.Email) > emailMax {
		invalid = invalid.WithField("email", fault.FieldInvalid, nil)
	}
	if !slices.Contains(staffRoles, n.Role) {
		invalid = invalid.WithField("role", fault.FieldInvalid, nil)
	}
	if !isLanguage(n.Language) {
		invalid = invalid.WithField("language", fault.FieldInvalid, nil)
	}
	return invalid
}

func normalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func (s *Service) emailFingerprint(email string) string {
	return s.vault.Fingerprint(string(directoryStaffEmail), email)
}

// isLanguage accepts every well-formed tag: whether there are texts in it is for those to say who have them.
func isLanguage(tag string) bool {
	_, err := language.Parse(tag)
	return err == nil && tag != "" && len(tag) <= languageMax
}

// Staff lists who works at the actor's school, by name.
func (s *Service) Staff(ctx context.Context, actor authz.Actor) ([]Staff, error) {
	if err := allow(actor, authz.GiveClasses); err != nil {
		return nil, err
	}
	var staff []Staff
	err := s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		rows, err := staffAccounts(tx)
		if err != nil {
			return err
		}
		staff, err = s.openStaff(rows)
		return err
	})
	return staff, err
}

func (s *Service) openStaff(rows []accountRoleRow) ([]Staff, error) {
	found := map[id.Account]Staff{}
	for _, row := range rows {
		account := row.Account
		if known, ok := found[account.ID]; ok && rank(known.Role) < rank(row.Role) {
			continue
		}
		profile, err := s.openProfile(account)
		if err != nil {
			return nil, err
		}
		found[account.ID] = Staff{Account: account.ID, Name: profile.Name, Role: row.Role}
	}
	staff := make([]Staff, 0, len(found))
	for _, one := range found {
		staff = append(staff, one)
	}
	slices.SortFunc(staff, func(a, b Staff) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account)) })
	return staff, nil
}

func rank(role authz.Role) int { return slices.Index(staffRoles, role) }

func (s *Service) openProfile(account accountRow) (profile sealedProfile, err error) {
	if err = s.vault.OpenJSON(profilePlace(account.SchoolID, account.ID), account.Profile, &profile); err != nil {
		return sealedProfile{}, fmt.Errorf("open the profile of account %s: %w", account.ID, err)
	}
	return profile, nil
}

// Names gives the names of accounts in the context's school, for lists that mention a colleague. Accounts of
// guardians and pupils, and unknown ones, are left out.
func (s *Service) Names(ctx context.Context, accounts []id.Account) (map[id.Account]string, error) {
	names := map[id.Account]string{}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := accountsByID(tx, accounts)
		if err != nil {
			return err
		}
		for _, row := range rows {
			profile, err := s.openProfile(row)
			if err != nil {
				return err
			}
			if profile.Name != "" {
				names[row.ID] = profile.Name
			}
		}
		return nil
	})
	return names, err
}

// Profile is the actor's own.
func (s *Service) Profile(ctx context.Context, actor authz.Actor) (Profile, error) {
	var own Profile
	err := s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		rows, err := accountsByID(tx, []id.Account{actor.Account})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.New(fault.NotSignedIn)
		}
		profile, err := s.openProfile(rows[0])
		own = Profile{Account: actor.Account, Name: profile.Name, Role: actor.Role, Language: rows[0].Language}
		return err
	})
	return own, err
}

// SetLanguage keeps the language that the actor chose.
func (s *Service) SetLanguage(ctx context.Context, actor authz.Actor, tag string) error {
	if !isLanguage(tag) {
		return fault.InvalidField("language", fault.FieldInvalid)
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if err := updateLanguage(tx, actor.Account, tag); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{
			Actor: string(actor.Account), Action: audit.LanguageChosen, SubjectKind: "account", SubjectID: string(actor.Account),
		})
	})
}
