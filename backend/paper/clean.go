package paper

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxRunes is how much of a text that people typed is looked at. Whatever is longer could not be read on one line.
const maxRunes = 120

const (
	ellipsis    = "…"
	replacement = '\uFFFD' // printed for a character that no font has, so that whoever reads the page sees it
)

// clean brings a text that people typed into the form that is printed: composed (NFC), on one line, without characters
// that have no ink or turn the direction of writing, and not longer than maxRunes.
func clean(text string) string {
	if len(text) > 16*maxRunes { // more bytes than that many runes have, with room for marks to be composed
		text = strings.ToValidUTF8(text[:16*maxRunes], "")
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.In(r, unicode.C): // control, format (direction, zero width), private use
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	if runes := []rune(text); len(runes) > maxRunes {
		text = strings.TrimSpace(string(runes[:maxRunes-1])) + ellipsis
	}
	return text
}
