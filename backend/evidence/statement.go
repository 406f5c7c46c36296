package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Kind says what sort of act a statement is about. It stands in the leaf, which outlives an erasure.
type Kind string

// The kinds. The zero value is unknown and never written; a name is never changed or used for something else.
const (
	Decision     Kind = "decision"
	Invalidation Kind = "invalidation"
	Sanction     Kind = "sanction" // made or ended early
	Hold         Kind = "hold"     // placed or settled
	Version      Kind = "version"  // of a form, published
	Custody      Kind = "custody"  // a guardianship changed
	Erasure      Kind = "erasure"
)

func (k Kind) known() bool {
	switch k {
	case Decision, Invalidation, Sanction, Hold, Version, Custody, Erasure:
		return true
	}
	return false
}

// Statement is what was said and what the server knows about it. Both parts belong to the domain whose act it is, with
// JSON tags of its own; whatever they hold must pass Canonical and is erased with the statement.
type Statement struct {
	Kind        Kind
	Declaration any // what the person who acted knows and, with a passkey, signs; never nil
	Server      any // the rest: how it was received, by whom recorded; may be nil

	// TextSHA256 is the hex SHA-256 of the German text that the act rests on, empty when there is none. It goes into
	// the leaf. The text shown in another language belongs into the declaration alone: which language somebody reads
	// would otherwise outlive that person's erasure.
	TextSHA256 string
}

// statementVersion counts the shapes of the outer object; the parts carry their own.
const statementVersion = 1

// canonical gives the bytes that are committed to: {declaration, kind, server, v}.
func (s Statement) canonical() ([]byte, error) {
	if !s.Kind.known() {
		return nil, fmt.Errorf("kind %q is unknown", s.Kind)
	}
	if s.Declaration == nil {
		return nil, errors.New("statement without a declaration")
	}
	if s.TextSHA256 != "" && !isSHA256(s.TextSHA256) {
		return nil, fmt.Errorf("%q is not a hex SHA-256", s.TextSHA256)
	}
	return Canonical(struct {
		V           int  `json:"v"`
		Kind        Kind `json:"kind"`
		Declaration any  `json:"declaration"`
		Server      any  `json:"server,omitempty"`
	}{statementVersion, s.Kind, s.Declaration, s.Server})
}

// isSHA256 holds for the one spelling that we write: 64 digits, lower case.
func isSHA256(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == sha256.Size && hex.EncodeToString(raw) == text
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
