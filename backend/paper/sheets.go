package paper

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"

	"codeberg.org/go-pdf/fpdf"
)

const (
	fontFamily  = "go"
	pageHeight  = 297.0 // mm
	pointsPerMM = 72 / 25.4
	ruleWidth   = 0.2 // mm
	rightToLeft = "rtl"

	black    = 0   // of 255
	grey     = 90  // labels: 7:1 against white paper
	ruleGrey = 150 // lines

	beginReplace = "/Span <</ActualText <%s>>> BDC" // ISO 32000-2, 14.9.4
	endReplace   = "EMC"
)

// shade is a colour, each part of 255.
type shade struct{ red, green, blue int }

// The one accent, as in the app, and its tint for surfaces.
var (
	accent     = shade{15, 90, 94}
	accentSoft = shade{236, 244, 243}
)

// sheets is a document on its way. Lengths are in mm from the upper left corner of the page, y is a text's baseline.
type sheets struct {
	pdf       *fpdf.Fpdf
	faces     *faces
	texts     *letterTexts
	sentences []footSentence

	incomplete bool // a text was cut, or has a character that no font has
}

// file ends the document.
func (s *sheets) file() ([]byte, error) {
	var file bytes.Buffer
	if err := s.pdf.Output(&file); err != nil {
		return nil, fmt.Errorf("paper: print: %w", err)
	}
	return file.Bytes(), nil
}

// text writes one line and gives the x at which it ends. Letters that the font lacks are drawn.
func (s *sheets) text(x, y float64, t setting, text string) float64 {
	face, runes := s.faces.face(t), []rune(text)
	s.take(t)
	for start := 0; start < len(runes); {
		end := start
		for end < len(runes) && face.has(runes[end]) {
			end++
		}
		if end > start {
			run := string(runes[start:end])
			s.pdf.Text(x, y, run)
			x += s.faces.width(run, t)
		}
		if end < len(runes) {
			x += s.drawing(x, y, t, string(runes[end]))
			end++
		}
		start = end
	}
	return x
}

// take takes up font and colour.
func (s *sheets) take(t setting) {
	s.pdf.SetTextColor(t.ink(), t.ink(), t.ink())
	s.pdf.SetFont(fontFamily, s.faces.face(t).style, t.size)
}

// drawing draws what has an outline and gives its width. A program that reads the page finds the text behind it.
func (s *sheets) drawing(x, y float64, t setting, text string) float64 {
	outline, ok := s.faces.outlines[text]
	if !ok {
		s.pdf.SetErrorf("paper: neither font nor outline for %q", text)
		return 0
	}
	operators, err := outline.operators()
	if err != nil {
		s.pdf.SetError(err)
		return 0
	}
	s.pdf.RawWriteStr(fmt.Sprintf(beginReplace, utf16Hex(text)))
	s.raw(x, y, t.size/unitsPerEm, t.ink(), operators+"f")
	// Readers put the text in the place of text alone: a blank, stretched to the width of what is drawn.
	stretch := 100 * outline.advance / s.faces.advance(' ', t)
	s.take(t)
	s.pdf.RawWriteStr(fmt.Sprintf("%.2f Tz", stretch))
	s.pdf.Text(x, y, " ")
	s.pdf.RawWriteStr("100 Tz")
	s.pdf.RawWriteStr(endReplace)
	return outline.width(t)
}

// raw runs operators with (x, y) as their origin and a unit of that many points.
func (s *sheets) raw(x, y, unit float64, ink int, operators string) {
	s.pdf.RawWriteStr(fmt.Sprintf("q %.3f g %.5f 0 0 %.5f %.3f %.3f cm\n%s\nQ",
		float64(ink)/255, unit, unit, x*pointsPerMM, (pageHeight-y)*pointsPerMM, operators))
}

// lines writes lines under one another and gives the baseline after them.
func (s *sheets) lines(x, y, step float64, t setting, lines []string) float64 {
	for _, line := range lines {
		s.text(x, y, t, line)
		y += step
	}
	return y
}

// paragraph is lines of a text broken at the width.
func (s *sheets) paragraph(x, y, step, width float64, t setting, text string) float64 {
	return s.lines(x, y, step, t, s.faces.wrap(text, t, width))
}

// fitted writes a text on one line of the width, smaller or cut if need be.
func (s *sheets) fitted(x, y, width float64, t setting, text string) {
	text, t = s.faces.fit(text, t, width)
	s.incomplete = s.incomplete || strings.Contains(text, ellipsis) || strings.ContainsRune(text, replacement)
	s.text(x, y, t, text)
}

// rule draws a thin line.
func (s *sheets) rule(x1, y1, x2, y2 float64) {
	s.pdf.SetLineWidth(ruleWidth)
	s.pdf.SetDrawColor(ruleGrey, ruleGrey, ruleGrey)
	s.pdf.Line(x1, y1, x2, y2)
}

// frame draws a rectangle with rounded corners.
func (s *sheets) frame(x, y, width, height float64) {
	s.pdf.SetLineWidth(2 * ruleWidth)
	s.pdf.SetDrawColor(ruleGrey, ruleGrey, ruleGrey)
	s.pdf.RoundedRect(x, y, width, height, 2, "1234", "D")
}

// fill paints a rectangle in a shade of the accent.
func (s *sheets) fill(x, y, width, height float64, c shade) {
	s.pdf.SetFillColor(c.red, c.green, c.blue)
	s.pdf.Rect(x, y, width, height, "F")
}

// qrCode draws the code so that its quiet zone has its lower left corner at (x, y) and sides of that many mm.
func (s *sheets) qrCode(x, y, side float64, code qrCode) {
	s.raw(x, y, side*pointsPerMM/float64(code.modules()), black, code.operators())
}

// utf16Hex is a text string of PDF in hexadecimal (ISO 32000-2, 7.9.2.2).
func utf16Hex(text string) string {
	hex := "FEFF"
	for _, unit := range utf16.Encode([]rune(text)) {
		hex += fmt.Sprintf("%04X", unit)
	}
	return hex
}
