package standing

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
)

// story is what the log tells of one pupil, played from the first statement on: at each the rule is asked with the facts
// as they stood before and after it, on that day. Times at the school and the birth date are those of today: no
// statement is about them.
type story struct {
	pupil    id.Pupil
	zone     *time.Location
	versions *statedVersions     // of the school
	events   []evidence.Attested // of the pupil, in the order of the log

	facts  participation.Facts
	mode   participation.Standing
	begun  bool
	untils map[string]*proof.CustodyServer // who last set the end of a guardianship

	raises   []Raise
	findings []evidence.Finding
}

// statedVersions are a school's versions with the leaves of their statements, in the order of the log.
type statedVersions struct {
	leaves []int64
	facts  []participation.Version
}

// before gives those that were published before the leaf.
func (v *statedVersions) before(leaf int64) []participation.Version {
	n, _ := slices.BinarySearch(v.leaves, leaf)
	return v.facts[:n]
}

// play tells the story until today and leaves the standing that the log explains.
func (s *story) play(present []school.Guardianship, today calendar.Date) {
	s.untils = map[string]*proof.CustodyServer{}
	s.rewind(present)
	for _, event := range s.events {
		day := calendar.Today(event.At, s.zone)
		s.facts.Versions = s.versions.before(event.Leaf)
		s.advance(day)
		before := s.mode.Mode
		s.apply(event)
		s.mode = participation.Decide(s.facts)
		if s.mode.Mode > before {
			s.rose(event, day, before)
		}
	}
	s.facts.Versions = s.versions.facts
	s.advance(today)
}

// advance lets days pass until the given one. The rule itself says on which days a mode may differ.
func (s *story) advance(day calendar.Date) {
	if s.begun {
		for next := s.mode.Until; !next.IsZero() && next.Before(day); next = s.mode.Until {
			s.passTo(next)
		}
	}
	s.passTo(day)
	s.begun = true
}

func (s *story) passTo(day calendar.Date) {
	before := s.mode.Mode
	s.facts.Today = day
	s.mode = participation.Decide(s.facts)
	if s.begun && s.mode.Mode > before {
		s.roseByDay(day, before)
	}
}

// attested are the guardianships that statements are about.
func (s *story) attested() map[id.Guardianship]bool {
	attested := map[id.Guardianship]bool{}
	for _, event := range s.events {
		if d, ok := event.Statement.Declaration.(*proof.CustodyDeclared); ok {
			attested[d.Before.ID], attested[d.After.ID] = true, true
		}
	}
	return attested
}

// rewind is the pupil's guardianships as they stood before the first statement about each.
func (s *story) rewind(present []school.Guardianship) {
	now := map[string]participation.Guardianship{}
	for _, g := range present {
		now[string(g.ID)] = participation.Guardianship{
			ID: string(g.ID), Guardian: string(g.Guardian), Custody: participation.Custody(g.Custody),
			Basis: participation.Basis(g.Basis), Prevented: g.Prevented, Disputed: g.Disputed, Days: g.Period,
		}
	}
	for _, event := range slices.Backward(s.events) {
		if d, ok := event.Statement.Declaration.(*proof.CustodyDeclared); ok {
			delete(now, string(d.After.ID))
			now[string(d.Before.ID)] = stated(d.Guardian, d.Before)
		}
	}
	s.facts.Guardianships = make([]participation.Guardianship, 0, len(now))
	for _, guardianship := range slices.Sorted(maps.Keys(now)) {
		s.facts.Guardianships = append(s.facts.Guardianships, now[guardianship])
	}
}

func stated(guardian id.Guardian, state proof.CustodyState) participation.Guardianship {
	return participation.Guardianship{
		ID: string(state.ID), Guardian: string(guardian), Custody: participation.Custody(state.Custody),
		Basis: participation.Basis(state.Basis), Prevented: state.Prevented, Disputed: state.Disputed,
		Days: calendar.Period{From: state.From, Until: state.Until},
	}
}

