package proof

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxDepth is how deep values may be nested in each other. Statements and receipts need less than ten; each level copies
// what is inside it, so that a file of many levels would cost minutes.
const maxDepth = 32

// maxInteger is the largest whole number that every JSON reader keeps exactly (RFC 7493, section 2.2).
const maxInteger = 1<<53 - 1

// Canonical writes a value as the one sequence of bytes that is hashed, sealed and signed.
//
// It is JSON as encoding/json would write the value, put into the form of RFC 8785: no white space, members sorted by
// the UTF-16 code units of their names, and the shortest escapes. Sorting costs next to nothing and lets any RFC 8785
// library in any language make the same bytes; it also means that a part of a value has the same bytes alone as inside
// the whole. Two rules are stricter than RFC 8785, so what comes out conforms to it:
//
//   - Text is normalised to NFC, names of members too: the same name typed on two phones gives the same bytes.
//   - Numbers are whole and within ±(2^53−1). A float is refused by its type, even when its value is whole today.
//
// Text that is not UTF-8, an object that names a member twice, and nesting beyond maxDepth are refused. The errors are mistakes in the program.
func Canonical(value any) ([]byte, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	if err := refuseInexact(reflect.ValueOf(value), "value"); err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	if !utf8.Valid(raw) {
		return nil, errors.New("canonical: raw JSON is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	out, err := appendValue(make([]byte, 0, len(raw)), decoder, 0)
	if err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	return out, nil
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// refuseInexact finds what encoding/json would blur without a word: floats, and text that is not UTF-8. What writes
// its own JSON is judged by that JSON alone.
func refuseInexact(v reflect.Value, path string) error {
	if !v.IsValid() || v.Type().Implements(marshaler) || v.Type().Implements(textMarshaler) {
		return nil
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return fmt.Errorf("%s is a float", path)
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return fmt.Errorf("%s is not UTF-8", path)
		}
	case reflect.Pointer, reflect.Interface:
		return refuseInexact(v.Elem(), path)
	case reflect.Slice, reflect.Array:
		return refuseInexactElements(v, path)
	case reflect.Map:
		for key, element := range v.Seq2() {
			inside := fmt.Sprintf("%s.%v", path, key)
			if err := errors.Join(refuseInexact(key, inside), refuseInexact(element, inside)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return refuseInexactFields(v, path)
	default: // whole numbers, booleans: exact as they are
	}
	return nil
}

func refuseInexactElements(v reflect.Value, path string) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return nil
	}
	for i := range v.Len() {
		if err := refuseInexact(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func refuseInexactFields(v reflect.Value, path string) error {
	for field, value := range v.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if name == "" {
			name = field.Name
		}
		if err := refuseInexact(value, path+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// appendValue reads one JSON value and appends its canonical form.
func appendValue(out []byte, decoder *json.Decoder, depth int) ([]byte, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, errors.New("too deeply nested")
	}
	switch token := token.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, token), nil
	case string:
		return appendString(out, norm.NFC.String(token)), nil
	case json.Number:
		return appendInteger(out, token)
	case json.Delim:
		if token == '{' {
			return appendObject(out, decoder, depth+1)
		}
	}
	return appendArray(out, decoder, depth+1)
}

func appendArray(out []byte, decoder *json.Decoder, depth int) (_ []byte, err error) {
	out = append(out, '[')
	for first := true; decoder.More(); first = false {
		if !first {
			out = append(out, ',')
		}
		if out, err = appendValue(out, decoder, depth); err != nil {
			return nil, err
		}
	}
	_, err = decoder.Token()
	return append(out, ']'), err
}

type member struct {
	name  string
	units []uint16
	value []byte
}

func appendObject(out []byte, decoder *json.Decoder, depth int) ([]byte, error) {
	members, err := readMembers(decoder, depth)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return slices.Compare(a.units, b.units) })
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			if members[i-1].name == m.name {
				return nil, fmt.Errorf("member %q is named twice", m.name)
			}
			out = append(out, ',')
		}
		out = append(appendString(out, m.name), ':')
		out = append(out, m.value...)
	}
	return append(out, '}'), nil
}

func readMembers(decoder *json.Decoder, depth int) (members []member, err error) {
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, isName := token.(string)
		if !isName {
			return nil, fmt.Errorf("%v where a member's name belongs", token)
		}
		name = norm.NFC.String(name)
		value, err := appendValue(nil, decoder, depth)
		if err != nil {
			return nil, err
		}
		members = append(members, member{name, utf16.Encode([]rune(name)), value})
	}
	_, err = decoder.Token()
	return members, err
}

func appendInteger(out []byte, number json.Number) ([]byte, error) {
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || n > maxInteger || n < -maxInteger {
		return nil, fmt.Errorf("%s is not a whole number within ±(2^53−1)", number)
	}
	return strconv.AppendInt(out, n, 10), nil
}

const hexDigits = "0123456789abcdef"

// shortEscapes are the control characters that have a letter (RFC 8785, section 3.2.2.2).
var shortEscapes = map[byte]byte{'\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r'}

func appendString(out []byte, text string) []byte {
	out = append(out, '"')
	for i := range len(text) {
		c := text[i]
		switch letter := shortEscapes[c]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c >= ' ':
			out = append(out, c)
		case letter != 0:
			out = append(out, '\\', letter)
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	return append(out, '"')
}
