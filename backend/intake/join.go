package intake

import (
	"slices"
	"strconv"

	"einverstanden/backend/fault"
)

// draft is a pupil while lines are being joined.
type draft struct {
	Row
	record       record
	rawName      string // family name with SchILD's #Klasse, which tells namesakes apart
	furtherPhone string
	phones       []string
}

// maxGuardians is how many guardians the lines of one pupil may name. Beyond that, they are not one pupil's.
const maxGuardians = 10

// joiner puts the lines of one pupil together: SchILD writes a line for each pair of guardians and for each
// telephone number, and repeats the pupil's own columns in all of them.
type joiner struct {
	reader reader
	order  []*draft
	byKey  map[string]*draft
}

// add takes the next line. A line that repeats a pupil without adding anybody, or contradicts what was said
// before, is the same id given twice.
func (j *joiner) add(next draft) {
	if next.Status == Staff {
		j.order = append(j.order, &next)
		return
	}
	key := next.key()
	first, known := j.byKey[key]
	if !known {
		next.phones = []string{next.furtherPhone}
		j.byKey[key] = &next
		j.order = append(j.order, &next)
		return
	}
	if !first.repeatedBy(next) || !first.takeFrom(next) {
		j.reportTwice(first, next)
	}
}

func (j *joiner) rows() []Row {
	rows := make([]Row, 0, len(j.order))
	for _, each := range j.order {
		rows = append(rows, each.Row)
	}
	return rows
}

func (j *joiner) reportTwice(first *draft, next draft) {
	params := fault.Params{"first": strconv.Itoa(first.Line)}
	at := familyName
	if next.ImportID != "" {
		at = importID
		params["value"] = shortened(next.ImportID)
	}
	j.reader.report(next.record, at, fault.FileIDTwice, params)
}

// key is the pupil's id in the file; without one, name and birth date; without that, name and class.
func (d *draft) key() string {
	switch {
	case d.ImportID != "":
		return "id\x00" + d.ImportID
	case !d.BirthDate.IsZero():
		return "born\x00" + fold(d.rawName) + "\x00" + fold(d.GivenName) + "\x00" + d.BirthDate.String()
	default:
		return "class\x00" + fold(d.rawName) + "\x00" + fold(d.GivenName) + "\x00" + fold(d.Class)
	}
}

// repeatedBy reports whether a further line says the same of the pupil itself.
func (d *draft) repeatedBy(next draft) bool {
	return d.rawName == next.rawName && d.GivenName == next.GivenName && d.BirthDate == next.BirthDate &&
		d.Class == next.Class && d.Status == next.Status && d.JoinedOn == next.JoinedOn && d.LeftOn == next.LeftOn
}

// takeFrom adds the guardians and telephone numbers of a further line; false when it has nothing new.
func (d *draft) takeFrom(next draft) bool {
	added := false
	for _, g := range next.Guardians {
		added = d.takeGuardian(g) || added
	}
	if next.furtherPhone != "" && !slices.Contains(d.phones, next.furtherPhone) {
		d.phones = append(d.phones, next.furtherPhone)
		added = true
	}
	for _, note := range next.Notes {
		d.note(note)
	}
	return added
}

// takeGuardian adds a guardian, or the address of one who was named without; false when neither is new, or
// when there are too many already.
func (d *draft) takeGuardian(g Guardian) bool {
	at := slices.IndexFunc(d.Guardians, g.isSame)
	if at < 0 && len(d.Guardians) == maxGuardians {
		return false
	}
	if at < 0 {
		d.Guardians = append(d.Guardians, g)
		return true
	}
	known := &d.Guardians[at]
	if known.Email != "" || g.Email == "" {
		return false
	}
	known.Email = g.Email
	return true
}

// note adds a note once.
func (r *Row) note(note Note) {
	if !slices.Contains(r.Notes, note) {
		r.Notes = append(r.Notes, note)
	}
}
