package intake

import (
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
)

// match says which pupil of the school a row is about, and why that is doubtful.
type match struct {
	known  *KnownPupil // nil when the school does not know the pupil
	reason Reason      // empty when it is certain
}

// name is a full name, folded.
type name struct{ given, family string }

func nameOf(given, family string) name { return name{fold(given), fold(family)} }

// born is what makes two pupils look like one: the full name and the birth date.
type born struct {
	name
	on calendar.Date
}

func (r Row) born() born { return born{nameOf(r.GivenName, r.FamilyName), r.BirthDate} }

func (p KnownPupil) born() born { return born{nameOf(p.GivenName, p.FamilyName), p.BirthDate} }

// seat is a name in a class, which is the best to go by where a birth date is unknown.
type seat struct {
	name
	class string
}

// litter is what twins have in common, as far as a list shows it.
type litter struct {
	family string
	on     calendar.Date
}

func (b born) litter() litter { return litter{b.family, b.on} }

// matcher finds for each row the pupil it is about: by the import id, else by name and birth date, else,
// where a birth date is unknown, by name and class.
type matcher struct {
	rows    []Row
	matches []match
	today   calendar.Date

	byID     map[string]*KnownPupil
	byBorn   map[born][]*KnownPupil
	bySeat   map[seat][]*KnownPupil
	byLitter map[litter][]*KnownPupil
	seen     map[id.Pupil]bool // the file has a row for this pupil
}

func newMatcher(base Snapshot, rows []Row, today calendar.Date) *matcher {
	m := &matcher{
		rows: rows, matches: make([]match, len(rows)), today: today,
		byID: map[string]*KnownPupil{}, byBorn: map[born][]*KnownPupil{}, bySeat: map[seat][]*KnownPupil{},
		byLitter: map[litter][]*KnownPupil{}, seen: map[id.Pupil]bool{},
	}
	for i := range base.Pupils {
		known := &base.Pupils[i]
		if known.ImportID != "" {
			m.byID[known.ImportID] = known
		}
		b := known.born()
		at := seat{b.name, fold(known.Class)}
		m.bySeat[at] = append(m.bySeat[at], known)
		if !b.on.IsZero() {
			m.byBorn[b] = append(m.byBorn[b], known)
			m.byLitter[b.litter()] = append(m.byLitter[b.litter()], known)
		}
	}
	return m
}

// run matches all rows. The surest ways go first over the whole file, so that a guess never takes a pupil
// whom a later row names by id.
func (m *matcher) run() {
	for _, pass := range []func(int) match{m.byImportID, m.byNameAndBirth, m.byNameAndClass} {
		for i, row := range m.rows {
			if row.Status == Staff || m.matches[i] != (match{}) {
				continue
			}
			m.matches[i] = pass(i)
			if known := m.matches[i].known; known != nil {
				m.seen[known.ID] = true
			}
		}
	}
	m.doubtNewcomers()
}

// byImportID trusts the id unless it names somebody else by now. A pupil who is leaving is not ended by an
// id that might be another's: such a row matches nobody.
func (m *matcher) byImportID(i int) match {
	row := m.rows[i]
	known := m.byID[row.ImportID]
	switch {
	case row.ImportID == "" || known == nil:
		return match{}
	case !m.isSomebodyElse(row, known):
		return match{known: known}
	case m.stays(row):
		return match{known: known, reason: IDReused}
	}
	return match{}
}

// isSomebodyElse reports whether a row with a pupil's id is about another person: name and birth date
// differ, or no birth date speaks for the other name, or both fit another pupil of the school exactly.
func (m *matcher) isSomebodyElse(row Row, known *KnownPupil) bool {
	is, was := row.born(), known.born()
	if is == was {
		return false
	}
	if !is.on.IsZero() && len(m.byBorn[is]) > 0 {
		return true
	}
	confirmed := !is.on.IsZero() && is.on == was.on
	return is.name != was.name && !confirmed
}

// byNameAndBirth is for rows whose id the school does not know.
func (m *matcher) byNameAndBirth(i int) match {
	row := m.rows[i]
	if row.BirthDate.IsZero() {
		return match{}
	}
	return m.oneOf(row, m.byBorn[row.born()])
}

// byNameAndClass is for rows, or pupils, without a birth date, as in IServ.
func (m *matcher) byNameAndClass(i int) match {
	row := m.rows[i]
	var candidates []*KnownPupil
	for _, known := range m.bySeat[seat{row.born().name, fold(row.Class)}] {
		if row.BirthDate.IsZero() || known.BirthDate.IsZero() {
			candidates = append(candidates, known)
		}
	}
	return m.oneOf(row, candidates)
}

// oneOf chooses among pupils who look like the row. Exactly one whom the file does not name elsewhere is
// the same pupil; under another id only perhaps. If all are named elsewhere, the row is a namesake.
func (m *matcher) oneOf(row Row, candidates []*KnownPupil) match {
	free := slices.DeleteFunc(slices.Clone(candidates), func(p *KnownPupil) bool { return m.seen[p.ID] })
	switch {
	case len(candidates) == 0:
		return match{}
	case len(free) != 1:
		return m.doubt(row, nil, Namesake)
	case row.ImportID != "" && free[0].ImportID != "":
		return m.doubt(row, free[0], OtherID)
	}
	return match{known: free[0]}
}

// stays reports whether the row would be imported: only then is it worth a doubt.
func (m *matcher) stays(row Row) bool { return row.Status == Active && !leaves(row, m.today) }

// doubt gives a doubtful match for a pupil who would be imported. For others nothing is at stake: a row
// that ends or ignores somebody uncertain matches nobody.
func (m *matcher) doubt(row Row, known *KnownPupil, reason Reason) match {
	if !m.stays(row) {
		return match{}
	}
	return match{known: known, reason: reason}
}

// doubtNewcomers looks at the rows that are left. Two that look alike within the file are namesakes at best;
// one that differs from a pupil at the school in the given name alone is a twin, or that pupil misspelt.
func (m *matcher) doubtNewcomers() {
	twice := map[born]bool{}
	for i, row := range m.rows {
		if !m.stays(row) || m.matches[i] != (match{}) || row.BirthDate.IsZero() {
			continue
		}
		b := row.born()
		if twice[b] {
			m.matches[i] = match{reason: Namesake}
		} else if known := m.missingSibling(b); known != nil {
			m.matches[i] = match{known: known, reason: PossibleTwin}
		}
		twice[b] = true
	}
}

func (m *matcher) missingSibling(b born) *KnownPupil {
	for _, known := range m.byLitter[b.litter()] {
		if !m.seen[known.ID] && !known.endedBy(m.today) {
			return known
		}
	}
	return nil
}
