package intake

import (
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
)

// Plan is what a list would change, made against one snapshot. It is plain data with a JSON form, the same
// for the same snapshot, list and day.
type Plan struct {
	MadeOn    calendar.Date `json:"madeOn"`
	BaseHash  string        `json:"baseHash"`
	NeedsHead bool          `json:"needsHead"` // more than a tenth of the school's pupils changed or gone
	Counts    Counts        `json:"counts"`
	Entries   []Entry       `json:"entries"`
	// People are the guardians in the list whom the school does not know. An entry refers to them by index;
	// one person may stand beside several children.
	People []Person `json:"people"`
}

// Counts says how many entries there are of each outcome; unchanged pupils are counted and have no entry.
type Counts struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Moved     int `json:"moved"`
	Doubtful  int `json:"doubtful"`
	Missing   int `json:"missing"`
	Leaving   int `json:"leaving"`
	Unchanged int `json:"unchanged"`
	Ignored   int `json:"ignored"`
}

// Outcome says what an entry is about.
type Outcome string

// The outcomes.
const (
	New      Outcome = "new"      // a pupil whom the school does not know
	Changed  Outcome = "changed"  // other data of a pupil, or of a guardian when GuardianID is set
	Moved    Outcome = "moved"    // another class and nothing else
	Doubtful Outcome = "doubtful" // not certain who this is; nothing happens without confirmation
	Leaving  Outcome = "leaving"  // the file ends the time at school
	Missing  Outcome = "missing"  // at the school, not in the file
	Ignored  Outcome = "ignored"  // in the file, not imported; Notes says why
)

// Reason is a stable code for why an entry is done only when it was confirmed by itself.
type Reason string

// The reasons, with what confirming an entry means. Without it, the entry does not happen; for SamePerson
// that means that the guardian in the list becomes a person of its own.
const (
	// BirthDateAcrossAge sets a birth date that changes who has a say.
	BirthDateAcrossAge Reason = "birth_date_across_age"
	// BirthDateImplausible makes a new pupil whose birth date hardly can be right.
	BirthDateImplausible Reason = "birth_date_implausible"
	// NameChangedWholly sets another given and another family name; id and birth date are the same.
	NameChangedWholly Reason = "name_changed_wholly"
	// ContactOfAnswered sends notices to a person who has decided somewhere else.
	ContactOfAnswered Reason = "contact_of_answered"
	// ContactContradictory sets the first new one of several values that lines of siblings give.
	ContactContradictory Reason = "contact_contradictory"
	// IDReused makes a new pupil, who takes the import id over from PupilID, another person.
	IDReused Reason = "id_reused"
	// OtherID says that it is PupilID, of the same name and birth date, under another import id.
	OtherID Reason = "other_id"
	// Namesake makes a new pupil who looks like one whom the file names as well.
	Namesake Reason = "namesake"
	// PossibleTwin makes a new pupil beside PupilID, who differs in the given name alone and is not in the file.
	PossibleTwin Reason = "possible_twin"
	// SamePerson says that People[Person] is GuardianID.
	SamePerson Reason = "same_person"
	// Returning begins a new schooling after one that had ended.
	Returning Reason = "returning"
	// StaysLonger moves the last day at school back, or takes it away.
	StaysLonger Reason = "stays_longer"
	// NotInList ends the schooling of somebody whom the file leaves out.
	NotInList Reason = "not_in_list"
)

// Entry is the smallest part of a plan that can be done or left alone.
type Entry struct {
	Ref     string  `json:"ref"` // within its plan
	Outcome Outcome `json:"outcome"`
	Line    int     `json:"line,omitempty"` // in the file; 0 for a pupil who is missing from it

	PupilID    id.Pupil    `json:"pupilId,omitempty"`    // the school's pupil whom it concerns
	GuardianID id.Guardian `json:"guardianId,omitempty"` // the school's guardian whom it concerns
	Person     *int        `json:"person,omitempty"`     // for SamePerson: index into People

	Pupil     Pupil    `json:"pupil"` // as the file says, or the school when the pupil is missing
	Changes   []Change `json:"changes,omitempty"`
	Guardians []Link   `json:"guardians,omitempty"` // guardianships to be made

	NeedsConfirmation Reason `json:"needsConfirmation,omitempty"`
	Notes             []Note `json:"notes,omitempty"`
}

