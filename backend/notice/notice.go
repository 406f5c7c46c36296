// Package notice owns who is told of what: it turns what happened into messages to people, and says right before one is
// sent whether it still holds. How a message travels, in which words, and what became of it, is package notify's.
//
// Nobody hears anything of the other side where a guardianship is protected, nor what another guardian decided anywhere:
// every cause that is not one's own is the same sentence (X9).
package notice

import (
	"context"
	"encoding/json"
	"errors"

	"einverstanden/backend/account"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// Service handles the jobs that changes leave behind.
type Service struct {
	db        *db.DB
	schools   *school.Service
	accounts  *account.Service
	consents  *consent.Service
	standings *standing.Service
	notify    *notify.Service
	meetings  *meeting.Service // nil: nothing of them is told
	erasures  Erasures         // nil: nothing of them is told
}

// NewService needs the database, the domains whose changes are told, and who tells. It registers its checks there.
func NewService(
	d *db.DB, schools *school.Service, accounts *account.Service, consents *consent.Service, standings *standing.Service, n *notify.Service,
) *Service {
	s := &Service{db: d, schools: schools, accounts: accounts, consents: consents, standings: standings, notify: n}
	for kind, still := range map[notify.Kind]func(*db.Tx, notify.Message) (bool, error){
		notify.LetterIssued: s.isOpen, notify.Invitation: s.isOpen, notify.LetterRedeemed: s.isUsed, notify.FirstAnswer: s.isUsed,
		notify.AnswerGiven: s.hasSay, notify.ModeChanged: s.hasSay, notify.AnswerRecorded: s.counts,
		notify.SanctionImposed: s.stands, notify.SanctionEnded: s.isEnded, notify.OwnSanction: s.isOwn,
		notify.ObjectionNews: s.isAbout, notify.DecisionWaiting: s.waits, notify.AgeNear: s.isNear, notify.ChildAgeNear: s.isNear,
	} {
		n.WithStill(kind, s.reading(still))
	}
	for _, kind := range []notify.Kind{notify.AgeNear, notify.ChildAgeNear} {
		n.WithCarrier(kind, notify.Carrier{Fill: s.ageFilled})
	}
	n.WithCarrier(notify.Invitation, notify.Carrier{Fill: s.invitationFilled, Lost: s.invitationLost})
	return s
}

// WithMeetings adds meetings, whose changes are told too.
func (s *Service) WithMeetings(meetings *meeting.Service) *Service {
	s.meetings = meetings
	for kind, still := range map[notify.Kind]func(*db.Tx, notify.Message) (bool, error){
		notify.MeetingPlanned: s.isPlanned, notify.MeetingMoved: s.isMoved, notify.MeetingCancelled: s.isCancelled, notify.MeetingSoon: s.isSoon,
		notify.LessonChanged: s.holds, notify.LessonSoon: s.isSoon, notify.LessonTomorrow: s.holdsThen,
	} {
		s.notify.WithStill(kind, s.reading(still))
	}
	return s
}

// Handle registers the handlers with the worker.
func (s *Service) Handle(w *outbox.Worker) {
	w.Handle(notify.SendMessage, s.notify.Send)
	w.Handle(outbox.DecisionRecorded, about(s, "decision", s.decisionRecorded))
	w.Handle(outbox.DecisionInvalidated, about(s, "decision", s.decisionInvalidated))
	w.Handle(outbox.FirstAnswer, about(s, "decision", s.firstAnswer))
	w.Handle(outbox.LetterIssued, about(s, "letter", s.letterTold(notify.LetterIssued)))
	w.Handle(outbox.LetterMailed, about(s, "letter", s.letterTold(notify.Invitation)))
	w.Handle(outbox.LetterRedeemed, about(s, "letter", s.letterTold(notify.LetterRedeemed)))
	w.Handle(outbox.LetterDisowned, about(s, "letter", s.letterTold(notify.LetterDisowned)))
	w.Handle(outbox.DeviceLinked, about(s, "session", s.deviceLinked))
	w.Handle(tellMode, s.modeTold)
	w.Handle(outbox.SanctionImposed, saying(s, s.sanctionImposed))
	w.Handle(outbox.SanctionEnded, saying(s, s.sanctionEnded))
	w.Handle(outbox.SanctionObjection, saying(s, s.objectionTold))
	w.Handle(outbox.BreachReported, about(s, "breach", s.breachReported))
	if s.erasures != nil {
		w.Handle(outbox.RightsRequestChanged, saying(s, s.rightsTold))
	}
	if s.meetings != nil {
		w.Handle(outbox.MeetingPlanned, saying(s, s.meetingPlanned))
		w.Handle(outbox.MeetingMoved, saying(s, s.meetingMoved))
		w.Handle(outbox.MeetingCancelled, saying(s, s.meetingCancelled))
		w.Handle(tellNear, saying(s, s.nearTold))
		w.Handle(tellTomorrow, saying(s, s.tomorrowTold))
	}
}

// about is a handler that reads the id in the payload and writes messages. What is gone meanwhile, erased for instance, is
// nobody's news.
func about[ID ~string](s *Service, name string, handle func(*db.Tx, ID) error) outbox.Handler {
	return func(ctx context.Context, job outbox.Claimed) error {
		var payload map[string]ID
		if err := json.Unmarshal(job.Payload, &payload); err != nil || payload[name] == "" {
			return outbox.Permanent("payload_unreadable")
		}
		err := s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return handle(tx, payload[name]) })
		return unlessGone(err)
	}
}

