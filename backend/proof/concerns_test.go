package proof_test

import (
	"slices"
	"testing"

	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// Every kind has been thought of: whoever adds one says here whom it concerns.
func TestEveryKindSaysWhomItConcerns(t *testing.T) {
	mother, child := id.GuardianOf("mother"), id.PupilOf("child")
	cases := map[proof.Kind]struct {
		statement proof.Statement
		concerns  []id.Person
		signer    id.Person
		decided   id.Decision
	}{
		proof.KindDecision: {
			proof.Statement{Declaration: &proof.DecisionDeclared{Person: mother, Pupil: "child"}, Server: &proof.DecisionServer{Decision: "d"}},
			[]id.Person{mother, child}, mother, "d",
		},
		proof.KindInvalidation: {
			proof.Statement{Declaration: &proof.InvalidationDeclared{Decision: "d"}, Server: &proof.ActServer{}}, nil, id.Person{}, "d",
		},
		proof.KindSanction: {statement: proof.Statement{Declaration: &proof.SanctionDeclared{Pupil: "child"}}, concerns: []id.Person{child}},
		proof.KindHold:     {statement: proof.Statement{Declaration: &proof.HoldDeclared{Pupil: "child"}}, concerns: []id.Person{child}},
		proof.KindCustody: {
			statement: proof.Statement{Declaration: &proof.CustodyDeclared{Pupil: "child", Guardian: "mother"}}, concerns: []id.Person{mother, child},
		},
		proof.KindLetter:  {statement: proof.Statement{Declaration: &proof.LetterDeclared{Person: mother}}, concerns: []id.Person{mother}},
		proof.KindVersion: {statement: proof.Statement{Declaration: &proof.VersionDeclared{}}},
		proof.KindObjection: {
			statement: proof.Statement{Declaration: &proof.ObjectionDeclared{Person: mother, Pupil: "child"}}, concerns: []id.Person{mother, child},
		},
		proof.KindErasure: {statement: proof.Statement{Declaration: &proof.ErasureDeclared{}}},
	}
	for _, kind := range proof.Kinds {
		c, ok := cases[kind]
		if !ok {
			t.Errorf("%s: nobody has said whom it concerns", kind)
			continue
		}
		if got := c.statement.Concerns(); !slices.Equal(got, c.concerns) {
			t.Errorf("%s concerns %v, want %v", kind, got, c.concerns)
		}
		if c.statement.Signer() != c.signer || c.statement.Decided() != c.decided {
			t.Errorf("%s: signer %v, decision %q", kind, c.statement.Signer(), c.statement.Decided())
		}
	}
}
