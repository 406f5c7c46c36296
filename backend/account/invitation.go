package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

const (
	invitationLife = 72 * time.Hour
	invitationSize = 16 // bytes of its secret
)

// NewInvitation says who is invited as what.
type NewInvitation struct {
	Role  authz.Role // teacher, office, head or dpo
	Email string
	Name  string
}

// MadeInvitation is an invitation with its secret, which is shown once.
type MadeInvitation struct {
	Invitation
	Secret string // <school>.<128 random bits>, for the fragment of a link
}

// Invitation is a link by which somebody becomes staff, or gets a new password.
type Invitation struct {
	ID          id.Invitation
	Name        string
	Email       string
	Role        authz.Role
	NewPassword bool // for an account that stands already
	State       InvitationState
	InvitedAt   time.Time
	ExpiresAt   time.Time
}

// InvitationState says whether an invitation can still be used.
type InvitationState string

// The states of an invitation.
const (
	InvitationOpen    InvitationState = "open"
	InvitationUsed    InvitationState = "used"
	InvitationVoid    InvitationState = "void"
	InvitationExpired InvitationState = "expired"
)

// sealedInvitation is what lies sealed in invitation.body.
type sealedInvitation struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func invitationPlace(school id.School, invitation id.Invitation) vault.Place {
	return vault.Place{School: school, Table: "invitation", Column: "body", Row: string(invitation)}
}

// Invite makes an invitation in the name of the actor, who gives no more than MayInvite allows; for head and dpo the
// session must have proved itself lately (ReauthenticationNeeded). It voids an open one for the same address. An
// address that has an account gives AlreadyExists.
func (s *Service) Invite(ctx context.Context, actor authz.Actor, invited NewInvitation) (MadeInvitation, error) {
	if err := allow(actor, authz.InviteStaff); err != nil {
		return MadeInvitation{}, err
	}
	return s.invite(db.InSchool(ctx, actor.School), string(actor.Account), invited, func(tx *db.Tx) error {
		if !authz.MayInvite(actor.Role, invited.Role) {
			return fault.New(fault.NotAllowedHere)
		}
		if invited.Role == authz.Head || invited.Role == authz.DPO {
			return s.checkFresh(tx, actor)
		}
		return nil
	})
}

// InviteForSystem makes an invitation in the context's school, for the shell: nobody else may make the first one (X16).
func (s *Service) InviteForSystem(ctx context.Context, invited NewInvitation) (MadeInvitation, error) {
	return s.invite(ctx, audit.System, invited, func(*db.Tx) error { return nil })
}

func (s *Service) invite(ctx context.Context, by string, invited NewInvitation, may func(*db.Tx) error) (made MadeInvitation, err error) {
	invited.Name, invited.Email = strings.TrimSpace(invited.Name), normalEmail(invited.Email)
	invalid := NewStaff{Name: invited.Name, Email: invited.Email, Role: invited.Role, Language: "de"}.wrongFields()
	if len(invalid.Fields) > 0 {
		return MadeInvitation{}, invalid
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		known, err := accountByEmail(tx, s.vault.Index(tx.School, "account.email", invited.Email))
		if err != nil {
			return err
		}
		if known.ID != "" {
			return fault.New(fault.AlreadyExists).WithField("email", fault.AlreadyExists, nil)
		}
		made, err = s.makeInvitation(tx, by, invited, nil)
		return err
	})
	return made, err
}

// makeInvitation voids what is open for the address and makes a new one.
func (s *Service) makeInvitation(tx *db.Tx, by string, invited NewInvitation, account *id.Account) (MadeInvitation, error) {
	raw := make([]byte, invitationSize)
	_, _ = rand.Read(raw) // never fails: it ends the program instead (crypto/rand)
	secret := string(tx.School) + "." + base64.RawURLEncoding.EncodeToString(raw)
	row := invitationRow{
		SchoolID: tx.School, ID: id.New[id.Invitation](), EmailHash: s.vault.Index(tx.School, "account.email", invited.Email),
		Role: invited.Role, AccountID: account, SecretHash: tokenHash(secret), InvitedBy: by,
		InvitedAt: tx.Now.UnixMicro(), ExpiresAt: tx.Now.Add(invitationLife).UnixMicro(),
	}
	var err error
	if row.Body, err = s.vault.SealJSON(invitationPlace(tx.School, row.ID), sealedInvitation{invited.Name, invited.Email}); err != nil {
		return MadeInvitation{}, err
	}
	if err := voidInvitationsTo(tx, row.EmailHash); err != nil {
		return MadeInvitation{}, err
	}
	if err := insertInvitation(tx, row); err != nil {
		return MadeInvitation{}, err
	}
	if err := recordInvitation(tx, by, audit.InvitationMade, row.ID); err != nil {
		return MadeInvitation{}, err
	}
	shown, err := s.openInvitation(tx, row)
	return MadeInvitation{Invitation: shown, Secret: secret}, err
}

