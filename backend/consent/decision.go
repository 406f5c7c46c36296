package consent

import (
	"time"

	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
)

// Kind says what sort of decision it is.
type Kind string

// An answer is given under a version's text; a withdrawal needs none.
const (
	Answer     Kind = "answer"
	Withdrawal Kind = "withdrawal"
)

// Extent is how much a withdrawal takes back.
type Extent string

// The extents of a withdrawal (S18: in part, or wholly).
const (
	Picture    Extent = "picture"
	Everything Extent = "all"
)

// reach is what the extent leaves.
func (e Extent) reach() participation.Mode {
	if e == Picture {
		return participation.Audio
	}
	return participation.None
}

// Channel is how a decision reached the school.
type Channel string

// The channels. All but App are recorded by staff.
const (
	App       Channel = "app"
	Paper     Channel = "paper"
	Phone     Channel = "phone"
	InPerson  Channel = "in_person"
	ByTeacher Channel = "teacher"
)

// Identified is how staff knew who told them a decision; the zero value is "not said".
type Identified string

// The ways to know somebody.
const (
	ByForm         Identified = "signed_form"
	ByAcquaintance Identified = "known"
	ByDocument     Identified = "document"
	ByCallback     Identified = "callback" // on a number that the school had
)

// Relation is how somebody says they decide while answering ("Ich entscheide …").
type Relation string

// The relations; the zero value is "not said".
const (
	Together      Relation = "together"
	Alone         Relation = "alone"
	LegalGuardian Relation = "legal_guardian"
)

// InvalidReason says why a recorded decision never was that person's.
type InvalidReason string

// The reasons; no free text, because details stay in the paper file.
const (
	WrongPerson  InvalidReason = "wrong_person"
	WrongAnswer  InvalidReason = "wrong_answer"
	NotAuthentic InvalidReason = "not_authentic"
)

// Decision is one person's own act. It is never changed; Invalidated and Confirmed are events of their own.
type Decision struct {
	ID           id.Decision
	Leaf         int64 // number in the school's log; it alone orders decisions
	Pupil        id.Pupil
	Person       id.Person
	Guardianship id.Guardianship // of a guardian
	Schooling    id.Schooling
	Kind         Kind
	Answer       participation.Mode // of an answer
	Extent       Extent             // of a withdrawal
	Version      id.Version         // of an answer
	Edition      int                // of an answer
	Language     string             // in which the text was shown
	TextSHA256   string
	Relation     Relation
	Channel      Channel
	RecordedBy   id.Account // staff; empty: the person itself
	SecondBy     id.Account // the second member of staff behind a recorded yes
	HasSignature SignatureKind
	After        id.Decision // the own decision it was made after
	ReceivedAt   time.Time
	RecordedAt   time.Time
	Invalidated  *Invalidation
	Confirmed    bool // by the office, where a teacher received it
	Statement    id.Statement
	Means        proof.Means
	Session      id.Session // of an own act in the app; empty: by a lowering key, by staff, or before it was kept
}

// Invalidation says that a recorded decision was not that person's.
type Invalidation struct {
	Leaf   int64
	Reason InvalidReason
	Author id.Account
	At     time.Time
}

// Reach is how far the decision lets the pupil take part.
func (d Decision) Reach() participation.Mode {
	if d.Kind == Answer {
		return d.Answer
	}
	return d.Extent.reach()
}

// IsYes reports whether the decision can raise a mode.
func (d Decision) IsYes() bool { return d.Kind == Answer && d.Answer > participation.None }

// Receipt is what the person gets at once: where the decision stands in the log.
type Receipt struct {
	ID              id.Statement
	Leaf            int64
	StatementSHA256 string
}
