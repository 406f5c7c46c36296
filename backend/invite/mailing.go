package invite

import (
	"context"
	"errors"
	"slices"
	"strings"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/school"
)

// Mailboxes knows what can be said about mail without sending any.
type Mailboxes interface {
	// SendsMail reports whether mail is set up.
	SendsMail() bool
	// Unreachable tells which of the texts are no addresses, or gave back what went there last.
	Unreachable(tx *db.Tx, addresses []string) (map[string]bool, error)
}

// WithMailboxes lets letters go by mail.
func (s *Service) WithMailboxes(mailboxes Mailboxes) { s.mailboxes = mailboxes }

// Obstacle says why a letter cannot go by mail.
type Obstacle string

// The obstacles. Whoever was mailed lately gets nothing now; everybody else's letter goes on paper.
const (
	NoAddress     Obstacle = "no_address"     // the school's lists have none; they never have one of a pupil
	SharedAddress Obstacle = "shared_address" // somebody of another name is listed with it: it tells nobody's answer from another's
	Unreachable   Obstacle = "unreachable"    // no address, or what went there last came back
	MailedLately  Obstacle = "mailed_lately"  // an invitation of the last 24 hours is open, or there were three
)

// PlannedRow is one person of a plan; its letter goes by mail where there is no obstacle.
type PlannedRow struct {
	Person   id.Person
	Obstacle Obstacle
}

// onPaper reports whether the letter has to be printed.
func (r PlannedRow) onPaper() bool { return r.Obstacle != "" && r.Obstacle != MailedLately }

// MailingPlan says who would get a letter by mail and who would not, in the order of the letters.
type MailingPlan struct {
	Rows []PlannedRow
}

// Count gives how many letters go by mail, how many on paper, and how many people wait because they were mailed lately.
func (p MailingPlan) Count() (mailed, onPaper, lately int) {
	for _, row := range p.Rows {
		switch {
		case row.Obstacle == "":
			mailed++
		case row.onPaper():
			onPaper++
		default:
			lately++
		}
	}
	return mailed, onPaper, lately
}

// PlanMailing tells what Mail would do, and changes nothing. Errors are those of Mail.
func (s *Service) PlanMailing(ctx context.Context, actor authz.Actor, selection Selection) (MailingPlan, error) {
	ctx, err := s.mayMail(ctx, actor, selection)
	if err != nil {
		return MailingPlan{}, err
	}
	mailing, err := s.gather(ctx, selection)
	if err != nil {
		return MailingPlan{}, err
	}
	if len(mailing.invitations) == 0 {
		return MailingPlan{}, fault.New(fault.NobodyToInvite)
	}
	return s.plan(ctx, mailing)
}

func (s *Service) mayMail(ctx context.Context, actor authz.Actor, selection Selection) (context.Context, error) {
	ctx = db.InSchool(ctx, actor.School)
	switch {
	case !actor.May(authz.IssueLetters):
		return ctx, fault.New(fault.NotAllowedHere)
	case s.mailboxes == nil || !s.mailboxes.SendsMail():
		return ctx, fault.New(fault.MailNotSetUp)
	}
	return ctx, selection.check()
}

// Mailed is what came of a mailing.
type Mailed struct {
	Mailed  int `json:"mailed"`
	OnPaper int `json:"onPaper"` // people whose letter has to be printed
	Lately  int `json:"lately"`  // people who were mailed within a day
}

