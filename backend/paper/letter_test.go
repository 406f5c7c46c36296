package paper_test

import (
	"bytes"
	"flag"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/boombuler/barcode/qr"

	"einverstanden/backend/calendar"
	"einverstanden/backend/paper"
)

var update = flag.Bool("update", false, "write the golden files anew")

func newPrinter(t testing.TB) *paper.Printer {
	t.Helper()
	printer, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	return printer
}

func printed(t testing.TB, letters ...paper.Letter) []byte {
	t.Helper()
	pdf, err := newPrinter(t).Letters(letters)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

func letter() paper.Letter {
	return paper.Letter{
		School:    paper.School{Name: "Gesamtschule Musterstadt", Address: "Lindenallee 4, 12345 Musterstadt"},
		HeadName:  "Ada Musterfrau",
		Recipient: paper.Recipient{Salutation: "Frau", Given: "Ulla", Family: "Großmann", Street: "Am Hang 3", Postcode: "12345", City: "Musterstadt"},
		Children:  []string{"Mia, 7b"},
		LetterNo:  "48210937",
		Secret:    "7K3M-9QXA-B2TD-4E",
		URL:       "einverstanden.schule.example",
		QRText:    "https://einverstanden.schule.example/e#48210937.7K3M9QXAB2TD4E",
		Lowering:  []paper.LoweringCode{lowering("Mia")},
		IssuedOn:  calendar.MustParse("2026-11-24"),
		ExpiresOn: calendar.MustParse("2026-12-14"),
	}
}

// lowering is a child's lowering link, as long as they are.
func lowering(child string) paper.LoweringCode {
	const school, pupil = "0193a5c4-7d1e-7c3a-9f0b-2f8f6f1c9a11", "0193a5c4-8a2b-7d4e-8c1d-5b7e0a3f4c22"
	return paper.LoweringCode{Child: child, QRText: "https://einverstanden.schule.example/w#" + school + "." + pupil + ".Zl0qXw3vT9sRkYb1NcG7pA"}
}

// full is a letter with more of everything than ought to be there.
func full() paper.Letter {
	l, long := letter(), strings.Repeat("Überlang", 63) // 504 characters
	l.School = paper.School{Name: long, Address: long}
	l.HeadName = long
	l.Recipient = paper.Recipient{Salutation: long, Given: long, Family: long, Street: long, Postcode: long, City: long}
	for range 3 {
		l.Children = append(l.Children, long, "Maximilian-Alexander Konstantin, 10c", "Ștefania, 5a", "Nguyễn, 12", "Ė, 5b")
	}
	l.URL = strings.Repeat("einverstanden.", 7) + "example"
	l.QRText = "https://" + l.URL + "/e#48210937.7K3M9QXAB2TD4E"
	return l
}

// isArabic tells lines whose words readers give in different orders.
func isArabic(line string) bool {
	return strings.ContainsFunc(line, func(r rune) bool { return unicode.Is(unicode.Arabic, r) })
}

// The golden files show what a person reads, in the order of reading.
func TestLettersReadAsTheyShould(t *testing.T) {
	byHand := letter()
	byHand.Recipient = paper.Recipient{Given: "Ngọc", Family: "Nguyễn"}
	byHand.Children, byHand.Lowering = []string{"Mia, 7b", "Jan, 5a"}, []paper.LoweringCode{lowering("Mia"), lowering("Jan")}
	adult, young := letter(), letter()
	adult.Reader, adult.Recipient, adult.Children = paper.AdultPupil, paper.Recipient{Given: "Deniz", Family: "Volljahr"}, []string{"Deniz, 13a"}
	adult.Lowering, young.Lowering = []paper.LoweringCode{lowering("Deniz")}, []paper.LoweringCode{lowering("Kim")}
	young.Reader, young.Recipient, young.Children = paper.YoungPupil, paper.Recipient{Given: "Kim", Family: "Jung"}, []string{"Kim, 9c"}

	for i, page := range texts(t, printed(t, letter(), byHand, adult, young)) {
		file := filepath.Join("testdata", []string{"guardian", "by_hand", "adult_pupil", "young_pupil"}[i]+".txt")
		var lines []string
		for line := range strings.Lines(page) {
			if !isArabic(line) {
				lines = append(lines, line)
			}
		}
		got := strings.Join(lines, "")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs (go test -update writes it):\n%s", file, got)
		}
	}
}

func TestTheSameLettersGiveTheSameBytes(t *testing.T) {
	letters := []paper.Letter{letter(), full()}
	first := printed(t, letters...)
	for range 3 {
		if !bytes.Equal(first, printed(t, letters...)) {
			t.Fatal("printing twice gives two files")
		}
	}
	if !bytes.Contains(first, []byte("/CreationDate (D:20261124")) {
		t.Error("the file's date is not that of the letter")
	}
	later := letter()
	later.IssuedOn = calendar.MustParse("2026-11-25")
	if bytes.Equal(first, printed(t, later)) {
		t.Error("other letters give the same file")
	}
}

