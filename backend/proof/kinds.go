package proof

import (
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
)

// The halves of statements, by kind. Names of members are part of the evidence: none is ever changed or used for
// something else. Instants are UTC (RFC 3339, to the microsecond), civil dates YYYY-MM-DD, hashes hex SHA-256. Words for
// closed choices are those of the API.

// DecisionDeclared is what a person knows of its own decision: an answer or a withdrawal.
type DecisionDeclared struct {
	School         id.School   `json:"school"`
	Pupil          id.Pupil    `json:"pupil"`
	Person         id.Person   `json:"person"`
	Purpose        string      `json:"purpose"`
	Answer         string      `json:"answer,omitempty"` // video, audio, none
	Extent         string      `json:"extent,omitempty"` // of a withdrawal: picture, all
	FormVersion    id.Version  `json:"formVersion,omitempty"`
	TextSHA256     string      `json:"textSha256,omitempty"` // of the text as shown, see Text
	Language       string      `json:"language,omitempty"`   // of the text as shown
	Relation       string      `json:"relation,omitempty"`   // together, alone, legal_guardian
	PrivateSHA256  string      `json:"privateSha256"`        // see Private
	After          id.Decision `json:"after,omitempty"`      // the own decision it was made after
	IdempotencyKey string      `json:"idempotencyKey,omitempty"`
}

// DecisionServer is what the school's system adds to a decision. RecordedBy, Identified and SecondBy are for one that
// reached the school by another way than the app.
type DecisionServer struct {
	Decision         id.Decision     `json:"decision"`
	VersionNumber    int             `json:"versionNumber,omitempty"`
	Edition          int             `json:"edition,omitempty"`
	GermanTextSHA256 string          `json:"germanTextSha256,omitempty"`
	Guardianship     id.Guardianship `json:"guardianship,omitempty"`
	Schooling        id.Schooling    `json:"schooling,omitempty"`
	Channel          string          `json:"channel"` // app, paper, phone, in_person, teacher
	Means            Means           `json:"means"`
	Session          id.Session      `json:"session,omitempty"`
	Passkey          *Passkey        `json:"passkey,omitempty"`
	RecordedBy       id.Account      `json:"recordedBy,omitempty"`
	Identified       string          `json:"identified,omitempty"` // how staff knew the person: signed_form, known, document, callback
	SecondBy         id.Account      `json:"secondBy,omitempty"`   // the second member of staff behind a recorded yes
	Names            Names           `json:"names"`
	ReceivedAt       time.Time       `json:"receivedAt"`
	RecordedAt       time.Time       `json:"recordedAt"`
}

// Means says what ties a decision to its person.
type Means string

// The means, the strongest last.
const (
	MeansKey     Means = "key"     // whoever held a printed lowering key; nobody was signed in
	MeansStaff   Means = "staff"   // a member of staff wrote it down
	MeansMail    Means = "mail"    // a browser that was signed in by an invitation which had come by mail
	MeansSession Means = "session" // a browser that was signed in
	MeansPasskey Means = "passkey" // a passkey signed the declaration, with its owner verified
)

// Names are those of the people at the time, as the school knew them, and its own.
type Names struct {
	School string `json:"school,omitempty"`
	Person string `json:"person,omitempty"` // who decided
	Pupil  string `json:"pupil"`
	Class  string `json:"class,omitempty"`
}

// Private is what a statement binds by hash alone, so that a copy can leave it out and still be verified. Blind is 16
// random bytes: without them a birth date or a typed name could be tried out against the hash.
type Private struct {
	BirthDate calendar.Date `json:"birthDate,omitzero"` // the pupil's; missing where the school does not know it
	Blind     []byte        `json:"blind"`
	Place     string        `json:"place,omitempty"`
	Signature *Signature    `json:"signature,omitempty"`
}

// BlindSize is the length of a Private's blind in bytes.
const BlindSize = 16

// Signature is what is kept of a signing: strokes as points in CSS pixels, never a picture, or the typed name.
type Signature struct {
	Kind    string    `json:"kind"` // drawn, typed
	Width   int       `json:"width,omitempty"`
	Height  int       `json:"height,omitempty"`
	Strokes [][]Point `json:"strokes,omitempty"`
	Name    string    `json:"name,omitempty"`
}

// Point is a place on the pad in CSS pixels, rounded. Time and pressure stay on the device.
type Point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

// ActServer is what the system adds where the declaration says it all: when.
type ActServer struct {
	At time.Time `json:"at"`
}

// InvalidationDeclared says that a decision never was that person's: by the word of the school's staff, or of whoever
// showed the letter that had opened the session it was made in.
type InvalidationDeclared struct {
	Decision id.Decision `json:"decision"`
	Reason   string      `json:"reason"`
	Author   id.Account  `json:"author,omitempty"`
	Letter   id.Letter   `json:"letter,omitempty"`
}

