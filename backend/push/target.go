package push

import (
	"crypto/ecdh"
	"encoding/base64"
	"log/slog"

	"einverstanden/backend/vault"
)

// authSize is the length of a subscription's secret, in bytes (RFC 8291, 3.2).
const authSize = 16

// Target is a browser that can be reached. It is as secret as a password: whoever has it can write to that browser.
type Target struct {
	Endpoint string         `json:"endpoint"`
	P256dh   string         `json:"p256dh"` // the browser's public key, base64url
	Auth     string         `json:"auth"`   // the secret shared with it, base64url
	Key      vault.VAPIDKey `json:"-"`      // that the browser subscribed with
}

func (t Target) is(other Target) bool {
	return t.Endpoint == other.Endpoint && t.P256dh == other.P256dh && t.Auth == other.Auth && t.Key.ID == other.Key.ID
}

// String hides the target from everything that prints values in passing.
func (t Target) String() string { return "[push subscription]" }

// GoString hides the target from %#v.
func (t Target) GoString() string { return t.String() }

// LogValue hides the target from the log.
func (t Target) LogValue() slog.Value { return slog.StringValue(t.String()) }

// goodP256dh reports whether a text is a public key on P-256: 65 bytes, and a point of the curve.
func goodP256dh(text string) bool {
	raw, err := decodeKey(text)
	if err != nil {
		return false
	}
	_, err = ecdh.P256().NewPublicKey(raw)
	return err == nil
}

func goodAuth(text string) bool {
	raw, err := decodeKey(text)
	return err == nil && len(raw) == authSize
}

func decodeKey(text string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(text) }
