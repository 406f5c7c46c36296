package school

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
)

const longestGroupName = 40

// GroupsOn gives the groups of the school year that holds the day, by name.
func (s *Service) GroupsOn(tx *db.Tx, day calendar.Date) ([]Class, error) {
	rows, err := findClassesOfYear(tx, calendar.SchoolYearOf(day).String(), Group)
	return sortedClasses(rows), err
}

// MakeGroup makes a group without members in the present school year. A name that a class or group of it has already is
// refused with AlreadyExists.
func (s *Service) MakeGroup(ctx context.Context, actor authz.Actor, name string) (made Class, err error) {
	if !actor.May(authz.GiveClasses) {
		return Class{}, fault.New(fault.NotAllowedHere)
	}
	name = strings.Join(strings.Fields(name), " ")
	switch length := utf8.RuneCountInString(name); {
	case length == 0:
		return Class{}, fault.InvalidField("name", fault.FieldMissing)
	case length > longestGroupName:
		return Class{}, fault.InvalidField("name", fault.FieldTooLong)
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		day, err := s.Today(tx)
		if err != nil {
			return err
		}
		var group id.Class
		if _, err := idempotency.Do(ctx, tx, &group, func() error {
			group = id.New[id.Class]()
			row := classRow{SchoolID: tx.School, ID: group, Name: name, SchoolYear: calendar.SchoolYearOf(day).String(), Kind: Group}
			if err := insertAll(tx, []classRow{row}); err != nil {
				return err
			}
			return recordTeaching(tx, actor, audit.GroupMade, group)
		}); err != nil {
			return err
		}
		made, err = s.Class(tx, group)
		return err
	})
	if db.Violated(err, db.ErrUnique) {
		return Class{}, fault.InvalidField("name", fault.AlreadyExists)
	}
	return made, err
}

// SetMembers makes the pupils the members of a group from today on; whoever is left out was in it until yesterday.
// NothingHere when there is no such group; a pupil who is in no class today is refused.
func (s *Service) SetMembers(ctx context.Context, actor authz.Actor, group id.Class, pupils []id.Pupil) error {
	if !actor.May(authz.GiveClasses) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		found, err := s.Class(tx, group)
		if err != nil {
			return err
		}
		if !found.IsGroup() {
			return fault.New(fault.NothingHere)
		}
		if err := lockSchool(tx); err != nil { // two changes at once would each add the same pupil
			return err
		}
		day, err := s.Today(tx)
		if err != nil {
			return err
		}
		if err := s.setMembers(tx, group, pupils, day); err != nil {
			return err
		}
		return recordTeaching(tx, actor, audit.GroupChanged, group)
	})
}

func (s *Service) setMembers(tx *db.Tx, group id.Class, pupils []id.Pupil, day calendar.Date) error {
	inClass, err := s.ClassNamesOf(tx, pupils, day)
	if err != nil {
		return err
	}
	rows, err := findMembershipsOn(tx, group, day)
	if err != nil {
		return err
	}
	var staying, touched []id.Pupil
	for _, row := range rows {
		if slices.Contains(pupils, row.PupilID) {
			staying = append(staying, row.PupilID)
			continue
		}
		left := row.membership()
		left.Period.Until = day.AddDays(-1)
		if err := updateMembership(tx, left); err != nil {
			return err
		}
		touched = append(touched, row.PupilID)
	}
	var added []Membership
	for _, pupil := range pupils {
		if _, ok := inClass[pupil]; !ok {
			return fault.InvalidField("pupils", fault.FieldInvalid)
		}
		if slices.Contains(staying, pupil) {
			continue
		}
		staying = append(staying, pupil) // named twice is a member once
		added = append(added, Membership{ID: id.New[id.Membership](), Pupil: pupil, Class: group, Period: calendar.Period{From: day}})
		touched = append(touched, pupil)
	}
	if err := s.AddMemberships(tx, added); err != nil {
		return err
	}
	for _, pupil := range touched {
		if err := s.hub.Touch(tx, pupil); err != nil {
			return err
		}
	}
	return nil
}

// TaughtBy gives the pupils who are on the day in a class or group that is given to the account, in the order of their ids.
func (s *Service) TaughtBy(tx *db.Tx, account id.Account, day calendar.Date) ([]id.Pupil, error) {
	return findTaughtPupils(tx, account, day)
}
