package notice

import (
	"context"
	"errors"
	"strings"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
)

const letterEvent = "letter:"

// InvitationOf is the event of the message that brings a letter by mail.
func InvitationOf(letter id.Letter) string { return letterEvent + string(letter) }

// invitationFilled has the letter's door with its number and secret behind the #, which no server and no log sees. It is
// made here and now, for this one mail.
func (s *Service) invitationFilled(tx *db.Tx, m notify.Message) (string, notify.Values, error) {
	letter, err := s.accounts.MailedLetter(tx, id.Letter(m.Subject))
	if err != nil {
		return "", nil, err
	}
	settings, err := s.schools.Settings(tx)
	if err != nil {
		return "", nil, err
	}
	until := letter.LastDay(settings.Location()).String()
	return account.DoorPath(letter.LetterNo, letter.Secret), notify.Values{"until": until}, nil
}

// invitationLost makes a letter void that did not arrive: what came back lies in a mailbox of somebody else's.
func (s *Service) invitationLost(tx *db.Tx, event string) error {
	return unlessGone(s.accounts.VoidMailed(tx, id.Letter(strings.TrimPrefix(event, letterEvent))))
}

// undelivered is how long an invitation may be on its way: longer than a job is tried.
const undelivered = 48 * time.Hour

// VoidUndelivered makes letters void that were to go by mail and that no mail server has taken in two days: their jobs
// were given up in a way that told nobody. The daily round calls it, in the context's school.
func (s *Service) VoidUndelivered(ctx context.Context) error {
	var late []id.Letter
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		open, err := s.accounts.OpenByMail(tx, tx.Now.Add(-undelivered))
		if err != nil || len(open) == 0 {
			return err
		}
		events := make([]string, len(open))
		for i, letter := range open {
			events[i] = InvitationOf(letter)
		}
		states, err := s.notify.StatesOf(tx, notify.Invitation, events)
		for i, letter := range open {
			if states[events[i]] != "accepted" {
				late = append(late, letter)
			}
		}
		return err
	})
	for _, letter := range late {
		err = errors.Join(err, s.db.Write(ctx, func(tx *db.Tx) error {
			tx.MarkAudited() // one that was used or void meanwhile stays as it is
			return s.accounts.VoidMailed(tx, letter)
		}))
	}
	return err
}

// refuseInvitation is "this is not meant for me" by whoever got the mail: the letter is void, and the office sees why.
func (s *Service) refuseInvitation(ctx context.Context, letter id.Letter) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		tx.MarkAudited() // the second time it changes nothing
		return errors.Join(s.accounts.VoidMailed(tx, letter), s.notify.Refuse(tx, notify.Invitation, InvitationOf(letter)))
	})
}

func (s *Service) isUnused(ctx context.Context, letter id.Letter) (unused bool, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		l, err := s.accounts.LetterByID(tx, letter)
		unused = l.UsedAt.IsZero()
		return err
	})
	return unused, err
}

// counterCheck tells of the first answer of somebody who was invited by mail by another way than that mailbox: to the
// others with a say, on paper where they read the same mailbox. Where nobody else may hear of it, a slip goes to the
// person itself.
func (s *Service) counterCheck(tx *db.Tx, d consent.Decision, own notify.Message) error {
	others, err := s.others(tx, d.Pupil, d.Person)
	if err != nil {
		return err
	}
	if len(others) == 0 {
		own.Event, own.Without = own.Event+":paper", notify.Mail
		return notify.Tell(tx, own)
	}
	mailbox, err := s.notify.ListedAddress(tx, d.Person)
	if err != nil {
		return err
	}
	messages := toOthers(d, own, others)
	for i, other := range others {
		address, err := s.notify.ListedAddress(tx, other)
		if err != nil {
			return err
		}
		if strings.EqualFold(address, mailbox) {
			messages[i].Without = notify.Mail
		}
	}
	return notify.Tell(tx, messages...)
}

// toOthers are the messages to the others with a say that there was an answer.
func toOthers(d consent.Decision, own notify.Message, others []id.Person) []notify.Message {
	messages := make([]notify.Message, len(others))
	for i, other := range others {
		messages[i] = notify.Message{
			Event: own.Event, Kind: notify.AnswerGiven, Person: other, Subject: string(d.Pupil), Path: homePath, At: d.RecordedAt,
		}
	}
	return messages
}
