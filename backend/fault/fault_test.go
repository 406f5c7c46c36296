package fault

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestErrorsCompareByCode(t *testing.T) {
	cause := errors.New("disk on fire")
	err := fmt.Errorf("decide: %w", Wrap(FormSuperseded, cause))
	if !errors.Is(err, New(FormSuperseded)) || errors.Is(err, New(AnsweredMeanwhile)) {
		t.Error("errors.Is does not go by the code")
	}
	if !Has(err, FormSuperseded) || Has(err, NothingHere) || Has(cause, FormSuperseded) {
		t.Error("Has does not go by the code")
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
}

func TestFieldsAndWaitAreKept(t *testing.T) {
	err := InvalidField("place", FieldTooLong).After(time.Second)
	if len(err.Fields) != 1 || err.Fields[0].Name != "place" || err.RetryAfter != time.Second || err.Kind() != Invalid {
		t.Errorf("got %+v", err)
	}
	if !strings.Contains(err.Error(), "place") {
		t.Errorf("the log would not name the field: %s", err)
	}
}

func TestAnUnknownCodeTellsNothing(t *testing.T) {
	if KindOf("made_up") != Internal {
		t.Error("an unknown code is not internal")
	}
}

var placeholder = regexp.MustCompile(`\{\{\w+\}\}`)

// Every code has a title and a detail in every language, with the same placeholders as in German.
func TestEveryCodeHasItsTexts(t *testing.T) {
	for _, language := range []string{"de", "en", "tr"} {
		for _, code := range Codes() {
			text := texts[language][code]
			if text.Title == "" || text.Detail == "" {
				t.Errorf("%s: %s has no title or no detail", language, code)
			}
			want := placeholder.FindAllString(texts["de"][code].Detail, -1)
			got := placeholder.FindAllString(text.Detail, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %s has placeholders %v, German %v", language, code, got, want)
			}
		}
		for code := range texts[language] {
			if _, ok := kinds[code]; !ok {
				t.Errorf("%s: %s is no code", language, code)
			}
		}
	}
}

func TestTextFillsPlaceholdersAndFallsBackToGerman(t *testing.T) {
	_, detail := Text("en", LetterUsed, Params{"usedOn": "24.11.2026"})
	if !strings.Contains(detail, "24.11.2026") || strings.Contains(detail, "{{") {
		t.Errorf("got %q", detail)
	}
	german, _ := Text("de", NothingHere, nil)
	if other, _ := Text("xx", NothingHere, nil); other != german || german == "" {
		t.Errorf("got %q, German is %q", other, german)
	}
}