func recordInvitation(tx *db.Tx, actor string, action audit.Action, invitation id.Invitation) error {
	return audit.Record(tx, audit.Entry{Actor: actor, Action: action, SubjectKind: "invitation", SubjectID: string(invitation)})
}

func (s *Service) openInvitation(tx *db.Tx, row invitationRow) (Invitation, error) {
	var body sealedInvitation
	err := s.vault.OpenJSON(invitationPlace(row.SchoolID, row.ID), row.Body, &body)
	return Invitation{
		ID: row.ID, Name: body.Name, Email: body.Email, Role: row.Role, NewPassword: row.AccountID != nil, State: row.state(tx.Now),
		InvitedAt: time.UnixMicro(row.InvitedAt).UTC(), ExpiresAt: time.UnixMicro(row.ExpiresAt).UTC(),
	}, err
}

// Invitations lists those that the actor could have made, the newest first.
func (s *Service) Invitations(ctx context.Context, actor authz.Actor) (invitations []Invitation, err error) {
	if err := allow(actor, authz.InviteStaff); err != nil {
		return nil, err
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		rows, err := findInvitations(tx)
		for _, row := range rows {
			if !authz.MayInvite(actor.Role, row.Role) {
				continue
			}
			invitation, err := s.openInvitation(tx, row)
			if err != nil {
				return err
			}
			invitations = append(invitations, invitation)
		}
		return err
	})
	return invitations, err
}

// VoidInvitation makes an open invitation worthless. One that was used gives AlreadyDone.
func (s *Service) VoidInvitation(ctx context.Context, actor authz.Actor, invitation id.Invitation) error {
	if err := allow(actor, authz.InviteStaff); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		row, err := invitationByID(tx, invitation)
		if err != nil {
			return err
		}
		if row.ID == "" {
			return fault.New(fault.NothingHere)
		}
		if !authz.MayInvite(actor.Role, row.Role) {
			return fault.New(fault.NotAllowedHere)
		}
		done, err := voidInvitation(tx, invitation)
		if err == nil && !done {
			err = fault.New(fault.AlreadyDone)
		}
		if err != nil {
			return err
		}
		return recordInvitation(tx, string(actor.Account), audit.InvitationVoided, invitation)
	})
}

// InvitationView is what the holder of a link sees before setting a password.
type InvitationView struct {
	Invitation
	School       id.School
	SecondFactor bool // the account has one, and a code is asked for
}

// ReadInvitation shows an open invitation to whoever holds its secret; it changes nothing, so that a mail scanner that
// follows links uses nothing up. The secret cannot be guessed, so that its holder hears what is the matter:
// InvitationUsed, InvitationVoid, InvitationExpired. Every other text is InvitationUnknown.
func (s *Service) ReadInvitation(ctx context.Context, secret string) (view InvitationView, err error) {
	school, _, _ := strings.Cut(secret, ".")
	if school == "" {
		return InvitationView{}, fault.New(fault.InvitationUnknown)
	}
	err = s.db.Read(db.InSchool(ctx, id.School(school)), func(tx *db.Tx) error {
		row, err := invitationBySecret(tx, tokenHash(secret))
		if err != nil {
			return err
		}
		if err := row.fault(tx.Now); err != nil {
			return err
		}
		if view.Invitation, err = s.openInvitation(tx, row); err != nil || row.AccountID == nil {
			return err
		}
		factors, err := s.factorsOf(tx, *row.AccountID)
		view.SecondFactor = factors.any()
		return err
	})
	view.School = id.School(school)
	return view, err
}

// Redeemed is what the holder of an invitation sends. The address and the role are the invitation's.
type Redeemed struct {
	Secret   string
	Name     string // empty: as invited
	Password string
	Proof    Proof // for a new password of an account with a second factor
}

