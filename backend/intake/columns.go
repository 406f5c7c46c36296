package intake

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"einverstanden/backend/fault"
)

// column is something that a list can tell about a pupil. Whatever is not one of these is never read.
type column int

const (
	importID column = iota
	givenName
	familyName
	birthDate
	className
	status
	joinedOn
	leftOn
	email
	phone
	furtherPhone
	street
	postcode
	town

	guardianKind
	guardianEmail
	guardianStreet
	guardianPostcode
	guardianTown

	guardian1Salutation
	guardian1GivenName
	guardian1FamilyName
	guardian1Email
	guardian2Salutation
	guardian2GivenName
	guardian2FamilyName
	guardian2Email

	account // these two tell an IServ user export from everything else
	userType
)

// headerNames are the header names of each column as headerKey writes them, the preferred one first: a file that
// has two of them is read by the earlier. They come from the text export of SchILD-NRW (German labels
// chosen by the school), its .dat files, the user export and import of IServ, and ASV.
var headerNames = map[column][]string{
	importID: {
		"interne id-nummer", "import-id", "externe id-nummer", "externe id-nr", "schülernummer", "uuid", "interne id", "id",
	},
	givenName:    {"vorname", "rufname"},
	familyName:   {"nachname", "familienname", "name"},
	birthDate:    {"geburtsdatum"},
	className:    {"klasse", "klassen", "klasse/information", "lerngruppe"},
	status:       {"status"},
	joinedOn:     {"aufnahmedatum", "eintritt in diese schule am"},
	leftOn:       {"entlassdatum"},
	email:        {"e-mail(schule)", "schulische e-mail", "e-mail-adresse", "e-mail", "email", "e-mail(privat)"},
	phone:        {"telefon-nr", "telefonnr", "telefonnummer", "telefon"},
	furtherPhone: {"telefon-nummern:telefon-nummer"},
	street:       {"strasse"},
	postcode:     {"postleitzahl", "plz"},
	town:         {"ortsname", "ort", "wohnort"},

	guardianKind:     {"erzieher:art(klartext)"},
	guardianEmail:    {"erzieher:e-mail"},
	guardianStreet:   {"erzieher:strasse"},
	guardianPostcode: {"erzieher:postleitzahl"},
	guardianTown:     {"erzieher:ort", "erzieher:ortsname"},

	guardian1Salutation: {"erzieher 1:anrede"},
	guardian1GivenName:  {"erzieher 1:vorname"},
	guardian1FamilyName: {"erzieher 1:nachname"},
	guardian1Email:      {"erzieher 1:e-mail"},
	guardian2Salutation: {"erzieher 2:anrede"},
	guardian2GivenName:  {"erzieher 2:vorname"},
	guardian2FamilyName: {"erzieher 2:nachname"},
	guardian2Email:      {"erzieher 2:e-mail"},

	account:  {"account"},
	userType: {"benutzertyp"},
}

// needed are the columns without which a list says too little, with the label that tells people what to
// add. An IServ user export has no birth dates and may do without.
var needed = []struct {
	column column
	label  string
}{
	{familyName, "Nachname"}, {givenName, "Vorname"}, {className, "Klasse"}, {birthDate, "Geburtsdatum"},
}

// columns says where in a row each known column stands.
type columns struct {
	at    map[column]int
	known []bool // by position: whether the column is read at all
}

func (c columns) has(wanted column) bool {
	_, ok := c.at[wanted]
	return ok
}

// fromIServ recognises the user export of IServ by its account names.
func (c columns) fromIServ() bool { return c.has(account) }

// findColumns recognises the columns of a header, in any order, and reports names that occur twice, needed
// columns that are missing, and e-mail addresses of guardians whose names the file leaves out. A header
// without any known column is most likely a pupil: its cells are then not repeated in further faults.
func findColumns(t table, found *faults) (columns, bool) {
	positions, twice := headerPositions(t)
	c := columns{at: map[column]int{}, known: make([]bool, len(t.header.cells))}
	for wanted, synonyms := range headerNames {
		for _, name := range synonyms {
			if at, ok := positions[name]; ok {
				c.at[wanted] = at
				c.known[at] = true
				break
			}
		}
	}
	if len(c.at) == 0 {
		found.add(t.header.line, "", fault.FileNoKnownColumn, nil)
		return c, false
	}
	for _, at := range twice {
		found.add(t.header.line, t.label(at), fault.FileColumnTwice, nil)
	}
	checkHeader(t, found)
	c.reportMissing(t.header.line, found)
	return c, found.none()
}

// headerPositions gives the position of each header name, and those at which a name occurs again, also of
// columns that are not read: the two may have changed places. Columns without a name are nobody's.
func headerPositions(t table) (positions map[string]int, twice []int) {
	positions = map[string]int{}
	for i, each := range t.header.cells {
		key := headerKey(each.text)
		if _, known := positions[key]; known {
			twice = append(twice, i)
		} else if key != "" {
			positions[key] = i
		}
	}
	return positions, twice
}

func checkHeader(t table, found *faults) {
	for i, each := range t.header.cells {
		checkCharacters(each.text, each.line, t.label(i), false, found)
		if utf8.RuneCountInString(each.text) > maxValue {
			found.add(each.line, t.label(i), fault.FileValueTooLong, fault.Params{"limit": strconv.Itoa(maxValue)})
		}
	}
}

func (c columns) reportMissing(line int, found *faults) {
	for _, each := range needed {
		spared := each.column == birthDate && c.fromIServ()
		if !c.has(each.column) && !spared {
			found.add(line, each.label, fault.FileColumnMissing, nil)
		}
	}
	for _, g := range guardianSlots {
		if (c.has(g.given) || c.has(g.email)) && !c.has(g.family) {
			found.add(line, g.label, fault.FileColumnMissing, nil)
		}
	}
	if c.has(guardianEmail) && !c.has(guardian1FamilyName) {
		found.add(line, guardianSlots[0].label, fault.FileColumnMissing, nil)
	}
}

// headerKey is a header name without the differences that people and programs make: case, ß, blanks at the
// ends and around dots, colons and brackets, dots at the end of abbreviations.
func headerKey(name string) string {
	key := strings.Join(strings.Fields(strings.ToLower(name)), " ")
	return headerSigns.Replace(key)
}

var headerSigns = strings.NewReplacer("ß", "ss", " . ", "", ". ", "", " .", "", ".", "",
	" : ", ":", ": ", ":", " :", ":", " ( ", "(", "( ", "(", " (", "(", " )", ")")
