package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Kind says what sort of act a statement is about. It stands in the leaf, which outlives an erasure.
type Kind string

// The kinds. The zero value is unknown and never written; a name is never changed or used for something else.
const (
	KindDecision     Kind = "decision"
	KindInvalidation Kind = "invalidation"
	KindSanction     Kind = "sanction" // imposed or ended early
	KindHold         Kind = "hold"     // placed or settled
	KindVersion      Kind = "version"  // of a form, published
	KindCustody      Kind = "custody"  // a guardianship changed
	KindLetter       Kind = "letter"   // issued, redeemed or void
	KindErasure      Kind = "erasure"
	KindObjection    Kind = "objection" // to a sanction: received or answered
)

// Kinds lists every kind.
var Kinds = []Kind{KindDecision, KindInvalidation, KindSanction, KindHold, KindVersion, KindCustody, KindLetter, KindErasure, KindObjection}

// The versions of statements. schema/statement-v1.json to statement-v3.json describe them; the second and the third are of
// sanctions alone, each of which says more than the one before.
const (
	firstVersion  = 1
	secondVersion = 2
	thirdVersion  = 3
)

// version is that of the statement's shape.
func (s Statement) version() int {
	d, ok := s.Declaration.(*SanctionDeclared)
	switch {
	case ok && d.RulesVersion != "":
		return thirdVersion
	case ok && d.Kind != "":
		return secondVersion
	}
	return firstVersion
}

// newestVersion is the latest that the kind of what is read has; one that cannot be read has the first.
func newestVersion(raw []byte) int {
	var found struct {
		Kind Kind `json:"kind"`
	}
	if err := json.Unmarshal(raw, &found); err == nil && found.Kind == KindSanction {
		return thirdVersion
	}
	return firstVersion
}

// parts are the two halves of a statement by kind.
type parts struct{ declaration, server any }

// shapes gives fresh, empty halves of a kind; nil for one that is unknown.
func shapes(kind Kind) *parts {
	switch kind {
	case KindDecision:
		return &parts{&DecisionDeclared{}, &DecisionServer{}}
	case KindInvalidation:
		return &parts{&InvalidationDeclared{}, &ActServer{}}
	case KindSanction:
		return &parts{&SanctionDeclared{}, &MeasureServer{}}
	case KindHold:
		return &parts{&HoldDeclared{}, &MeasureServer{}}
	case KindVersion:
		return &parts{&VersionDeclared{}, &ActServer{}}
	case KindCustody:
		return &parts{&CustodyDeclared{}, &CustodyServer{}}
	case KindLetter:
		return &parts{&LetterDeclared{}, &LetterServer{}}
	case KindErasure:
		return &parts{&ErasureDeclared{}, &ErasureServer{}}
	case KindObjection:
		return &parts{&ObjectionDeclared{}, &ObjectionServer{}}
	}
	return nil
}

// Statement is what was done. Declaration is what the person who acted knows and, with a passkey, signs; Server is what
// the school's system adds. Both are pointers to the kind's own types (DecisionDeclared and DecisionServer, …).
type Statement struct {
	Kind        Kind
	Declaration any
	Server      any
}

// envelope is a statement as it is written: {declaration, kind, server, v}.
type envelope[T any] struct {
	V           int  `json:"v"`
	Kind        Kind `json:"kind"`
	Declaration T    `json:"declaration"`
	Server      T    `json:"server"`
}

// Encode gives the canonical bytes that are committed to. An error is a mistake in the program.
func (s Statement) Encode() ([]byte, error) {
	want := shapes(s.Kind)
	if want == nil {
		return nil, fmt.Errorf("statement of the unknown kind %q", s.Kind)
	}
	if !sameShape(s.Declaration, want.declaration) || !sameShape(s.Server, want.server) {
		return nil, fmt.Errorf("a statement of the kind %s with %T and %T; want %T and %T",
			s.Kind, s.Declaration, s.Server, want.declaration, want.server)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("statement of the kind %s: %w", s.Kind, err)
	}
	return Canonical(envelope[any]{s.version(), s.Kind, s.Declaration, s.Server})
}

// sameShape holds for two pointers to one type, the first not nil.
func sameShape(have, want any) bool {
	return reflect.TypeOf(have) == reflect.TypeOf(want) && !reflect.ValueOf(have).IsNil()
}