// Each letter keeps to one page, inside what every printer prints, and no word stands on another.
func TestNothingOverlaps(t *testing.T) {
	siblings := letter()
	siblings.Children = []string{"Maximilian-Alexander Konstantin, 10c", "Mia, 7b", "Emilia Sophie Charlotte, 5a", "Jan, 5b"}
	siblings.Lowering = []paper.LoweringCode{lowering("Maximilian-Alexander Konstantin"), lowering("Mia"), lowering("Emilia Sophie Charlotte"), lowering("Jan")}
	wantNoOverlap(t, printed(t, letter(), siblings, full()), 3)
}

// wantNoOverlap holds the words of a file to the part of the page that every printer prints, and to places of their own.
func wantNoOverlap(t *testing.T, pdf []byte, wanted int) {
	t.Helper()
	pages := words(t, pdf)
	if len(pages) != wanted {
		t.Fatalf("%d pages instead of %d", len(pages), wanted)
	}
	const mm, touch = 72 / 25.4, 0.6 // points: boxes are as high as the font may be, not as the word is
	for i, page := range pages {
		for j, a := range page {
			if a.XMin < 25*mm-touch || a.XMax > 190*mm+touch || a.YMin < 15*mm || a.YMax > 292*mm {
				t.Errorf("page %d: %q stands outside, from %.1f to %.1f mm", i+1, a.Text, a.XMin/mm, a.XMax/mm)
			}
			for _, b := range page[j+1:] {
				if min(a.XMax, b.XMax)-max(a.XMin, b.XMin) > touch && min(a.YMax, b.YMax)-max(a.YMin, b.YMin) > touch {
					t.Errorf("page %d: %q stands on %q", i+1, a.Text, b.Text)
				}
			}
		}
	}
}

// E4: whatever people type stays ink.
func TestHostileNamesStayInk(t *testing.T) {
	l := letter()
	l.Recipient.Family = ")<</JS (app.alert(1))>>\u202egnp.exe\u2066\x00\n\r\x1b[31m"
	l.Recipient.Given = "https://evil.example/"
	l.School.Name = "ET Q endstream endobj <</OpenAction 3 0 R>>"
	l.HeadName = strings.Repeat("{{family}}", 50)
	l.Children = []string{"\\) Tj (", "{{url}}", strings.Repeat("W", 500), "\U0001F600 漢字"}
	pdf := printed(t, l)
	run(t, pdf, "qpdf", "--check", "FILE")
	plain := run(t, pdf, "qpdf", "--qdf", "--object-streams=disable", "FILE", "-")
	for _, forbidden := range []string{"/JS", "/JavaScript", "/URI", "/OpenAction", "/AA", "/Annots", "/Launch", "/Filespec"} {
		if strings.Contains(plain, forbidden) {
			t.Errorf("the file has %s", forbidden)
		}
	}
	page := texts(t, pdf)
	if len(page) != 1 {
		t.Fatalf("%d pages", len(page))
	}
	for _, wanted := range []string{"\nSehr geehrte Frau )<</JS (app.alert(1))>>gnp.exe [31m,", "{{url}}", `\) Tj (`, "\uFFFD \uFFFD\uFFFD"} {
		if !strings.Contains(page[0], wanted) {
			t.Errorf("%q cannot be read in\n%s", wanted, page[0])
		}
	}
	if strings.ContainsAny(page[0], "\u202e\u2066\x00\x1b") {
		t.Error("control characters reach the page")
	}
}

// What a phone's camera sees is the matrix of exactly that text, large, with white around it.
func TestTheQRCodeIsTheText(t *testing.T) {
	for _, l := range []paper.Letter{letter(), full()} {
		wantCode(t, draw(t, printed(t, l)), l.QRText, 135, 215)
	}
}

// X25 and the lowering key: the small codes are the links, each in its place, and fine enough for a phone.
func TestTheSmallCodesAreTheLoweringLinks(t *testing.T) {
	siblings := letter()
	siblings.Children = []string{"Mia, 7b", "Jan, 5a", "Ole, 6c"}
	siblings.Lowering = nil
	for _, name := range []string{"Mia", "Jan", "Ole", "Tom"} {
		code := lowering(name)
		code.QRText = strings.Replace(code.QRText, "Zl0q", name+"q", 1)
		siblings.Lowering = append(siblings.Lowering, code)
	}
	plain := run(t, printed(t, siblings), "qpdf", "--qdf", "--object-streams=disable", "FILE", "-")
	for i, code := range siblings.Lowering {
		if shown := strings.Contains(plain, drawing(t, code.QRText)); shown != (i < 3) {
			t.Errorf("%s: shown is %v", code.Child, shown)
		}
	}
	if !strings.Contains(plain, drawing(t, siblings.QRText)) {
		t.Error("the code to answer with is missing")
	}
	crowded := full()
	crowded.Lowering = siblings.Lowering[:1]
	plain = run(t, printed(t, crowded), "qpdf", "--qdf", "--object-streams=disable", "FILE", "-")
	if strings.Contains(plain, drawing(t, crowded.Lowering[0].QRText)) {
		t.Error("a code is printed that is too fine to be read")
	}
}

