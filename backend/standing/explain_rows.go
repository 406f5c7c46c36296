package standing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// asListed names the guardianships that changed although no statement is about them, and tells the stories with what the
// class list made. Those of erased guardians are left alone: their statements went with them.
func (e *Explanation) asListed(tx *db.Tx, stories []*story, guardianships map[id.Pupil][]school.Guardianship) error {
	type suspect struct {
		story  *story
		at     *school.Guardianship
		listed school.Guardianship
		differ []string
	}
	var suspects []suspect
	var guardians []id.Guardian
	for _, s := range stories {
		attested := s.attested()
		for i := range guardianships[s.pupil] {
			g := &guardianships[s.pupil][i]
			if listed, differ := g.Listed(); len(differ) > 0 && !attested[g.ID] {
				suspects, guardians = append(suspects, suspect{s, g, listed, differ}), append(guardians, g.Guardian)
			}
		}
	}
	present, err := e.service.schools.Guardians(tx, guardians)
	if err != nil {
		return err
	}
	for _, x := range suspects {
		if _, ok := present[x.at.Guardian]; !ok {
			continue
		}
		*x.at = x.listed
		x.story.findings = append(x.story.findings, evidence.Finding{
			Kind: evidence.Changed, Table: "guardianship", Row: string(x.listed.ID), Column: strings.Join(x.differ, ", "), Leaf: evidence.NoLeaf,
			Pupil: x.story.pupil, Detail: "no statement made it so",
		})
	}
	return nil
}

// compareRows names the pupils in doubt whose rows give a higher mode today than the log explains. A pupil's own limits
// are left out: no statement is about them.
func (e *Explanation) compareRows(tx *db.Tx, stories []*story, found evidence.Found) error {
	explained := map[id.Pupil]participation.Mode{}
	for _, s := range stories {
		if e.everyone || e.doubted[s.pupil] {
			explained[s.pupil] = s.mode.Mode
		}
	}
	if len(explained) == 0 {
		return nil
	}
	pupils := slices.Sorted(maps.Keys(explained))
	present, unreadable, err := e.present(tx, pupils)
	if err != nil {
		return err
	}
	for _, pupil := range pupils {
		f := evidence.Finding{Kind: evidence.Raised, Table: "pupil", Row: string(pupil), Leaf: evidence.NoLeaf, Pupil: pupil}
		facts, ok := present[pupil]
		mode := participation.Decide(facts).Mode
		switch {
		case unreadable[pupil]:
			f.Kind, f.Detail = evidence.Changed, "the rows hold words that this program does not know"
		case !ok || mode <= explained[pupil]:
			continue
		default:
			f.Detail = fmt.Sprintf("the rows give %s, and the log explains %s", mode, explained[pupil])
		}
		if err := found(f); err != nil {
			return err
		}
	}
	return nil
}

// present gathers the facts as the rows give them today. Where they cannot be read together, each pupil's are read alone,
// to name those who are unreadable.
func (e *Explanation) present(tx *db.Tx, pupils []id.Pupil) (facts map[id.Pupil]participation.Facts, unreadable map[id.Pupil]bool, err error) {
	facts, err = e.service.withoutOwnLimits(tx, pupils)
	if !errors.Is(err, participation.ErrMode) {
		return facts, nil, err
	}
	facts, unreadable = map[id.Pupil]participation.Facts{}, map[id.Pupil]bool{}
	for _, pupil := range pupils {
		own, err := e.service.withoutOwnLimits(tx, []id.Pupil{pupil})
		switch {
		case errors.Is(err, participation.ErrMode):
			unreadable[pupil] = true
		case err != nil:
			return nil, nil, err
		default:
			maps.Copy(facts, own)
		}
	}
	return facts, unreadable, nil
}

// withoutOwnLimits are the facts outside any meeting, but for what pupils have limited themselves to.
func (s *Service) withoutOwnLimits(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil]participation.Facts, error) {
	gathered, err := s.consents.Gather(tx, pupils)
	if err != nil {
		return nil, err
	}
	rest, err := s.gatherRest(tx, pupils, Meeting{})
	if err != nil {
		return nil, err
	}
	rest.own = nil
	facts := make(map[id.Pupil]participation.Facts, len(gathered))
	for pupil, g := range gathered {
		rest.addTo(&g.Facts, pupil, Meeting{})
		facts[pupil] = g.Facts
	}
	return facts, nil
}
