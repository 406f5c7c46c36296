package account

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Proof is what somebody gives beside the password: a one-time code, or a recovery code in its place.
type Proof struct {
	Code     string
	Recovery string
}

// Factors are an account's second factors.
type Factors struct {
	TOTP          bool
	Passkeys      int
	RecoveryCodes int       // not used yet
	Enrols        bool      // the session may add a first passkey: not one that the school's provider opened
	ResetAt       time.Time // when somebody else took the second factor away; zero once a new one stands
}

func (f Factors) any() bool { return f.TOTP || f.Passkeys > 0 }

// TOTPSetup is shown once, while an authenticator app is being set up.
type TOTPSetup struct {
	Secret TOTPSecret
	URI    string // otpauth://, for a QR code
}

// OwnFactors tells what the actor has set up.
func (s *Service) OwnFactors(ctx context.Context, actor authz.Actor) (factors Factors, err error) {
	if err := allow(actor, authz.KeepOwnSignIn); err != nil {
		return Factors{}, err
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if factors, err = s.factorsOf(tx, actor.Account); err != nil {
			return err
		}
		view, err := s.sessionNow(tx, actor.Session)
		factors.Enrols = view.Session.Way.enrols() && !view.Session.Shared
		return err
	})
	return factors, err
}

func (s *Service) factorsOf(tx *db.Tx, account id.Account) (Factors, error) {
	row, err := confirmedTOTP(tx, account)
	if err != nil {
		return Factors{}, err
	}
	passkeys, err := findPasskeys(tx, account)
	if err != nil {
		return Factors{}, err
	}
	left, err := countRecoveryCodes(tx, account)
	if err != nil {
		return Factors{}, err
	}
	factors := Factors{TOTP: row.ID != "", Passkeys: len(passkeys), RecoveryCodes: left}
	rows, err := accountsByID(tx, []id.Account{account})
	if err == nil && len(rows) == 1 && rows[0].FactorResetAt != nil {
		factors.ResetAt = time.UnixMicro(*rows[0].FactorResetAt).UTC()
	}
	return factors, err
}

// useFactor takes what was given beside a right password. An account without a second factor is let in as far as
// setting one up; the others hear SecondFactorNeeded or SecondFactorWrong. Each code counts once (checklist C9). To an
// account whose only second factor is a passkey the password opens nothing: it signs in with the passkey.
func (s *Service) useFactor(tx *db.Tx, account id.Account, proof Proof) (limited bool, err error) {
	factors, err := s.factorsOf(tx, account)
	switch {
	case err != nil:
		return false, err
	case !factors.any():
		return true, nil
	case proof == Proof{}:
		return false, fault.New(fault.SecondFactorNeeded)
	}
	var right bool
	if proof.Code != "" {
		right, err = s.takeTOTP(tx, account, proof.Code)
	} else {
		right, err = s.takeRecoveryCode(tx, account, proof.Recovery)
	}
	if err == nil && !right {
		err = fault.New(fault.SecondFactorWrong)
	}
	return false, err
}

func (s *Service) takeTOTP(tx *db.Tx, account id.Account, code string) (bool, error) {
	row, err := confirmedTOTP(tx, account)
	if err != nil || row.ID == "" {
		return false, err
	}
	step, err := s.matchTOTP(tx, row, code)
	if err != nil || step == 0 {
		return false, err
	}
	return takeStep(tx, row.ID, step)
}

// matchTOTP gives the step whose code it is, or 0.
func (s *Service) matchTOTP(tx *db.Tx, row totpRow, code string) (int64, error) {
	secret, err := s.vault.Open(totpPlace(tx.School, row.ID), row.Secret)
	if err != nil {
		return 0, err
	}
	step, ok, err := TOTPSecret(secret).match(code, tx.Now)
	if !ok {
		step = 0
	}
	return step, err
}

// StartTOTP makes a secret that counts once ConfirmTOTP has seen a code of it. Who has a second factor already must
// have proved it lately (ReauthenticationNeeded), so that a found browser cannot exchange it.
func (s *Service) StartTOTP(ctx context.Context, actor authz.Actor) (TOTPSetup, error) {
	secret := newTOTPSecret()
	var profile sealedProfile
	err := s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if err := s.mayChangeFactors(tx, actor); err != nil {
			return err
		}
		rows, err := accountsByID(tx, []id.Account{actor.Account})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.New(fault.NotSignedIn)
		}
		if profile, err = s.openProfile(rows[0]); err != nil {
			return err
		}
		if err := deletePendingTOTP(tx, actor.Account); err != nil {
			return err
		}
		if err := s.insertTOTP(tx, actor.Account, secret, nil); err != nil {
			return err
		}
		return recordAccount(tx, string(actor.Account), audit.SecondFactorStarted, actor.Account)
	})
	if err != nil {
		return TOTPSetup{}, err
	}
	return TOTPSetup{Secret: secret, URI: secret.uri(profile.Email)}, nil
}

