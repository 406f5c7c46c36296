package paper_test

import (
	"strings"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/paper"
)

func aCard() paper.Card {
	return paper.Card{
		School: "Gesamtschule am Lindenhain", Name: "Mia K.", Class: "7b", Pictures: []string{"sun", "umbrella", "fish", "tree"},
		QRText:   "https://einverstanden.schule.example/p#0192f7a0-0000-7000-8000-000000000000.AAAAAAAAAAAAAAAAAAAAAA",
		IssuedOn: calendar.MustParse("2026-11-25"),
	}
}

func TestACardShowsItsPupilAndTheSlipItsPictures(t *testing.T) {
	p := newPrinter(t)
	second := aCard()
	second.Name, second.Pictures = "Ole )<</JS", []string{"apple", "boat", "car", "house"}
	file, err := p.Cards([]paper.Card{aCard(), second})
	if err != nil {
		t.Fatal(err)
	}
	pages := texts(t, file)
	if len(pages) != 2 {
		t.Fatalf("%d pages for two cards", len(pages))
	}
	for i, words := range [][]string{{"Mia K.", "Klasse 7b", "1 Sonne", "2 Schirm", "3 Fisch", "4 Baum"}, {"Ole )<</JS", "1 Apfel", "4 Haus"}} {
		for _, word := range words {
			if !strings.Contains(pages[i], word) {
				t.Errorf("page %d lacks %q: %s", i+1, word, pages[i])
			}
		}
	}
}

func TestACardThatCannotBePrintedIsAnError(t *testing.T) {
	p := newPrinter(t)
	unknown, fine := aCard(), aCard()
	unknown.Pictures = []string{"sun", "wolf", "fish", "tree"}
	fine.QRText += strings.Repeat("A", 200)
	for name, cards := range map[string][]paper.Card{"none": nil, "an unknown picture": {unknown}, "a long address": {fine}} {
		if _, err := p.Cards(cards); err == nil {
			t.Errorf("%s is printed", name)
		}
	}
}
