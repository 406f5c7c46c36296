package paper

import (
	"errors"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

// The page is a business letter of form B (DIN 5008): the address field begins 45 mm below the upper edge, so that it
// shows in the window of an envelope when the page is folded at its marks. All lengths are in mm.
const (
	left      = 25.0
	textWidth = 165.0
	right     = left + textWidth

	headTop      = 24.0
	senderTop    = 60.0 // the sender, small, in the address field
	addressTop   = 67.0
	addressWidth = 80.0
	infoLeft     = 125.0
	infoTop      = 54.0
	bodyTop      = 98.5

	markLeft   = 5.0
	foldFirst  = 105.0
	punch      = 148.5
	foldSecond = 210.0

	bodyStep = 4.8 // from line to line
	noteStep = 4.3

	captionStep = 3.1 // of what stands beside the small codes
	indent      = 5.0

	fewChildren  = 4 // stand in two columns, more of them in three
	mostChildren = 9

	panelPadding = 4.0
	codeSide     = 46.0 // of the QR code with its quiet zone; its modules fill more than 35 mm
	panelWidth   = textWidth - codeSide - 2*panelPadding

	signatureRoom = 11.0

	footRule = 250.4
	footTop  = 254.0
	footStep = 3.3
)

var (
	headline  = setting{size: 15}
	label     = setting{size: 8.5, grey: true}
	sender    = setting{size: smallest, grey: true}
	address   = setting{size: 11}
	subject   = setting{size: 12, bold: true}
	body      = setting{size: 10.5}
	strong    = setting{size: 10.5, bold: true}
	typedCode = setting{size: 17, bold: true}
	noteText  = setting{size: 9.5}
	noteTitle = setting{size: 9.5, bold: true}
	footText  = setting{size: 7.6}

	captionTitle = setting{size: 7.6, bold: true}
)

const (
	smallest    = 7 // points: nothing that has to fit gets smaller
	smallestURL = 8 // nor does the address; it takes a second line first
)

// letter draws one letter on the present page, but for its foot, which is the same for all.
func (s *sheets) letter(l Letter) error {
	code, err := newQRCode(l.QRText)
	if err != nil {
		return err
	}
	texts := s.texts.of(l.Reader)
	s.head(l, texts)
	y := s.opening(l, texts)
	y = s.panel(y, l, texts, code)
	y = s.notes(y, texts)
	closingWidth, err := s.lowering(y, l, texts)
	if err != nil {
		return err
	}
	s.closing(y, closingWidth, l)
	return nil
}

// head is everything above the subject: sender, address field, date and number, and the marks at the edge.
func (s *sheets) head(l Letter, texts *readerTexts) {
	s.fitted(left, headTop, textWidth, headline, l.School.Name)
	s.fitted(left, headTop+5.5, textWidth, label, l.School.Address)
	s.rule(left, headTop+9, right, headTop+9)

	s.fitted(left, senderTop, addressWidth, sender, strings.Trim(l.School.Name+", "+l.School.Address, ", "))
	for i, text := range addressLines(l, texts) {
		s.fitted(left, addressTop+float64(i)*bodyStep, addressWidth, address, text)
	}
	s.field(infoLeft, infoTop, s.texts.Labels.Date, s.texts.date(l.IssuedOn), body)
	s.field(infoLeft, infoTop+11, s.texts.Labels.LetterNo, l.LetterNo, body)

	s.rule(markLeft, foldFirst, markLeft+4, foldFirst)
	s.rule(markLeft, punch, markLeft+6, punch)
	s.rule(markLeft, foldSecond, markLeft+4, foldSecond)
}

// addressLines are those of the address field; without an address they say how the letter is handed over.
func addressLines(l Letter, texts *readerTexts) []string {
	to := l.Recipient
	name := strings.Join(strings.Fields(to.Salutation+" "+to.Given+" "+to.Family), " ")
	if to.hasAddress() {
		return []string{name, to.Street, strings.TrimSpace(to.Postcode + " " + to.City)}
	}
	child := ""
	if len(l.Children) > 0 {
		child = l.Children[0]
	}
	return []string{name, strings.TrimSpace(fill(texts.ByHand, "child", child))}
}

// field is a value under its label.
func (s *sheets) field(x, y float64, name, value string, t setting) {
	const lift = 0.47 // mm a point: the value's height and a little air
	s.text(x, y, label, name)
	s.text(x, y+t.size*lift, t, value)
}

// opening is subject, greeting, the children and the choice there is. Like the parts after it, it gives the baseline
// on which the next part can begin.
func (s *sheets) opening(l Letter, texts *readerTexts) float64 {
	const paragraphGap = 1.2
	s.text(left, bodyTop, subject, texts.Subject)
	s.fitted(left, bodyTop+8.5, textWidth, body, texts.salutation(l.Recipient))
	y := s.paragraph(left, bodyTop+15, bodyStep, textWidth, body, texts.Intro)
	y = s.children(y+paragraphGap, l.Children)
	return s.paragraph(left, y+paragraphGap, bodyStep, textWidth, body, texts.Choice)
}

// children lists them in columns; of very many the last entry says how many more there are.
func (s *sheets) children(y float64, children []string) float64 {
	if more := len(children) - mostChildren; more > 0 {
		rest := fill(s.texts.Labels.More, "count", strconv.Itoa(more+1))
		children = append(children[:mostChildren-1:mostChildren-1], rest)
	}
	columns := 2
	if len(children) > fewChildren {
		columns = 3
	}
	width := (textWidth - indent) / float64(columns)
	for i, child := range children {
		x := left + indent + float64(i%columns)*width
		s.fitted(x, y+float64(i/columns)*bodyStep, width-3, body, child)
	}
	rows := (len(children) + columns - 1) / columns
	return y + float64(rows)*bodyStep
}

// panel is the part that is acted on: the steps, what to type, and the QR code beside them. Below it stands how long
// the code is good.
func (s *sheets) panel(y float64, l Letter, texts *readerTexts, code qrCode) float64 {
	top := y - 1
	x := left + panelPadding
	y = top + 7.5
	s.text(x, y, strong, texts.StepsTitle)
	y += bodyStep + 0.7
	for i, step := range texts.Steps {
		step = fill(step, "ofChild", texts.ofChild(len(l.Children)))
		s.text(x, y, strong, strconv.Itoa(i+1))
		y = s.paragraph(x+indent, y, bodyStep, panelWidth-indent, body, step) + 0.6
	}
	y = s.typed(x, y+2, l)
	bottom := max(y, top+codeSide+2*panelPadding)
	s.qrCode(right-panelPadding/2-codeSide, (top+bottom+codeSide)/2, codeSide, code)
	s.frame(left, top, textWidth, bottom-top)
	expires := fill(texts.Validity, "expiresOn", s.texts.date(l.ExpiresOn))
	return s.paragraph(left, bottom+6, bodyStep, textWidth, strong, expires)
}

// typed is what somebody types who cannot scan. The address is never cut.
func (s *sheets) typed(x, y float64, l Letter) float64 {
	const codeLeft = 38 // right of the number
	after := s.text(x, y, label, s.texts.Labels.URL) + 2
	width := panelWidth - (after - x)
	t := strong
	if wide := s.faces.width(l.URL, t); wide > width {
		t.size = max(smallestURL, t.size*width/wide)
	}
	y = s.paragraph(after, y, noteStep, width, t, l.URL) + 1.2
	s.field(x, y, s.texts.Labels.LetterNo, l.LetterNo, typedCode)
	s.field(x+codeLeft, y, s.texts.Labels.Code, l.Secret, typedCode)
	return y + 8 + panelPadding
}

// notes answer what people ask next, each on one line.
func (s *sheets) notes(y float64, texts *readerTexts) float64 {
	y += 1.5
	for _, note := range texts.Notes {
		x := s.text(left, y, noteTitle, note.Title) + 1.5
		s.text(x, y, noteText, note.Text)
		y += noteStep
	}
	return y
}

// lowering is a row of small codes at the right, in frames of their own and with a caption, so that nobody takes them
// for the one to answer with. It gives the width that is left beside it.
func (s *sheets) lowering(y float64, l Letter, texts *readerTexts) (left float64, err error) {
	return s.loweringUntil(y, footRule-1.5, l, texts)
}

func (s *sheets) loweringUntil(y, bottom float64, l Letter, texts *readerTexts) (left float64, err error) {
	const (
		most, widest, finest = 3, 26.0, 0.4 // codes, mm, and mm a module
		captionWidth, gap    = 36.0, 2.5
		nameRoom, padding    = 3.6, 1.5
	)
	top := y - 2.6
	side := min(widest, bottom-top-nameRoom-padding)
	shown := l.Lowering[:min(most, len(l.Lowering))]
	codes := make([]qrCode, len(shown))
	for i, lowering := range shown {
		if codes[i], err = newQRCode(lowering.QRText); errors.Is(err, errCodeTooFine) {
			return textWidth, nil
		}
		if err != nil {
			return 0, err
		}
		if side < finest*float64(codes[i].modules()) {
			return textWidth, nil
		}
	}
	if len(codes) == 0 {
		return textWidth, nil
	}
	width := float64(len(codes))*(side+gap) + captionWidth + gap
	x := right - width
	s.frame(x, top, width, side+nameRoom+padding)
	after := s.paragraph(x+gap, top+4, captionStep, captionWidth-gap, captionTitle, texts.Lowering.Title)
	s.paragraph(x+gap, after, captionStep, captionWidth-gap, footText, texts.Lowering.Text)
	for i, lowering := range shown {
		at := x + captionWidth + float64(i)*(side+gap)
		s.qrCode(at, top+padding/2+side, side, codes[i])
		s.fitted(at+gap, top+side+nameRoom-0.4, side-gap, captionTitle, lowering.Child)
	}
	return textWidth - width - gap, nil
}

// closing leaves room for a signature between the greeting and the name: less of it on a page that is very full.
func (s *sheets) closing(y, width float64, l Letter) {
	y += 3.8
	s.fitted(left, y, width, body, s.texts.Labels.Closing)
	y = min(y+signatureRoom+bodyStep, footRule-bodyStep)
	if width == textWidth {
		s.fitted(left, y, width, body, strings.Trim(l.HeadName+", "+s.texts.Labels.Head, ", "))
		return
	}
	s.fitted(left, y, width, body, l.HeadName)
	s.fitted(left, y+noteStep, width, label, s.texts.Labels.Head)
}

// foot makes what stands at the foot of every guardian's page: one sentence in each language.
func (s *sheets) foot() fpdf.Template {
	return s.pdf.CreateTemplate(func(tpl *fpdf.Tpl) {
		page := &sheets{pdf: &tpl.Fpdf, faces: s.faces, texts: s.texts, sentences: s.sentences}
		page.rule(left, footRule, right, footRule)
		for i, sentence := range s.sentences {
			x, y := left, footTop+float64(i)*footStep
			if sentence.Dir != rightToLeft {
				page.text(x, y, footText, sentence.Text)
				continue
			}
			x = right - s.faces.outlines[sentence.Text].width(footText)
			page.drawing(x, y, footText, sentence.Text)
		}
	})
}
