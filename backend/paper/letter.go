package paper

import (
	"errors"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"einverstanden/backend/calendar"
)

// Letter is one page: the invitation of one person for all its children. Its texts may hold whatever people typed.
type Letter struct {
	School    School
	HeadName  string // who signs
	Reader    Reader
	Recipient Recipient
	Children  []string // "given name, class"; the letter is handed over by the first
	LetterNo  string   // 8 digits
	Secret    string   // in groups, as it is typed
	URL       string   // where LetterNo and Secret are typed; printed as it is
	QRText    string   // URL of the same, with both in it
	Lowering  []LoweringCode
	IssuedOn  calendar.Date
	ExpiresOn calendar.Date // the last whole day on which the letter is good
}

// LoweringCode is a child's lowering link. A letter shows three at most, and none where they would be too fine to be read:
// all of them stand on the receipts.
type LoweringCode struct {
	Child  string // given name
	QRText string
}

// School is the sender.
type School struct {
	Name    string
	Address string // on one line
}

// Reader is how the letter speaks to its recipient.
type Reader int

// The readers. Pupils who have a say get a letter of their own: adults in the polite form, younger ones in the other.
const (
	Guardian Reader = iota
	AdultPupil
	YoungPupil
)

// Recipient is whom the letter is for. Without street and city it is handed over: by the child, or to the pupil itself.
type Recipient struct {
	Salutation string // "Frau", "Herr", anything else or nothing
	Given      string
	Family     string
	Street     string
	Postcode   string
	City       string
}

func (r Recipient) hasAddress() bool { return r.Street != "" && r.City != "" }

// Printer prints. It is safe for use by many goroutines. Make one with NewPrinter.
type Printer struct {
	faces   faces
	texts   letterTexts
	foot    []footSentence
	receipt receiptTexts
	card    cardTexts
	slip    slipTexts
	zone    *time.Location // in which receipts tell the time
}

// NewPrinter reads fonts and texts, which are part of the program: an error is a mistake in its making.
func NewPrinter() (*Printer, error) {
	p := &Printer{}
	var err error
	if p.faces, err = newFaces(); err != nil {
		return nil, err
	}
	if p.zone, err = time.LoadLocation(receiptZone); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	return p, errors.Join(
		readTexts("letter.de.json", &p.texts), readTexts("foot.json", &p.foot), readTexts("receipt.de.json", &p.receipt),
		readTexts("card.de.json", &p.card), readTexts("slip.de.json", &p.slip))
}

// Letters prints one A4 page for each letter, in the given order, as one PDF. An address whose code would be too fine
// to be read from paper, and no letters at all, are errors.
func (p *Printer) Letters(letters []Letter) ([]byte, error) {
	if len(letters) == 0 {
		return nil, errors.New("paper: no letters to print")
	}
	s := p.newSheets(p.texts.Guardian.Subject, "Einverstanden", letters[0].IssuedOn.StartIn(time.UTC))
	foot := s.foot()
	for _, letter := range letters {
		s.pdf.AddPage()
		if letter.URL != clean(letter.URL) {
			return nil, errCodeTooFine // cut, it would lead nowhere
		}
		if err := s.letter(letter.cleaned(&p.faces)); err != nil {
			return nil, err
		}
		if letter.Reader == Guardian { // the sentences speak of "your child"
			s.pdf.UseTemplate(foot)
		}
	}
	return s.file()
}

// cleaned is the letter with every text fit to be printed.
func (l Letter) cleaned(f *faces) Letter {
	for _, text := range []*string{
		&l.School.Name, &l.School.Address, &l.HeadName, &l.LetterNo, &l.Secret,
		&l.Recipient.Salutation, &l.Recipient.Given, &l.Recipient.Family,
		&l.Recipient.Street, &l.Recipient.Postcode, &l.Recipient.City,
	} {
		*text = f.writable(clean(*text))
	}
	children := make([]string, len(l.Children))
	for i, child := range l.Children {
		children[i] = f.writable(clean(child))
	}
	l.Children = children
	codes := make([]LoweringCode, len(l.Lowering))
	for i, code := range l.Lowering {
		codes[i] = LoweringCode{Child: f.writable(clean(code.Child)), QRText: code.QRText}
	}
	l.Lowering = codes
	return l
}

// newSheets begins a document whose bytes depend on nothing but its pages and what is given here.
func (p *Printer) newSheets(title, producer string, at time.Time) *sheets {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	pdf.SetProducer(producer, false)
	pdf.SetTitle(title, true)
	pdf.SetLang("de")
	pdf.SetAutoPageBreak(false, 0)
	for _, face := range []face{p.faces.regular, p.faces.bold} {
		pdf.AddUTF8FontFromBytes(fontFamily, face.style, face.file)
	}
	return &sheets{pdf: pdf, faces: &p.faces, texts: &p.texts, sentences: p.foot}
}