// Mail issues a letter to each person whom the selection means and sends it to the address of the school's lists, where
// nothing stands against it. It answers when the letters are issued; their sending is the outbox's. An earlier letter of
// theirs that is still open becomes void, on whatever way it went. The secrets are in the mails alone.
//
// Errors are those of Letters, and MailNotSetUp. The same key gives the same reply; calling again without it goes on where
// an earlier call was cut off, because nobody is mailed twice within a day.
func (s *Service) Mail(ctx context.Context, actor authz.Actor, selection Selection) (made Mailed, err error) {
	key := ctx
	ctx, err = s.mayMail(ctx, actor, selection)
	if err != nil {
		return Mailed{}, err
	}
	if repeated, err := s.once(ctx, key, &made, errNotYet); repeated || !errors.Is(err, errNotYet) {
		return made, err
	}
	mailing, err := s.gather(ctx, selection)
	if err != nil {
		return Mailed{}, err
	}
	plan, err := s.plan(ctx, mailing)
	if err != nil {
		return Mailed{}, err
	}
	if len(plan.Rows) == 0 {
		return Mailed{}, fault.New(fault.NobodyToInvite)
	}
	var byMail []invitation
	for i, row := range plan.Rows {
		if row.Obstacle == "" {
			byMail = append(byMail, mailing.invitations[i])
		}
	}
	if err := s.ask(ctx, actor, byMail); err != nil {
		return Mailed{}, err
	}
	byMail = slices.DeleteFunc(byMail, func(i invitation) bool { return len(i.children) == 0 })
	recipients := make([]account.Recipient, len(byMail))
	for i, invitation := range byMail {
		recipients[i] = account.Recipient{Person: invitation.person}
	}
	issued, err := s.accounts.IssueByMail(ctx, actor, recipients)
	if err != nil {
		return Mailed{}, err
	}
	_, made.OnPaper, made.Lately = plan.Count()
	made.Mailed = len(issued)
	_, err = s.once(ctx, key, &made, nil)
	return made, err
}

var errNotYet = errors.New("invite: not done yet")

// once looks whether the context's key was used, and fills made if so; otherwise it keeps made under the key, unless
// outcome is an error.
func (s *Service) once(ctx, key context.Context, made *Mailed, outcome error) (repeated bool, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		tx.MarkAudited() // each letter was
		repeated, err = idempotency.Do(key, tx, made, func() error { return outcome })
		return err
	})
	return repeated, err
}

// plan looks at the mailbox of everybody whom the letters are for.
func (s *Service) plan(ctx context.Context, mailing mailing) (plan MailingPlan, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		persons, addresses := []id.Person{}, []string{}
		for _, invitation := range mailing.invitations {
			persons = append(persons, invitation.person)
			if invitation.email != "" {
				addresses = append(addresses, invitation.email)
			}
		}
		shared, err := s.sharedAddresses(tx)
		if err != nil {
			return err
		}
		unreachable, err := s.mailboxes.Unreachable(tx, addresses)
		if err != nil {
			return err
		}
		lately, err := account.MailedLately(tx, persons)
		plan.Rows = make([]PlannedRow, len(mailing.invitations))
		for i, invitation := range mailing.invitations {
			plan.Rows[i].Person = invitation.person
			switch {
			case invitation.email == "":
				plan.Rows[i].Obstacle = NoAddress
			case shared[mailbox(invitation.email)]:
				plan.Rows[i].Obstacle = SharedAddress
			case unreachable[invitation.email]:
				plan.Rows[i].Obstacle = Unreachable
			case lately[invitation.person]:
				plan.Rows[i].Obstacle = MailedLately
			}
		}
		return err
	})
	return plan, err
}

// sharedAddresses are those listed for people of different names. The same name twice is one person whom nobody has joined
// yet; two parents behind one mailbox could answer for each other.
func (s *Service) sharedAddresses(tx *db.Tx) (map[string]bool, error) {
	guardians, err := s.schools.AllGuardians(tx)
	names, shared := map[string]string{}, map[string]bool{}
	for _, g := range guardians {
		if g.Contact.Email == "" {
			continue
		}
		address, name := mailbox(g.Contact.Email), school.Fold(g.Given)+" "+school.Fold(g.Family)
		if known, ok := names[address]; ok && known != name {
			shared[address] = true
		}
		names[address] = name
	}
	return shared, err
}

// mailbox is the form in which addresses are compared.
func mailbox(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// onPaperOnly leaves those whose letter cannot go by mail.
func (s *Service) onPaperOnly(ctx context.Context, mailing *mailing) error {
	if s.mailboxes == nil || !s.mailboxes.SendsMail() {
		return nil
	}
	plan, err := s.plan(ctx, *mailing)
	if err != nil {
		return err
	}
	var left []invitation
	for i, row := range plan.Rows {
		if row.onPaper() {
			left = append(left, mailing.invitations[i])
		}
	}
	mailing.invitations = left
	return nil
}
