package proof

import (
	"bytes"
	"cmp"
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
	if found := findInexact(reflect.ValueOf(value)); found != nil {
		return nil, fmt.Errorf("canonical: %w", found)
	}
	if !utf8.Valid(raw) {
		return nil, errors.New("canonical: raw JSON is not UTF-8")
	}
	out, _, err := appendValue(make([]byte, 0, len(raw)), raw, 0)
	if err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	return out, nil
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// inexact is what encoding/json would blur without a word, and where.
type inexact struct{ path, fault string }

func (e *inexact) Error() string { return "value" + e.path + " is " + e.fault }

// inside names the place from one level further out; the path is made of faults alone, since nearly no value has one.
func (e *inexact) inside(place string) *inexact {
	e.path = place + e.path
	return e
}

// findInexact finds floats, and text that is not UTF-8; nil when there is none. What writes its own JSON is judged by that
// JSON alone.
func findInexact(v reflect.Value) *inexact {
	if !v.IsValid() || v.Type().Implements(marshaler) || v.Type().Implements(textMarshaler) {
		return nil
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return &inexact{fault: "a float"}
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return &inexact{fault: "not UTF-8"}
		}
	case reflect.Pointer, reflect.Interface:
		return findInexact(v.Elem())
	case reflect.Slice, reflect.Array:
		return findInexactElement(v)
	case reflect.Map:
		for key, element := range v.Seq2() {
			if found := cmp.Or(findInexact(key), findInexact(element)); found != nil {
				return found.inside(fmt.Sprintf(".%v", key))
			}
		}
	case reflect.Struct:
		return findInexactField(v)
	default: // whole numbers, booleans: exact as they are
	}
	return nil
}

func findInexactElement(v reflect.Value) *inexact {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return nil
	}
	for i := range v.Len() {
		if found := findInexact(v.Index(i)); found != nil {
			return found.inside(fmt.Sprintf("[%d]", i))
		}
	}
	return nil
}

func findInexactField(v reflect.Value) *inexact {
	for field, value := range v.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if found := findInexact(value); found != nil {
			return found.inside("." + cmp.Or(name, field.Name))
		}
	}
	return nil
}

// appendValue appends the canonical form of the first value in raw, which is JSON as encoding/json compacts it, and gives
// what stands behind that value.
func appendValue(out, raw []byte, depth int) (_, rest []byte, err error) {
	if len(raw) == 0 {
		return nil, nil, errors.New("a value is missing")
	}
	if depth > maxDepth {
		return nil, nil, errors.New("too deeply nested")
	}
	switch raw[0] {
	case '{':
		return appendObject(out, raw[1:], depth+1)
	case '[':
		return appendArray(out, raw[1:], depth+1)
	case '"':
		text, rest, err := readString(raw)
		return appendString(out, text), rest, err
	case 'n', 't', 'f':
		end := wordEnd(raw)
		return append(out, raw[:end]...), raw[end:], nil
	}
	end := wordEnd(raw)
	out, err = appendInteger(out, json.Number(raw[:end]))
	return out, raw[end:], err
}

// wordEnd is where a number or a word such as null ends.
func wordEnd(raw []byte) int {
	if end := bytes.IndexAny(raw, ",]}"); end >= 0 {
		return end
	}
	return len(raw)
}

// readString gives the first text in raw, in NFC.
func readString(raw []byte) (text string, rest []byte, err error) {
	for end := 1; end < len(raw); end++ {
		switch raw[end] {
		case '\\':
			end++
		case '"':
			inside := raw[1:end]
			if bytes.IndexByte(inside, '\\') < 0 {
				return norm.NFC.String(string(inside)), raw[end+1:], nil
			}
			err := json.Unmarshal(raw[:end+1], &text)
			return norm.NFC.String(text), raw[end+1:], err
		}
	}
	return "", nil, errors.New("a text does not end")
}

func appendArray(out, raw []byte, depth int) (_, rest []byte, err error) {
	out = append(out, '[')
	for first := true; len(raw) > 0 && raw[0] != ']'; first = false {
		if !first {
			out, raw = append(out, ','), raw[1:]
		}
		if out, raw, err = appendValue(out, raw, depth); err != nil {
			return nil, nil, err
		}
	}
	if len(raw) == 0 {
		return nil, nil, errors.New("a list does not end")
	}
	return append(out, ']'), raw[1:], nil
}

// member is one of an object: its name, and where it stands in what was written.
type member struct {
	name       string
	begin, end int
}

// appendObject writes the members as they come, and anew where they do not come in order.
func appendObject(out, raw []byte, depth int) (_, rest []byte, err error) {
	var room [16]member
	members, sorted := room[:0], true
	out = append(out, '{')
	begin := len(out)
	for len(raw) > 0 && raw[0] != '}' {
		if len(members) > 0 {
			out, raw = append(out, ','), raw[1:]
		}
		m := member{begin: len(out)}
		if m.name, raw, err = readString(raw); err != nil || len(raw) == 0 {
			return nil, nil, errors.Join(err, errors.New("a member is not whole"))
		}
		out = append(appendString(out, m.name), ':')
		if out, raw, err = appendValue(out, raw[1:], depth); err != nil {
			return nil, nil, err
		}
		m.end = len(out)
		members = append(members, m)
		sorted = sorted && (len(members) == 1 || compareNames(members[len(members)-2], m) < 0)
	}
	if len(raw) == 0 {
		return nil, nil, errors.New("an object does not end")
	}
	if !sorted {
		if out, err = inOrder(out, begin, members); err != nil {
			return nil, nil, err
		}
	}
	return append(out, '}'), raw[1:], nil
}

// inOrder writes an object's members, which stand in out from begin on, in the order of their names.
func inOrder(out []byte, begin int, members []member) ([]byte, error) {
	slices.SortFunc(members, compareNames)
	asTheyCame := slices.Clone(out[begin:])
	out = out[:begin]
	for i, m := range members {
		if i > 0 {
			if members[i-1].name == m.name {
				return nil, fmt.Errorf("member %q is named twice", m.name)
			}
			out = append(out, ',')
		}
		out = append(out, asTheyCame[m.begin-begin:m.end-begin]...)
	}
	return out, nil
}

// compareNames orders by UTF-16 code units (RFC 8785, section 3.2.3). Below the surrogates that is the order of bytes.
func compareNames(a, b member) int {
	high := func(c rune) bool { return c >= 0xd800 }
	if !strings.ContainsFunc(a.name, high) && !strings.ContainsFunc(b.name, high) {
		return strings.Compare(a.name, b.name)
	}
	return slices.Compare(utf16.Encode([]rune(a.name)), utf16.Encode([]rune(b.name)))
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
