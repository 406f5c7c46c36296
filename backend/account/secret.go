package account

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
)

// Secret is what a letter proves itself with: 14 symbols of Crockford's base32, of which 13 are random (65 bits) and
// the last is a check symbol. It is shown once, to whoever issued the letter, and prints itself to no log.
type Secret string

const (
	secretSymbols   = 14
	secretRandom    = secretSymbols - 1
	secretGroup     = 4
	crockfordDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // without I, L, O and U
)

// ErrNoSecret says that a text cannot be a letter's secret: it has another length, a symbol that is none, or a check
// symbol that does not fit.
var ErrNoSecret = errors.New("account: not a letter secret")

// newSecret makes a fresh secret.
func newSecret() Secret { return Secret(newSymbols(secretRandom)) }

// newSymbols draws random symbols and adds their check symbol. 32 divides 256, so that five bits of a random byte
// favour no symbol.
func newSymbols(random int) string {
	values := make([]byte, random)
	_, _ = rand.Read(values) // never fails: it ends the program instead (crypto/rand)
	return symbolsOf(values)
}

// symbolsOf turns random bytes into as many symbols, and adds their check symbol.
func symbolsOf(values []byte) string {
	symbols := make([]byte, 0, len(values)+1)
	for i := range values {
		values[i] &= 31
		symbols = append(symbols, crockfordDigits[values[i]])
	}
	return string(append(symbols, crockfordDigits[checkValue(values)]))
}

// ParseSecret reads a secret as a person types it: blanks, hyphens and case do not matter, O is 0, I and L are 1.
func ParseSecret(text string) (Secret, error) {
	symbols, err := parseSymbols(text, secretSymbols)
	return Secret(symbols), err
}

// parseSymbols reads that many symbols, of which the last is a check symbol.
func parseSymbols(text string, count int) (string, error) {
	symbols := make([]byte, 0, count)
	var remainder byte
	for _, r := range text {
		if r == ' ' || r == '\t' || r == '-' {
			continue
		}
		value, ok := symbolValue(r)
		if !ok || len(symbols) == count {
			return "", ErrNoSecret
		}
		symbols = append(symbols, crockfordDigits[value])
		remainder = timesX(remainder) ^ value
	}
	if len(symbols) != count || remainder != 0 {
		return "", ErrNoSecret
	}
	return string(symbols), nil
}

// Format is the secret as it is printed: XXXX-XXXX-XXXX-XX.
func (s Secret) Format() string {
	var groups []string
	for rest := string(s); rest != ""; {
		n := min(secretGroup, len(rest))
		groups = append(groups, rest[:n])
		rest = rest[n:]
	}
	return strings.Join(groups, "-")
}

// String hides the secret from everything that prints values in passing; Format and string(s) show it.
func (s Secret) String() string { return "[letter secret]" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret from the log.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// checkValue is chosen so that the polynomial of all 14 values vanishes at x in GF(2^5). The powers of x up to 13 are
// all different, so every wrong symbol and every two symbols that changed places are noticed.
func checkValue(values []byte) byte {
	var remainder byte
	for _, value := range values {
		remainder = timesX(remainder) ^ value
	}
	return timesX(remainder)
}

// timesX multiplies by x modulo x^5 + x^2 + 1, which is primitive.
func timesX(a byte) byte {
	product := a << 1 & 31
	if a&16 != 0 {
		product ^= 5
	}
	return product
}

func symbolValue(r rune) (value byte, ok bool) {
	if 'a' <= r && r <= 'z' {
		r += 'A' - 'a'
	}
	switch r {
	case 'O':
		return 0, true
	case 'I', 'L':
		return 1, true
	}
	for value := range byte(len(crockfordDigits)) {
		if rune(crockfordDigits[value]) == r {
			return value, true
		}
	}
	return 0, false
}
