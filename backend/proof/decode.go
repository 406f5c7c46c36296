package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// What is read comes from anybody. Errors of reading tell what is wrong and where, and never repeat what stands there:
// they reach terminals, logs and people who may not see a receipt's content.

// ErrUnknownVersion says that a file is of a version that this program does not know.
var ErrUnknownVersion = errors.New("unknown version")

// decodeVersion is decodeStrictly for a shape with a version, which is looked at first: one later than the newest that is
// known may have members that this program does not know.
func decodeVersion(raw []byte, newest int, into any) error {
	var found struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(raw, &found); err != nil {
		return withoutContent(err)
	}
	if found.V < 1 || found.V > newest {
		return fmt.Errorf("%w %d", ErrUnknownVersion, found.V)
	}
	return decodeStrictly(raw, into)
}

// decodeStrictly refuses unknown members and anything behind the value. It forgives what encoding/json forgives, such as
// a member named twice or in another case: what must have one form is compared with it after.
func decodeStrictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return withoutContent(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something stands behind the value, from byte %d", decoder.InputOffset())
	}
	return nil
}

// withoutContent says where reading failed.
func withoutContent(err error) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("no JSON at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("a value of a wrong type at byte %d", kind.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early")
	}
	return errors.New("a member or a value that does not belong there")
}

// isOwnForm refuses bytes that are another spelling of what they say.
func isOwnForm(raw []byte, encode func() ([]byte, error)) error {
	own, err := encode()
	if err == nil && bytes.Equal(own, raw) {
		return nil
	}
	return errors.New("not in canonical form")
}
