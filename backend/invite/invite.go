package invite

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"einverstanden/backend/account"
	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/lowering"
	"einverstanden/backend/paper"
	"einverstanden/backend/school"
)

// Service owns the use cases. Make one with NewService.
type Service struct {
	db       *db.DB
	schools  *school.Service
	consents *consent.Service
	accounts *account.Service
	printer  *paper.Printer
	baseURL  *url.URL
	keys     *lowering.Service // nil: letters without lowering keys

	mailboxes Mailboxes // nil: letters go on paper alone
}

// NewService needs the database, those who know the people, the asks and the letters, the printer, and the public
// address of the deployment, which the letters lead to.
func NewService(
	d *db.DB, schools *school.Service, consents *consent.Service, accounts *account.Service, printer *paper.Printer,
	baseURL *url.URL,
) *Service {
	return &Service{db: d, schools: schools, consents: consents, accounts: accounts, printer: printer, baseURL: baseURL}
}

// WithLoweringKeys prints on each letter the lowering keys of its recipient.
func (s *Service) WithLoweringKeys(keys *lowering.Service) { s.keys = keys }

// Selection says for which pupils letters are wanted. Exactly one of the first three fields is set.
//
// For a class, and for the whole school, those get a letter who have a say for one of its pupils and have not answered
// for it in the present edition. A no is an answer. For pupils named one by one everybody with a say gets one, answered
// or not: that is how the office helps somebody who has lost the phone.
type Selection struct {
	Class         id.Class
	Pupils        []id.Pupil
	AllUnanswered bool
	// NotByMail leaves those alone whose letter cannot go by mail; it goes with any of the others.
	NotByMail bool
}

func (s Selection) check() error {
	named := 0
	for _, is := range []bool{s.Class != "", len(s.Pupils) > 0, s.AllUnanswered} {
		if is {
			named++
		}
	}
	if named != 1 {
		return fault.InvalidField("classId", fault.FieldInvalid)
	}
	return nil
}

// Printed is a PDF with one page for each letter. It is made once and kept nowhere.
type Printed struct {
	PDF   []byte
	Count int         // letters
	To    []id.Person // whom they are for
}

// Letters issues and prints one letter for each person whom the selection means, for all the children that the person
// has a say for, in the order in which they are handed out: by class, then by the name of the child. An earlier letter
// of theirs that is still open becomes void. Guardians' letters go to their address; without one the child takes it home.
//
// The error is NobodyToInvite when the selection means nobody, NoFormInForce when there is nothing to answer yet, and
// NothingHere for an unknown class or pupil. If printing fails, the letters are void: nobody has seen their secrets.
func (s *Service) Letters(ctx context.Context, actor authz.Actor, selection Selection) (Printed, error) {
	if !actor.May(authz.IssueLetters) {
		return Printed{}, fault.New(fault.NotAllowedHere)
	}
	if err := selection.check(); err != nil {
		return Printed{}, err
	}
	ctx = db.InSchool(ctx, actor.School)
	mailing, err := s.gather(ctx, selection)
	if err != nil {
		return Printed{}, err
	}
	if selection.NotByMail {
		if err := s.onPaperOnly(ctx, &mailing); err != nil {
			return Printed{}, err
		}
	}
	if err := s.ask(ctx, actor, mailing.invitations); err != nil {
		return Printed{}, err
	}
	mailing.invitations = slices.DeleteFunc(mailing.invitations, func(i invitation) bool { return len(i.children) == 0 })
	if len(mailing.invitations) == 0 {
		return Printed{}, fault.New(fault.NobodyToInvite)
	}
	return s.issue(ctx, actor, mailing, func(pages []paper.Letter) ([]byte, error) { return s.printer.Letters(pages) })
}

// asksAtOnce is how many people are asked in one transaction: few, so that no answer waits long behind them.
const asksAtOnce = 10

// ask notes that the letters ask for answers, and leaves to each letter the children that the person still has a say
// for. Asking twice changes nothing, so parts that were committed before a failure do no harm.
func (s *Service) ask(ctx context.Context, actor authz.Actor, invitations []invitation) error {
	for some := range slices.Chunk(invitations, asksAtOnce) {
		asked := make([][]id.Pupil, len(some))
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			for i, invitation := range some {
				var err error
				if asked[i], err = s.askOne(tx, actor, invitation); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i := range some {
			some[i].keep(asked[i])
		}
	}
	return nil
}

func (s *Service) askOne(tx *db.Tx, actor authz.Actor, i invitation) ([]id.Pupil, error) {
	asked, err := s.consents.AskByLetter(tx, i.person, i.pupils())
	if err != nil {
		return nil, err
	}
	return asked, audit.Record(tx, audit.Entry{
		Actor: string(actor.Account), Action: audit.AskMade, SubjectKind: string(i.person.Kind), SubjectID: i.person.ID,
	})
}

// issue makes the letters and prints them.
func (s *Service) issue(
	ctx context.Context, actor authz.Actor, mailing mailing, draw func([]paper.Letter) ([]byte, error),
) (Printed, error) {
	recipients := make([]account.Recipient, len(mailing.invitations))
	persons := make([]id.Person, len(mailing.invitations))
	for i, invitation := range mailing.invitations {
		recipients[i], persons[i] = account.Recipient{Person: invitation.person}, invitation.person
	}
	issued, err := s.accounts.IssueLetters(ctx, actor, recipients)
	if err != nil {
		return Printed{}, err
	}
	pages := s.pages(mailing, issued)
	if err := s.addLoweringCodes(ctx, pages, mailing.invitations); err != nil {
		return Printed{}, errors.Join(err, s.void(ctx, actor, issued))
	}
	pdf, err := draw(pages)
	if err != nil {
		return Printed{}, errors.Join(err, s.void(ctx, actor, issued))
	}
	return Printed{PDF: pdf, Count: len(issued), To: persons}, nil
}

// void takes back letters whose secrets nobody has, also when whoever wanted them has gone away meanwhile.
func (s *Service) void(ctx context.Context, actor authz.Actor, issued []account.IssuedLetter) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for _, letter := range issued {
		errs = append(errs, s.accounts.VoidLetter(ctx, actor, letter.ID))
	}
	return errors.Join(errs...)
}
