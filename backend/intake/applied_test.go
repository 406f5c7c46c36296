package intake_test

import (
	"fmt"
	"testing"

	"einverstanden/backend/id"
	"einverstanden/backend/intake"
)

// applied is the school that a plan for an empty one makes, when nothing in it needs a confirmation.
func applied(t *testing.T, plan intake.Plan) intake.Snapshot {
	t.Helper()
	var school intake.Snapshot
	for i, p := range plan.People {
		school.Guardians = append(school.Guardians, intake.KnownGuardian{
			ID: personID(i), GivenName: p.GivenName, FamilyName: p.FamilyName, Email: p.Email, Address: p.Address,
		})
	}
	chosen, _ := plan.Chosen(nil)
	for _, e := range chosen {
		if !e.Creates() {
			t.Fatalf("an empty school has nothing to change: %s", show(e))
		}
		p := e.Pupil
		pupil := id.Pupil("pupil-" + e.Ref)
		school.Pupils = append(school.Pupils, intake.KnownPupil{
			ID: pupil, ImportID: p.ImportID, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate,
			Class: p.Class, From: p.From, Until: p.Until, Email: p.Email, Phone: p.Phone, Address: p.Address,
		})
		for _, link := range e.Guardians {
			link := intake.KnownGuardianship{Guardian: personID(link.Person), Pupil: pupil}
			school.Guardianships = append(school.Guardianships, link)
		}
	}
	return school
}

func personID(index int) id.Guardian { return id.Guardian(fmt.Sprintf("person-%03d", index)) }
