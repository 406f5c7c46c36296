package account

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// LetterByID is a letter of the transaction's school, or NothingHere.
func (s *Service) LetterByID(tx *db.Tx, letter id.Letter) (Letter, error) {
	row, err := letterByID(tx, letter)
	return row.letter(tx.Now), err
}

// LetterBehind is the letter by which the person came in last before the instant; empty when it came without one.
func (s *Service) LetterBehind(tx *db.Tx, person id.Person, before time.Time) (id.Letter, error) {
	row, err := lastUsedLetter(tx, person, before)
	return row.ID, err
}

// OpenSession is whom a session is for; ok is false once it has ended.
func (s *Service) OpenSession(tx *db.Tx, session id.Session) (actor authz.Actor, ok bool, err error) {
	view, err := sessionByID(tx, session)
	return view.Session.actor(), view.alive(tx.Now), err
}

// LanguageOf is the language that the person chose in the app; empty when it has no account.
func (s *Service) LanguageOf(tx *db.Tx, person id.Person) (string, error) {
	account, err := accountOfPerson(tx, person)
	return account.Language, err
}

// Joined are the persons who have an account that is not disabled.
func (s *Service) Joined(tx *db.Tx) ([]id.Person, error) { return joinedPersons(tx) }

// DisownByNotice is DisownLetter by the link in a notice that went to a contact of the school's lists, in the context's
// school. The caller has checked the link.
func (s *Service) DisownByNotice(ctx context.Context, letter id.Letter, setAside func(*db.Tx, Disowned) error) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		row, err := letterByID(tx, letter)
		if err != nil {
			return err
		}
		if row.UsedAt == nil {
			return fault.New(fault.NothingHere)
		}
		return s.disown(tx, row, setAside)
	})
}
