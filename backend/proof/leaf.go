package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
)

// SaltSize is the length of a statement's salt in bytes.
const SaltSize = 32

const leafVersion = 1

// Leaf is one record of the log; its canonical JSON is what the tree hashes. It names no person, and nothing in it can
// be tried out without the statement's salt.
type Leaf struct {
	V          int    `json:"v"`
	Seq        int64  `json:"seq"` // from 0, without gaps
	Kind       Kind   `json:"kind"`
	Commit     []byte `json:"commit"`               // see Commitment; standard base64
	TextSHA256 string `json:"textSha256,omitempty"` // see Statement.TextSHA256
	At         int64  `json:"at"`                   // µs since 1970, by the server's clock
	ClockStep  int64  `json:"clockStep,omitempty"`  // µs that the clock had been set back since the leaf before
}

// Commitment binds a statement to a leaf without telling anything about it: HMAC-SHA-256(salt, statement).
func Commitment(salt, statement []byte) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write(statement)
	return mac.Sum(nil)
}

// Encode gives the bytes that the tree hashes.
func (l Leaf) Encode() ([]byte, error) {
	l.V = leafVersion
	return Canonical(l)
}

// DecodeLeaf reads what Encode wrote, and nothing else.
func DecodeLeaf(raw []byte) (Leaf, error) {
	var l Leaf
	if err := decodeVersion(raw, leafVersion, &l); err != nil {
		return Leaf{}, fmt.Errorf("leaf: %w", err)
	}
	switch {
	case shapes(l.Kind) == nil:
		return Leaf{}, errors.New("leaf: of an unknown kind")
	case l.Seq < 0 || l.At < 0 || l.ClockStep < 0:
		return Leaf{}, errors.New("leaf: a number or an instant below nought")
	case len(l.Commit) != sha256.Size:
		return Leaf{}, fmt.Errorf("leaf: a commitment of %d bytes", len(l.Commit))
	case l.TextSHA256 != "" && !isSHA256(l.TextSHA256):
		return Leaf{}, errors.New("leaf: its text's hash is none")
	}
	return l, isOwnForm(raw, l.Encode)
}