var module = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`)

// drawing is a text's code in the language of PDF, made from its SVG path: both must be the same code.
func drawing(t *testing.T, text string) string {
	t.Helper()
	path, size, err := paper.QRPath(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range module.FindAllStringSubmatch(path, -1) {
		y, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %d %s 1 re\n", m[1], size-1-y, m[3])
	}
	return b.String()
}

// wantCode finds a text's code between two heights of a page, in mm, and compares every module.
func wantCode(t *testing.T, page picture, text string, top, bottom float64) {
	t.Helper()
	want, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	modules := want.Bounds().Dx()
	x, y, side := findCode(t, page, top, bottom)
	if side < 30 || side > 46 {
		t.Errorf("the code is %.1f mm wide", side)
	}
	module := side / float64(modules)
	const quiet = 4
	for row := -quiet; row < modules+quiet; row++ {
		for column := -quiet; column < modules+quiet; column++ {
			inside := 0 <= row && row < modules && 0 <= column && column < modules
			dark := inside && want.At(column, row) == color.Black
			if page.dark(x+(float64(column)+0.5)*module, y+(float64(row)+0.5)*module) != dark {
				t.Fatalf("%d modules: the one in row %d, column %d is wrong", modules, row, column)
			}
		}
	}
}

// findCode gives the upper left corner of the code's modules and how wide they are, all in mm. The code is what is
// dark in a strip at the panel's right, between its frame and its text.
func findCode(t *testing.T, page picture, top, bottom float64) (x, y, side float64) {
	t.Helper()
	const step, stripLeft, stripRight = 0.05, 143.5, 188.0
	x, y = stripRight, bottom
	var endX, endY float64
	for at := top; at < bottom; at += step {
		if page.dark(140, at) && page.dark(189, at) { // the frame's upper or lower edge
			continue
		}
		for across := stripLeft; across < stripRight; across += step {
			if page.dark(across, at) && insidePanel(page, at) {
				x, y = min(x, across), min(y, at)
				endX, endY = max(endX, across), max(endY, at)
			}
		}
	}
	if endX-x < 1 || endX-x-(endY-y) > 0.3 || endY-y-(endX-x) > 0.3 {
		t.Fatalf("no square: from (%.1f, %.1f) to (%.1f, %.1f) mm", x, y, endX, endY)
	}
	return x, y, endX - x
}

// insidePanel tells whether the frame stands at both sides.
func insidePanel(page picture, y float64) bool {
	edge := func(x float64) bool {
		for near := x - 0.3; near < x+0.3; near += 0.05 {
			if page.shade(near, y) < 220 {
				return true
			}
		}
		return false
	}
	return edge(25) && edge(190)
}

func TestWhatCannotBePrinted(t *testing.T) {
	printer := newPrinter(t)
	if _, err := printer.Letters(nil); err == nil {
		t.Error("no letters make a file")
	}
	endless := letter()
	endless.QRText = "https://" + strings.Repeat("einverstanden.", 15) + "example/e#48210937.7K3M9QXAB2TD4E"
	if _, err := printer.Letters([]paper.Letter{endless}); err == nil {
		t.Error("a code too fine to be read is printed")
	}
	endless = letter()
	endless.URL = strings.Repeat("einverstanden.", 15) + "example"
	if _, err := printer.Letters([]paper.Letter{endless}); err == nil {
		t.Error("an address is cut")
	}
}

func TestSalutations(t *testing.T) {
	cases := []struct {
		to   paper.Recipient
		want string
	}{
		{paper.Recipient{Salutation: "Frau", Given: "Ulla", Family: "Großmann"}, "Sehr geehrte Frau Großmann,"},
		{paper.Recipient{Salutation: "herr", Given: "Otto", Family: "de la Cruz"}, "Sehr geehrter Herr de la Cruz,"},
		{paper.Recipient{Salutation: "Eheleute", Given: "Ulla und Otto", Family: "Berg"}, "Guten Tag Ulla und Otto Berg,"},
		{paper.Recipient{Given: "Kim", Family: "Berg"}, "Guten Tag Kim Berg,"},
		{paper.Recipient{Salutation: "Frau", Given: "Ulla"}, "Guten Tag Ulla,"},
		{paper.Recipient{Salutation: "Herr"}, "Guten Tag,"},
	}
	for _, c := range cases {
		l := letter()
		l.Recipient = c.to
		if page := texts(t, printed(t, l))[0]; !strings.Contains(page, "\n"+c.want+"\n") {
			t.Errorf("%+v is not greeted by %q in\n%s", c.to, c.want, page)
		}
	}
}