// mayChangeFactors keeps a session that a password alone opened from taking the place of a factor that came since.
func (s *Service) mayChangeFactors(tx *db.Tx, actor authz.Actor) error {
	if err := allow(actor, authz.KeepOwnSignIn); err != nil {
		return err
	}
	factors, err := s.factorsOf(tx, actor.Account)
	if err != nil {
		return err
	}
	if actor.Limited {
		if factors.any() {
			return fault.New(fault.NotSignedIn)
		}
		return nil
	}
	return s.checkFresh(tx, actor)
}

func (s *Service) insertTOTP(tx *db.Tx, account id.Account, secret TOTPSecret, confirmed *int64) error {
	row := totpRow{SchoolID: tx.School, ID: id.New[id.TOTP](), AccountID: account, MadeAt: tx.Now.UnixMicro(), ConfirmedAt: confirmed}
	var err error
	if row.Secret, err = s.vault.Seal(totpPlace(tx.School, row.ID), secret); err != nil {
		return err
	}
	return insertTOTP(tx, row)
}

// ConfirmTOTP lets the started secret count, in place of an earlier one, and gives new recovery codes. All sessions of
// the account end; the caller goes on in a new one, with all that its role may do (checklist B10).
func (s *Service) ConfirmTOTP(ctx context.Context, actor authz.Actor, code string, device Device) (SignedIn, []RecoveryCode, error) {
	var signedIn SignedIn
	var codes []RecoveryCode
	ctx = db.InSchool(ctx, actor.School)
	err := s.guess(ctx, factorCounters(actor.Account), func() error {
		return s.db.Write(ctx, func(tx *db.Tx) error {
			if err := s.mayChangeFactors(tx, actor); err != nil {
				return err
			}
			if err := s.confirmTOTP(tx, actor.Account, code); err != nil {
				return err
			}
			var err error
			if codes, err = s.renewRecoveryCodes(tx, actor.Account); err != nil {
				return err
			}
			if err := recordAccount(tx, string(actor.Account), audit.SecondFactorSet, actor.Account); err != nil {
				return err
			}
			signedIn, err = s.renewSession(tx, actor, device)
			return err
		})
	})
	return signedIn, codes, err
}

func (s *Service) confirmTOTP(tx *db.Tx, account id.Account, code string) error {
	row, err := pendingTOTP(tx, account)
	if err != nil {
		return err
	}
	if row.ID == "" {
		return fault.New(fault.NothingHere)
	}
	step, err := s.matchTOTP(tx, row, code)
	if err != nil {
		return err
	}
	if step == 0 {
		return fault.New(fault.SecondFactorWrong)
	}
	if err := setTOTP(tx, row, step); err != nil {
		return err
	}
	return clearFactorReset(tx, account)
}

// RenewRecoveryCodes gives ten new recovery codes; the old ones end.
func (s *Service) RenewRecoveryCodes(ctx context.Context, actor authz.Actor) (codes []RecoveryCode, err error) {
	err = s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if actor.Limited {
			return fault.New(fault.NotAllowedHere)
		}
		if err := s.mayChangeFactors(tx, actor); err != nil {
			return err
		}
		if codes, err = s.renewRecoveryCodes(tx, actor.Account); err != nil {
			return err
		}
		return recordAccount(tx, string(actor.Account), audit.RecoveryCodesRenewed, actor.Account)
	})
	return codes, err
}

// SetUpTOTP gives an account without a second factor the secret, without recovery codes. It is for the demo and for
// measurements, whose secrets stand in a file; whoever has a second factor keeps it.
func (s *Service) SetUpTOTP(ctx context.Context, account id.Account, secret TOTPSecret) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		tx.MarkAudited() // nothing may be left to do
		factors, err := s.factorsOf(tx, account)
		if err != nil || factors.any() {
			return err
		}
		now := tx.Now.UnixMicro()
		if err := s.insertTOTP(tx, account, secret, &now); err != nil {
			return err
		}
		return recordAccount(tx, audit.System, audit.SecondFactorSet, account)
	})
}

func recordAccount(tx *db.Tx, actor string, action audit.Action, account id.Account) error {
	return audit.Record(tx, audit.Entry{Actor: actor, Action: action, SubjectKind: "account", SubjectID: string(account)})
}
