package paper

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func facesOf(t testing.TB) *faces {
	t.Helper()
	f, err := newFaces()
	if err != nil {
		t.Fatal(err)
	}
	return &f
}

// every calls f with each text of a JSON document.
func every(value any, f func(string)) {
	switch value := value.(type) {
	case string:
		f(value)
	case []any:
		for _, v := range value {
			every(v, f)
		}
	case map[string]any:
		for _, v := range value {
			every(v, f)
		}
	}
}

// Every letter of our own sentences has a glyph, in either font, or the sentence has an outline. Romanian ș and ț,
// Kurdish ê and î, Albanian ë, Polish, Turkish and Cyrillic are among them.
func TestEveryFixedTextCanBePrinted(t *testing.T) {
	f := facesOf(t)
	var sentences []footSentence
	var letters, receipts, cards any
	if err := errors.Join(readTexts("letter.de.json", &letters), readTexts("receipt.de.json", &receipts), readTexts("card.de.json", &cards)); err != nil {
		t.Fatal(err)
	}
	if err := readTexts("foot.json", &sentences); err != nil {
		t.Fatal(err)
	}
	printable := func(text string) {
		for _, r := range text {
			if !f.regular.has(r) || !f.bold.has(r) {
				t.Errorf("%q in %q has no glyph", r, text)
			}
		}
	}
	every(letters, printable)
	every(receipts, printable)
	every(cards, printable)
	var languages []string
	for _, sentence := range sentences {
		languages = append(languages, sentence.Lang)
		if sentence.Dir == rightToLeft {
			if _, ok := f.outlines[sentence.Text]; !ok {
				t.Errorf("%s has no outline: outlines/README.md says how to make it", sentence.Lang)
			}
			continue
		}
		printable(sentence.Text)
	}
	if got := strings.Join(languages, " "); got != "en tr ar uk ru ro bg pl fa ku sq de-simple" {
		t.Errorf("the foot speaks %s", got)
	}
}

