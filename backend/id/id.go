// Package id owns the types of identifiers. Every entity has its own, so that a pupil's id cannot be
// handed over where a guardian's is wanted. Ids are opaque text (UUIDv7, RFC 9562): they sort by the time
// they were made, which keeps indexes narrow; they protect nothing, and no secret is ever made from one.
package id

import "github.com/google/uuid"

// One type for each entity that has an id of its own.
type (
	School       string
	Class        string
	Pupil        string
	Guardian     string
	Guardianship string
	Schooling    string
	Membership   string
	Account      string
	Session      string
	Form         string
	Version      string
	Decision     string
	Proposal     string
	Ask          string
	Letter       string
	Meeting      string
	Sanction     string
	Hold         string
	ImportPlan   string
	Statement    string
	Job          string
	Entry        string
)

// New makes a fresh id of the wanted type. It panics only when the system has no randomness left, in
// which case nothing that this program does could be trusted.
func New[T ~string]() T {
	return T(uuid.Must(uuid.NewV7()).String())
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