// RedeemInvitation makes the account, or gives it its new password, and signs in. The session is limited until a second
// factor stands; a new password never skips one that stands already (SecondFactorNeeded, and nothing is used up).
func (s *Service) RedeemInvitation(ctx context.Context, redeemed Redeemed, device Device) (signedIn SignedIn, err error) {
	view, err := s.ReadInvitation(ctx, redeemed.Secret)
	if err != nil {
		return SignedIn{}, err
	}
	staff := NewStaff{
		Name: strings.TrimSpace(redeemed.Name), Email: view.Email, Role: view.Role, Password: redeemed.Password,
		Language: familyLanguage(device.Language),
	}
	if staff.Name == "" {
		staff.Name = view.Name
	}
	if err := staff.check(); err != nil {
		return SignedIn{}, err
	}
	err = s.guess(ctx, passwordCounters(view.Email), func() error {
		hash, err := s.hasher.hash(ctx, redeemed.Password)
		if err != nil {
			return err
		}
		return s.db.Write(db.InSchool(ctx, view.School), func(tx *db.Tx) error {
			signedIn, err = s.redeem(tx, redeemed, staff, hash, device)
			return err
		})
	})
	if errors.Is(err, db.ErrUnique) {
		return SignedIn{}, fault.Wrap(fault.AlreadyExists, err)
	}
	return signedIn, err
}

func (s *Service) redeem(tx *db.Tx, redeemed Redeemed, staff NewStaff, hash string, device Device) (SignedIn, error) {
	row, err := invitationBySecret(tx, tokenHash(redeemed.Secret))
	if err != nil {
		return SignedIn{}, err
	}
	if err := row.fault(tx.Now); err != nil {
		return SignedIn{}, err
	}
	if first, err := useInvitation(tx, row.ID); err != nil {
		return SignedIn{}, err
	} else if !first {
		return SignedIn{}, db.ErrAgain
	}
	if row.AccountID != nil {
		return s.takeNewPassword(tx, row, hash, redeemed.Proof, device)
	}
	account := id.New[id.Account]()
	if err := s.insertStaff(tx, account, staff, hash); err != nil {
		return SignedIn{}, err
	}
	if err := recordAccount(tx, string(account), audit.AccountCreated, account); err != nil {
		return SignedIn{}, err
	}
	return s.enter(tx, row, account, staff.Role, device, true)
}

func (s *Service) takeNewPassword(tx *db.Tx, row invitationRow, hash string, proof Proof, device Device) (SignedIn, error) {
	found, err := staffByID(tx, *row.AccountID)
	if err != nil {
		return SignedIn{}, err
	}
	if found.Account.ID == "" || found.Account.DisabledAt != nil {
		return SignedIn{}, fault.New(fault.InvitationVoid)
	}
	limited, err := s.useFactor(tx, found.Account.ID, proof)
	if err != nil {
		return SignedIn{}, err
	}
	if err := setPassword(tx, found.Account.ID, hash); err != nil {
		return SignedIn{}, err
	}
	if err := s.endSessionsOf(tx, found.Account.ID); err != nil {
		return SignedIn{}, err
	}
	if err := recordAccount(tx, string(found.Account.ID), audit.PasswordChanged, found.Account.ID); err != nil {
		return SignedIn{}, err
	}
	return s.enter(tx, row, found.Account.ID, found.Role, device, limited)
}

func (s *Service) enter(
	tx *db.Tx, row invitationRow, account id.Account, role authz.Role, device Device, limited bool,
) (SignedIn, error) {
	if err := recordInvitation(tx, string(account), audit.InvitationRedeemed, row.ID); err != nil {
		return SignedIn{}, err
	}
	rows, err := accountsByID(tx, []id.Account{account})
	if err != nil || len(rows) == 0 {
		return SignedIn{}, err
	}
	device.way, device.limited = ByInvitation, limited
	return s.openSession(tx, rows[0], role, id.Person{}, device)
}

func (r invitationRow) fault(now time.Time) error {
	if r.ID == "" {
		return fault.New(fault.InvitationUnknown)
	}
	switch r.state(now) {
	case InvitationUsed:
		return fault.New(fault.InvitationUsed).With("usedOn", calendar.Today(time.UnixMicro(*r.UsedAt), time.UTC).String())
	case InvitationVoid:
		return fault.New(fault.InvitationVoid)
	case InvitationExpired:
		return fault.New(fault.InvitationExpired)
	case InvitationOpen:
	}
	return nil
}

// Link is where the invitation is redeemed. The secret stands in the fragment, which browsers send to nobody.
func (m MadeInvitation) Link(base *url.URL) string { return base.String() + "/invitation#" + m.Secret }
