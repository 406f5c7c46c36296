package account

import (
	_ "embed"
	"strings"
	"unicode"
)

// weakWords are words that people build passwords from, above all at a school: one a line, lower case, our own
// collection. Lists of the passwords most often found in leaks are of no use here, because hardly any of those has 15
// characters; long weak passwords are short weak ones joined together, and that is what isCommon looks for.
//
//go:embed weakwords.txt
var weakWordsText string

var weakWords = strings.Fields(weakWordsText)

// Rows that fingers run along, forwards and backwards. German and English keyboards differ in y and z, Turkish ones
// in a few letters at the end of a row.
var keyRows = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertzuiopü", "qwertyuiopğü", "asdfghjklöä", "asdfghjklşi", "yxcvbnm", "zxcvbnmöç",
	"1q2w3e4r5t6z7u8i9o0p", "1q2w3e4r5t6y7u8i9o0p", "qaywsxedcrfvtgbzhnujm", "qazwsxedcrfvtgbyhnujm",
}

// Digits and signs that stand for letters.
var standsFor = map[rune]string{'0': "o", '1': "il", '3': "e", '4': "a", '5': "s", '7': "t", '8': "b", '@': "a", '$': "s", '!': "i", '€': "e"}

const (
	commonPieces = 4 // a password of no more pieces than these is common
	shortestRun  = 3
	numberPiece  = 4 // digits that count as one piece: a year, a PIN
	shortestName = 3
	shortUnit    = 8 // a unit this short, repeated to the end, is common whatever it is
)

// withoutSeparators takes out what people put between words and what therefore makes nothing harder to guess.
var withoutSeparators = strings.NewReplacer(" ", "", "-", "", "_", "", ".", "", ",", "")

// isCommon tells whether a password consists of few pieces, each a weak word, a known name, a run along a row, one
// symbol repeated, or a short number. Any other symbol is a piece of its own.
func isCommon(password string, known ...string) bool {
	symbols := []rune(withoutSeparators.Replace(strings.ToLower(normalPassword(password))))
	if isRepeated(symbols) {
		return true
	}
	words := append(knownWords(known), weakWords...)
	pieces := make([]int, len(symbols)+1) // pieces[i]: the fewest pieces that make the first i symbols
	for i := range symbols {
		pieces[i+1] = len(symbols) + 1
	}
	for from := range symbols {
		reach := func(to int) { pieces[to] = min(pieces[to], pieces[from]+1) }
		rest := symbols[from:]
		reach(from + 1)
		for _, n := range []int{digitsAt(rest), sameAt(rest), rowAt(rest)} {
			for ; n > 1; n-- {
				reach(from + n)
			}
		}
		for _, word := range words {
			if n := wordAt(rest, word); n > 0 {
				reach(from + n)
			}
		}
	}
	return pieces[len(symbols)] <= commonPieces
}

func knownWords(known []string) []string {
	var words []string
	for _, text := range known {
		for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
			if len([]rune(word)) >= shortestName {
				words = append(words, word)
			}
		}
	}
	return words
}

func isRepeated(symbols []rune) bool {
	for unit := 1; unit <= min(shortUnit, len(symbols)/2); unit++ {
		repeated := true
		for i := unit; i < len(symbols) && repeated; i++ {
			repeated = symbols[i] == symbols[i-unit]
		}
		if repeated {
			return true
		}
	}
	return false
}

// wordAt is the length of the word when the symbols begin with it, digits taken for letters; 0 when they do not.
func wordAt(symbols []rune, word string) int {
	n := 0
	for _, letter := range word {
		if n == len(symbols) || symbols[n] != letter && !strings.ContainsRune(standsFor[symbols[n]], letter) {
			return 0
		}
		n++
	}
	return n
}

func digitsAt(symbols []rune) int {
	n := 0
	for n < min(numberPiece, len(symbols)) && unicode.IsDigit(symbols[n]) {
		n++
	}
	return n
}

// sameAt is the length of the run of one symbol.
func sameAt(symbols []rune) int {
	n := 1
	for n < len(symbols) && symbols[n] == symbols[0] {
		n++
	}
	return n
}

// rowAt is the length of the longest run along a row, 0 when it is too short to be one.
func rowAt(symbols []rune) int {
	longest := 0
	for _, row := range keyRows {
		keys := []rune(row)
		for start := range keys {
			for _, step := range []int{1, -1} {
				longest = max(longest, runAlong(symbols, keys, start, step))
			}
		}
	}
	if longest < shortestRun {
		return 0
	}
	return longest
}

func runAlong(symbols, keys []rune, at, step int) int {
	n := 0
	for n < len(symbols) && at >= 0 && at < len(keys) && symbols[n] == keys[at] {
		n++
		at += step
	}
	return n
}
