package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/netip"
	"strings"

	"einverstanden/backend/id"
)

// DoorKey is what stands behind the # of a pupil's link, on a card or of a class: the school and 128 random bits, with a
// point between. It is shown once, to whoever issued it, and prints itself to no log; string(k) shows it.
type DoorKey string

const (
	doorKeySize   = 16  // bytes
	doorKeyLength = 100 // characters; ours are shorter
	doorKeyLimit  = 60  // unknown keys from one address: nobody guesses 128 bits, this keeps the load down
)

// NewDoorKey makes a fresh key of the school.
func NewDoorKey(school id.School) DoorKey {
	raw := make([]byte, doorKeySize)
	_, _ = rand.Read(raw) // never fails: it ends the program instead (crypto/rand)
	return DoorKey(string(school) + "." + base64.RawURLEncoding.EncodeToString(raw))
}

// School is the one that a key names; ok is false for what none of ours looks like.
func (k DoorKey) School() (school id.School, ok bool) {
	if len(k) > doorKeyLength {
		return "", false
	}
	name, secret, found := strings.Cut(string(k), ".")
	return id.School(name), found && name != "" && secret != ""
}

// Hash is what is kept of the key. It has 128 random bits, so a plain hash cannot be searched.
func (k DoorKey) Hash() string { return tokenHash(string(k)) }

// String hides the key from everything that prints values in passing.
func (k DoorKey) String() string { return "[door key]" }

// GoString hides the key from %#v.
func (k DoorKey) GoString() string { return k.String() }

// LogValue hides the key from the log.
func (k DoorKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// CountUnknownDoorKey counts a key that was none, and refuses with TooManyTries beyond the limit of an hour. Only unknown
// keys are counted: a right one opens always, or a stranger on the school's network could keep a class out.
func (s *Service) CountUnknownDoorKey(ctx context.Context, address netip.Addr) error {
	_, err := s.reserve(ctx, []counter{{kind: "door key", subject: addressGroup(address), limit: doorKeyLimit}})
	return err
}

// KnownDevice is the device token that a browser has, or a fresh one for it: whoever tries PINs is told apart by it.
func KnownDevice(token string) string { return deviceToken(token) }
