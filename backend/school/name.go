package school

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold writes a name so that spellings which people take for the same compare equal, and so that folded names sort as
// in a German list (DIN 5007-1: ä as a, ß as ss, accents and case without weight).
func Fold(text string) string {
	var folded strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			folded.WriteString("ss")
		case r == 'ı':
			folded.WriteByte('i')
		default:
			folded.WriteRune(r)
		}
	}
	return folded.String()
}

// SortByName puts people into the order of their family names, then their given names.
func SortByName[P any](people []P, name func(P) Name) {
	type keyed struct {
		family, given string
		person        P
	}
	keys := make([]keyed, len(people))
	for i, person := range people {
		keys[i] = keyed{Fold(name(person).Family), Fold(name(person).Given), person}
	}
	slices.SortStableFunc(keys, func(a, b keyed) int {
		return cmp.Or(strings.Compare(a.family, b.family), strings.Compare(a.given, b.given))
	})
	for i, key := range keys {
		people[i] = key.person
	}
}

// Short is the given name and one letter of the family name: enough for whoever knows the child. The letter is the first
// of the name itself, not of a "von der" before it.
func (n Name) Short() string {
	letters := []rune(n.Family)
	if len(letters) == 0 {
		return n.Given
	}
	own := max(0, slices.IndexFunc(letters, unicode.IsUpper))
	return n.Given + " " + string(letters[own]) + "."
}

// CompareClasses sorts 5a before 10b, and classes without a number last.
func CompareClasses(a, b Class) int {
	yearA, restA := splitGrade(a.Name)
	yearB, restB := splitGrade(b.Name)
	return cmp.Or(cmp.Compare(yearA, yearB), strings.Compare(Fold(restA), Fold(restB)), strings.Compare(a.Name, b.Name))
}

// splitGrade parts the number that a class begins with from the rest.
func splitGrade(name string) (grade int, rest string) {
	const none = 1000 // sorts after every grade
	end := strings.IndexFunc(name, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(name)
	}
	if end == 0 || end > 3 {
		return none, name
	}
	for _, digit := range name[:end] {
		grade = grade*10 + int(digit-'0')
	}
	return grade, name[end:]
}
