package paper

import (
	"errors"
	"fmt"
	"image/color"
	"strings"
	"time"

	"github.com/boombuler/barcode/code128"

	"einverstanden/backend/calendar"
)

// Slip is one page: a letter to somebody whose answer is missing, with a part to tear off that comes back. What comes
// back holds no secret: the number of the letter, as text and as a barcode for the office's scanner.
type Slip struct {
	Letter
	DueOn   calendar.Date // last day to answer; zero: none that is to come
	Nothing bool          // nothing is missing: a page like the others, so that nobody sees who has not answered
}

// slipTexts are the sentences of a slip that a letter has not.
type slipTexts struct {
	Guardian   slipReader `json:"guardian"`
	AdultPupil slipReader `json:"adultPupil"`
	YoungPupil slipReader `json:"youngPupil"`
	Nothing    struct {
		Subject string `json:"subject"`
		Text    string `json:"text"`
	} `json:"nothing"`
	Reply struct {
		Cut       string `json:"cut"`
		Title     string `json:"title"`
		For       string `json:"for"`
		No        string `json:"no"`
		Form      string `json:"form"`
		Call      string `json:"call"`
		Date      string `json:"date"`
		Signature string `json:"signature"`
	} `json:"reply"`
}

type slipReader struct {
	Subject string `json:"subject"`
	Intro   string `json:"intro"`
	Due     string `json:"due"`
	NoDue   string `json:"noDue"`
}

func (t *slipTexts) of(reader Reader) *slipReader {
	switch reader {
	case AdultPupil:
		return &t.AdultPupil
	case YoungPupil:
		return &t.YoungPupil
	default:
		return &t.Guardian
	}
}

const (
	replyTop    = 239.0 // where the part to tear off begins
	replyStep   = 7.0
	boxSide     = 4.0
	barcodeWide = 58.0
	barcodeHigh = 13.0
	barcodeEdge = 10 // modules of white on either side (ISO/IEC 15417)
)

// Slips prints one A4 page for each slip, in the given order, as one PDF. Errors are those of Letters.
func (p *Printer) Slips(slips []Slip) ([]byte, error) {
	if len(slips) == 0 {
		return nil, errors.New("paper: no slips to print")
	}
	s := p.newSheets(p.slip.Guardian.Subject, "Einverstanden", slips[0].IssuedOn.StartIn(time.UTC))
	for _, slip := range slips {
		s.pdf.AddPage()
		if slip.URL != clean(slip.URL) {
			return nil, errCodeTooFine // cut, it would lead nowhere
		}
		slip.Letter = slip.cleaned(&p.faces)
		if err := s.slipPage(slip, &p.slip); err != nil {
			return nil, err
		}
	}
	return s.file()
}

func (s *sheets) slipPage(l Slip, texts *slipTexts) error {
	general := s.texts.of(l.Reader)
	s.head(l.Letter, general)
	if l.Nothing {
		s.text(left, bodyTop, subject, texts.Nothing.Subject)
		s.fitted(left, bodyTop+8.5, textWidth, body, general.salutation(l.Recipient))
		s.paragraph(left, bodyTop+15, bodyStep, textWidth, body, texts.Nothing.Text)
		return nil
	}
	code, err := newQRCode(l.QRText)
	if err != nil {
		return err
	}
	y := s.slipOpening(l, texts.of(l.Reader), general)
	y = s.panel(y, l.Letter, general, code)
	if err := s.slipLowering(y, l.Letter, general); err != nil {
		return err
	}
	return s.reply(l.Letter, texts)
}

func (s *sheets) slipOpening(l Slip, texts *slipReader, general *readerTexts) float64 {
	s.text(left, bodyTop, subject, texts.Subject)
	s.fitted(left, bodyTop+8.5, textWidth, body, general.salutation(l.Recipient))
	y := s.paragraph(left, bodyTop+15, bodyStep, textWidth, body, texts.Intro)
	y = s.children(y+1, l.Children)
	due := texts.NoDue
	if !l.DueOn.IsZero() {
		due = fill(texts.Due, "dueOn", s.texts.date(l.DueOn))
	}
	return s.paragraph(left, y+1, bodyStep, textWidth, body, due)
}

// slipLowering is the row of small codes of a letter, in the room above the part to tear off.
func (s *sheets) slipLowering(y float64, l Letter, texts *readerTexts) error {
	_, err := s.loweringUntil(y, replyTop-1, l, texts)
	return err
}

// reply is the part that comes back. A yes needs the whole text before the eyes, so that it is not on it.
func (s *sheets) reply(l Letter, texts *slipTexts) error {
	s.pdf.SetDashPattern([]float64{2, 2}, 0)
	s.rule(0, replyTop, 210, replyTop)
	s.pdf.SetDashPattern([]float64{}, 0)
	s.fitted(left, replyTop+4, textWidth, label, texts.Reply.Cut)
	y := replyTop + 10
	s.text(left, y, strong, texts.Reply.Title)
	s.fitted(left, y+5.5, textWidth-barcodeWide-4, body, fill(texts.Reply.For, "children", strings.Join(l.Children, "; ")))
	for i, choice := range []string{texts.Reply.No, texts.Reply.Form, texts.Reply.Call} {
		at := y + 13 + float64(i)*replyStep
		s.box(left, at)
		end := s.text(left+boxSide+3, at, body, choice)
		if choice == texts.Reply.Call {
			s.rule(end+2, at+1, left+98, at+1)
		}
	}
	foot := pageHeight - 12
	s.rule(left, foot, left+40, foot)
	s.text(left, foot+4, label, texts.Reply.Date)
	s.rule(left+48, foot, right, foot)
	s.text(left+48, foot+4, label, texts.Reply.Signature)
	return s.barcode(right-barcodeWide, y-2, l.LetterNo)
}

// box is a square to tick, on the baseline of its text.
func (s *sheets) box(x, y float64) {
	s.pdf.SetLineWidth(2 * ruleWidth)
	s.pdf.SetDrawColor(grey, grey, grey)
	s.pdf.Rect(x, y-boxSide+0.6, boxSide, boxSide, "D")
}

// barcode draws a text as Code 128 with the text below it; (x, y) is its upper left corner.
func (s *sheets) barcode(x, y float64, text string) error {
	if text == "" {
		return errors.New("paper: nothing to encode")
	}
	code, err := code128.Encode(text)
	if err != nil {
		return fmt.Errorf("paper: barcode: %w", err)
	}
	var path strings.Builder
	modules := code.Bounds().Dx()
	for i := 0; i < modules; i++ {
		start := i
		for i < modules && code.At(i, 0) == color.Black {
			i++
		}
		if i > start {
			_, _ = fmt.Fprintf(&path, "%d 0 %d %.3f re\n", barcodeEdge+start, i-start, barcodeHigh/barcodeWide*float64(modules+2*barcodeEdge))
		}
	}
	s.raw(x, y+barcodeHigh, barcodeWide*pointsPerMM/float64(modules+2*barcodeEdge), black, path.String()+"f")
	s.text(x+barcodeWide/2-9, y+barcodeHigh+4.5, body, text)
	return nil
}
