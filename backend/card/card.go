package card

import (
	"context"
	"net/url"
	"slices"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/paper"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// Service owns the use cases. Make one with NewService.
type Service struct {
	db        *db.DB
	schools   *school.Service
	accounts  *account.Service
	meetings  *meeting.Service
	standings *standing.Service
	printer   *paper.Printer
	baseURL   *url.URL
}

// NewService needs the database, those who know the people, the sign-ins, the meetings and who has a say, the printer,
// and the public address of the deployment, which the cards lead to.
func NewService(
	d *db.DB, schools *school.Service, accounts *account.Service, meetings *meeting.Service, standings *standing.Service,
	printer *paper.Printer, baseURL *url.URL,
) *Service {
	return &Service{
		db: d, schools: schools, accounts: accounts, meetings: meetings, standings: standings, printer: printer, baseURL: baseURL,
	}
}

// URL is the address that a key, or the code of an opening, is handed out as. It stands behind the #, which no server and
// no log sees.
func (s *Service) URL(secret string) string { return s.baseURL.JoinPath("p").String() + "#" + secret }

const mostCards = 60 // at once: a large class, and an answer well within the time that a request has

// Holder is a pupil of a class, with its card if it has one.
type Holder struct {
	Pupil    id.Pupil
	Name     school.Name
	IssuedAt time.Time // zero: no card
	Blocked  bool
}

// ClassDoor is how the pupils of a class come in.
type ClassDoor struct {
	Class     school.Class
	Holders   []Holder // by name
	HasLink   bool
	OpenUntil time.Time // by the teacher's tap; zero when that is over
}

// Of gives the door of a class that the actor may see; any other does not exist.
func (s *Service) Of(ctx context.Context, actor authz.Actor, class id.Class) (door ClassDoor, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if door.Holders, err = s.holders(tx, actor, class); err != nil {
			return err
		}
		if door.Class, err = s.schools.Class(tx, class); err != nil {
			return err
		}
		link, err := linkOf(tx, class)
		door.HasLink, door.OpenUntil = link.KeyHash != "", link.openUntil(tx.Now)
		return err
	})
	return door, err
}

// holders also is the check that the class is the actor's.
func (s *Service) holders(tx *db.Tx, actor authz.Actor, class id.Class) ([]Holder, error) {
	if err := s.mayIssue(tx, actor, class); err != nil {
		return nil, err
	}
	return s.members(tx, class)
}

func (s *Service) mayIssue(tx *db.Tx, actor authz.Actor, class id.Class) error {
	if !actor.May(authz.IssueCards) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.meetings.MustSee(tx, actor, class)
}

// members are today's pupils of the class, by name.
func (s *Service) members(tx *db.Tx, class id.Class) ([]Holder, error) {
	today, err := s.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	ids, err := s.schools.PupilsOfClass(tx, class, today)
	if err != nil {
		return nil, err
	}
	pupils, err := s.schools.Pupils(tx, ids)
	if err != nil {
		return nil, err
	}
	cards, err := s.accounts.CardsOf(tx, ids)
	holders := make([]Holder, 0, len(ids))
	for _, pupil := range ids {
		known := cards[pupil]
		holders = append(holders, Holder{Pupil: pupil, Name: pupils[pupil].Name, IssuedAt: known.IssuedAt, Blocked: known.Blocked})
	}
	school.SortByName(holders, func(h Holder) school.Name { return h.Name })
	return holders, err
}

// Issued is a PDF with one page for each card, which is made once and kept nowhere, and what stands on them.
type Issued struct {
	PDF   []byte
	Cards []account.NewCard
}

// Issue makes new cards, each with a new PIN, for pupils of a class, in the order of their names. Their earlier cards are
// void from then on. A pupil who is not of the class does not exist.
func (s *Service) Issue(ctx context.Context, actor authz.Actor, class id.Class, pupils []id.Pupil) (issued Issued, err error) {
	if len(pupils) == 0 || len(pupils) > mostCards {
		return Issued{}, fault.InvalidField("pupils", fault.FieldInvalid)
	}
	var chosen []Holder
	var found school.Class
	var settings school.Settings
	var today calendar.Date
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err := s.holders(tx, actor, class)
		if err != nil {
			return err
		}
		if chosen, err = choose(all, pupils); err != nil {
			return err
		}
		if found, err = s.schools.Class(tx, class); err != nil {
			return err
		}
		settings, err = s.schools.SettingsInClear(tx)
		today = settings.Today(tx.Now)
		return err
	})
	if err != nil {
		return Issued{}, err
	}
	ids := make([]id.Pupil, len(chosen))
	for i, holder := range chosen {
		ids[i] = holder.Pupil
	}
	err = s.accounts.IssueCards(ctx, actor, ids, func(cards []account.NewCard) error {
		issued.Cards = cards
		issued.PDF, err = s.print(cards, chosen, paper.Card{School: settings.Name, Class: found.Name, IssuedOn: today})
		return err
	})
	return issued, err
}

// choose keeps the order of the names.
func choose(all []Holder, pupils []id.Pupil) (chosen []Holder, err error) {
	for _, holder := range all {
		if slices.Contains(pupils, holder.Pupil) {
			chosen = append(chosen, holder)
		}
	}
	for _, pupil := range pupils {
		if !slices.ContainsFunc(all, func(h Holder) bool { return h.Pupil == pupil }) {
			return nil, fault.New(fault.NothingHere)
		}
	}
	return chosen, nil
}

func (s *Service) print(cards []account.NewCard, holders []Holder, page paper.Card) ([]byte, error) {
	pages := make([]paper.Card, len(cards))
	for i, made := range cards {
		pages[i] = page
		pages[i].Name = holders[i].Name.Short()
		pages[i].QRText = s.URL(string(made.Key))
		pages[i].Pictures = made.PIN[:]
	}
	return s.printer.Cards(pages)
}
