// Package school owns the school itself and the people in it: classes, pupils, their times at the school, guardians
// and guardianships, and which classes are given to a teacher. It leaves who decided what to consent, sign-in to
// account, and the reading of class lists to intake.
//
// Names, birth dates and contacts are sealed at rest (package vault), so lists are opened, sorted and searched in
// memory, school by school. Functions that take a *db.Tx compose into other domains' transactions.
package school

import (
	"sync"
	"time"
	_ "time/tzdata" // a machine without zone files must know the school's midnight too

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/signal"
	"einverstanden/backend/vault"
)

// Settings are what a school says about itself. Officers (head, data protection officer) are people and lie sealed.
type Settings struct {
	ID               id.School `json:"-"`
	Name             string    `json:"name"`
	Address          string    `json:"address"`
	Officers         Officers  `json:"officers"`
	AuthorityName    string    `json:"authorityName"`
	AuthorityContact string    `json:"authorityContact"`
	ConferenceSystem string    `json:"conferenceSystem"`
	ProcessorName    string    `json:"processorName"`
	UserRules        string    `json:"userRules"` // title and date of the school's own user rules, which the form names (S11)
	RetentionYears   int       `json:"retentionYears"`
	LessonBasis      string    `json:"lessonBasis"`  // legal basis of lessons: consent or statute
	RoomHosts        []string  `json:"roomHosts"`    // hosts that a room link may point to
	Zone             string    `json:"zone"`         // IANA name
	DefaultRoom      string    `json:"defaultRoom"`  // name of the IServ room of classes that have none of their own
	HidesNumbers     bool      `json:"hidesNumbers"` // guardians' phone numbers from teachers who have to call

	Land calendar.Land `json:"land"` // whose holidays the school keeps

	// Vacations are the school's own list of school holidays; nil: those that ship for the Land. SetVacations changes them.
	Vacations []calendar.Period `json:"-"`
}

// DefaultZone is the zone of a school that names none.
const DefaultZone = "Europe/Berlin"

// DefaultLand is the Land of a school that names none.
const DefaultLand = calendar.NordrheinWestfalen

var berlin = func() *time.Location {
	zone, err := time.LoadLocation(DefaultZone)
	if err != nil {
		panic(err) // cannot be: the zones are built in
	}
	return zone
}()

// Officers are the people whom the form names (GDPR Art. 13).
type Officers struct {
	HeadName   string `json:"headName"`
	DPOName    string `json:"dpoName"`
	DPOContact string `json:"dpoContact"`
}

// Location is the school's zone; Europe/Berlin when it is unset or unknown.
func (s Settings) Location() *time.Location {
	if known, ok := zones.Load(s.Zone); ok {
		return known.(*time.Location)
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || s.Zone == "" {
		return berlin
	}
	zones.Store(s.Zone, zone)
	return zone
}

// zones are the zones of schools by name: Go reads and parses a file each time one is asked for.
var zones sync.Map

// SchoolDays are the days on which the school teaches.
func (s Settings) SchoolDays() *calendar.SchoolDays {
	if s.Vacations != nil {
		return calendar.NewSchoolDays(s.Land, s.Vacations)
	}
	return calendar.SchoolDaysOf(s.Land)
}

// Name is a person's name.
type Name struct {
	Given  string `json:"givenName"`
	Family string `json:"familyName"`
}

// Class is a class, or a group, in one school year.
type Class struct {
	ID         id.Class
	Name       string
	SchoolYear string // "2026/27"
	Kind       ClassKind
}

// ClassKind tells the class a pupil belongs to from any other teaching group; the zero value is a class.
type ClassKind string

// The kinds. A group is given to teachers and planned for as a class is; class lists know nothing of it.
const (
	HomeClass ClassKind = "class"
	Group     ClassKind = "group"
)

// IsGroup reports whether it is a group, not the class that pupils belong to.
func (c Class) IsGroup() bool { return c.Kind == Group }

// Pupil is one child, or adult pupil, of the school.
type Pupil struct {
	ID id.Pupil
	Name
	BirthDate calendar.Date // zero: unknown
	ImportID  string        // stable key in the school's own administration; may be empty
	Email     string
	Phone     string
	Address   Address
}

// Address is where a pupil lives; letters to a pupil who is of age go there.
type Address struct {
	Street   string `json:"street,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city,omitempty"`
}

// Schooling is one unbroken time at the school.
// Who returns later begins another one, under which no earlier yes counts.
type Schooling struct {
	ID     id.Schooling
	Pupil  id.Pupil
	Period calendar.Period
}

// Membership places a pupil in a class.
type Membership struct {
	ID     id.Membership
	Pupil  id.Pupil
	Class  id.Class
	Period calendar.Period
}

// Guardian is one grown-up, in one school.
type Guardian struct {
	ID id.Guardian
	Name
	Salutation string
	Contact    Contact
	Language   string
}

// Contact is where a guardian can be reached.
type Contact struct {
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Street   string `json:"street,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city,omitempty"`
}

// Custody says whether a guardian decides for the pupil (BGB §§ 1626 ff.); the zero value is unknown.
type Custody string

// Basis says where the school knows a custody from; the zero value is unknown.
type Basis string

// Relation says how a guardian is related to the pupil; the zero value is unknown.
type Relation string

// The kinds of custody, what each is based on, and how the guardian is related.
const (
	JointCustody Custody = "joint"
	SoleCustody  Custody = "sole"
	NoCustody    Custody = "none"

	Assumed   Basis = "assumed"   // from the class list
	Declared  Basis = "declared"  // by the guardian while answering
	Confirmed Basis = "confirmed" // by the office

	Mother        Relation = "mother"
	Father        Relation = "father"
	Parent        Relation = "parent"
	LegalGuardian Relation = "legal_guardian"
	OtherRelation Relation = "other"
)

// HoldsCustody reports whether this custody lets a guardian decide at all; an unknown one does not.
func (c Custody) HoldsCustody() bool { return c == JointCustody || c == SoleCustody }

// Guardianship links one guardian to one pupil. A say that was lost and is given back makes a guardianship of its own,
// so that no yes from before counts again.
type Guardianship struct {
	ID        id.Guardianship
	Guardian  id.Guardian
	Pupil     id.Pupil
	Relation  Relation
	Custody   Custody
	Basis     Basis
	Prevented bool // has custody but cannot act
	Disputed  bool // is needed, never suffices alone
	Protected bool // the address must not reach the other side
	Period    calendar.Period
}

// Service owns the use cases. Make one with NewService.
type Service struct {
	db    *db.DB
	vault *vault.Vault
	hub   *signal.Hub
	log   *evidence.Log
}

// NewService needs the database, the keys, the hub that hears of changed pupils, and the log that keeps the evidence
// of changes of custody.
func NewService(d *db.DB, v *vault.Vault, hub *signal.Hub, log *evidence.Log) *Service {
	return &Service{db: d, vault: v, hub: hub, log: log}
}
