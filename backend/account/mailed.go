package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
)

// Delivery is how a letter reaches its recipient.
type Delivery string

// Printed by the office, or sent to the mail address of the school's lists.
const (
	OnPaper Delivery = "paper"
	ByMail  Delivery = "mail"
)

// topic is what follows a letter that was issued: the notice of a printed one, the sending of one that goes by mail.
func (d Delivery) topic() outbox.Topic {
	if d == ByMail {
		return outbox.LetterMailed
	}
	return outbox.LetterIssued
}

// mailedAgain is how long the mail of an open letter keeps another from going to the same person, and mailedMost how many
// go to one person in that time, whatever became of them: nobody's mailbox is flooded, and a call that is repeated after
// a crash goes on where it was.
const (
	mailedAgain = 24 * time.Hour
	mailedMost  = 3
)

// IssueByMail makes one letter for each recipient that goes by mail, and leaves its sending to the outbox. It gives the
// letters without their secrets, which are derived when they are sent and never shown to the office. Whoever has an open
// one from the last 24 hours, or has had three, gets none. As with IssueLetters an earlier open letter becomes void; after
// an error those stand that were made, and calling again goes on.
func (s *Service) IssueByMail(ctx context.Context, actor authz.Actor, recipients []Recipient) (issued []IssuedLetter, err error) {
	if err := allow(actor, authz.IssueLetters); err != nil {
		return nil, err
	}
	ctx = db.InSchool(ctx, actor.School)
	for some := range slices.Chunk(distinct(recipients), issuedAtOnce) {
		letters, err := s.issueSome(ctx, string(actor.Account), some, ByMail)
		if err != nil {
			return issued, fmt.Errorf("issue letters by mail: %w", err)
		}
		for _, letter := range letters {
			letter.Secret = ""
			issued = append(issued, letter)
		}
	}
	return issued, nil
}

// mailedSecret is the secret of a letter that goes by mail. 32 divides 256: no symbol is favoured.
func (s *Service) mailedSecret(school id.School, letter id.Letter) Secret {
	return Secret(symbolsOf(s.vault.MailedSecret(school, letter)[:secretRandom]))
}

// MailedLetter is an open letter that goes by mail, with its secret: for the mail alone. NothingHere when there is none.
func (s *Service) MailedLetter(tx *db.Tx, letter id.Letter) (IssuedLetter, error) {
	row, err := letterByID(tx, letter)
	if err != nil {
		return IssuedLetter{}, err
	}
	if row.Delivery != ByMail || row.state(tx.Now) != LetterOpen {
		return IssuedLetter{}, fault.New(fault.NothingHere)
	}
	known := row.letter(tx.Now)
	return IssuedLetter{
		ID: known.ID, LetterNo: known.LetterNo, Secret: s.mailedSecret(tx.School, known.ID), Person: known.Person, Delivery: ByMail,
		IssuedAt: known.IssuedAt, ExpiresAt: known.ExpiresAt,
	}, nil
}

// DoorPath is where a letter is opened, with what it proves itself by behind the #.
func DoorPath(letterNo string, secret Secret) string { return "/e#" + letterNo + "." + string(secret) }

// mailable leaves out whom no letter may be mailed now. Letters on paper may always be printed.
func mailable(tx *db.Tx, persons []id.Person, delivery Delivery) ([]id.Person, error) {
	if delivery != ByMail {
		return persons, nil
	}
	recent, err := MailedLately(tx, persons)
	return slices.DeleteFunc(slices.Clone(persons), func(p id.Person) bool { return recent[p] }), err
}

// MailedLately tells to whom no further letter may be mailed now.
func MailedLately(tx *db.Tx, persons []id.Person) (map[id.Person]bool, error) {
	rows, err := mailedSince(tx, persons, tx.Now.Add(-mailedAgain))
	count, lately := map[id.Person]int{}, map[id.Person]bool{}
	for _, row := range rows {
		count[row.person()]++
		if row.state(tx.Now) == LetterOpen || count[row.person()] >= mailedMost {
			lately[row.person()] = true
		}
	}
	return lately, err
}

// CameByMail reports whether the letter that let the person in last had gone by mail.
func (s *Service) CameByMail(tx *db.Tx, person id.Person) (bool, error) {
	delivery, err := lastDelivery(tx, person, tx.Now)
	return delivery == ByMail, err
}

// VoidMailed makes a letter void whose mail did not arrive or came to somebody else. One that is not open is left as it is.
func (s *Service) VoidMailed(tx *db.Tx, letter id.Letter) error {
	row, err := letterByID(tx, letter)
	if err != nil || row.Delivery != ByMail || row.state(tx.Now) != LetterOpen {
		return err
	}
	voided, err := voidAll(tx, audit.System, []letterRow{row})
	if err != nil || len(voided) == 0 {
		return err
	}
	return s.attest(tx, stepsOf(voided, letterVoided, audit.System))
}

// OpenByMail are the open letters that were to go by mail before the instant.
func (s *Service) OpenByMail(tx *db.Tx, before time.Time) ([]id.Letter, error) {
	return openMailed(tx, before)
}
