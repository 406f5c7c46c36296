package invite

import (
	"context"
	"slices"
	"strings"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// PersonView is a letter's recipient as the office's lists show it.
type PersonView struct {
	Name     string
	Children []string // of a guardian: those it holds custody of today, by name
}

// NamesOf gives the names of people of the context's school. Erased and unknown ones are missing from the answer. Who
// may see them is the caller's to check.
func (s *Service) NamesOf(ctx context.Context, persons []id.Person) (map[id.Person]PersonView, error) {
	views := make(map[id.Person]PersonView, len(persons))
	var guardians []id.Guardian
	var pupils []id.Pupil
	for _, person := range persons {
		if person.Kind == id.GuardianPerson {
			guardians = append(guardians, id.Guardian(person.ID))
		} else {
			pupils = append(pupils, id.Pupil(person.ID))
		}
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		found, err := s.schools.Pupils(tx, pupils)
		if err != nil {
			return err
		}
		for pupil, p := range found {
			views[id.PupilOf(pupil)] = PersonView{Name: fullName(p.Name)}
		}
		return s.nameGuardians(tx, guardians, views)
	})
	return views, err
}

func (s *Service) nameGuardians(tx *db.Tx, wanted []id.Guardian, views map[id.Person]PersonView) error {
	if len(wanted) == 0 {
		return nil
	}
	guardians, err := s.schools.Guardians(tx, wanted)
	if err != nil {
		return err
	}
	children, err := s.childrenNow(tx, guardians)
	if err != nil {
		return err
	}
	for guardian, g := range guardians {
		view := PersonView{Name: fullName(g.Name)}
		school.SortByName(children[guardian], func(p school.Pupil) school.Name { return p.Name })
		for _, child := range children[guardian] {
			view.Children = append(view.Children, fullName(child.Name))
		}
		views[id.GuardianOf(guardian)] = view
	}
	return nil
}

// childrenNow reads the whole school's guardianships at once, instead of one guardian's after the other.
func (s *Service) childrenNow(tx *db.Tx, guardians map[id.Guardian]school.Guardian) (map[id.Guardian][]school.Pupil, error) {
	today, err := s.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	guardianships, err := s.schools.AllGuardianships(tx)
	if err != nil {
		return nil, err
	}
	families, wanted := map[id.Guardian][]id.Pupil{}, []id.Pupil{}
	for pupil, links := range guardianships {
		for _, link := range links {
			_, asked := guardians[link.Guardian]
			if asked && link.Custody.HoldsCustody() && link.Period.Contains(today) && !slices.Contains(families[link.Guardian], pupil) {
				families[link.Guardian] = append(families[link.Guardian], pupil)
				wanted = append(wanted, pupil)
			}
		}
	}
	known, err := s.schools.Pupils(tx, wanted)
	children := map[id.Guardian][]school.Pupil{}
	for guardian, pupils := range families {
		for _, pupil := range pupils {
			if p, ok := known[pupil]; ok {
				children[guardian] = append(children[guardian], p)
			}
		}
	}
	return children, err
}

func fullName(name school.Name) string { return strings.TrimSpace(name.Given + " " + name.Family) }