// apply adds a statement to the facts.
func (s *story) apply(event evidence.Attested) {
	switch d := event.Statement.Declaration.(type) {
	case *proof.DecisionDeclared:
		if act, ok := consent.ActStated(event, s.zone); ok {
			s.facts.Acts = append(s.facts.Acts, act)
		}
	case *proof.InvalidationDeclared:
		for i := range s.facts.Acts {
			if s.facts.Acts[i].ID == string(d.Decision) {
				s.facts.Acts[i].Invalidated = participation.LogNumber(event.Leaf + 1)
			}
		}
	case *proof.SanctionDeclared:
		s.applySanction(d)
	case *proof.HoldDeclared:
		s.facts.Holds = slices.DeleteFunc(s.facts.Holds, func(h participation.Hold) bool { return h.ID == string(d.Hold) })
		if d.Act != "settled" {
			s.facts.Holds = append(s.facts.Holds, participation.Hold{ID: string(d.Hold)})
		}
	case *proof.CustodyDeclared:
		s.applyCustody(d, event.Statement.Server.(*proof.CustodyServer))
	}
}

func (s *story) applySanction(d *proof.SanctionDeclared) {
	for i := range s.facts.Sanctions {
		if s.facts.Sanctions[i].ID == string(d.Sanction) {
			s.facts.Sanctions[i].EndedEarly = d.Act == "ended"
			return
		}
	}
	s.facts.Sanctions = append(s.facts.Sanctions, participation.Sanction{
		ID: string(d.Sanction), Measure: participation.Measure(d.Measure), Days: calendar.Period{From: d.From, Until: d.Until},
		EndedEarly: d.Act == "ended",
	})
}

// applyCustody makes a guardianship what it became. One that made room for a new one ends on the eve of it.
func (s *story) applyCustody(d *proof.CustodyDeclared, by *proof.CustodyServer) {
	s.put(stated(d.Guardian, d.After))
	if d.Before.ID != d.After.ID {
		old := stated(d.Guardian, d.Before)
		if eve := d.After.From.AddDays(-1); !old.Days.Until.Before(d.After.From) {
			old.Days.Until = eve
		}
		s.put(old)
	}
	if d.Before.Until != d.After.Until {
		s.untils[string(d.After.ID)] = by
	}
}

func (s *story) put(g participation.Guardianship) {
	for i := range s.facts.Guardianships {
		if s.facts.Guardianships[i].ID == g.ID {
			s.facts.Guardianships[i] = g
			return
		}
	}
	s.facts.Guardianships = append(s.facts.Guardianships, g)
}

// rose notes a raise by a statement, unless it was an own yes in the app.
func (s *story) rose(event evidence.Attested, day calendar.Date, before participation.Mode) {
	cause, by, own, why := raised(event)
	if own {
		return
	}
	s.note(Raise{Pupil: s.pupil, Leaf: event.Leaf, Day: day, From: before, To: s.mode.Mode, Cause: cause, By: by}, why)
}

// roseByDay notes a raise that came with a day, and what ended or began with it.
func (s *story) roseByDay(day calendar.Date, before participation.Mode) {
	r := Raise{Pupil: s.pupil, Leaf: evidence.NoLeaf, Day: day, From: before, To: s.mode.Mode, Cause: AnotherDay}
	eve, why := day.AddDays(-1), ""
	for _, g := range s.facts.Guardianships {
		if g.Days.Until != eve {
			continue
		}
		r.Cause = CustodyOver
		if by, ok := s.untils[g.ID]; ok {
			r.By, why = accounts(by.Account, by.Second), needTwo(by.Account, by.Second)
		}
	}
	for _, time := range s.facts.Schoolings {
		if time.Days.From == day {
			r.Cause, why = SchoolingBegins, ""
		}
	}
	for _, sanction := range s.facts.Sanctions {
		if sanction.Days.Until == eve && !sanction.EndedEarly {
			r.Cause, why = SanctionOver, ""
		}
	}
	s.note(r, why)
}

// note keeps a raise: as a finding where nothing allows it.
func (s *story) note(r Raise, why string) {
	if why == "" {
		s.raises = append(s.raises, r)
		return
	}
	s.findings = append(s.findings, evidence.Finding{
		Kind: evidence.Raised, Table: "pupil", Row: string(r.Pupil), Leaf: r.Leaf, Pupil: r.Pupil,
		Detail: fmt.Sprintf("the mode rose from %s to %s on %s, and %s", r.From, r.To, r.Day, why),
	})
}