// SanctionDeclared is one step of a sanction. With a kind it is of version 2, which says which measure of school law it is,
// who was heard before, and of which day the file note is; with the version of the rules that its key is of, of version 3.
type SanctionDeclared struct {
	Sanction id.Sanction `json:"sanction"`
	Pupil    id.Pupil    `json:"pupil"`
	Act      string      `json:"act"`            // imposed, ended
	Kind     string      `json:"kind,omitempty"` // educational, formal (SchulG NRW § 53(2), (3))
	Measure  string      `json:"measure"`
	RuleKey  string      `json:"ruleKey"`

	RulesVersion id.RulesVersion `json:"rulesVersion,omitempty"`

	Heard         []string      `json:"heard,omitempty"`  // of what is imposed: pupil, parents, class_teacher
	NotedOn       calendar.Date `json:"notedOn,omitzero"` // of what is imposed
	From          calendar.Date `json:"from"`
	Until         calendar.Date `json:"until"`
	PrivateSHA256 string        `json:"privateSha256"`
}

// ObjectionDeclared is one step of a person's objection to a sanction: it came in, or the head answered it.
type ObjectionDeclared struct {
	Objection    id.Objection `json:"objection"`
	Sanction     id.Sanction  `json:"sanction"`
	Pupil        id.Pupil     `json:"pupil"`
	Person       id.Person    `json:"person"`                 // who objects
	Act          string       `json:"act"`                    // received, upheld, kept
	NextInstance string       `json:"nextInstance,omitempty"` // of one that is kept: school_authority, administrative_court
}

// ObjectionServer says whose account did the step: the objecting person's, or the head's.
type ObjectionServer struct {
	At time.Time  `json:"at"`
	By id.Account `json:"by"`
}

// HoldDeclared is one step of a restriction (GDPR Art. 18) or an objection (Art. 21).
type HoldDeclared struct {
	Hold          id.Hold  `json:"hold"`
	Pupil         id.Pupil `json:"pupil"`
	Act           string   `json:"act"` // placed, settled
	Kind          string   `json:"kind"`
	PrivateSHA256 string   `json:"privateSha256"`
}

// MeasureServer is what the system adds to what the school orders about a pupil.
type MeasureServer struct {
	At    time.Time  `json:"at"`
	By    id.Account `json:"by"`
	Names Names      `json:"names"`
}

// VersionDeclared is a form's version with the hash of its text in every language.
type VersionDeclared struct {
	Version   id.Version        `json:"version"`
	Purpose   string            `json:"purpose"`
	Number    int               `json:"number"`
	Edition   int               `json:"edition"`
	Change    string            `json:"change"`
	Policy    string            `json:"policy"`
	Say       Say               `json:"say"`
	InForceOn calendar.Date     `json:"inForceOn"`
	Texts     map[string]string `json:"texts"` // language → textSha256
	By        id.Account        `json:"by"`
}

// Say names who has a say by age.
type Say struct {
	Preset     string `json:"preset"`
	BesideFrom int    `json:"besideFrom,omitempty"`
	AloneFrom  int    `json:"aloneFrom,omitempty"`
}

// CustodyDeclared is a guardianship before and after a change.
type CustodyDeclared struct {
	School   id.School    `json:"school"`
	Pupil    id.Pupil     `json:"pupil"`
	Guardian id.Guardian  `json:"guardian"`
	Before   CustodyState `json:"before"`
	After    CustodyState `json:"after"`
}

// CustodyState is a guardianship as it stood.
type CustodyState struct {
	ID        id.Guardianship `json:"id"`
	Custody   string          `json:"custody"`
	Basis     string          `json:"basis"`
	Relation  string          `json:"relation"`
	Prevented bool            `json:"prevented"`
	Disputed  bool            `json:"disputed"`
	From      calendar.Date   `json:"from,omitzero"`
	Until     calendar.Date   `json:"until,omitzero"`
}

// CustodyServer says by whom: an account of the school, with a second one where two are needed, or the guardian while
// answering.
type CustodyServer struct {
	At       time.Time   `json:"at"`
	Account  id.Account  `json:"account,omitempty"`
	Second   id.Account  `json:"second,omitempty"`
	Proposal id.Proposal `json:"proposal,omitempty"`
	Guardian id.Guardian `json:"guardian,omitempty"`
}

// LetterDeclared is one step in a letter's life. Its secret is never part of anything.
type LetterDeclared struct {
	Letter id.Letter `json:"letter"`
	Person id.Person `json:"person"`
	Act    string    `json:"act"` // issued, redeemed, void
}

// LetterServer says by whom a letter was issued or made void, or which session its redemption opened. By is empty for
// the system: commands at the shell.
type LetterServer struct {
	At      time.Time  `json:"at"`
	By      id.Account `json:"by,omitempty"`
	Session id.Session `json:"session,omitempty"`
}

// ErasureDeclared names the leaves whose contents were erased, and no person.
type ErasureDeclared struct {
	Leaves []int64 `json:"leaves"`
	Reason string  `json:"reason"` // retention, request
}

// ErasureServer says who asked for an erasure and who approved it; both are empty where retention did.
type ErasureServer struct {
	At         time.Time  `json:"at"`
	AskedBy    id.Account `json:"askedBy,omitempty"`
	ApprovedBy id.Account `json:"approvedBy,omitempty"`
}
