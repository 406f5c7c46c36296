package evidence

import (
	"fmt"
	"slices"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// Search finds the statements that concern people. It reads the log from its beginning, because nothing outside of the
// sealed statements says whom they are about. It is for one goroutine.
type Search struct {
	next      int64 // the first leaf that was not looked at
	wanted    map[id.Person]bool
	found     map[id.Person][]erasable
	decisions map[id.Decision][]id.Person // of wanted people: their invalidations come later in the log
}

// erasable is a statement as an erasure needs it.
type erasable struct {
	id     id.Statement
	leaf   int64
	signer id.Person
}

// NewSearch begins a search for the people.
func NewSearch(people ...id.Person) *Search {
	s := &Search{wanted: map[id.Person]bool{}, found: map[id.Person][]erasable{}, decisions: map[id.Decision][]id.Person{}}
	for _, person := range people {
		s.wanted[person] = true
	}
	return s
}

// Advance looks at a part of the log; more says that there is another one. An error is a statement that does not open:
// then nobody can say whom it concerns.
func (l *Log) Advance(tx *db.Tx, search *Search) (more bool, err error) {
	return l.readOn(tx, &search.next, search.look)
}

// readOn opens a part of the log from a leaf on, and moves the leaf on.
func (l *Log) readOn(tx *db.Tx, next *int64, look func(erasable, proof.Statement)) (more bool, err error) {
	rows, err := findFrom(tx, *next)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		body, err := l.vault.Open(place(tx.School, "body", row.ID), row.Body)
		if err != nil {
			return false, err
		}
		statement, err := proof.DecodeStatement(body)
		if err != nil {
			return false, fmt.Errorf("leaf %d: %w", row.LeafSeq, err)
		}
		look(erasable{id: row.ID, leaf: row.LeafSeq, signer: statement.Signer()}, statement)
		*next = row.LeafSeq + 1
	}
	return len(rows) == searchedAtOnce, nil
}

func (s *Search) look(at erasable, statement proof.Statement) {
	var concerned []id.Person
	for _, person := range statement.Concerns() {
		if s.wanted[person] && !slices.Contains(concerned, person) {
			concerned = append(concerned, person)
		}
	}
	if decision := statement.Decided(); decision != "" {
		if len(concerned) > 0 {
			s.decisions[decision] = concerned
		}
		concerned = s.decisions[decision]
	}
	for _, person := range concerned {
		s.found[person] = append(s.found[person], at)
	}
}

// Erase deletes every statement that concerns the person, with salt and private part; their leaves, and with them all
// proofs, stay. It appends the statement of the erasure, which names the leaves and nobody. search must be for the
// person; what it has not looked at yet is looked at here, under the lock on the head: append last, erase last.
func (l *Log) Erase(tx *db.Tx, search *Search, person id.Person, reason string, server proof.ErasureServer) (Entry, error) {
	if !search.wanted[person] {
		return Entry{}, fmt.Errorf("erase statements: the search is not for this %s", person.Kind)
	}
	if _, err := lockHead(tx); err != nil {
		return Entry{}, err
	}
	for more := true; more; {
		var err error
		if more, err = l.Advance(tx, search); err != nil {
			return Entry{}, fmt.Errorf("erase statements: %w", err)
		}
	}
	erased, err := deleteStatements(tx, search.found[person])
	if err != nil {
		return Entry{}, fmt.Errorf("erase statements: %w", err)
	}
	leaves := make([]int64, len(erased))
	for i := range erased {
		leaves[i] = erased[i].leaf
		if erased[i].signer == person {
			erased[i].signer = id.Person{}
		}
	}
	if err := insertErased(tx, erased); err != nil {
		return Entry{}, err
	}
	if err := forgetSigner(tx, person); err != nil {
		return Entry{}, err
	}
	return l.Append(tx, proof.Statement{
		Kind: proof.KindErasure, Declaration: &proof.ErasureDeclared{Leaves: leaves, Reason: reason}, Server: &server,
	}, Part{})
}

// Erased is what is left of an erased statement: its leaf, and whose act it was, unless that person is erased too.
type Erased struct {
	Leaf   int64
	Signer id.Person
}

// Erased looks an erased statement up; ok is false for one that stands and for one that never was. Only the signer and
// the data protection officer may be told (abuse X26), by fault.StatementErased.
func (l *Log) Erased(tx *db.Tx, statement id.Statement) (erased Erased, ok bool, err error) {
	return findErased(tx, statement)
}

// missing is why a statement is not there.
func missing(tx *db.Tx, statement id.Statement) error {
	_, erased, err := findErased(tx, statement)
	switch {
	case err != nil:
		return err
	case erased:
		return fault.New(fault.StatementErased)
	}
	return fault.New(fault.NothingHere)
}
