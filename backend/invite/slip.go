package invite

import (
	"context"
	"slices"
	"strings"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/paper"
	"einverstanden/backend/school"
)

// Delivery says how slips go out.
type Delivery string

// By the class teacher, who gives every child of the class an envelope, or by post in envelopes with a window.
const (
	ByClass Delivery = "class"
	ByPost  Delivery = "post"
)

// SlipSelection says who gets a slip: the persons, as far as their answers are missing; of a class alone, if one is named.
// By post go the slips of those alone whose address the school knows.
type SlipSelection struct {
	Persons  []id.Person
	Class    id.Class
	Due      map[id.Person]calendar.Date // last day to answer; a day that is past is not printed
	Delivery Delivery
}

// Slips issues a letter to each of the persons as Letters does, and prints it as a slip, with a part that comes back. By
// class the other children of the class get a page on which nothing is to be done: the pile does not show who has not
// answered. Errors are those of Letters.
func (s *Service) Slips(ctx context.Context, actor authz.Actor, selection SlipSelection) (Printed, error) {
	if !actor.May(authz.IssueLetters) {
		return Printed{}, fault.New(fault.NotAllowedHere)
	}
	ctx = db.InSchool(ctx, actor.School)
	mailing, err := s.gather(ctx, Selection{Class: selection.Class, AllUnanswered: selection.Class == ""})
	if err != nil {
		return Printed{}, err
	}
	mailing.invitations = slices.DeleteFunc(mailing.invitations, func(i invitation) bool { return !selection.wants(i) })
	if err := s.ask(ctx, actor, mailing.invitations); err != nil {
		return Printed{}, err
	}
	mailing.invitations = slices.DeleteFunc(mailing.invitations, func(i invitation) bool { return len(i.children) == 0 })
	if len(mailing.invitations) == 0 {
		return Printed{}, fault.New(fault.NobodyToInvite)
	}
	others, err := s.others(ctx, selection, mailing)
	if err != nil {
		return Printed{}, err
	}
	return s.issue(ctx, actor, mailing, func(letters []paper.Letter) ([]byte, error) {
		slips := make([]paper.Slip, len(letters))
		for i, letter := range letters {
			slips[i] = paper.Slip{Letter: letter, DueOn: selection.Due[mailing.invitations[i].person]}
			if selection.Delivery == ByClass {
				slips[i].Recipient.Street = "" // handed over, so that no address travels through the class
			}
		}
		return s.printer.Slips(sortedSlips(slips, others))
	})
}

func (s SlipSelection) wants(i invitation) bool {
	hasAddress := i.recipient.Street != "" && i.recipient.City != ""
	return slices.Contains(s.Persons, i.person) && (s.Delivery != ByPost || hasAddress)
}

// others are the pages of the children of the class from whom nothing is wanted.
func (s *Service) others(ctx context.Context, selection SlipSelection, mailing mailing) (pages []paper.Slip, err error) {
	if selection.Class == "" || selection.Delivery != ByClass {
		return nil, nil
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		today := mailing.settings.Today(tx.Now)
		class, err := s.schools.Class(tx, selection.Class)
		if err != nil {
			return err
		}
		members, err := s.schools.PupilsOfClass(tx, selection.Class, today)
		if err != nil {
			return err
		}
		members = slices.DeleteFunc(members, func(pupil id.Pupil) bool {
			return slices.ContainsFunc(mailing.invitations, func(i invitation) bool { return i.children[0].pupil == pupil })
		})
		pupils, err := s.schools.Pupils(tx, members)
		for _, pupil := range pupils {
			pages = append(pages, paper.Slip{Nothing: true, Letter: paper.Letter{
				School: paper.School{Name: mailing.settings.Name, Address: mailing.settings.Address}, Reader: paper.Guardian,
				Children: childrenLines([]child{{name: pupil.Name, class: class.Name}}), IssuedOn: today,
				Recipient: paper.Recipient{Family: pupil.Family},
			}})
		}
		return err
	})
	return pages, err
}

// sortedSlips puts the pages of the others among the slips, by the child who takes them home.
func sortedSlips(slips, others []paper.Slip) []paper.Slip {
	if len(others) == 0 {
		return slips
	}
	all := slices.Concat(slips, others)
	school.SortByName(all, func(s paper.Slip) school.Name { return school.Name{Given: strings.Join(s.Children, " ")} })
	return all
}
