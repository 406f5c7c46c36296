package consent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/consent"
	"einverstanden/backend/consent/content"
)

func shippedForm(t *testing.T) consent.Draft {
	t.Helper()
	draft, err := consent.ParseDraft(content.VideoConference)
	if err != nil {
		t.Fatal(err)
	}
	return draft
}

// Every clause of the original letter, and every item of GDPR Art. 13, has a block that is there for it.
func TestTheShippedFormMeetsEveryClause(t *testing.T) {
	named := shippedForm(t).Clauses()
	var wanted []string
	for letter, last := range map[string]int{"S": 22, "F": 6} {
		for i := 1; i <= last; i++ {
			wanted = append(wanted, fmt.Sprint(letter, i))
		}
	}
	for i := range 6 {
		wanted = append(wanted, fmt.Sprint("R", i))
	}
	for _, item := range strings.Fields("controller dpo purpose basis recipients transfer retention rights withdrawal complaint voluntary automated") {
		wanted = append(wanted, "A13:"+item)
	}
	for _, clause := range wanted {
		t.Run(clause, func(t *testing.T) {
			if !slices.Contains(named, clause) {
				t.Errorf("no block names %s", clause)
			}
		})
	}
}

func TestTheShippedFormBeginsWithSixPoints(t *testing.T) {
	for language, text := range shippedForm(t).Languages {
		for i, block := range text.Blocks {
			if (i < 6) != (block.Kind == "point") {
				t.Errorf("%s: block %d is a %s", language, i+1, block.Kind)
			}
		}
	}
}

func TestDraftsThatCannotBePublishedAreRefused(t *testing.T) {
	good := `{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
		"languages": {"de": {"title": "T", "blocks": [{"id": "a", "kind": "paragraph", "text": "x"}]}%s}}`
	if _, err := consent.ParseDraft(fmt.Appendf(nil, good, "")); err != nil {
		t.Fatal(err)
	}
	for name, draft := range map[string]string{
		"no German":              strings.Replace(fmt.Sprintf(good, ""), `"de"`, `"en"`, 1),
		"unknown purpose":        strings.Replace(fmt.Sprintf(good, ""), "video_conference", "swimming", 1),
		"unknown policy":         strings.Replace(fmt.Sprintf(good, ""), `"one"`, `"some"`, 1),
		"unknown change":         strings.Replace(fmt.Sprintf(good, ""), `"material"`, `"big"`, 1),
		"say beyond 18":          strings.Replace(fmt.Sprintf(good, ""), `"preset": "letter"`, `"preset": "own", "aloneFrom": 19`, 1),
		"unknown field":          strings.Replace(fmt.Sprintf(good, ""), `"purpose"`, `"colour": "red", "purpose"`, 1),
		"translation lacks some": fmt.Sprintf(good, `, "en": {"title": "T", "blocks": []}`),
		"translation differs":    fmt.Sprintf(good, `, "en": {"title": "T", "blocks": [{"id": "b", "kind": "paragraph", "text": "x"}]}`),
		"empty list":             strings.Replace(fmt.Sprintf(good, ""), `"kind": "paragraph", "text": "x"`, `"kind": "list"`, 1),
	} {
		if _, err := consent.ParseDraft([]byte(draft)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
