package paper

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"einverstanden/backend/calendar"
)

//go:embed texts/letter.de.json texts/foot.json texts/receipt.de.json texts/card.de.json texts/slip.de.json
var textFiles embed.FS

// letterTexts are the fixed sentences of a letter. Its German is what counts; the language of the reader comes with the
// address that the code leads to.
type letterTexts struct {
	Months []string `json:"months"`
	Date   string   `json:"date"`
	Labels struct {
		Date     string `json:"date"`
		LetterNo string `json:"letterNo"`
		Code     string `json:"code"`
		URL      string `json:"url"`
		More     string `json:"more"`
		Closing  string `json:"closing"`
		Head     string `json:"head"`
	} `json:"labels"`
	Guardian   readerTexts `json:"guardian"`
	AdultPupil readerTexts `json:"adultPupil"`
	YoungPupil readerTexts `json:"youngPupil"`
}

// readerTexts are the sentences that depend on who reads them.
type readerTexts struct {
	Salutation struct {
		Woman string `json:"woman"`
		Man   string `json:"man"`
		Other string `json:"other"`
	} `json:"salutation"`
	ByHand     string   `json:"byHand"`
	Subject    string   `json:"subject"`
	Intro      string   `json:"intro"`
	Choice     string   `json:"choice"`
	StepsTitle string   `json:"stepsTitle"`
	Steps      []string `json:"steps"`
	OfChild    struct {
		One  string `json:"one"`
		Many string `json:"many"`
	} `json:"ofChild"`
	Lowering struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"lowering"`
	Validity string `json:"validity"`
	Notes    []struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"notes"`
}

// footSentence says in one language what the letter is about.
type footSentence struct {
	Lang string `json:"lang"`
	Dir  string `json:"dir"` // ltr or rtl
	Text string `json:"text"`
}

func readTexts(name string, into any) error {
	content, err := textFiles.ReadFile("texts/" + name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("paper: %s: %w", name, err)
	}
	return nil
}

func (t *letterTexts) of(reader Reader) *readerTexts {
	switch reader {
	case AdultPupil:
		return &t.AdultPupil
	case YoungPupil:
		return &t.YoungPupil
	default:
		return &t.Guardian
	}
}

// salutation greets by the salutation of the class list. Whom it calls neither woman nor man is greeted by name.
func (t *readerTexts) salutation(to Recipient) string {
	text := t.Salutation.Other
	switch {
	case to.Family == "": // nothing to be formal with
	case strings.EqualFold(to.Salutation, "Frau"):
		text = t.Salutation.Woman
	case strings.EqualFold(to.Salutation, "Herr"):
		text = t.Salutation.Man
	}
	filled := strings.Join(strings.Fields(fill(text, "given", to.Given, "family", to.Family)), " ")
	return strings.ReplaceAll(filled, " ,", ",") // without any name
}

func (t *readerTexts) ofChild(children int) string {
	if children > 1 {
		return t.OfChild.Many
	}
	return t.OfChild.One
}

func (t *letterTexts) date(day calendar.Date) string {
	if day.IsZero() {
		return ""
	}
	return fill(t.Date, "day", strconv.Itoa(day.Day()), "month", t.Months[day.Month()-1], "year", strconv.Itoa(day.Year()))
}

// fill puts values into the {{placeholders}} of a text, in one pass: a value is never read for placeholders.
func fill(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "{{" + pairs[i] + "}}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
