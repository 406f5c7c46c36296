package intake

import (
	"strings"

	"einverstanden/backend/fault"
)

// guardianSlot names the columns of one of the two guardians that a line can hold.
type guardianSlot struct {
	salutation, given, family, email column
	label                            string // of the column that must be there
}

var guardianSlots = [2]guardianSlot{
	{guardian1Salutation, guardian1GivenName, guardian1FamilyName, guardian1Email, "Erzieher 1: Nachname"},
	{guardian2Salutation, guardian2GivenName, guardian2FamilyName, guardian2Email, "Erzieher 2: Nachname"},
}

// addGuardians reads the guardians of a line. Their address is their own where the file has one, else the
// pupil's. SchILD lists pupils who are of age as their own contact; such a line adds nobody.
func (r reader) addGuardians(d *draft) {
	kind := r.value(d.record, guardianKind)
	home := r.address(d.record, guardianStreet, guardianPostcode, guardianTown)
	if home.IsZero() {
		home = d.Address
	}
	for i, slot := range guardianSlots {
		g, ok := r.guardian(d, slot, i == 0)
		if !ok || d.isSelf(g, kind) {
			continue
		}
		g.Address = home
		g.Relation = readRelation(kind, g.Salutation)
		d.takeGuardian(g)
	}
}

// guardian reads one slot. The address that the file gives for both ("Erzieher: E-Mail") is that of the
// first: the second might live elsewhere, and must not be written to through the first one's mail box.
func (r reader) guardian(d *draft, slot guardianSlot, first bool) (Guardian, bool) {
	g := Guardian{
		Salutation: r.value(d.record, slot.salutation),
		GivenName:  r.value(d.record, slot.given),
		FamilyName: r.value(d.record, slot.family),
		Email:      r.email(d.record, slot.email, &d.Row),
	}
	if first && g.Email == "" {
		g.Email = r.email(d.record, guardianEmail, &d.Row)
	}
	switch {
	case g.FamilyName != "":
		return g, true
	case g.GivenName != "":
		r.report(d.record, slot.family, fault.FileValueMissing, nil)
	case g.Email != "":
		d.note(NoteContactNameless)
	}
	return Guardian{}, false
}

func (r Row) isSelf(g Guardian, kind string) bool {
	return strings.Contains(strings.ToLower(kind), "volljährig") && samePerson(r.GivenName, r.FamilyName, g)
}

func samePerson(given, family string, g Guardian) bool {
	return fold(given) == fold(g.GivenName) && fold(family) == fold(g.FamilyName)
}

// isSame reports whether two guardians of one pupil, from several lines, are one person: the same name, and
// no two different addresses.
func (g Guardian) isSame(other Guardian) bool {
	return samePerson(g.GivenName, g.FamilyName, other) &&
		(g.Email == "" || other.Email == "" || sameEmail(g.Email, other.Email))
}

// sameEmail compares without case, as every mail box in use does.
func sameEmail(a, b string) bool { return a != "" && strings.EqualFold(a, b) }