// DecodeStatement reads what Encode wrote, and nothing else: an unknown or missing part, another order or another
// spelling of the same value is refused, so that a statement has one sequence of bytes.
func DecodeStatement(raw []byte) (Statement, error) {
	var outer envelope[json.RawMessage]
	if err := decodeVersion(raw, newestVersion(raw), &outer); err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	inner := shapes(outer.Kind)
	if inner == nil {
		return Statement{}, errors.New("statement: of an unknown kind")
	}
	if err := decodeStrictly(outer.Declaration, inner.declaration); err != nil {
		return Statement{}, fmt.Errorf("declaration: %w", err)
	}
	if err := decodeStrictly(outer.Server, inner.server); err != nil {
		return Statement{}, fmt.Errorf("server: %w", err)
	}
	s := Statement{Kind: outer.Kind, Declaration: inner.declaration, Server: inner.server}
	return s, isOwnForm(raw, s.Encode)
}

// ReadStatement reads a statement whose bytes a leaf of the kind commits to. Unlike DecodeStatement it does not write the
// statement again to see that it was in canonical form: the commitment holds for these bytes alone. That makes it fast
// enough for every statement of a log.
func ReadStatement(kind Kind, raw []byte) (Statement, error) {
	inner := shapes(kind)
	if inner == nil {
		return Statement{}, fmt.Errorf("statement of the unknown kind %q", kind)
	}
	outer := envelope[any]{Declaration: inner.declaration, Server: inner.server}
	if err := decodeStrictly(raw, &outer); err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	if outer.Kind != kind || !sameShape(outer.Declaration, inner.declaration) || !sameShape(outer.Server, inner.server) {
		return Statement{}, fmt.Errorf("statement of the kind %q where one of the kind %q belongs", outer.Kind, kind)
	}
	s := Statement{Kind: kind, Declaration: outer.Declaration, Server: outer.Server}
	if outer.V != s.version() {
		return Statement{}, fmt.Errorf("statement: %w %d", ErrUnknownVersion, outer.V)
	}
	return s, nil
}

// TextSHA256 is the hex SHA-256 of the German text that the act rests on, empty when there is none. It goes into the
// leaf. That of the text shown in another language stays in the declaration: which language somebody reads would
// otherwise outlive that person's erasure.
func (s Statement) TextSHA256() string {
	switch server := s.Server.(type) {
	case *DecisionServer:
		return server.GermanTextSHA256
	case *ActServer:
		if d, ok := s.Declaration.(*VersionDeclared); ok {
			return d.Texts[German]
		}
	}
	return ""
}

// German is the language whose text rules.
const German = "de"

// PrivateSHA256 is the hash of the part that a shared copy leaves out; empty where the kind has none.
func (s Statement) PrivateSHA256() string {
	switch d := s.Declaration.(type) {
	case *DecisionDeclared:
		return d.PrivateSHA256
	case *SanctionDeclared:
		return d.PrivateSHA256
	case *HoldDeclared:
		return d.PrivateSHA256
	}
	return ""
}

// school is the one that the statement names, where its kind names one.
func (s Statement) school() (school string, named bool) {
	switch d := s.Declaration.(type) {
	case *DecisionDeclared:
		return string(d.School), true
	case *CustodyDeclared:
		return string(d.School), true
	}
	return "", false
}

// SHA256Hex is the hex SHA-256 of bytes, lower case: the one spelling of a hash in statements.
func SHA256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// HashOf is the hex SHA-256 of a value's canonical JSON: what anyone can compute again from the value.
func HashOf(value any) (string, error) {
	canonical, err := Canonical(value)
	return SHA256Hex(canonical), err
}

// RecordedAt is when the school's system recorded the act; zero when the statement could not be read.
func (s Statement) RecordedAt() time.Time {
	switch server := s.Server.(type) {
	case *DecisionServer:
		return server.RecordedAt
	case *ActServer:
		return server.At
	case *MeasureServer:
		return server.At
	case *CustodyServer:
		return server.At
	case *LetterServer:
		return server.At
	case *ErasureServer:
		return server.At
	case *ObjectionServer:
		return server.At
	}
	return time.Time{}
}
