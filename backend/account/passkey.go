package account

import (
	"context"
	"encoding/base64"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// Passkey is a credential of an account (W3C WebAuthn): whoever holds the device, and is verified by it, signs with it.
type Passkey struct {
	ID         id.Passkey
	Account    id.Account
	Credential []byte // its id
	PublicKey  []byte // COSE_Key (RFC 9053)
	SignCount  uint32 // a signal, never a lock: synced passkeys do not count
	CreatedAt  time.Time
	UsedAt     time.Time // for signing in; zero: not yet

	BackupEligible bool // it may be synced between devices; never changes
}

// sealedPasskey is what lies sealed in passkey.body.
type sealedPasskey struct {
	Credential []byte `json:"credential"`
	PublicKey  []byte `json:"publicKey"`
	SignCount  uint32 `json:"signCount"`

	BackupEligible bool `json:"backupEligible,omitempty"`
}

func (p Passkey) sealed() sealedPasskey {
	return sealedPasskey{
		Credential: p.Credential, PublicKey: p.PublicKey, SignCount: p.SignCount, BackupEligible: p.BackupEligible,
	}
}

func passkeyPlace(school id.School, passkey id.Passkey) vault.Place {
	return vault.Place{School: school, Table: "passkey", Column: "body", Row: string(passkey)}
}

// AddPasskey keeps a passkey whose registration has been verified. One credential belongs to one account.
func (s *Service) AddPasskey(ctx context.Context, p Passkey) (id.Passkey, error) {
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		p.ID, err = s.addPasskey(tx, p)
		return err
	})
	return p.ID, err
}

func (s *Service) addPasskey(tx *db.Tx, p Passkey) (id.Passkey, error) {
	p.ID = id.New[id.Passkey]()
	body, err := s.vault.SealJSON(passkeyPlace(tx.School, p.ID), p.sealed())
	if err != nil {
		return "", err
	}
	hash := s.vault.Fingerprint("passkey", base64.StdEncoding.EncodeToString(p.Credential))
	if err := insertPasskey(tx, p, hash, body); err != nil {
		return "", err
	}
	return p.ID, recordPasskey(tx, p.Account, audit.PasskeyAdded, p.ID)
}

func recordPasskey(tx *db.Tx, actor id.Account, action audit.Action, passkey id.Passkey) error {
	return audit.Record(tx, audit.Entry{
		Actor: string(actor), Action: action, SubjectKind: "passkey", SubjectID: string(passkey),
	})
}

// PasskeysOf lists an account's passkeys, the oldest first.
func (s *Service) PasskeysOf(tx *db.Tx, account id.Account) ([]Passkey, error) {
	rows, err := findPasskeys(tx, account)
	if err != nil {
		return nil, err
	}
	passkeys := make([]Passkey, len(rows))
	for i, row := range rows {
		var opened sealedPasskey
		if err := s.vault.OpenJSON(passkeyPlace(tx.School, row.ID), row.Body, &opened); err != nil {
			return nil, err
		}
		passkeys[i] = Passkey{
			ID: row.ID, Account: row.AccountID, Credential: opened.Credential, PublicKey: opened.PublicKey,
			SignCount: opened.SignCount, CreatedAt: time.UnixMicro(row.CreatedAt).UTC(), BackupEligible: opened.BackupEligible,
		}
		if row.UsedAt != nil {
			passkeys[i].UsedAt = time.UnixMicro(*row.UsedAt).UTC()
		}
	}
	return passkeys, nil
}
