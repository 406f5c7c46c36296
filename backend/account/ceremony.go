package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// ceremonyKind says what has been begun.
type ceremonyKind string

const (
	ceremonyRegistration ceremonyKind = "registration" // of a passkey
	ceremonyPasskey      ceremonyKind = "passkey"      // a sign-in by passkey
	ceremonyDeviceLink   ceremonyKind = "device link"
	ceremonyChild        ceremonyKind = "child" // opened by a guardian
)

// passkeyCeremony is how long a browser may take to ask its owner.
const passkeyCeremony = 5 * time.Minute

// errNoCeremony says that nothing was begun under the secret, or that it is over: used, or too old.
var errNoCeremony = errors.New("account: no such ceremony")

// ceremonies is not a school's id: what is begun before a school is known is sealed with a key of its own.
const ceremonies id.School = "ceremony"

func ceremonyPlace(keyHash string) vault.Place {
	return vault.Place{School: ceremonies, Table: "ceremony", Column: "state", Row: keyHash}
}

func (s *Service) ceremonyHash(kind ceremonyKind, secret string) string {
	return s.vault.Fingerprint("ceremony."+string(kind), secret)
}

// newCeremonySecret has 256 random bits.
func newCeremonySecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: it ends the program instead (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// begin keeps the state, sealed, for whoever brings the secret in time. What is over is cleared away on the occasion.
func (s *Service) begin(tx *db.Tx, kind ceremonyKind, secret string, life time.Duration, state any) error {
	if err := deleteCeremoniesBefore(tx, tx.Now); err != nil {
		return err
	}
	hash := s.ceremonyHash(kind, secret)
	sealed, err := s.vault.SealJSON(ceremonyPlace(hash), state)
	if err != nil {
		return err
	}
	return insertCeremony(tx, ceremonyRow{KeyHash: hash, State: sealed, ExpiresAt: tx.Now.Add(life).UnixMicro()})
}

// take ends what was begun and gives its state; of many that come at once, one gets it. It is over whatever becomes of
// it now: a second try needs a new beginning. Without it the error is errNoCeremony.
func (s *Service) take(ctx context.Context, kind ceremonyKind, secret string, state any) error {
	hash := s.ceremonyHash(kind, secret)
	var sealed []byte
	err := s.db.Outside(ctx, func(tx *db.Tx) (err error) {
		sealed, err = takeCeremony(tx, hash)
		return err
	})
	if err != nil {
		return err
	}
	if sealed == nil {
		return errNoCeremony
	}
	return s.vault.OpenJSON(ceremonyPlace(hash), sealed, state)
}
