package intake

import (
	"strings"

	"einverstanden/backend/calendar"
)

// List is what a file says, in one shape whatever wrote it.
type List struct {
	Rows []Row
	// TellsLeaving says that the file has a column for the last day at school, so that an empty cell in it
	// means: no last day is planned.
	TellsLeaving bool
}

// Row is one pupil as the file tells it, from one or several lines. Empty texts and unknown days mean that
// the file says nothing; they are never taken for an order to delete.
type Row struct {
	Line       int // of the pupil's first line in the file, from 1
	ImportID   string
	GivenName  string
	FamilyName string
	BirthDate  calendar.Date
	Class      string
	Status     Status
	JoinedOn   calendar.Date
	LeftOn     calendar.Date // last day at school
	Email      string
	Phone      string
	Address    Address
	Guardians  []Guardian
	Notes      []Note
}

// Status is what the file says about a pupil's time at the school. The zero value is unknown and is not
// imported.
type Status string

// The statuses, with the numbers that SchILD-NRW gives them.
const (
	Active Status = "active" // 2; also every row of a file without such a column
	Left   Status = "left"   // 8 finished, 9 left without a certificate
	Other  Status = "other"  // 0 new, 1 waiting list, 3 on leave, 6 external, and whatever we do not know
	Staff  Status = "staff"  // an IServ account that is no pupil's
)

// Guardian is one person whom the file names as a contact of a pupil. It is no proof of custody.
type Guardian struct {
	Salutation string
	GivenName  string // may be empty
	FamilyName string
	Email      string
	Address    Address
	Relation   Relation
}

// Relation is what links a guardian to a pupil, as far as a file lets us guess.
type Relation string

// The relations that a school knows.
const (
	Mother        Relation = "mother"
	Father        Relation = "father"
	Parent        Relation = "parent"
	LegalGuardian Relation = "legal_guardian"
	OtherRelation Relation = "other"
)

// Address is where letters go.
type Address struct {
	Street   string `json:"street,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	Town     string `json:"town,omitempty"`
}

// IsZero reports whether nothing is known.
func (a Address) IsZero() bool { return a == Address{} }

// Note is a stable code for something about a row that the office should know and need not confirm.
type Note string

// The notes.
const (
	NoteStatusIgnored    Note = "status_ignored"     // neither active nor leaving: not imported
	NoteAlreadyLeft      Note = "already_left"       // has left, and the school does not know this pupil
	NoteNotAPupil        Note = "not_a_pupil"        // an account of staff or of a parent
	NoteTwin             Note = "twin"               // another new pupil has the same family name and birth date
	NoteBirthDateUnknown Note = "birth_date_unknown" // nobody has a say until the school knows it
	NoteEmailUnusable    Note = "email_unusable"     // what stands there is no address; it was left out
	NoteContactNameless  Note = "contact_nameless"   // an address without the name of its guardian; left out
	NoteAdult            Note = "adult"              // of age: guardians in the file were left out
	NoteNoGuardian       Note = "no_guardian"        // under age, and the file names nobody
)

// fold writes a name or an address so that spellings which people take for the same compare equal: case,
// ß, apostrophes, and blanks or hyphens between its parts.
func fold(text string) string {
	return strings.Join(strings.Fields(foldSigns.Replace(strings.ToLower(text))), " ")
}

var foldSigns = strings.NewReplacer("ß", "ss", "-", " ", "'", "", "’", "")
