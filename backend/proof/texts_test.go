package proof_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/proof"
)

// states are those that a claim can be in; a claim that is new needs a line here and sentences in every language.
var states = map[proof.ClaimID][]proof.State{
	proof.ClaimFile:       {proof.Holds, proof.Fails},
	proof.ClaimStatement:  {proof.Holds, proof.Fails},
	proof.ClaimCommitment: {proof.Holds, proof.Fails},
	proof.ClaimLeaf:       {proof.Holds, proof.Fails},
	proof.ClaimInclusion:  {proof.Holds, proof.Fails},
	proof.ClaimCheckpoint: {proof.Holds, proof.Fails},
	proof.ClaimTime:       {proof.Holds, proof.Fails, proof.Unknown},
	proof.ClaimText:       {proof.Holds, proof.Fails},
	proof.ClaimPrivate:    {proof.Holds, proof.Fails, proof.Withheld},
	proof.ClaimPasskey:    {proof.Holds, proof.Fails},
	proof.ClaimKey:        {proof.Holds, proof.Fails},
	proof.ClaimLater:      {proof.Holds, proof.Fails, proof.Unknown},
	proof.ClaimPage:       {proof.Holds, proof.Fails, proof.Unknown},
}

func textsOf(t *testing.T, language string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("texts", language+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(content, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestEveryLanguageHasTheSameSentences(t *testing.T) {
	german := textsOf(t, proof.German)
	keys := slices.Sorted(maps.Keys(german))
	for _, language := range proof.Languages() {
		texts := textsOf(t, language)
		if got := slices.Sorted(maps.Keys(texts)); !slices.Equal(got, keys) {
			t.Errorf("%s has %v, German %v", language, got, keys)
		}
		for key, text := range texts {
			if strings.TrimSpace(text) == "" || strings.TrimSpace(text) != text {
				t.Errorf("%s: %s is %q", language, key, text)
			}
		}
	}
	if languages := proof.Languages(); !slices.Contains(languages, "de") || !slices.Contains(languages, "en") || !slices.IsSorted(languages) {
		t.Errorf("languages %v", languages)
	}
}

func TestEveryStateOfEveryClaimIsToldInEveryLanguage(t *testing.T) {
	wanted := map[string]bool{}
	for _, language := range proof.Languages() {
		texts := textsOf(t, language)
		for claim, possible := range states {
			for _, state := range possible {
				key := "claim." + string(claim) + "." + string(state)
				if state == proof.Unknown {
					key += "unknown"
				}
				wanted[key] = true
				if got := (proof.Claim{ID: claim, State: state}).Text(language); got == "" || got != texts[key] {
					t.Errorf("%s in %s: %q, want %q", key, language, got, texts[key])
				}
			}
		}
		for _, limit := range []proof.Limit{proof.LimitKey, proof.LimitPerson, proof.LimitMail, proof.LimitClock, proof.LimitLater} {
			if got := limit.Text(language); got == "" || got != texts["limit."+string(limit)] {
				t.Errorf("the limit %s in %s: %q", limit, language, got)
			}
		}
		if got := proof.Word(language, "cannotKnow"); got == "" || got != texts["word.cannotKnow"] {
			t.Errorf("a word in %s: %q", language, got)
		}
	}
	for key := range textsOf(t, proof.German) {
		if strings.HasPrefix(key, "claim.") && !wanted[key] {
			t.Errorf("%s is told and never said", key)
		}
	}
	if got := (proof.Claim{ID: proof.ClaimFile, State: proof.Holds}).Text("xx"); got != textsOf(t, "de")["claim.file.holds"] {
		t.Errorf("in a language that there is not: %q", got)
	}
}