// saying is about for a payload that says more than one id.
func saying[Payload any](s *Service, handle func(*db.Tx, Payload) error) outbox.Handler {
	return func(ctx context.Context, job outbox.Claimed) error {
		var payload Payload
		if err := json.Unmarshal(job.Payload, &payload); err != nil {
			return outbox.Permanent("payload_unreadable")
		}
		return unlessGone(s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return handle(tx, payload) }))
	}
}

func unlessGone(err error) error {
	if fault.Has(err, fault.NothingHere) {
		return nil
	}
	return err
}

func (s *Service) reading(still func(*db.Tx, notify.Message) (bool, error)) notify.Still {
	return func(ctx context.Context, m notify.Message) (holds bool, err error) {
		err = s.db.Read(ctx, func(tx *db.Tx) error {
			holds, err = still(tx, m)
			return err
		})
		return holds, unlessGone(err)
	}
}

// ReceiptPath is the page of a receipt in the app.
func ReceiptPath(statement id.Statement) string { return "/receipts/" + string(statement) }

// decisionRecorded tells the person of its receipt, or that the school entered something in its name; the others are told
// when it changed how the pupil may take part.
func (s *Service) decisionRecorded(tx *db.Tx, decision id.Decision) error {
	d, err := s.consents.Decision(tx, decision)
	if err != nil {
		return err
	}
	m := notify.Message{
		Event: "decision:" + string(d.ID), Kind: notify.Receipt, Person: d.Person, Path: ReceiptPath(d.Statement), At: d.RecordedAt,
	}
	if d.RecordedBy != "" {
		m.Kind, m.Path = notify.AnswerRecorded, homePath
		if d.IsYes() {
			m.Subject = string(d.ID)
		}
	}
	return errors.Join(notify.Tell(tx, m), s.checkMode(tx, d.Pupil, d.Person))
}

func (s *Service) decisionInvalidated(tx *db.Tx, decision id.Decision) error {
	d, err := s.consents.Decision(tx, decision)
	if err != nil || d.Invalidated == nil {
		return err
	}
	if d.RecordedBy != "" { // by "that was not me" its person said so, and is told that the letter is blocked
		m := notify.Message{
			Event: "invalidation:" + string(d.ID), Kind: notify.AnswerInvalidated, Person: d.Person, Path: homePath, At: d.Invalidated.At,
		}
		if err := notify.Tell(tx, m); err != nil {
			return err
		}
	}
	return s.checkMode(tx, d.Pupil, d.Person)
}

