// Package id owns the types of identifiers. Every entity has its own, so that a pupil's id cannot be
// handed over where a guardian's is wanted. Ids are opaque text (UUIDv7, RFC 9562): they sort by the time
// they were made, which keeps indexes narrow; they protect nothing, and no secret is ever made from one.
package id

import "github.com/google/uuid"

// School identifies a school, the tenant of everything else.
type School string

// Class identifies a class in one school year.
type Class string

// Pupil identifies a child or adult pupil.
type Pupil string

// Guardian identifies a guardian in one school.
type Guardian string

// Guardianship identifies what links a guardian to a pupil.
type Guardianship string

// Schooling identifies one unbroken time at the school.
type Schooling string

// Membership identifies a pupil's time in a class.
type Membership string

// Account identifies whoever can sign in.
type Account string

// Session identifies one sign-in on one device.
type Session string

// Form identifies what a school asks about.
type Form string

// Version identifies one wording of a form.
type Version string

// Decision identifies an answer or a withdrawal.
type Decision string

// Proposal identifies what waits for a second member of staff.
type Proposal string

// Ask identifies that somebody was asked.
type Ask string

// Reminder identifies one step of one ask that went out.
type Reminder string

// Letter identifies a printed letter code.
type Letter string

// Card identifies a pupil's printed card.
type Card string

// Meeting identifies a conference.
type Meeting string

// RulesVersion identifies one published set of the pupils' rules.
type RulesVersion string

// Acknowledgement identifies that a pupil has read rules.
type Acknowledgement string

// OwnLimit identifies a limit that a pupil has set itself.
type OwnLimit string

// Series identifies the weekly repetitions of one conference.
type Series string

// Sanction identifies an exclusion or restriction by the school.
type Sanction string

// Breach identifies a teacher's report that a pupil broke a rule.
type Breach string

// Objection identifies a person's objection to a sanction.
type Objection string

// Hold identifies a restriction or objection under data protection law.
type Hold string

// ImportPlan identifies what a class list would change.
type ImportPlan string

// Erasure identifies that a person is marked to be erased, or was erased.
type Erasure string

// APIToken identifies a token of one of the school's own programs.
type APIToken string

// Statement identifies a piece of evidence.
type Statement string

// Passkey identifies a credential of an account.
type Passkey string

// TOTP identifies a secret that one-time codes are made from.
type TOTP string

// Invitation identifies a link by which somebody becomes staff.
type Invitation string

// OIDCLink identifies who somebody at a school's OpenID provider is here.
type OIDCLink string

// PushSubscription identifies a browser that takes push messages.
type PushSubscription string

// Job identifies work in the outbox.
type Job string

// Entry identifies a line of the audit trail.
type Entry string

// New makes a fresh id of the wanted type. It panics only when the system has no randomness left, in
// which case nothing that this program does could be trusted.
func New[T ~string]() T {
	return T(uuid.Must(uuid.NewV7()).String())
}

// Valid reports whether a text that came from outside could be an id of ours: a UUID as New writes it.
func Valid[T ~string](text T) bool {
	parsed, err := uuid.Parse(string(text))
	return err == nil && parsed.String() == string(text)
}

// PersonKind says whether a person is a guardian or a pupil.
type PersonKind string

// The kinds of person who may have a say.
const (
	GuardianPerson PersonKind = "guardian"
	PupilPerson    PersonKind = "pupil"
)

// Person is whoever decides or gets a letter: a guardian, or a pupil with a say.
type Person struct {
	Kind PersonKind `json:"kind"`
	ID   string     `json:"id"`
}

// GuardianOf makes a guardian a Person.
func GuardianOf(guardian Guardian) Person { return Person{Kind: GuardianPerson, ID: string(guardian)} }

// PupilOf makes a pupil a Person.
func PupilOf(pupil Pupil) Person { return Person{Kind: PupilPerson, ID: string(pupil)} }
