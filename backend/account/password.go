package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"einverstanden/backend/fault"
)

// Passwords have 15 to 128 characters and no rules about their kinds (OWASP ASVS 5.0, 6.2).
const (
	passwordMin = 15
	passwordMax = 128
)

// argon2id with 19 MiB, two passes and one lane (OWASP's first choice for RFC 9106).
const (
	argonMemory  = 19 * 1024 // KiB
	argonPasses  = 2
	argonLanes   = 1
	argonSalt    = 16 // bytes
	argonKey     = 32 // bytes
	argonAtOnce  = 2  // more would take memory from everybody else
	argonVersion = argon2.Version
)

// decoyHash is compared when there is nobody to compare with, so that an unknown address costs what a known one does.
// No password has this hash: finding one would mean inverting argon2id.
var decoyHash = encodeHash(make([]byte, argonSalt), make([]byte, argonKey))

var errNoHash = errors.New("account: not a password hash of ours")

// hasher derives password hashes, a few at a time.
type hasher struct {
	slots  chan struct{}
	derive func(password, salt []byte) []byte
}

func newHasher() *hasher { return newHasherOn(runtime.GOMAXPROCS(0)) }

// newHasherOn leaves one processor free of hashing, where there is more than one: a hash runs through, so that with all
// of them at it, whatever else is asked would wait for the scheduler's next turn, and the turn after that.
func newHasherOn(processors int) *hasher {
	return &hasher{slots: make(chan struct{}, max(1, min(argonAtOnce, processors-1))), derive: func(password, salt []byte) []byte {
		return argon2.IDKey(password, salt, argonPasses, argonMemory, argonLanes, argonKey)
	}}
}

// HashWeakly makes hashes that take no time, for tests of other things, which would spend most of theirs on hashing. The
// linter keeps it out of the program.
func (s *Service) HashWeakly() *Service {
	s.hasher.derive = func(password, salt []byte) []byte {
		sum := sha256.Sum256(slices.Concat(salt, password))
		return sum[:]
	}
	return s
}

// hash gives what is kept of the password, in PHC string format.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	var salt [argonSalt]byte
	_, _ = rand.Read(salt[:]) // never fails: it ends the program instead (crypto/rand)
	key, err := h.run(ctx, password, salt[:])
	if err != nil {
		return "", err
	}
	return encodeHash(salt[:], key), nil
}

// matches tells whether the hash is that of the password.
func (h *hasher) matches(ctx context.Context, hash, password string) (bool, error) {
	salt, want, err := decodeHash(hash)
	if err != nil {
		return false, err
	}
	key, err := h.run(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1, nil
}

// run waits for a free slot, at most as long as the caller does.
func (h *hasher) run(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		return h.derive([]byte(normalPassword(password)), salt), nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.TakesTooLong, ctx.Err()).After(2 * time.Second)
	}
}

// normalPassword makes the same password of the same characters, however a keyboard composes its umlauts
// (NIST SP 800-63B, 3.1.1.2).
func normalPassword(password string) string { return norm.NFKC.String(password) }

func encodeHash(salt, key []byte) string {
	return fmt.Sprintf("%s%s$%s", hashHead(), base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func hashHead() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argonVersion, argonMemory, argonPasses, argonLanes)
}

// decodeHash reads the present parameters alone. When they are raised, the old ones need a way to be read here.
func decodeHash(hash string) (salt, key []byte, err error) {
	rest, ours := strings.CutPrefix(hash, hashHead())
	saltText, keyText, two := strings.Cut(rest, "$")
	if !ours || !two {
		return nil, nil, errNoHash
	}
	salt, err = base64.RawStdEncoding.DecodeString(saltText)
	if err != nil || len(salt) != argonSalt {
		return nil, nil, errNoHash
	}
	key, err = base64.RawStdEncoding.DecodeString(keyText)
	if err != nil || len(key) != argonKey {
		return nil, nil, errNoHash
	}
	return salt, key, nil
}

// checkNewPassword refuses what is too short, too long, or among the first things that somebody would try who knows
// the account's name and address.
func checkNewPassword(password string, known ...string) error {
	length := utf8.RuneCountInString(normalPassword(password))
	switch {
	case length < passwordMin:
		return passwordFault(fault.PasswordShort, fmt.Errorf("the password has %d characters, %d are needed", length, passwordMin))
	case length > passwordMax:
		return passwordFault(fault.FieldTooLong, fmt.Errorf("the password has %d characters, %d are the most", length, passwordMax))
	case isCommon(password, known...):
		return passwordFault(fault.PasswordCommon, errors.New("the password is made of words and rows that are tried first"))
	}
	return nil
}

func passwordFault(code fault.Code, cause error) error {
	invalid := fault.InvalidField("password", code)
	invalid.Cause = cause
	return invalid
}
