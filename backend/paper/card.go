package paper

import (
	"errors"
	"strconv"
	"time"

	"einverstanden/backend/calendar"
)

// Card is one page: a pupil's card above, and the slip with its picture PIN below, to be cut apart.
type Card struct {
	School   string
	Name     string // as far as whoever finds the card may know it
	Class    string
	QRText   string
	Pictures []string // names, in their order
	IssuedOn calendar.Date
}

// cardTexts are the sentences of a card, in simple German.
type cardTexts struct {
	Title    string            `json:"title"`
	Class    string            `json:"class"`
	Scan     string            `json:"scan"`
	Steps    []string          `json:"steps"`
	Keep     string            `json:"keep"`
	Cut      string            `json:"cut"`
	PINTitle string            `json:"pinTitle"`
	PINText  string            `json:"pinText"`
	Date     string            `json:"date"`
	Pictures map[string]string `json:"pictures"`
}

const (
	cardTop     = 22.0
	cardHeight  = 108.0
	cardCode    = 62.0 // of the QR code with its quiet zone
	cardPadding = 9.0
	cutAt       = pageHeight / 2
	slipTop     = cutAt + 16
	pictureSide = 30.0
	pictureGap  = 10.0
)

var (
	cardName  = setting{size: 22, bold: true}
	cardTitle = setting{size: 15, bold: true}
	cardText  = setting{size: 12}
	cardWord  = setting{size: 13, bold: true}
)

// Cards prints one A4 page for each card, in the given order, as one PDF. A picture that nobody has drawn, an address
// whose code would be too fine to be read, and no cards at all, are errors.
func (p *Printer) Cards(cards []Card) ([]byte, error) {
	if len(cards) == 0 {
		return nil, errors.New("paper: no cards to print")
	}
	s := p.newSheets(p.card.Title, "Einverstanden", cards[0].IssuedOn.StartIn(time.UTC))
	for _, card := range cards {
		for _, text := range []*string{&card.School, &card.Name, &card.Class} {
			*text = p.faces.writable(clean(*text))
		}
		s.pdf.AddPage()
		if err := s.card(card, &p.card); err != nil {
			return nil, err
		}
		if err := s.slip(card, &p.card); err != nil {
			return nil, err
		}
	}
	return s.file()
}

// card is the upper half: who it is for, and the code.
func (s *sheets) card(c Card, texts *cardTexts) error {
	code, err := newQRCode(c.QRText)
	if err != nil {
		return err
	}
	s.frame(left, cardTop, textWidth, cardHeight)
	x, width := left+cardPadding, textWidth-2*cardPadding
	s.fitted(x, cardTop+12, width, label, c.School)
	s.fitted(x, cardTop+24, width, cardName, c.Name)
	s.fitted(x, cardTop+31, width, cardText, fill(texts.Class, "class", c.Class))
	s.qrCode(right-cardPadding-cardCode, cardTop+cardHeight-8, cardCode, code)
	textWide := width - cardCode - 4
	y := s.paragraph(x, cardTop+45, 6.4, textWide, cardWord, texts.Scan) + 2
	for i, step := range texts.Steps {
		s.text(x, y, cardWord, strconv.Itoa(i+1))
		y = s.paragraph(x+7, y, 5.6, textWide-7, cardText, step) + 1.6
	}
	s.paragraph(x, cardTop+cardHeight-12, 4.2, textWide, noteText, texts.Keep)
	return nil
}

// slip is the lower half: the PIN, without anything that opens the door by itself.
func (s *sheets) slip(c Card, texts *cardTexts) error {
	s.pdf.SetDashPattern([]float64{2, 2}, 0)
	s.rule(0, cutAt, 210, cutAt)
	s.pdf.SetDashPattern([]float64{}, 0)
	s.fitted(left, cutAt-3, textWidth, label, texts.Cut)
	s.fitted(left, slipTop, textWidth, cardTitle, texts.PINTitle)
	s.fitted(left, slipTop+8, textWidth, cardText, c.Name+" · "+fill(texts.Class, "class", c.Class))
	y := s.paragraph(left, slipTop+18, 5.6, textWidth, cardText, texts.PINText) + 4
	for i, name := range c.Pictures {
		picture, drawn := PictureOf(name)
		if !drawn {
			return errors.New("paper: no picture of that name")
		}
		operators, err := picture.operators()
		if err != nil {
			return err
		}
		x := left + float64(i)*(pictureSide+pictureGap)
		s.frame(x, y, pictureSide, pictureSide+13)
		s.raw(x+4, y+pictureSide-2, (pictureSide-8)*pointsPerMM/PictureSide, black, operators)
		s.fitted(x+3, y+pictureSide+8, pictureSide-6, cardWord, strconv.Itoa(i+1)+" "+texts.Pictures[name])
	}
	s.fitted(left, y+pictureSide+24, textWidth, label, fill(texts.Date, "date", s.texts.date(c.IssuedOn)))
	return nil
}
