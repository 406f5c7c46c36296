package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

const (
	letterLife      = 21 * 24 * time.Hour
	letterNoFirst   = 10_000_000 // 8 digits; a leading zero would get lost in a spreadsheet
	letterNoCount   = 90_000_000
	batchSize       = 200 // rows in one statement
	lettersPerPage  = 100
	lettersMostPage = 500
	// purpose is in every key of a letter, so that a second form can follow.
	purpose = "video_conference"
)

// Recipient is whoever a letter is for. The caller vouches that the person is of the actor's school.
type Recipient struct {
	Person id.Person
}

// IssuedLetter is a letter with its secret, which is shown this once.
type IssuedLetter struct {
	ID        id.Letter
	LetterNo  string // 8 digits
	Secret    Secret
	Person    id.Person
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// LetterState is what has become of a letter.
type LetterState string

// The states. A letter that was used stays used, whatever happens to it later.
const (
	LetterOpen    LetterState = "open"
	LetterUsed    LetterState = "used"
	LetterExpired LetterState = "expired"
	LetterVoid    LetterState = "void"
)

// Letter is what the office sees of a letter; the secret is not among it.
type Letter struct {
	ID        id.Letter
	LetterNo  string
	Person    id.Person
	State     LetterState
	IssuedBy  string // account id, or audit.System
	IssuedAt  time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not used
}

// LetterFilter narrows a list of letters; zero values do not.
type LetterFilter struct {
	Persons []id.Person // nil: everybody's; empty: nobody's
	State   LetterState
}

// Page asks for a part of a list: at most Limit letters that follow After.
type Page struct {
	Limit int       // 0: 100; never more than 500
	After id.Letter // the last of the page before; empty: from the start
}

// IssueLetters makes one letter for each recipient, all or none. An earlier letter of theirs that is still open becomes
// void: of two letters in a family, the newer one is right. A recipient named twice gets one letter.
func (s *Service) IssueLetters(ctx context.Context, actor authz.Actor, recipients []Recipient) ([]IssuedLetter, error) {
	if err := allow(actor, authz.IssueLetters); err != nil {
		return nil, err
	}
	return s.issue(db.InSchool(ctx, actor.School), string(actor.Account), recipients)
}

// IssueForSystem is IssueLetters in the context's school for the demo and the shell, where nobody is signed in.
func (s *Service) IssueForSystem(ctx context.Context, recipients []Recipient) ([]IssuedLetter, error) {
	return s.issue(ctx, audit.System, recipients)
}

func (s *Service) issue(ctx context.Context, issuer string, recipients []Recipient) (issued []IssuedLetter, err error) {
	persons := distinct(recipients)
	if len(persons) == 0 {
		return nil, nil
	}
	err = s.db.WriteAlone(ctx, func(tx *db.Tx) error {
		if err := lockIssuing(tx); err != nil {
			return err
		}
		if err := voidOpenLetters(tx, issuer, persons); err != nil {
			return err
		}
		issued, err = s.makeLetters(tx, persons)
		if err != nil {
			return err
		}
		return s.keepLetters(tx, issuer, issued)
	})
	if err != nil {
		return nil, fmt.Errorf("issue letters: %w", err)
	}
	return issued, nil
}

func distinct(recipients []Recipient) []id.Person {
	seen := map[id.Person]bool{}
	var persons []id.Person
	for _, recipient := range recipients {
		if !seen[recipient.Person] {
			seen[recipient.Person] = true
			persons = append(persons, recipient.Person)
		}
	}
	return persons
}

func voidOpenLetters(tx *db.Tx, issuer string, persons []id.Person) error {
	open, err := openLetters(tx, persons)
	if err != nil {
		return err
	}
	for _, letter := range open {
		err := voidLetter(tx, letter)
		if err == nil {
			err = recordLetter(tx, issuer, audit.LetterVoided, letter)
		}
		if err != nil && !fault.Has(err, fault.NothingHere) { // not there any more: used since it was looked for
			return err
		}
	}
	return nil
}

func (s *Service) makeLetters(tx *db.Tx, persons []id.Person) ([]IssuedLetter, error) {
	numbers, err := s.freeLetterNos(tx, len(persons))
	if err != nil {
		return nil, err
	}
	letters := make([]IssuedLetter, len(persons))
	for i, person := range persons {
		letters[i] = IssuedLetter{
			ID: id.New[id.Letter](), LetterNo: numbers[i], Secret: newSecret(), Person: person,
			IssuedAt: tx.Now, ExpiresAt: tx.Now.Add(letterLife),
		}
	}
	return letters, nil
}

// freeLetterNos draws numbers that no letter of the deployment has. Two schools that draw the same one in the same
// moment do no harm: both letters are found by it, and its secret tells which one is meant.
func (s *Service) freeLetterNos(tx *db.Tx, count int) ([]string, error) {
	drawn := map[string]bool{}
	var free []string
	for len(free) < count {
		some := map[string]string{} // by fingerprint
		for len(some) < min(batchSize, count-len(free)) {
			if letterNo := drawLetterNo(); !drawn[letterNo] {
				drawn[letterNo] = true
				some[s.letterFingerprint(letterNo)] = letterNo
			}
		}
		taken, err := takenKeys(tx, directoryLetter, slices.Collect(maps.Keys(some)))
		if err != nil {
			return nil, err
		}
		for _, key := range taken {
			delete(some, key)
		}
		free = slices.AppendSeq(free, maps.Values(some))
	}
	return free, nil
}

func drawLetterNo() string {
	n, err := rand.Int(rand.Reader, big.NewInt(letterNoCount))
	if err != nil {
		panic(err) // never: crypto/rand ends the program instead
	}
	return strconv.FormatInt(letterNoFirst+n.Int64(), 10)
}

func (s *Service) letterFingerprint(letterNo string) string {
	return s.vault.Fingerprint(string(directoryLetter), letterNo)
}

func (s *Service) keepLetters(tx *db.Tx, issuer string, letters []IssuedLetter) error {
	rows, keys := make([]letterRow, len(letters)), make([]string, len(letters))
	for i, letter := range letters {
		keys[i] = s.letterFingerprint(letter.LetterNo)
		rows[i] = letterRow{
			SchoolID: tx.School, ID: letter.ID, LetterNo: letter.LetterNo,
			SecretHash: s.vault.LetterHash(letter.LetterNo, string(letter.Secret)), Purpose: purpose,
			PersonKind: letter.Person.Kind, PersonID: letter.Person.ID, IssuedBy: issuer,
			IssuedAt: letter.IssuedAt.UnixMicro(), ExpiresAt: letter.ExpiresAt.UnixMicro(),
		}
	}
	if err := errors.Join(insertLetters(tx, rows), insertDirectory(tx, directoryLetter, keys...)); err != nil {
		return err
	}
	for _, letter := range letters {
		if err := recordLetter(tx, issuer, audit.LetterIssued, letter.ID); err != nil {
			return err
		}
	}
	return nil
}

func recordLetter(tx *db.Tx, actor string, action audit.Action, letter id.Letter) error {
	return audit.Record(tx, audit.Entry{Actor: actor, Action: action, SubjectKind: "letter", SubjectID: string(letter)})
}

// Letters lists letters, the newest first. next is empty on the last page.
func (s *Service) Letters(ctx context.Context, actor authz.Actor, filter LetterFilter, page Page) (letters []Letter, next id.Letter, err error) {
	if err := allow(actor, authz.IssueLetters); err != nil {
		return nil, "", err
	}
	if page.Limit <= 0 {
		page.Limit = lettersPerPage
	}
	page.Limit = min(page.Limit, lettersMostPage)
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		rows, err := listLetters(tx, filter, page.After, page.Limit+1)
		if err != nil {
			return err
		}
		if len(rows) > page.Limit {
			rows = rows[:page.Limit]
			next = rows[page.Limit-1].ID
		}
		letters = make([]Letter, len(rows))
		for i, row := range rows {
			letters[i] = row.letter(tx.Now)
		}
		return nil
	})
	return letters, next, err
}

// VoidLetter makes an unused letter worthless. One that is void already is left so; a used one gives AlreadyDone.
func (s *Service) VoidLetter(ctx context.Context, actor authz.Actor, letter id.Letter) error {
	if err := allow(actor, authz.IssueLetters); err != nil {
		return err
	}
	errVoidAlready := errors.New("void already")
	err := s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		switch err := voidLetter(tx, letter); {
		case err == nil:
			return recordLetter(tx, string(actor.Account), audit.LetterVoided, letter)
		case !fault.Has(err, fault.NothingHere):
			return err
		}
		row, err := letterByID(tx, letter)
		if err != nil {
			return err
		}
		if row.state(tx.Now) == LetterUsed {
			return fault.New(fault.AlreadyDone)
		}
		return errVoidAlready
	})
	if errors.Is(err, errVoidAlready) {
		return nil
	}
	return err
}