// A placeholder that is not filled would be read by parents.
func TestEveryPlaceholderIsKnown(t *testing.T) {
	for file, names := range map[string]string{
		"letter.de.json":  "day|month|year|count|family|given|child|ofChild|expiresOn",
		"card.de.json":    "class|date",
		"receipt.de.json": "number|class|date|time|utc|from|until|language|hash|size|instant",
	} {
		known := regexp.MustCompile(`\{\{(` + names + `)\}\}`)
		content, err := textFiles.ReadFile("texts/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if rest := known.ReplaceAllString(string(content), ""); strings.Contains(rest, "{{") {
			t.Errorf("an unknown placeholder stands near %.60s", rest[strings.Index(rest, "{{"):])
		}
	}
	var texts letterTexts
	if err := readTexts("letter.de.json", &texts); err != nil {
		t.Fatal(err)
	}
	if len(texts.Months) != 12 {
		t.Errorf("%d months", len(texts.Months))
	}
	for _, reader := range []readerTexts{texts.Guardian, texts.AdultPupil, texts.YoungPupil} {
		if len(reader.Steps) != 3 || len(reader.Notes) != 3 || !strings.Contains(reader.Validity, "{{expiresOn}}") {
			t.Errorf("texts are missing: %+v", reader)
		}
	}
}

// Each note has one line of its own; a longer text would run out of the page.
func TestNotesFitOnTheirLines(t *testing.T) {
	f := facesOf(t)
	var texts letterTexts
	if err := readTexts("letter.de.json", &texts); err != nil {
		t.Fatal(err)
	}
	for _, reader := range []readerTexts{texts.Guardian, texts.AdultPupil, texts.YoungPupil} {
		for _, note := range reader.Notes {
			if width := f.width(note.Title, noteTitle) + 1.5 + f.width(note.Text, noteText); width > textWidth {
				t.Errorf("%q is %.0f mm wide", note.Title, width)
			}
		}
	}
}

func TestEveryOutlineIsAPath(t *testing.T) {
	f := facesOf(t)
	if len(f.outlines) < 300 {
		t.Fatalf("%d outlines", len(f.outlines))
	}
	operators := regexp.MustCompile(`^(-?\d+ -?\d+ m\n((-?\d+ -?\d+ l|(-?\d+\.\d ){4}-?\d+ -?\d+ c)\n)+h\n)+$`)
	for text, outline := range f.outlines {
		drawn, err := outline.operators()
		if err != nil || !operators.MatchString(drawn) {
			t.Errorf("%s: %v, %.80q", text, err, drawn)
		}
		if outline.advance <= 0 {
			t.Errorf("%s has no width", text)
		}
		if r, size := utf8.DecodeRuneInString(text); size == len(text) && f.regular.has(r) {
			t.Errorf("%s is drawn although the font has it", text)
		}
	}
	for _, name := range []string{"ẞ", "ễ", "Ữ", "ə", "ṣ", "ḥ", "ǧ", "ơ"} {
		if f.writable(name) != name {
			t.Errorf("%s cannot be printed", name)
		}
	}
}

func TestOutlinesThatAreNone(t *testing.T) {
	for _, lines := range []string{"a\t1\n", "a\tx\tm0 0\n", "\n"} {
		if _, err := parseOutlines(lines); err == nil {
			t.Errorf("%q is taken", lines)
		}
	}
	for _, path := range []string{"m1", "x1 2", "q1 2 3", "1 2", "m0 0w"} {
		if operators, err := (outline{path: path}).operators(); err == nil {
			t.Errorf("%q is drawn as %q", path, operators)
		}
	}
}

// The control point of a quadratic curve moves to two thirds (a figure worked out by hand).
func TestCurvesKeepTheirShape(t *testing.T) {
	got, err := outline{path: "m10 20l5-5q30 0 60 90z"}.operators()
	if want := "10 20 m\n15 15 l\n35.0 15.0 55.0 45.0 75 105 c\nh\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestClean(t *testing.T) {
	cases := map[string]string{
		"  Ulla \t\n Großmann ":        "Ulla Großmann",
		"A\u202eB\u200bC\u00adD\x00E":  "ABCDE",
		"u\u0308ber":                   "über",
		"a\u2028b\u2029c":              "a b c",
		"\ue000\ufeff":                 "",
		"ok\xff":                       "ok\ufffd",
		strings.Repeat("x", 120):       strings.Repeat("x", 120),
		strings.Repeat("x", 121):       strings.Repeat("x", 119) + "…",
		strings.Repeat("ä", 5_000_000): strings.Repeat("ä", 119) + "…",
	}
	for text, want := range cases {
		if got := clean(text); got != want {
			t.Errorf("%.40q becomes %q, want %q", text, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add(")<</JS")
	f.Add("\u202eabc\u0301\xff")
	f.Add(strings.Repeat("e\u0301", 130))
	f.Fuzz(func(t *testing.T, text string) {
		cleaned := clean(text)
		if utf8.RuneCountInString(cleaned) > maxRunes || !utf8.ValidString(cleaned) {
			t.Fatalf("%q", cleaned)
		}
		if strings.ContainsFunc(cleaned, func(r rune) bool {
			return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || r != ' ' && unicode.IsSpace(r)
		}) {
			t.Fatalf("%q has characters without ink", cleaned)
		}
		if clean(cleaned) != cleaned {
			t.Fatalf("%q is cleaned further to %q", cleaned, clean(cleaned))
		}
		if len(text) < 200 && !norm.NFC.IsNormalString(cleaned) {
			t.Fatalf("%q is not composed", cleaned)
		}
	})
}

// Whatever is wrapped keeps every letter and no line is wider than the room; one rune alone may be.
func TestWrapLosesNothing(t *testing.T) {
	f := facesOf(t)
	rapid.Check(t, func(t *rapid.T) {
		text := f.writable(clean(rapid.String().Draw(t, "text")))
		width := rapid.Float64Range(1, 100).Draw(t, "width")
		lines := f.wrap(text, body, width)
		if joined := strings.Join(lines, ""); strings.ReplaceAll(joined, " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Fatalf("%q became %q", text, lines)
		}
		for _, line := range lines {
			if f.width(line, body) > width && utf8.RuneCountInString(line) > 1 {
				t.Fatalf("%q is too wide", line)
			}
		}
	})
}

func TestFitKeepsToTheWidth(t *testing.T) {
	f := facesOf(t)
	rapid.Check(t, func(t *rapid.T) {
		text := f.writable(clean(rapid.String().Draw(t, "text")))
		width := rapid.Float64Range(10, 100).Draw(t, "width")
		fitted, at := f.fit(text, body, width)
		if f.width(fitted, at) > width+1e-5 || at.size < smallest || at.size > body.size {
			t.Fatalf("%q is %.2f mm at %.1f points", fitted, f.width(fitted, at), at.size)
		}
		if fitted != text && !strings.HasSuffix(fitted, ellipsis) {
			t.Fatalf("%q is cut without a sign to %q", text, fitted)
		}
		if f.width(text, body) <= width && (fitted != text || at != body) {
			t.Fatalf("%q had room", text)
		}
		if f.width(text, setting{size: smallest}) <= width && fitted != text {
			t.Fatalf("%q is cut to %q although it would fit if it were smaller", text, fitted)
		}
	})
}
