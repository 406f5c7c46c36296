package account

import (
	"crypto/sha256"
	"strconv"
	"sync/atomic"
	"time"

	"einverstanden/backend/vault"
)

// What black-box tests cannot reach: the key of an access token, and the work of the password hash, which would take
// most of the tests' time.

// The limits of a whole school, which no test reaches try by try.
const (
	SchoolLimit = schoolLimit
	SchoolSlow  = schoolSlow
)

// IssuedAtOnce is how many letters one transaction makes.
const IssuedAtOnce = issuedAtOnce

// HashFast replaces the password hash and counts how often it is taken.
func (s *Service) HashFast() *atomic.Int64 {
	var hashings atomic.Int64
	s.hasher.derive = func(password, salt []byte) []byte {
		hashings.Add(1)
		sum := sha256.Sum256(append(append([]byte{}, salt...), password...))
		return sum[:]
	}
	return &hashings
}

// AccessKey is what signs access tokens at the instant.
func AccessKey(v *vault.Vault, now time.Time) (kid string, key []byte) {
	epoch := keyEpoch(now)
	return strconv.FormatInt(epoch, 10), newTokens(v, nil).accessKey(epoch)
}

// NextKey is when the signing key changes next, and how long it then lasts.
func NextKey(now time.Time) (at time.Time, life time.Duration) {
	return time.Unix((keyEpoch(now)+1)*int64(keyLife/time.Second), 0).UTC(), keyLife
}

// NewSecret makes a letter's secret.
func NewSecret() Secret { return newSecret() }

// IsCommon tells whether a password consists of few weak pieces.
func IsCommon(password string, known ...string) bool { return isCommon(password, known...) }
