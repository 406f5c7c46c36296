package intake

import (
	"slices"

	"einverstanden/backend/calendar"
)

// Make compares what the school has with a list and says, entry by entry, what would happen. Nothing has
// happened yet, and a pupil whom the list leaves out stays.
func Make(base Snapshot, list List, today calendar.Date) Plan {
	p := newPlanner(base, list, today)
	p.matcher.run()
	for i, row := range p.list.Rows {
		p.planRow(row, p.matcher.matches[i])
	}
	p.add(p.people.proposals()...)
	p.add(p.people.changes()...)
	p.planMissing()
	return p.finish()
}

// planner makes one plan.
type planner struct {
	base    Snapshot
	list    List
	today   calendar.Date
	matcher *matcher
	people  *people
	twins   map[litter]map[string]bool // given names by family name and birth date
	plan    Plan
}

func newPlanner(base Snapshot, list List, today calendar.Date) *planner {
	base = base.sorted()
	list.Rows = withOneSpellingOfClasses(base, list.Rows)
	p := &planner{
		base: base, list: list, today: today,
		matcher: newMatcher(base, list.Rows, today), people: newPeople(base),
		twins: map[litter]map[string]bool{},
		plan:  Plan{MadeOn: today, BaseHash: base.Hash(), Entries: []Entry{}},
	}
	for _, row := range list.Rows {
		b := row.born()
		if row.Status != Active || b.on.IsZero() {
			continue
		}
		if p.twins[b.litter()] == nil {
			p.twins[b.litter()] = map[string]bool{}
		}
		p.twins[b.litter()][b.given] = true
	}
	return p
}

// withOneSpellingOfClasses writes each class as the school does, or as the file does first: 7B is 7b.
func withOneSpellingOfClasses(base Snapshot, rows []Row) []Row {
	spelling := map[string]string{}
	once := func(class string) string {
		if _, known := spelling[fold(class)]; !known {
			spelling[fold(class)] = class
		}
		return spelling[fold(class)]
	}
	for _, known := range base.Pupils {
		once(known.Class)
	}
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Class = once(rows[i].Class)
	}
	return rows
}

func (p *planner) add(entries ...Entry) { p.plan.Entries = append(p.plan.Entries, entries...) }

func (p *planner) planRow(row Row, m match) {
	switch {
	case row.Status == Staff:
		p.ignore(row, m, NoteNotAPupil)
	case row.Status == Other:
		p.ignore(row, m, NoteStatusIgnored)
	case m.known == nil && leaves(row, p.today):
		p.ignore(row, m, NoteAlreadyLeft)
	case m.reason == OtherID:
		p.planOtherID(row, m.known)
	case m.known == nil || m.reason != "":
		p.planNew(row, m)
	default:
		p.planKnown(row, m.known)
	}
}

// ignore keeps no more of a row than it takes to find it in the file.
func (p *planner) ignore(row Row, m match, why Note) {
	entry := Entry{
		Outcome: Ignored, Line: row.Line, Notes: []Note{why},
		Pupil: Pupil{GivenName: row.GivenName, FamilyName: row.FamilyName, Class: row.Class},
	}
	if m.known != nil {
		entry.PupilID = m.known.ID
	}
	p.add(entry)
}

// pupil is a row as a new pupil would be.
func (p *planner) pupil(row Row) Pupil {
	from := row.JoinedOn
	if from.IsZero() {
		from = p.today
	}
	return Pupil{
		ImportID: row.ImportID, GivenName: row.GivenName, FamilyName: row.FamilyName, BirthDate: row.BirthDate,
		Class: row.Class, From: from, Until: row.LeftOn, Email: row.Email, Phone: row.Phone, Address: row.Address,
	}
}

// planNew is for a pupil whom the school does not know, or who may be another than the one it knows.
func (p *planner) planNew(row Row, m match) {
	entry := Entry{
		Outcome: New, Line: row.Line, Pupil: p.pupil(row), Notes: p.notes(row), NeedsConfirmation: m.reason,
	}
	if m.known != nil {
		entry.PupilID = m.known.ID
	}
	if m.reason == "" && !row.BirthDate.IsZero() && !plausible(row.BirthDate, p.today) {
		entry.NeedsConfirmation = BirthDateImplausible
	}
	if entry.NeedsConfirmation != "" {
		entry.Outcome = Doubtful
	}
	entry.Guardians = p.people.place(p.withoutGuardiansOfAdults(row), entry.Pupil, "")
	p.add(entry)
}