// Creates reports whether the entry, once it is done, makes a new pupil of Pupil.
func (e Entry) Creates() bool {
	switch e.NeedsConfirmation {
	case IDReused, Namesake, PossibleTwin, BirthDateImplausible:
		return true
	default:
		return e.Outcome == New
	}
}

// Pupil is everything that the file says about one pupil.
type Pupil struct {
	ImportID   string        `json:"importId,omitempty"`
	GivenName  string        `json:"givenName"`
	FamilyName string        `json:"familyName"`
	BirthDate  calendar.Date `json:"birthDate"`
	Class      string        `json:"className"`
	From       calendar.Date `json:"from"`  // first day of the schooling
	Until      calendar.Date `json:"until"` // its last day; unknown when open
	Email      string        `json:"email,omitempty"`
	Phone      string        `json:"phone,omitempty"`
	Address    Address       `json:"address"`
}

// Person is a guardian whom the school does not know, or perhaps knows as Same.
type Person struct {
	Salutation string  `json:"salutation,omitempty"`
	GivenName  string  `json:"givenName"`
	FamilyName string  `json:"familyName"`
	Email      string  `json:"email,omitempty"`
	Address    Address `json:"address"`

	Same    id.Guardian `json:"same,omitempty"`    // the school's guardian whom this may be
	SameRef string      `json:"sameRef,omitempty"` // the entry that says so when it was confirmed
}

// Link is a guardianship to be made.
type Link struct {
	Person   int      `json:"person"` // index into People
	Relation Relation `json:"relation"`
}

// Change is one value that becomes another. Dates are YYYY-MM-DD; empty means nothing or unknown.
type Change struct {
	Field Field  `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// Field names what changes.
type Field string

// The fields.
const (
	FieldImportID   Field = "importId"
	FieldGivenName  Field = "givenName"
	FieldFamilyName Field = "familyName"
	FieldBirthDate  Field = "birthDate"
	FieldClass      Field = "className"
	FieldFrom       Field = "from"
	FieldUntil      Field = "until"
	FieldEmail      Field = "email"
	FieldPhone      Field = "phone"
	FieldStreet     Field = "street"
	FieldPostcode   Field = "postcode"
	FieldTown       Field = "town"
	FieldGuardian   Field = "guardian" // one more guardian; the person is in Guardians
)

// contactFields are those by which a person is reached.
var contactFields = []Field{FieldEmail, FieldPhone, FieldStreet, FieldPostcode, FieldTown}

// Chosen are the entries to carry out when those refs were confirmed: what needs no confirmation, and what
// has it. Entries that only inform are left out. Known is false when a ref is not one of this plan.
func (p Plan) Chosen(confirmed []string) (chosen []Entry, known bool) {
	wanted := map[string]bool{}
	for _, ref := range confirmed {
		wanted[ref] = true
	}
	for _, entry := range p.Entries {
		if entry.Outcome != Ignored && (entry.NeedsConfirmation == "" || wanted[entry.Ref]) {
			chosen = append(chosen, entry)
		}
		delete(wanted, entry.Ref)
	}
	return chosen, len(wanted) == 0
}

// Fits reports whether the plan may still be carried out: the school is as it was, and nobody whose address
// would change without confirmation has answered since (abuse X11).
func (p Plan) Fits(base Snapshot) bool {
	if base.Hash() != p.BaseHash {
		return false
	}
	pupils, guardians := answered(base)
	return !slices.ContainsFunc(p.Entries, func(e Entry) bool {
		if e.NeedsConfirmation != "" || !e.changesContact() {
			return false
		}
		return guardians[e.GuardianID] || e.GuardianID == "" && pupils[e.PupilID]
	})
}

func answered(base Snapshot) (map[id.Pupil]bool, map[id.Guardian]bool) {
	pupils, guardians := map[id.Pupil]bool{}, map[id.Guardian]bool{}
	for _, p := range base.Pupils {
		pupils[p.ID] = p.Answered
	}
	for _, g := range base.Guardians {
		guardians[g.ID] = g.Answered
	}
	return pupils, guardians
}

func (e Entry) changesContact() bool {
	return slices.ContainsFunc(e.Changes, func(c Change) bool { return slices.Contains(contactFields, c.Field) })
}
