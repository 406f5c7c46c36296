// Package fault owns what can go wrong in a way that a person or a program should be told about: an Error
// has a stable code, the kind that its code belongs to, the fields it concerns and a cause for the log.
// It knows no HTTP (package api turns kinds into statuses, RFC 9457) and no sentences (texts/*.json hold
// them, by code and language).
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of fault it is; package api maps each to one HTTP status.
type Kind int

// The kinds. The zero value is Internal, so that a forgotten kind tells nothing.
const (
	Internal     Kind = iota // a fault of ours or of the surroundings; its cause never leaves the log
	Malformed                // cannot be read at all
	Invalid                  // readable, but a value is wrong
	Unauthorized             // nobody is signed in, or the proof does not hold
	Forbidden                // signed in, but this is not allowed
	NotFound                 // does not exist, or is not yours: deliberately the same
	Gone                     // was here and was erased: told only to whom it concerned
	Conflict                 // clashes with the present state
	TooLarge                 // more bytes or rows than we take
	Unsupported              // a media type or encoding that we do not take
	NotAllowed               // the path exists, the method does not
	TooMany                  // tried too often; RetryAfter says when again
	Unavailable              // for the moment only; RetryAfter says when again
)

// Field names one field of the input and the code of what is wrong with it. Params fill the placeholders
// of the code's text (line numbers, limits).
type Field struct {
	Name   string
	Code   Code
	Params Params
}

// Params are values for the placeholders of a text, for instance {"line": "17"}.
type Params map[string]string

// Error is a fault with a stable code. Cause is for the log alone.
type Error struct {
	Code       Code
	Fields     []Field
	Params     Params
	RetryAfter time.Duration // for TooMany and Unavailable
	Cause      error
}

// New makes an error of the given code.
func New(code Code) *Error { return &Error{Code: code} }

// Wrap makes an error of the given code that remembers its cause for the log.
func Wrap(code Code, cause error) *Error { return &Error{Code: code, Cause: cause} }

// InvalidField makes an input error about a single field.
func InvalidField(name string, code Code) *Error {
	return New(InvalidInput).WithField(name, code, nil)
}

// WithField adds a field; it changes and returns the receiver so that faults can be collected.
func (e *Error) WithField(name string, code Code, params Params) *Error {
	e.Fields = append(e.Fields, Field{Name: name, Code: code, Params: params})
	return e
}

// With sets one placeholder of the text.
func (e *Error) With(name, value string) *Error {
	if e.Params == nil {
		e.Params = Params{}
	}
	e.Params[name] = value
	return e
}

// After says when trying again may help.
func (e *Error) After(wait time.Duration) *Error {
	e.RetryAfter = wait
	return e
}

// Kind is that of the code.
func (e *Error) Kind() Kind { return KindOf(e.Code) }

// Error is for the log; people get the text of the code.
func (e *Error) Error() string {
	text := string(e.Code)
	for _, f := range e.Fields {
		text += fmt.Sprintf(" [%s: %s]", f.Name, f.Code)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is compare by code, so that errors.Is(err, fault.New(fault.FormSuperseded)) holds for
// every error of that code.
func (e *Error) Is(target error) bool {
	var other *Error
	return errors.As(target, &other) && other.Code == e.Code
}

// Has reports whether err is, or wraps, a fault of the code.
func Has(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
