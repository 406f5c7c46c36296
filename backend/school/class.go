package school

import (
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Class is one class or group; NothingHere when there is none.
func (s *Service) Class(tx *db.Tx, wanted id.Class) (Class, error) {
	row, err := findClass(tx, wanted)
	return row.class(), err
}

// ClassesOn gives the classes, without groups, of the school year that holds the day, 5a before 10b.
func (s *Service) ClassesOn(tx *db.Tx, day calendar.Date) ([]Class, error) {
	rows, err := findClassesOfYear(tx, calendar.SchoolYearOf(day).String(), HomeClass)
	return sortedClasses(rows), err
}

func sortedClasses(rows []classRow) []Class {
	classes := make([]Class, len(rows))
	for i, row := range rows {
		classes[i] = row.class()
	}
	slices.SortFunc(classes, CompareClasses)
	return classes
}

// PupilsOfClass gives the ids of whoever belongs to the class on the day, in the order of the ids.
func (s *Service) PupilsOfClass(tx *db.Tx, class id.Class, day calendar.Date) ([]id.Pupil, error) {
	return findMembers(tx, class, day)
}

// ClassNamesOf gives the class of each pupil on the day, never a group. Who belongs to none is missing from the answer; of two, the
// one joined last is given.
func (s *Service) ClassNamesOf(tx *db.Tx, pupils []id.Pupil, day calendar.Date) (map[id.Pupil]Class, error) {
	rows, err := findClassesOf(tx, pupils, day)
	if err != nil {
		return nil, err
	}
	classes := make(map[id.Pupil]Class, len(rows))
	for _, row := range rows {
		classes[row.PupilID] = Class{ID: row.ID, Name: row.Name, SchoolYear: row.SchoolYear, Kind: HomeClass}
	}
	return classes, nil
}

// AllMemberships gives every membership in a class of each pupil, the earliest first. Those in groups are none of a class
// list's business.
func (s *Service) AllMemberships(tx *db.Tx) (map[id.Pupil][]Membership, error) {
	rows, err := findAllMemberships(tx)
	found := map[id.Pupil][]Membership{}
	for _, row := range rows {
		found[row.PupilID] = append(found[row.PupilID], row.membership())
	}
	return found, err
}

// AddClasses adds classes with ids that the caller has made. A name that a class or group of the school year has already
// is refused with AlreadyExists.
func (s *Service) AddClasses(tx *db.Tx, added []Class) error {
	rows := make([]classRow, len(added))
	for i, class := range added {
		rows[i] = classRow{SchoolID: tx.School, ID: class.ID, Name: class.Name, SchoolYear: class.SchoolYear, Kind: HomeClass}
	}
	err := insertAll(tx, rows)
	if db.Violated(err, db.ErrUnique) {
		return fault.Wrap(fault.AlreadyExists, err)
	}
	return err
}

// AddMemberships places pupils in classes, with ids that the caller has made.
func (s *Service) AddMemberships(tx *db.Tx, added []Membership) error {
	rows := make([]membershipRow, len(added))
	for i, m := range added {
		rows[i] = membershipRow{
			SchoolID: tx.School, ID: m.ID, PupilID: m.Pupil, ClassID: m.Class, FromOn: m.Period.From, UntilOn: m.Period.Until,
		}
	}
	return insertAll(tx, rows)
}

// ChangeMembership sets first and last day in a class; whoever changes one tells the hub.
func (s *Service) ChangeMembership(tx *db.Tx, changed Membership) error {
	return updateMembership(tx, changed)
}
