package paper_test

import (
	"strings"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/paper"
)

func TestWhatComesBackOfASlipHoldsNoSecret(t *testing.T) {
	printer, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	slip := paper.Slip{DueOn: calendar.MustParse("2026-12-13"), Letter: paper.Letter{
		School: paper.School{Name: "Waldschule", Address: "Am Hang 3"}, Recipient: paper.Recipient{Given: "Ida", Family: "Berg"},
		Children: []string{"Tom, 7b"}, LetterNo: "12345678", Secret: "ABCD-EFGH-JKMN-PQ", URL: "schule.example", QRText: "https://schule.example/e#12345678.ABCD",
		Lowering: []paper.LoweringCode{{Child: "Tom", QRText: "https://schule.example/w#school.pupil.secret"}},
		IssuedOn: calendar.MustParse("2026-11-29"), ExpiresOn: calendar.MustParse("2026-12-19"),
	}}
	pdf, err := printer.Slips([]paper.Slip{slip, {Nothing: true, Letter: paper.Letter{Children: []string{"Lea, 7b"}}}})
	if err != nil {
		t.Fatal(err)
	}
	wantNoOverlap(t, pdf, 2)
	pages := texts(t, pdf)
	above, back, found := strings.Cut(pages[0], "Hier abtrennen")
	if !found || !strings.Contains(above, slip.Secret) || !strings.Contains(above, "13. Dezember 2026") || !strings.Contains(above, "Widerruf") {
		t.Errorf("the slip reads\n%s", above)
	}
	if !strings.Contains(back, "12345678") || !strings.Contains(back, "Tom, 7b") || strings.Contains(back, "ABCD") || strings.Contains(back, "Ja") {
		t.Errorf("what comes back reads\n%s", back)
	}
	if strings.Contains(pages[1], "Code") || !strings.Contains(pages[1], "nichts zu tun") {
		t.Errorf("the page of the others reads\n%s", pages[1])
	}
}