// planOtherID proposes that a pupil has another id by now; all changes hang on that. Its guardians are
// compared by the next import, when the id is settled.
func (p *planner) planOtherID(row Row, known *KnownPupil) {
	set := compare(row, known, p.today)
	changes := set.plain
	for _, each := range set.waiting {
		changes = append(changes, each.changes...)
	}
	changes = append(changes, compareSchooling(row, known, p.list, p.today).changes...)
	p.add(Entry{
		Outcome: Doubtful, NeedsConfirmation: OtherID, Line: row.Line, PupilID: known.ID,
		Pupil: p.pupil(row), Changes: changes, Notes: row.Notes,
	})
}

// planKnown compares a row with the pupil it is about: one entry for what may happen, and one for each
// thing that waits for a confirmation.
func (p *planner) planKnown(row Row, known *KnownPupil) {
	entry := Entry{Line: row.Line, PupilID: known.ID, Pupil: p.pupil(row), Notes: row.Notes}
	term := compareSchooling(row, known, p.list, p.today)
	if leaves(row, p.today) {
		p.planLeaving(entry, term)
		return
	}
	set := compare(row, known, p.today)
	set.add("", compareStart(row, known, p.today)...)
	entry.Guardians = p.people.place(p.withoutGuardiansOfAdults(row), entry.Pupil, known.ID)
	for _, link := range entry.Guardians {
		set.add("", Change{Field: FieldGuardian, To: p.people.found[link.Person].fullName()})
	}
	if term.reason == Returning {
		p.planReturn(entry, set, term)
		return
	}
	set.add(term.reason, term.changes...)
	p.addChanges(entry, set)
}

func (p *planner) planLeaving(entry Entry, term schooling) {
	if term.outcome == "" {
		p.plan.Counts.Unchanged++
		return
	}
	entry.Outcome, entry.Changes = term.outcome, term.changes
	p.add(entry)
}

// planReturn makes one entry of everything: nothing about the pupil changes unless it has come back.
func (p *planner) planReturn(entry Entry, set changeSet, term schooling) {
	entry.Outcome, entry.NeedsConfirmation = Changed, Returning
	entry.Changes = append(term.changes, set.plain...)
	for _, each := range set.waiting {
		entry.Changes = append(entry.Changes, each.changes...)
	}
	p.add(entry)
}

func (p *planner) addChanges(entry Entry, set changeSet) {
	if len(set.plain) == 0 && len(set.waiting) == 0 {
		p.plan.Counts.Unchanged++
		return
	}
	if len(set.plain) > 0 {
		plain := entry
		plain.Outcome, plain.Changes = Changed, set.plain
		if len(set.plain) == 1 && set.plain[0].Field == FieldClass {
			plain.Outcome = Moved
		}
		p.add(plain)
	}
	entry.Guardians = nil // they come with the plain changes
	for _, each := range set.waiting {
		waits := entry
		waits.Outcome, waits.NeedsConfirmation, waits.Changes = Changed, each.reason, each.changes
		p.add(waits)
	}
}

// withoutGuardiansOfAdults leaves out people who have no say any more: their data is not needed.
func (p *planner) withoutGuardiansOfAdults(row Row) Row {
	if isAdult(row.BirthDate, p.today) {
		row.Guardians = nil
	}
	return row
}

// notes are what the office should know about a new pupil.
func (p *planner) notes(row Row) []Note {
	row.Notes = slices.Clone(row.Notes)
	b := row.born()
	if b.on.IsZero() {
		row.note(NoteBirthDateUnknown)
	} else if len(p.twins[b.litter()]) > 1 {
		row.note(NoteTwin)
	}
	switch adult := isAdult(row.BirthDate, p.today); {
	case adult && len(row.Guardians) > 0:
		row.note(NoteAdult)
	case !adult && len(row.Guardians) == 0:
		row.note(NoteNoGuardian)
	}
	return row.Notes
}

func (p Person) fullName() string {
	if p.GivenName == "" {
		return p.FamilyName
	}
	return p.GivenName + " " + p.FamilyName
}
