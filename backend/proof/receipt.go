package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

const (
	receiptVersion = 1
	receiptSchema  = "einverstanden-receipt"

	// MaxReceipt is the largest file that is read as a receipt, in bytes. A statement with the longest signature and two
	// form texts stays well below.
	MaxReceipt = 1 << 20
)

// Receipt is one file that proves one statement without us. It follows the consent receipt of ISO/IEC TS 27560 as the
// W3C Data Privacy Vocabulary's guide describes it, where that fits; schema/receipt-v1.json says where.
type Receipt struct {
	V          int               `json:"v"`
	Schema     string            `json:"schema"`
	Statement  json.RawMessage   `json:"statement"` // see Statement.Encode
	Salt       []byte            `json:"salt"`
	Private    *Private          `json:"private,omitempty"` // left out of a shared copy
	Texts      []json.RawMessage `json:"texts,omitempty"`   // as shown, then the German one, see Text
	Leaf       json.RawMessage   `json:"leaf"`
	Inclusion  [][]byte          `json:"inclusion"` // RFC 6962 audit path to the checkpoint's root
	Checkpoint string            `json:"checkpoint"`
	Key        string            `json:"key"` // the key that signed the checkpoint
}

// Text is a form's text exactly as it was shown; the hash of its canonical JSON is the textSha256 of a statement.
type Text struct {
	FormVersion string          `json:"formVersion"`
	Language    string          `json:"language"`
	Title       string          `json:"title"`
	Blocks      json.RawMessage `json:"blocks"`
}

// Block is one piece of a text: a list has Items, the others Text.
type Block struct {
	ID    string   `json:"id"`
	Kind  string   `json:"kind"`
	Icon  string   `json:"icon,omitempty"`
	Text  string   `json:"text,omitempty"`
	Items []string `json:"items,omitempty"`
}

// decodeText reads a text in its own form alone: two programs must not read two texts out of the same bytes.
func decodeText(raw []byte) (shown Text, err error) {
	if err := decodeStrictly(raw, &shown); err != nil {
		return shown, err
	}
	var blocks []Block
	if err := decodeStrictly(shown.Blocks, &blocks); err != nil {
		return shown, err
	}
	return shown, isOwnForm(raw, func() ([]byte, error) {
		return Canonical(struct {
			Text
			Blocks []Block `json:"blocks"`
		}{shown, blocks})
	})
}

// Encode gives the file: canonical JSON, so that a receipt has one sequence of bytes.
func (r Receipt) Encode() ([]byte, error) {
	r.V, r.Schema = receiptVersion, receiptSchema
	if r.Inclusion == nil {
		r.Inclusion = [][]byte{} // the path of a log's only leaf; null would be a second spelling of it
	}
	return Canonical(r)
}

// Shared is the copy that may be passed on: without strokes or typed name, place and birth date.
func (r Receipt) Shared() Receipt {
	r.Private = nil
	return r
}

// DecodeReceipt reads a receipt. reformatted says that the content can be read, but the bytes are not those that were
// handed out: white space, another order, another spelling.
func DecodeReceipt(file []byte) (r Receipt, reformatted bool, err error) {
	if len(file) > MaxReceipt {
		return r, false, fmt.Errorf("receipt: %d bytes, at most %d are read", len(file), MaxReceipt)
	}
	var named struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(file, &named); err != nil {
		return r, false, fmt.Errorf("receipt: %w", withoutContent(err))
	}
	if named.Schema != receiptSchema {
		return r, false, errors.New("receipt: this JSON is not a receipt")
	}
	if err := decodeVersion(file, receiptVersion, &r); err != nil {
		return r, false, fmt.Errorf("receipt: %w", err)
	}
	own, err := r.Encode()
	if err != nil {
		return r, false, errNoCanonicalForm
	}
	if !bytes.Equal(own, file) {
		for _, part := range append([]*json.RawMessage{&r.Statement, &r.Leaf}, pointers(r.Texts)...) {
			if *part, err = Canonical(*part); err != nil {
				return r, true, errNoCanonicalForm
			}
		}
	}
	return r, !bytes.Equal(own, file), nil
}

// errNoCanonicalForm is for a member that is named twice, a number that is not whole, or text that is not UTF-8.
var errNoCanonicalForm = errors.New("receipt: a part of it has no canonical form")

func pointers[T any](values []T) []*T {
	out := make([]*T, len(values))
	for i := range values {
		out[i] = &values[i]
	}
	return out
}
