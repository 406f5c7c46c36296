package intake

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"einverstanden/backend/id"
)

// askHeadAbove is the part of the school's pupils, in percent, beyond which changes and departures need the
// head (abuse X11). Moves to another class do not count: once a year everybody moves.
const askHeadAbove = 10

// planMissing lists, by class and name, who is at the school and not in the file. A file may hold one class
// only, so each departure is confirmed by itself, and none of them deletes anybody.
func (p *planner) planMissing() {
	var missing []KnownPupil
	for _, known := range p.base.Pupils {
		if !p.matcher.seen[known.ID] && !known.endedBy(p.today) {
			missing = append(missing, known)
		}
	}
	slices.SortStableFunc(missing, func(a, b KnownPupil) int {
		return cmp.Or(
			cmp.Compare(a.Class, b.Class), cmp.Compare(a.FamilyName, b.FamilyName), cmp.Compare(a.GivenName, b.GivenName))
	})
	for _, known := range missing {
		p.add(Entry{
			Outcome: Missing, NeedsConfirmation: NotInList, PupilID: known.ID, Pupil: known.pupil(),
			Changes: []Change{{FieldUntil, known.Until.String(), p.today.AddDays(-1).String()}},
		})
	}
}

func (p KnownPupil) pupil() Pupil {
	return Pupil{
		ImportID: p.ImportID, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate,
		Class: p.Class, From: p.From, Until: p.Until, Email: p.Email, Phone: p.Phone, Address: p.Address,
	}
}

// finish puts the entries in the order of the file, numbers them, and counts.
func (p *planner) finish() Plan {
	slices.SortStableFunc(p.plan.Entries, func(a, b Entry) int {
		return cmp.Compare(lineOrLast(a), lineOrLast(b))
	})
	p.plan.People = make([]Person, len(p.people.found))
	for i, who := range p.people.found {
		p.plan.People[i] = who.Person
	}
	for i := range p.plan.Entries {
		entry := &p.plan.Entries[i]
		entry.Ref = strconv.Itoa(i + 1)
		if entry.NeedsConfirmation == SamePerson {
			p.plan.People[*entry.Person].SameRef = entry.Ref
		}
		p.plan.Counts.count(entry.Outcome)
	}
	p.plan.NeedsHead = p.changesMuch()
	return p.plan
}

func lineOrLast(e Entry) int {
	if e.Line == 0 {
		return math.MaxInt
	}
	return e.Line
}

func (c *Counts) count(outcome Outcome) {
	switch outcome {
	case New:
		c.New++
	case Changed:
		c.Changed++
	case Moved:
		c.Moved++
	case Doubtful:
		c.Doubtful++
	case Leaving:
		c.Leaving++
	case Missing:
		c.Missing++
	case Ignored:
		c.Ignored++
	}
}

// changesMuch counts the pupils of the school whom the plan changes or ends, in their own data or in that
// of a guardian, whether it waits for a confirmation or not.
func (p *planner) changesMuch() bool {
	affected := map[id.Pupil]bool{}
	for _, entry := range p.plan.Entries {
		switch entry.Outcome {
		case New, Moved, Ignored: // nobody who is there becomes another or goes
		case Changed, Doubtful, Leaving, Missing:
			affected[entry.PupilID] = true
			if len(entry.Changes) == 0 {
				continue // only asks whether somebody is the same person
			}
			for _, child := range p.people.children[entry.GuardianID] {
				affected[child] = true
			}
		}
	}
	delete(affected, "")
	present := 0
	for _, known := range p.base.Pupils {
		if !known.endedBy(p.today) {
			present++
		}
	}
	return len(affected)*100 > present*askHeadAbove
}
