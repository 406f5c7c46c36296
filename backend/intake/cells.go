package intake

import (
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"einverstanden/backend/calendar"
	"einverstanden/backend/fault"
)

// maxValue is how many characters a value may have that is kept; names and addresses are far shorter.
const maxValue = 200

// earliestYear is the first that a date in a class list may lie in; an older one is a slip of the keyboard.
const earliestYear = 1900

// isUnwanted tells control characters, the character that stands for a lost one, and the signs that turn the
// direction of writing, by which a name could be made to look like another.
func isUnwanted(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// checkCharacters reports an unwanted character. With spacing, tabs and line ends may stand in the text, as
// they do in the remarks of columns that are not read.
func checkCharacters(text string, line int, label string, spacing bool, found *faults) bool {
	if spacing {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	for _, r := range text {
		if spacing && (r == '\t' || r == '\n') {
			continue
		}
		if isUnwanted(r) {
			found.add(line, label, fault.FileControlChar, nil)
			return false
		}
	}
	return true
}

// checkCells reports what no cell may have, whether it is read or not.
func checkCells(t table, c columns, row record, found *faults) bool {
	fine := true
	for i, each := range row.cells {
		known := c.known[i]
		if limit, length := sizeOf(each.text, known); length > limit {
			found.add(each.line, t.label(i), fault.FileValueTooLong, fault.Params{"limit": strconv.Itoa(limit)})
			fine = false
			continue
		}
		if !checkCharacters(each.text, each.line, t.label(i), !known, found) {
			fine = false
		}
	}
	return fine
}

// sizeOf gives the limit of a cell and what counts against it: characters when the value is kept, else bytes.
func sizeOf(text string, known bool) (limit, length int) {
	if known {
		return maxValue, utf8.RuneCountInString(text)
	}
	return maxCell, len(text)
}

// readDate reads TT.MM.JJJJ, also without leading zeros, and YYYY-MM-DD. Years of two digits are refused:
// nobody should guess a birthday.
func readDate(text string) (calendar.Date, bool) {
	date, err := calendar.Parse(text)
	if err != nil {
		date = germanDate(text)
	}
	return date, date.Year() >= earliestYear
}

func germanDate(text string) calendar.Date {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(parts[0]) > 2 || len(parts[1]) > 2 || len(parts[2]) != 4 {
		return calendar.Date{}
	}
	var numbers [3]int
	for i, part := range parts {
		number, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return calendar.Date{}
		}
		numbers[i] = int(number)
	}
	return calendar.On(numbers[2], time.Month(numbers[1]), numbers[0])
}

// usableEmail reports whether a text is one bare address that mail could reach (RFC 5322 addr-spec with a
// domain of at least two labels).
func usableEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" {
		return false
	}
	domain := text[strings.LastIndexByte(text, '@')+1:]
	return strings.Contains(strings.Trim(domain, "."), ".")
}

// readStatus understands the numbers of SchILD-NRW and the words it shows for them.
func readStatus(text string) Status {
	switch strings.ToLower(text) {
	case "2", "aktiv":
		return Active
	case "8", "9", "abschluss", "abgänger", "abgang":
		return Left
	}
	return Other
}

// readRelation guesses from the free text of "Erzieher: Art (Klartext)" and the salutation. "Eltern" alone
// says nothing about which of the two is meant.
func readRelation(kind, salutation string) Relation {
	kind, salutation = strings.ToLower(kind), strings.ToLower(salutation)
	switch {
	case containsAny(kind, "vormund", "jugendamt"):
		return LegalGuardian
	case containsAny(kind, "pflege", "groß", "stief", "betreu", "heim", "sonstig"):
		return OtherRelation
	case containsAny(kind, "mutter", "eltern") && strings.HasPrefix(salutation, "frau"):
		return Mother
	case containsAny(kind, "vater", "eltern") && strings.HasPrefix(salutation, "herr"):
		return Father
	}
	return Parent
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
