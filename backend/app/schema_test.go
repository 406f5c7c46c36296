package app

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/consent"
	"einverstanden/backend/hold"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
)

// schema is a document of package proof as plain values.
func schema(t *testing.T, name string) (document any) {
	t.Helper()
	content, err := fs.ReadFile(proof.Schemas(), name)
	if err == nil {
		err = json.Unmarshal(content, &document)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return document
}

// words reads an enumeration of the statement's schema.
func words(t *testing.T, document any, path string) []string {
	t.Helper()
	for name := range strings.SplitSeq(path, "/") {
		object, ok := document.(map[string]any)
		if !ok || object[name] == nil {
			t.Fatalf("no %s in the schema: %s", name, path)
		}
		document = object[name]
	}
	var found []string
	for _, word := range document.([]any) {
		found = append(found, word.(string))
	}
	return found
}

func strs[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}

// A word that is new in the code must be in the schema before the first statement holds it. The test stands here because
// package proof knows no domain.
func TestTheSchemaKnowsTheWordsOfTheCode(t *testing.T) {
	statement, receipt := schema(t, "statement-v1.json"), schema(t, "receipt-v1.json")
	second, third := schema(t, "statement-v2.json"), schema(t, "statement-v3.json")
	for path, want := range map[string][]string{
		"properties/declaration/properties/kind/enum":        strs(sanction.Educational, sanction.Formal),
		"properties/declaration/properties/measure/enum":     strs(sanction.AudioOnly, sanction.Excluded),
		"properties/declaration/properties/heard/items/enum": strs(sanction.Parties...),
	} {
		for _, version := range []any{second, third} {
			if got := words(t, version, path); !slices.Equal(got, want) {
				t.Errorf("%s: %v, the code has %v", path, got, want)
			}
		}
	}
	modes := []string{participation.Video.String(), participation.Audio.String(), participation.None.String()}
	for path, want := range map[string][]string{
		"properties/kind/enum":                                                strs(proof.Kinds...),
		"$defs/purpose/enum":                                                  strs(consent.VideoConference),
		"$defs/decisionDeclared/properties/answer/enum":                       modes,
		"$defs/decisionDeclared/properties/extent/enum":                       strs(consent.Picture, consent.Everything),
		"$defs/decisionDeclared/properties/relation/enum":                     strs(consent.Together, consent.Alone, consent.LegalGuardian),
		"$defs/decisionServer/properties/channel/enum":                        strs(consent.App, consent.Paper, consent.Phone, consent.InPerson, consent.ByTeacher),
		"$defs/decisionServer/properties/identified/enum":                     strs(consent.ByForm, consent.ByAcquaintance, consent.ByDocument, consent.ByCallback),
		"$defs/decisionServer/properties/means/enum":                          strs(proof.MeansKey, proof.MeansStaff, proof.MeansMail, proof.MeansSession, proof.MeansPasskey),
		"$defs/invalidation/properties/declaration/properties/reason/enum":    strs(consent.WrongPerson, consent.WrongAnswer, consent.NotAuthentic),
		"$defs/sanction/properties/declaration/properties/measure/enum":       strs(sanction.AudioOnly, sanction.Excluded),
		"$defs/hold/properties/declaration/properties/kind/enum":              strs(hold.Restriction, hold.Objection),
		"$defs/objection/properties/declaration/properties/nextInstance/enum": strs(sanction.SchoolAuthority, sanction.AdministrativeCourt),
		"$defs/version/properties/declaration/properties/change/enum":         strs(participation.Material, participation.Editorial),
		"$defs/version/properties/declaration/properties/policy/enum":         strs(participation.One, participation.All),
		"$defs/custodyState/properties/custody/enum":                          strs(school.JointCustody, school.SoleCustody, school.NoCustody),
		"$defs/custodyState/properties/basis/enum":                            strs(school.Assumed, school.Declared, school.Confirmed),
		"$defs/custodyState/properties/relation/enum":                         strs(school.Mother, school.Father, school.Parent, school.LegalGuardian, school.OtherRelation),
	} {
		if got := words(t, statement, path); !slices.Equal(got, want) {
			t.Errorf("%s: %v, the code has %v", path, got, want)
		}
	}
	if got, want := words(t, receipt, "$defs/signature/properties/kind/enum"), strs(consent.DrawnSignature, consent.TypedSignature); !slices.Equal(got, want) {
		t.Errorf("signatures: %v, the code has %v", got, want)
	}
}
