package account

import (
	"crypto/rand"
	"log/slog"
	"strings"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// RecoveryCode stands in for a one-time code, once: 16 symbols of Crockford's base32, all random (80 bits). It is shown
// when it is made, and prints itself to no log.
type RecoveryCode string

const (
	recoveryCodes   = 10
	recoverySymbols = 16
)

func newRecoveryCode() RecoveryCode {
	var values [recoverySymbols]byte
	_, _ = rand.Read(values[:]) // never fails: it ends the program instead (crypto/rand)
	for i := range values {
		values[i] = crockfordDigits[values[i]&31] // 32 divides 256: no symbol is favoured
	}
	return RecoveryCode(values[:])
}

// Format is the code as it is printed: XXXX-XXXX-XXXX-XXXX.
func (c RecoveryCode) Format() string { return Secret(c).Format() }

// String hides the code from everything that prints values in passing; Format shows it.
func (c RecoveryCode) String() string { return "[recovery code]" }

// GoString hides the code from %#v.
func (c RecoveryCode) GoString() string { return c.String() }

// LogValue hides the code from the log.
func (c RecoveryCode) LogValue() slog.Value { return slog.StringValue(c.String()) }

// normalRecoveryCode forgives what a person may type otherwise; what cannot be a code matches none.
func normalRecoveryCode(typed string) string {
	symbols := make([]byte, 0, recoverySymbols)
	for _, r := range strings.NewReplacer(" ", "", "-", "").Replace(typed) {
		value, ok := symbolValue(r)
		if !ok || len(symbols) == recoverySymbols {
			return ""
		}
		symbols = append(symbols, crockfordDigits[value])
	}
	return string(symbols)
}

// recoveryHash is what is kept of a code. A keyed hash is enough for 80 random bits, as for letters (decision 0006).
func (s *Service) recoveryHash(tx *db.Tx, account id.Account, code string) string {
	return s.vault.Index(tx.School, "recovery_code|"+string(account), code)
}

// renewRecoveryCodes puts ten new codes in the place of whatever is left of the old ones.
func (s *Service) renewRecoveryCodes(tx *db.Tx, account id.Account) ([]RecoveryCode, error) {
	if err := deleteRecoveryCodes(tx, account); err != nil {
		return nil, err
	}
	codes, hashes := make([]RecoveryCode, recoveryCodes), make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		hashes[i] = s.recoveryHash(tx, account, string(codes[i]))
	}
	return codes, insertRecoveryCodes(tx, account, hashes)
}

// takeRecoveryCode uses a code up, and tells whether there was one to use.
func (s *Service) takeRecoveryCode(tx *db.Tx, account id.Account, typed string) (bool, error) {
	taken, err := useRecoveryCode(tx, account, s.recoveryHash(tx, account, normalRecoveryCode(typed)))
	if err != nil || !taken {
		return false, err
	}
	return true, recordAccount(tx, string(account), audit.RecoveryCodeUsed, account)
}
