package paper

import (
	"fmt"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// face is a font with what is needed to set it before there is a document.
type face struct {
	style    string // as package fpdf calls it
	file     []byte
	advances map[rune]float64 // in em; a rune that is missing has no glyph
}

// Every glyph of the Go fonts lies below this rune, or is U+FFFD or one of the two ligatures that we do not use.
const lastGlyph = 0x266F

func newFace(style string, file []byte) (face, error) {
	parsed, err := sfnt.Parse(file)
	if err != nil {
		return face{}, err
	}
	f := face{style: style, file: file, advances: map[rune]float64{}}
	for r := rune(' '); r <= lastGlyph; r++ {
		if err := f.measure(parsed, r); err != nil {
			return face{}, err
		}
	}
	return f, f.measure(parsed, replacement)
}

func (f face) measure(parsed *sfnt.Font, r rune) error {
	glyph, err := parsed.GlyphIndex(nil, r)
	if err != nil || glyph == 0 {
		return err
	}
	em := fixed.Int26_6(parsed.UnitsPerEm())
	advance, err := parsed.GlyphAdvance(nil, glyph, em, font.HintingNone)
	f.advances[r] = float64(advance) / float64(em)
	return err
}

func (f face) has(r rune) bool {
	_, ok := f.advances[r]
	return ok
}

// faces are the two that letters are set in, with drawings of letters for what the regular one lacks.
type faces struct {
	regular, bold face
	outlines      map[string]outline
}

func newFaces() (f faces, err error) {
	if f.regular, err = newFace("", goregular.TTF); err != nil {
		return f, fmt.Errorf("paper: regular font: %w", err)
	}
	if f.bold, err = newFace("B", gobold.TTF); err != nil {
		return f, fmt.Errorf("paper: bold font: %w", err)
	}
	f.outlines, err = parseOutlines(outlinesText)
	return f, err
}

// setting is how a text is set, with its size in points.
type setting struct {
	size float64
	bold bool
	grey bool
}

const mmPerPoint = 25.4 / 72

// ink is the shade of grey from 0, black, to 255.
func (t setting) ink() int {
	if t.grey {
		return grey
	}
	return black
}

func (f *faces) face(t setting) face {
	if t.bold {
		return f.bold
	}
	return f.regular
}

// writable replaces each character that neither the fonts nor the outlines have.
func (f *faces) writable(text string) string {
	return strings.Map(func(r rune) rune {
		_, drawn := f.outlines[string(r)]
		if drawn || f.regular.has(r) {
			return r
		}
		return replacement
	}, text)
}

// advance is how wide a rune is, in em.
func (f *faces) advance(r rune, t setting) float64 {
	if advance, ok := f.face(t).advances[r]; ok {
		return advance
	}
	return f.outlines[string(r)].advance
}

// width is how wide the text is, in mm.
func (f *faces) width(text string, t setting) float64 {
	em := 0.0
	for _, r := range text {
		em += f.advance(r, t)
	}
	return em * t.size * mmPerPoint
}

// fit makes the text fit into the width, in mm: first smaller, then cut.
func (f *faces) fit(text string, t setting, width float64) (string, setting) {
	if wide := f.width(text, t); wide > width {
		t.size = max(smallest, t.size*width/wide)
	}
	const rounding = 1e-6 // mm: what is shrunk to the width may come out a hair wider
	if f.width(text, t) <= width+rounding {
		return text, t
	}
	runes := []rune(text)
	for len(runes) > 0 && f.width(string(runes)+ellipsis, t) > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimSpace(string(runes)) + ellipsis, t
}

// wrap breaks the text into lines of the width, in mm, at blanks, and within a word that is wider than a line.
func (f *faces) wrap(text string, t setting, width float64) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if joined := strings.TrimSpace(line + " " + word); f.width(joined, t) <= width {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = word
		for f.width(line, t) > width {
			head := f.head(line, t, width)
			lines, line = append(lines, head), line[len(head):]
		}
	}
	return append(lines, line)
}

// head is the longest beginning of the word that fits, at least one rune.
func (f *faces) head(word string, t setting, width float64) string {
	wide, end := 0.0, 0
	for i, r := range word {
		wide += f.advance(r, t) * t.size * mmPerPoint
		if wide > width && i > 0 {
			break
		}
		end = i + len(string(r))
	}
	return word[:end]
}
