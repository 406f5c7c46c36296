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
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
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
	Secret    Secret // empty where it goes by mail: only the recipient sees it
	Person    id.Person
	Delivery  Delivery
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// LastDay is the last day on which the letter is good until midnight: it ends within the one after.
func (l IssuedLetter) LastDay(zone *time.Location) calendar.Date {
	return calendar.Today(l.ExpiresAt, zone).AddDays(-1)
}

// LetterState is what has become of a letter.
type LetterState string

// The states. A letter that was used stays used, whatever happens to it later.
const (
	LetterOpen    LetterState = "open"
	LetterUsed    LetterState = "used"
	LetterExpired LetterState = "expired"
	LetterVoid    LetterState = "void"
	LetterBlocked LetterState = "blocked" // void because its birth date was tried too often
	// LetterDisowned was used by somebody else, says whoever holds it. As a filter it means those whose recipient has
	// been issued no other since.
	LetterDisowned LetterState = "disowned"
)

// Letter is what the office sees of a letter; the secret is not among it.
type Letter struct {
	ID        id.Letter
	LetterNo  string
	Person    id.Person
	State     LetterState
	Delivery  Delivery
	IssuedBy  string // account id, or audit.System
	IssuedAt  time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not used

	DisownedAt time.Time // zero: nobody said "not me"
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

// IssueLetters makes one letter for each recipient, all or none: if it fails half-way, what was made is void. An earlier
// letter of theirs that is still open becomes void, too: of two letters in a family, the newer one is right. A recipient
// named twice gets one letter.
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

// issuedAtOnce is how many letters one transaction makes: so few that decisions, which queue on the same log, wait for
// a moment only, however large the school is.
const issuedAtOnce = 250

func (s *Service) issue(ctx context.Context, issuer string, recipients []Recipient) (issued []IssuedLetter, err error) {
	for some := range slices.Chunk(distinct(recipients), issuedAtOnce) {
		letters, err := s.issueSome(ctx, issuer, some, OnPaper)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("issue letters: %w", err), s.takeBack(ctx, issuer, issued))
		}
		issued = append(issued, letters...)
	}
	return issued, nil
}

func (s *Service) issueSome(
	ctx context.Context, issuer string, persons []id.Person, delivery Delivery,
) (issued []IssuedLetter, err error) {
	err = s.db.WriteAlone(ctx, func(tx *db.Tx) error {
		if err := lockIssuing(tx); err != nil {
			return err
		}
		persons, err := mailable(tx, persons, delivery)
		if err != nil || len(persons) == 0 {
			tx.MarkAudited() // nobody is left: nothing was done
			return err
		}
		open, err := openLetters(tx, persons)
		if err != nil {
			return err
		}
		voided, err := voidAll(tx, issuer, open)
		if err != nil {
			return err
		}
		if issued, err = s.makeLetters(tx, persons, delivery); err != nil {
			return err
		}
		if err := s.keepLetters(tx, issuer, issued); err != nil {
			return err
		}
		return s.attest(tx, append(stepsOf(voided, letterVoided, issuer), issueSteps(issued, issuer)...))
	})
	return issued, err
}

// takeBack makes letters void that nobody has seen, also when whoever wanted them has gone away meanwhile.
func (s *Service) takeBack(ctx context.Context, issuer string, issued []IssuedLetter) error {
	ctx = context.WithoutCancel(ctx)
	for some := range slices.Chunk(issued, issuedAtOnce) {
		rows := make([]letterRow, len(some))
		for i, letter := range some {
			rows[i] = letterRow{ID: letter.ID, PersonKind: letter.Person.Kind, PersonID: letter.Person.ID}
		}
		err := s.db.WriteAlone(ctx, func(tx *db.Tx) error {
			voided, err := voidAll(tx, issuer, rows)
			if err != nil {
				return err
			}
			tx.MarkAudited() // all of them may be void by now: then nothing is left to tell
			return s.attest(tx, stepsOf(voided, letterVoided, issuer))
		})
		if err != nil {
			return fmt.Errorf("take letters back: %w", err)
		}
	}
	return nil
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

// voidAll makes letters void that are still open, at most as many as fit one statement, and gives those that it did.
func voidAll(tx *db.Tx, actor string, letters []letterRow) ([]letterRow, error) {
	if len(letters) == 0 {
		return nil, nil
	}
	wanted := make([]id.Letter, len(letters))
	for i, letter := range letters {
		wanted[i] = letter.ID
	}
	done, err := voidLetters(tx, wanted)
	if err != nil {
		return nil, err
	}
	var entries []audit.Entry
	voided := slices.DeleteFunc(slices.Clone(letters), func(l letterRow) bool { return !slices.Contains(done, l.ID) })
	for _, letter := range voided {
		entries = append(entries, auditEntry(actor, audit.LetterVoided, letter.ID))
	}
	return voided, audit.Record(tx, entries...)
}

func (s *Service) makeLetters(tx *db.Tx, persons []id.Person, delivery Delivery) ([]IssuedLetter, error) {
	numbers, err := s.freeLetterNos(tx, len(persons))
	if err != nil {
		return nil, err
	}
	letters := make([]IssuedLetter, len(persons))
	for i, person := range persons {
		letters[i] = IssuedLetter{
			ID: id.New[id.Letter](), LetterNo: numbers[i], Secret: newSecret(), Person: person, Delivery: delivery,
			IssuedAt: tx.Now, ExpiresAt: tx.Now.Add(letterLife),
		}
		if delivery == ByMail {
			letters[i].Secret = s.mailedSecret(tx.School, letters[i].ID)
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
			IssuedAt: letter.IssuedAt.UnixMicro(), ExpiresAt: letter.ExpiresAt.UnixMicro(), Delivery: letter.Delivery,
		}
	}
	if err := errors.Join(insertLetters(tx, rows), insertDirectory(tx, directoryLetter, keys...)); err != nil {
		return err
	}
	entries, told := make([]audit.Entry, len(letters)), make([]outbox.Job, len(letters))
	for i, letter := range letters {
		entries[i], told[i] = auditEntry(issuer, audit.LetterIssued, letter.ID), noticeOf(letter.Delivery.topic(), letter.ID)
	}
	return errors.Join(outbox.Enqueue(tx, told...), audit.Record(tx, entries...))
}

func auditEntry(actor string, action audit.Action, letter id.Letter) audit.Entry {
	return audit.Entry{Actor: actor, Action: action, SubjectKind: "letter", SubjectID: string(letter)}
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
		row, err := letterByID(tx, letter)
		if err != nil {
			return err
		}
		voided, err := voidAll(tx, string(actor.Account), []letterRow{row})
		if err != nil {
			return err
		}
		if len(voided) > 0 {
			return s.attest(tx, stepsOf(voided, letterVoided, string(actor.Account)))
		}
		if row, err = letterByID(tx, letter); err != nil {
			return err
		}
		if row.UsedAt != nil {
			return fault.New(fault.AlreadyDone)
		}
		return errVoidAlready
	})
	if errors.Is(err, errVoidAlready) {
		return nil
	}
	return err
}
