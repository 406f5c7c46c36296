package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"

	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// One-time codes are TOTP (RFC 6238) as every authenticator app takes it: SHA-1, six digits, steps of 30 seconds. The
// steps before and after count too, because the clocks of old phones are wrong by as much.
const (
	totpStep   = 30 * time.Second
	totpSkew   = 1  // steps
	totpSize   = 20 // bytes; RFC 4226, 4 recommends 160 bits
	totpIssuer = "Einverstanden"
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// TOTPSecret is what an authenticator app makes its codes from.
type TOTPSecret []byte

func newTOTPSecret() TOTPSecret {
	secret := make(TOTPSecret, totpSize)
	_, _ = rand.Read(secret) // never fails: it ends the program instead (crypto/rand)
	return secret
}

// Text is the secret as people type it into an app: base32 (RFC 4648, 6) without padding.
func (s TOTPSecret) Text() string { return base32Text.EncodeToString(s) }

// ParseTOTPSecret reads a secret as Text gives it; blanks and case do not matter.
func ParseTOTPSecret(text string) (TOTPSecret, error) {
	secret, err := base32Text.DecodeString(strings.ToUpper(strings.ReplaceAll(text, " ", "")))
	if err != nil || len(secret) == 0 {
		return nil, errors.New("account: not a secret of one-time codes")
	}
	return secret, nil
}

// String hides the secret from everything that prints values in passing.
func (s TOTPSecret) String() string { return "[TOTP secret]" }

// GoString hides the secret from %#v.
func (s TOTPSecret) GoString() string { return s.String() }

// Code is the one-time code at the instant.
func (s TOTPSecret) Code(at time.Time) (string, error) { return s.codeOf(stepOf(at)) }

func (s TOTPSecret) codeOf(step int64) (string, error) {
	code, err := hotp.GenerateCode(s.Text(), uint64(step)) //nolint:gosec // steps since 1970 are not negative
	if err != nil {
		return "", fmt.Errorf("make a one-time code: %w", err)
	}
	return code, nil
}

func stepOf(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }

// match finds the step whose code it is. All steps that count are compared, whichever fits.
func (s TOTPSecret) match(typed string, now time.Time) (step int64, ok bool, err error) {
	typed = strings.ReplaceAll(typed, " ", "")
	for candidate := stepOf(now) - totpSkew; candidate <= stepOf(now)+totpSkew; candidate++ {
		code, err := s.codeOf(candidate)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1 {
			step, ok = candidate, true
		}
	}
	return step, ok, nil
}

// uri is what the QR code carries, in the form that Google Authenticator has set and all others read.
func (s TOTPSecret) uri(account string) string {
	values := url.Values{
		"secret": {s.Text()}, "issuer": {totpIssuer}, "algorithm": {"SHA1"}, "digits": {"6"},
		"period": {strconv.Itoa(int(totpStep / time.Second))},
	}
	return "otpauth://totp/" + url.PathEscape(totpIssuer+":"+account) + "?" + values.Encode()
}

func totpPlace(school id.School, totp id.TOTP) vault.Place {
	return vault.Place{School: school, Table: "totp", Column: "secret", Row: string(totp)}
}
