package school

import (
	"context"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// GiveClass lets a teacher see and plan for a class. Giving it again changes nothing. NothingHere when there is no such
// class or account.
func (s *Service) GiveClass(ctx context.Context, actor authz.Actor, class id.Class, account id.Account) error {
	if !actor.May(authz.GiveClasses) {
		return fault.New(fault.NotAllowedHere)
	}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := insertTeaching(tx, teachingRow{SchoolID: tx.School, AccountID: account, ClassID: class}); err != nil {
			return err
		}
		return recordTeaching(tx, actor, audit.TeachingGiven, class)
	})
	if db.Violated(err, db.ErrForeignKey) {
		return fault.Wrap(fault.NothingHere, err)
	}
	return err
}

// TakeClass takes a class from a teacher; NothingHere when it was not given.
func (s *Service) TakeClass(ctx context.Context, actor authz.Actor, class id.Class, account id.Account) error {
	if !actor.May(authz.GiveClasses) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := deleteTeaching(tx, teachingRow{AccountID: account, ClassID: class}); err != nil {
			return err
		}
		return recordTeaching(tx, actor, audit.TeachingTaken, class)
	})
}

func recordTeaching(tx *db.Tx, actor authz.Actor, action audit.Action, class id.Class) error {
	return audit.Record(tx, audit.Entry{
		Actor: string(actor.Account), Action: action, SubjectKind: "class", SubjectID: string(class),
	})
}

// ClassesOfTeacher gives the classes and groups of the day's school year that are given to the account, 5a before 10b.
func (s *Service) ClassesOfTeacher(tx *db.Tx, account id.Account, day calendar.Date) ([]Class, error) {
	rows, err := findTaughtClasses(tx, account, calendar.SchoolYearOf(day).String())
	return sortedClasses(rows), err
}

// Teaches reports whether the class is given to the account.
func (s *Service) Teaches(tx *db.Tx, account id.Account, class id.Class) (bool, error) {
	n, err := countTeaching(tx, account, class)
	return n > 0, err
}

// TeachersOf gives the accounts to which the class is given.
func (s *Service) TeachersOf(tx *db.Tx, class id.Class) ([]id.Account, error) {
	return findTeachers(tx, class)
}
