package notice

import (
	"errors"
	"slices"

	"einverstanden/backend/breach"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// Where the page is that says the rest.
const (
	homePath      = "/home"
	pupilPath     = "/pupil"
	decisionsPath = "/office/sanctions"
)

// A sanction is the school's own act, so it is told on either side of a protected guardianship, to each guardian alone and
// with nothing of the other. An objection is its person's act: nobody else hears of it but the head.

// sanctionImposed tells whoever has a say, and the pupil.
func (s *Service) sanctionImposed(tx *db.Tx, about sanction.Told) error {
	known, err := sanction.Find(tx, about.Sanction)
	if err != nil {
		return err
	}
	return s.tellSanction(tx, known, notify.Message{Event: "sanction:" + string(known.ID), Kind: notify.SanctionImposed, At: known.DecidedAt})
}

func (s *Service) sanctionEnded(tx *db.Tx, about sanction.Told) error {
	known, err := sanction.Find(tx, about.Sanction)
	if err != nil || known.EndedAt.IsZero() {
		return err
	}
	return s.tellSanction(tx, known, notify.Message{Event: "sanction-end:" + string(known.ID), Kind: notify.SanctionEnded, At: known.EndedAt})
}

func (s *Service) tellSanction(tx *db.Tx, known sanction.Sanction, m notify.Message) error {
	now, ok, err := s.standingOf(tx, known.Pupil)
	if err != nil || !ok {
		return err
	}
	m.Subject, m.Path = string(known.ID), homePath
	var messages []notify.Message
	for _, person := range answerable(now) {
		m.Person = person
		messages = append(messages, m)
	}
	if own := id.PupilOf(known.Pupil); !slices.Contains(answerable(now), own) {
		m.Kind, m.Path, m.Person = notify.OwnSanction, pupilPath, own
		messages = append(messages, m)
	}
	return notify.Tell(tx, messages...)
}

// answerable are those who may object: whoever has a say. Where nobody has, because there is no form yet or the birth date
// is unknown, the guardians with custody are told all the same, as the law wants it (SchulG NRW § 53).
func answerable(now standing.Standing) []id.Person {
	persons := withSay(now, id.Person{})
	if len(persons) > 0 {
		return persons
	}
	for _, g := range now.Guardianships {
		person := id.GuardianOf(g.Guardian)
		custody := g.Custody == school.JointCustody || g.Custody == school.SoleCustody
		if custody && !g.Prevented && g.Period.Contains(now.Facts.Today) && !slices.Contains(persons, person) {
			persons = append(persons, person)
		}
	}
	return persons
}

// stands reports whether a sanction is to be told as imposed: one that has ended meanwhile is told as ended, or is over.
func (s *Service) stands(tx *db.Tx, m notify.Message) (bool, error) {
	known, err := sanction.Find(tx, id.Sanction(m.Subject))
	if err != nil {
		return false, err
	}
	over, err := s.isOver(tx, known)
	if err != nil || over || !known.EndedAt.IsZero() {
		return false, err
	}
	return s.mayAnswer(tx, known.Pupil, m.Person)
}

// isEnded is about an early end. What would be over by itself by now is no news.
func (s *Service) isEnded(tx *db.Tx, m notify.Message) (bool, error) {
	known, err := sanction.Find(tx, id.Sanction(m.Subject))
	if err != nil {
		return false, err
	}
	over, err := s.isOver(tx, known)
	if err != nil || over || known.EndedAt.IsZero() {
		return false, err
	}
	return s.mayAnswer(tx, known.Pupil, m.Person)
}

// isOwn is about what a pupil without a say is told. It reads what holds now, so that is told whatever it is.
func (s *Service) isOwn(tx *db.Tx, m notify.Message) (bool, error) {
	known, err := sanction.Find(tx, id.Sanction(m.Subject))
	if err != nil {
		return false, err
	}
	over, err := s.isOver(tx, known)
	return !over && id.PupilOf(known.Pupil) == m.Person, err
}

func (s *Service) isOver(tx *db.Tx, known sanction.Sanction) (bool, error) {
	today, err := s.schools.Today(tx)
	return known.Period.Until.Before(today), err
}

func (s *Service) mayAnswer(tx *db.Tx, pupil id.Pupil, person id.Person) (bool, error) {
	now, ok, err := s.standingOf(tx, pupil)
	return ok && slices.Contains(answerable(now), person), err
}

// objectionTold tells whoever objected that it came in or was answered, and the head of one that waits.
func (s *Service) objectionTold(tx *db.Tx, about sanction.Told) error {
	known, err := sanction.FindObjection(tx, about.Sanction, about.Objection)
	if err != nil {
		return err
	}
	event := "objection:" + string(known.ID)
	m := notify.Message{
		Event: event + ":" + string(known.Step()), Kind: notify.ObjectionNews, Person: known.Person, Path: homePath, At: known.ReceivedAt,
		Subject: string(known.Sanction) + " " + string(known.ID),
	}
	if known.Step() == sanction.Answered {
		m.At = known.AnsweredAt
		return notify.Tell(tx, m)
	}
	return errors.Join(notify.Tell(tx, m), s.tellHeads(tx, event, m.Subject))
}

// isAbout reports whether the objection is still there.
func (s *Service) isAbout(tx *db.Tx, m notify.Message) (bool, error) {
	of, objection := subjects(m)
	known, err := sanction.FindObjection(tx, id.Sanction(of), id.Objection(objection))
	return known.Person == m.Person, err
}

func (s *Service) breachReported(tx *db.Tx, reported id.Breach) error {
	if open, err := breach.IsOpen(tx, reported); err != nil || !open {
		return err
	}
	return s.tellHeads(tx, "breach:"+string(reported), string(reported))
}

func (s *Service) tellHeads(tx *db.Tx, event, subject string) error {
	heads, err := s.accounts.Heads(tx)
	messages := make([]notify.Message, len(heads))
	for i, head := range heads {
		messages[i] = notify.Message{
			Event: event, Kind: notify.DecisionWaiting, Person: notify.StaffOf(head), Subject: subject, Path: decisionsPath,
		}
	}
	return errors.Join(err, notify.Tell(tx, messages...))
}

// waits reports whether a report or an objection still wants the head's decision, and the recipient is a head.
func (s *Service) waits(tx *db.Tx, m notify.Message) (waits bool, err error) {
	if of, objection := subjects(m); objection != "" {
		known, err := sanction.FindObjection(tx, id.Sanction(of), id.Objection(objection))
		if err != nil || known.Step() != sanction.Received {
			return false, err
		}
	} else if waits, err = breach.IsOpen(tx, id.Breach(m.Subject)); err != nil || !waits {
		return false, err
	}
	heads, err := s.accounts.Heads(tx)
	return slices.Contains(heads, id.Account(m.Person.ID)), err
}
