package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
)

// Snapshot is what the school has when a plan is made, as far as a list can say anything about it. The
// order of its parts does not matter. Erased persons are not in it.
type Snapshot struct {
	Pupils        []KnownPupil
	Guardians     []KnownGuardian
	Guardianships []KnownGuardianship
}

// KnownPupil is a pupil of the school, also one whose last schooling has ended.
type KnownPupil struct {
	ID         id.Pupil
	ImportID   string
	GivenName  string
	FamilyName string
	BirthDate  calendar.Date
	Class      string        // in the school year of the plan's day, or of the first day if that is later; empty when in none
	From       calendar.Date // first day of the last schooling
	Until      calendar.Date // its last day; unknown when it goes on
	Email      string
	Phone      string
	Address    Address
	Answered   bool // has made a decision of its own
}

// KnownGuardian is a guardian of the school.
type KnownGuardian struct {
	ID         id.Guardian
	GivenName  string
	FamilyName string
	Email      string
	Address    Address
	Answered   bool // has made a decision
}

// KnownGuardianship is one that is or was in force, whatever its custody: a list does not revive what the
// office has ended.
type KnownGuardianship struct {
	Guardian id.Guardian
	Pupil    id.Pupil
}

// Hash is the same for the same school: SHA-256 in hexadecimal over everything but Answered. An answer that
// comes in while the office reads its plan must not make the plan stale for the whole school; Plan.Fits
// looks at those whom it concerns.
func (s Snapshot) Hash() string {
	s = s.sorted()
	for i := range s.Pupils {
		s.Pupils[i].Answered = false
	}
	for i := range s.Guardians {
		s.Guardians[i].Answered = false
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("intake: a snapshot is plain data and always has a JSON form: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// sorted is a copy in the order of ids, so that a plan does not depend on the order of rows in a database.
func (s Snapshot) sorted() Snapshot {
	s.Pupils = slices.SortedFunc(slices.Values(s.Pupils), func(a, b KnownPupil) int {
		return strings.Compare(string(a.ID), string(b.ID))
	})
	s.Guardians = slices.SortedFunc(slices.Values(s.Guardians), func(a, b KnownGuardian) int {
		return strings.Compare(string(a.ID), string(b.ID))
	})
	s.Guardianships = slices.SortedFunc(slices.Values(s.Guardianships), func(a, b KnownGuardianship) int {
		return strings.Compare(string(a.Pupil)+string(a.Guardian), string(b.Pupil)+string(b.Guardian))
	})
	return s
}

// endedBy reports whether the pupil's time at the school is over on that day.
func (p KnownPupil) endedBy(today calendar.Date) bool { return p.Until.Before(today) }