// firstAnswer tells whoever the school knew before the session began (X1). Where that is nobody, the others with a say
// hear that there was an answer; where there are none, or they are on the other side of a protected guardianship, it
// waits on the office's list. Whoever came in by an invitation by mail is told there, too; as the mailbox is what let
// them in, it is told by another way as well.
func (s *Service) firstAnswer(tx *db.Tx, decision id.Decision) error {
	d, err := s.consents.Decision(tx, decision)
	if err != nil || d.Invalidated != nil {
		return err
	}
	letter, err := s.accounts.LetterBehind(tx, d.Person, d.RecordedAt)
	if err != nil || letter == "" { // came by the school's own directory
		return err
	}
	own := notify.Message{
		Event: "first:" + string(d.ID), Kind: notify.FirstAnswer, Person: d.Person, Subject: string(letter), Path: homePath, At: d.RecordedAt,
	}
	known, err := s.notify.IsListed(tx, d.Person)
	if err != nil {
		return err
	}
	if known {
		if err := notify.Tell(tx, own); err != nil {
			return err
		}
		byMail, err := s.accounts.CameByMail(tx, d.Person)
		if err != nil || !byMail {
			return err
		}
		return s.counterCheck(tx, d, own)
	}
	others, err := s.others(tx, d.Pupil, d.Person)
	if err != nil || len(others) == 0 {
		return errors.Join(err, notify.Tell(tx, own))
	}
	return notify.Tell(tx, toOthers(d, own, others)...)
}

func (s *Service) letterTold(kind notify.Kind) func(*db.Tx, id.Letter) error {
	return func(tx *db.Tx, letter id.Letter) error {
		l, err := s.accounts.LetterByID(tx, letter)
		if err != nil {
			return err
		}
		m := notify.Message{Event: InvitationOf(letter), Kind: kind, Person: l.Person, Subject: string(letter), At: l.IssuedAt}
		switch kind {
		case notify.LetterRedeemed:
			m.At = l.UsedAt
		case notify.LetterDisowned:
			m.At = l.DisownedAt
		default:
		}
		return notify.Tell(tx, m)
	}
}

func (s *Service) deviceLinked(tx *db.Tx, session id.Session) error {
	actor, open, err := s.accounts.OpenSession(tx, session)
	if err != nil || !open || actor.Person.ID == "" {
		return err
	}
	return notify.Tell(tx, notify.Message{Event: "session:" + string(session), Kind: notify.DeviceLinked, Person: actor.Person, Path: "/devices"})
}

func (s *Service) isOpen(tx *db.Tx, m notify.Message) (bool, error) {
	l, err := s.accounts.LetterByID(tx, id.Letter(m.Subject))
	return l.State == account.LetterOpen, err
}

func (s *Service) isUsed(tx *db.Tx, m notify.Message) (bool, error) {
	l, err := s.accounts.LetterByID(tx, id.Letter(m.Subject))
	return l.State == account.LetterUsed, err
}

// counts leaves out what was declared invalid meanwhile.
func (s *Service) counts(tx *db.Tx, m notify.Message) (bool, error) {
	if m.Subject == "" {
		return true, nil
	}
	d, err := s.consents.Decision(tx, id.Decision(m.Subject))
	return d.Invalidated == nil, err
}

// NotMe is "that was not me" by the link of a notice: it can only lower. A letter is disowned with all that came of it;
// what the school entered is limited by its person, as by a lowering key.
func (s *Service) NotMe(ctx context.Context, token string) error {
	in, kind, subject, err := s.notify.NotMe(token)
	if err != nil {
		return err
	}
	ctx = db.InSchool(ctx, in)
	switch kind {
	case notify.NotMeLetter:
		unused, err := s.isUnused(ctx, id.Letter(subject))
		if err != nil {
			return err
		}
		if unused {
			return s.refuseInvitation(ctx, id.Letter(subject))
		}
		return s.accounts.DisownByNotice(ctx, id.Letter(subject), func(tx *db.Tx, d account.Disowned) error {
			return s.consents.SetAside(tx, d.Letter, d.Person, d.Sessions)
		})
	case notify.NotMeDecision:
		return s.contradict(ctx, in, id.Decision(subject))
	}
	return fault.New(fault.NothingHere)
}

func (s *Service) contradict(ctx context.Context, in id.School, decision id.Decision) error {
	var d consent.Decision
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		d, err = s.consents.Decision(tx, decision)
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.consents.WithdrawByKey(ctx, in, d.Person, d.Pupil, consent.Everything)
	return err
}
