package account

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
)

// afterNewLetter is how long a yes carries a mark when its person came in by a further letter.
const afterNewLetter = 24 * time.Hour

// Disowned is a used letter whose holder says that somebody else used it, with the sessions that came of it.
type Disowned struct {
	Letter   id.Letter
	Person   id.Person
	Sessions []id.Session
}

// DisownLetter is "that was not me" by whoever shows a used letter: its secret and the birth date. The sessions and
// passkeys that came of the redemption end, and setAside takes back, in the same transaction, what was decided in them.
// It can only lower, so the paper is enough. Faults are those of RedeemLetter; a letter that nobody has used is
// NothingHere. The second time it changes nothing. The birth date of a letter in any other state is not looked at, so that
// nobody tries one here.
func (s *Service) DisownLetter(
	ctx context.Context, letterNo, secret string, birthDate calendar.Date, device Device, setAside func(*db.Tx, Disowned) error,
) error {
	return s.present(ctx, letterNo, device, func(ctx context.Context, letterNo string) error {
		if err := s.checkSecret(ctx, letterNo, secret); err != nil {
			return err
		}
		return s.db.Write(ctx, func(tx *db.Tx) error {
			letter, err := letterByNo(tx, letterNo)
			if err != nil {
				return err
			}
			if letter.state(tx.Now) == LetterUsed {
				if err := s.checkBirthDate(tx, letter, birthDate); err != nil {
					return err
				}
			}
			return s.disown(tx, letter, setAside)
		})
	})
}

func (s *Service) disown(tx *db.Tx, letter letterRow, setAside func(*db.Tx, Disowned) error) error {
	switch letter.state(tx.Now) {
	case LetterDisowned:
		tx.MarkAudited() // it was when it happened
		return nil
	case LetterOpen:
		return fault.New(fault.NothingHere)
	case LetterVoid, LetterBlocked, LetterExpired:
		return letter.fault(tx.Now)
	case LetterUsed:
	}
	first, err := markDisowned(tx, letter.ID)
	if err != nil {
		return err
	}
	if !first {
		return db.ErrAgain
	}
	sessions, err := s.endCameOf(tx, letter)
	if err != nil {
		return err
	}
	if err := audit.Record(tx, auditEntry(audit.System, audit.LetterDisowned, letter.ID)); err != nil {
		return err
	}
	if err := outbox.Enqueue(tx, noticeOf(outbox.LetterDisowned, letter.ID)); err != nil {
		return err
	}
	return setAside(tx, Disowned{Letter: letter.ID, Person: letter.person(), Sessions: sessions})
}

// endCameOf ends what came of a redemption and gives its sessions, also those that had ended: a redemption ends whatever
// was before it, so that all that began since then, up to the person's next redemption, came of this one.
func (s *Service) endCameOf(tx *db.Tx, letter letterRow) ([]id.Session, error) {
	next, err := nextUse(tx, letter)
	if err != nil {
		return nil, err
	}
	came, err := sessionsOf(tx, letter.person(), *letter.UsedAt, next)
	if err != nil {
		return nil, err
	}
	if err := s.endAll(tx, came); err != nil {
		return nil, err
	}
	account, err := accountOfPerson(tx, letter.person())
	if err != nil {
		return nil, err
	}
	return came, deletePasskeysFrom(tx, account.ID, *letter.UsedAt, next)
}

// beginAnew follows a redemption: devices from before it are out, and the family's contacts are told.
func (s *Service) beginAnew(tx *db.Tx, account id.Account, letter letterRow) error {
	before, err := sessionsOf(tx, letter.person(), 0, tx.Now.UnixMicro()+1)
	if err != nil {
		return err
	}
	if err := s.endAll(tx, before); err != nil {
		return err
	}
	if err := deletePasskeysFrom(tx, account, 0, tx.Now.UnixMicro()+1); err != nil {
		return err
	}
	return outbox.Enqueue(tx, noticeOf(outbox.LetterRedeemed, letter.ID))
}

func noticeOf(topic outbox.Topic, letter id.Letter) outbox.Job {
	return outbox.Job{
		Topic: topic, Payload: map[string]id.Letter{"letter": letter}, DedupKey: string(topic) + "|" + string(letter),
	}
}

// IsAlive reports whether the session is, as the transaction sees it.
func (s *Service) IsAlive(tx *db.Tx, session id.Session) (bool, error) {
	view, err := sessionOnce(tx, session)
	return view.alive(tx.Now), err
}

// NewLetters tells when somebody was let in by a further letter, after an earlier one had been used.
type NewLetters map[id.Person][]time.Time

// NewLettersOf reads those of the persons.
func (s *Service) NewLettersOf(tx *db.Tx, persons []id.Person) (NewLetters, error) {
	uses, err := usesOf(tx, persons)
	found := NewLetters{}
	for person, times := range uses {
		for _, at := range times[1:] {
			found[person] = append(found[person], time.UnixMicro(at).UTC())
		}
	}
	return found, err
}

// Before reports whether the instant lies in the 24 hours after a further letter let the person in.
func (n NewLetters) Before(person id.Person, at time.Time) bool {
	for _, used := range n[person] {
		if !at.Before(used) && at.Sub(used) < afterNewLetter {
			return true
		}
	}
	return false
}
