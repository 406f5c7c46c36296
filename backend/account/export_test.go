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

const (
	SchoolLimit = schoolLimit
	SchoolSlow  = schoolSlow
)

func (s *Service) HashFast() *atomic.Int64 {
	var hashings atomic.Int64
	s.hasher.derive = func(password, salt []byte) []byte {
		hashings.Add(1)
		sum := sha256.Sum256(append(append([]byte{}, salt...), password...))
		return sum[:]
	}
	return &hashings
}

func AccessKey(v *vault.Vault, now time.Time) (kid string, key []byte) {
	epoch := keyEpoch(now)
	return strconv.FormatInt(epoch, 10), newTokens(v, nil).accessKey(epoch)
}

// NextKey is when the signing key changes next, and how long it then lasts.
func NextKey(now time.Time) (at time.Time, life time.Duration) {
	return time.Unix((keyEpoch(now)+1)*int64(keyLife/time.Second), 0).UTC(), keyLife
}

func NewSecret() Secret { return newSecret() }

func IsCommon(password string, known ...string) bool { return isCommon(password, known...) }
