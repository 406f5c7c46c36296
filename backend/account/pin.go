package account

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"math/big"
	"slices"
	"strings"
)

// Pictures are what picture PINs are made of, by the names that the API, the card and the page know them by.
var Pictures = []string{
	"sun", "moon", "star", "tree", "flower", "fish", "bird", "house", "car", "boat", "umbrella", "apple",
}

// PINLength is how many pictures make a PIN. All four differ, so there are 11,880 of them: see decision 26 for what that
// holds against.
const PINLength = 4

// PIN is four pictures in their order. It is shown once, on paper, and prints itself to no log.
type PIN [PINLength]string

var errNoPIN = errors.New("account: not a picture PIN")

// newPIN draws four different pictures.
func newPIN() (pin PIN) {
	left := slices.Clone(Pictures)
	for i := range pin {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(left)))) // never fails: it ends the program instead (crypto/rand)
		at := int(n.Int64())
		pin[i] = left[at]
		left = slices.Delete(left, at, at+1)
	}
	return pin
}

// ParsePIN reads four names of pictures.
func ParsePIN(names []string) (pin PIN, err error) {
	if len(names) != PINLength {
		return PIN{}, errNoPIN
	}
	for i, name := range names {
		if !slices.Contains(Pictures, name) {
			return PIN{}, errNoPIN
		}
		pin[i] = name
	}
	return pin, nil
}

func (p PIN) text() string { return strings.Join(p[:], " ") }

// String hides the PIN from everything that prints values in passing.
func (p PIN) String() string { return "[picture PIN]" }

// GoString hides the PIN from %#v.
func (p PIN) GoString() string { return p.String() }

// LogValue hides the PIN from the log.
func (p PIN) LogValue() slog.Value { return slog.StringValue(p.String()) }
