package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// SaltSize is the length of a statement's salt in bytes.
const SaltSize = 32

const (
	leafVersion = 1
	usualLeaf   = 256 // bytes
)

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

// Encode gives the bytes that the tree hashes: its canonical JSON, written by hand because a walk over a whole log reads
// and writes every leaf.
func (l Leaf) Encode() ([]byte, error) {
	if l.Seq < 0 || l.Seq > maxInteger || l.At < -maxInteger || l.At > maxInteger || l.ClockStep < -maxInteger || l.ClockStep > maxInteger {
		return nil, fmt.Errorf("leaf: a number of leaf %d is not within ±(2^53−1)", l.Seq)
	}
	if !utf8.ValidString(string(l.Kind)) || !utf8.ValidString(l.TextSHA256) {
		return nil, fmt.Errorf("leaf: a text of leaf %d is not UTF-8", l.Seq)
	}
	out := strconv.AppendInt(append(make([]byte, 0, usualLeaf), `{"at":`...), l.At, 10)
	if l.ClockStep != 0 {
		out = strconv.AppendInt(append(out, `,"clockStep":`...), l.ClockStep, 10)
	}
	out = base64.StdEncoding.AppendEncode(append(out, `,"commit":"`...), l.Commit)
	out = appendString(append(out, `","kind":`...), norm.NFC.String(string(l.Kind)))
	out = strconv.AppendInt(append(out, `,"seq":`...), l.Seq, 10)
	if l.TextSHA256 != "" {
		out = appendString(append(out, `,"textSha256":`...), norm.NFC.String(l.TextSHA256))
	}
	return append(strconv.AppendInt(append(out, `,"v":`...), leafVersion, 10), '}'), nil
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
