package paper

import "einverstanden/backend/proof"

// Where the parts of a receipt stand, in mm from the upper left corner.
const (
	receiptTop    = 20.0
	receiptNumber = 42.5
	receiptPanel  = 48.0 // what was decided
	panelHeight   = 21.0
	barWidth      = 1.2
	labelWidth    = 36.0
	valueLeft     = left + labelWidth
	valueWidth    = textWidth - labelWidth
	rowStep       = 7.2
	noteRoom      = 4.1 // what a note adds to its row
	rowNoteStep   = 4.3
	signBoxWidth  = 84.0
	signBoxHeight = 27.0
	signPadding   = 3.0
	lawStep       = 4.0
	proofTop      = 211.0
	proofHeight   = 62.0
	proofPadding  = 5.0
	proofLabel    = 25.0
	proofStep     = 5.0
	proofCode     = 42.0 // side of the QR code with its quiet zone
)

var (
	receiptTitle = setting{size: 21, bold: true}
	decidedText  = setting{size: 16, bold: true}
	smallNote    = setting{size: 8.5, grey: true}
	tinyNote     = setting{size: 7.5, grey: true}
	proofText    = setting{size: 8.5}
	proofStrong  = setting{size: 8.5, bold: true}
	typedName    = setting{size: 15}
)

// receipt draws the page.
func (s *sheets) receipt(page receiptPage, code qrCode) {
	s.fill(left, receiptTop, 16, barWidth, accent)
	s.text(left, receiptTop+8, label, page.subject)
	s.fitted(left, receiptTop+17, textWidth, receiptTitle, page.heading)
	s.fitted(left, receiptNumber, textWidth/2, smallNote, page.number)
	s.text(right-s.faces.width(page.copyNote, noteTitle), receiptNumber, noteTitle, page.copyNote)
	s.decided(page)
	y := s.rows(receiptPanel+panelHeight+10, page.rows)
	s.signing(y+1, page)
	s.verification(page, code)
	if s.incomplete {
		s.text(left, proofTop+proofHeight+5, tinyNote, page.texts["proof.incomplete"])
	}
}

// decided is the panel that says what was decided.
func (s *sheets) decided(page receiptPage) {
	s.fill(left, receiptPanel, textWidth, panelHeight, accentSoft)
	s.fill(left, receiptPanel, barWidth, panelHeight, accent)
	x := left + barWidth + 5
	s.text(x, receiptPanel+9.5, decidedText, page.decided)
	s.text(x, receiptPanel+16, body, page.effect)
}

// rows draws values beside their labels and gives the baseline on which the next part can begin.
func (s *sheets) rows(y float64, rows []row) float64 {
	for _, row := range rows {
		s.text(left, y, label, row.label)
		s.fitted(valueLeft, y, valueWidth, body, row.value)
		if row.note != "" {
			s.fitted(valueLeft, y+rowNoteStep, valueWidth, smallNote, row.note)
			y += noteRoom
		}
		y += rowStep
	}
	return y
}

// signing is the signature with what it is in law beside it; without a signature the law is one more row.
func (s *sheets) signing(y float64, page receiptPage) {
	x, width := valueLeft, valueWidth
	if page.signature != nil {
		s.text(left, y, label, page.signedBy)
		s.frame(left, y+2, signBoxWidth, signBoxHeight)
		s.signature(left+signPadding, y+2+signPadding, signBoxWidth-2*signPadding, signBoxHeight-2*signPadding, page)
		x, width = left+signBoxWidth+7, textWidth-signBoxWidth-7
		y += 5
	} else {
		s.text(left, y, label, page.texts["label.law"])
	}
	for _, sentence := range page.law {
		y = s.paragraph(x, y, lawStep, width, smallNote, sentence) + 1.5
	}
}

// signature draws the strokes, or the typed name, into the box.
func (s *sheets) signature(x, y, width, height float64, page receiptPage) {
	if len(page.signature.Strokes) == 0 {
		s.fitted(x+1, y+height/2+2, width-2, typedName, page.typed)
		return
	}
	s.strokes(x, y, width, height, page.signature.Strokes)
}

// verification is the block at the foot: what identifies the proof, how it is checked, and the QR code.
func (s *sheets) verification(page receiptPage, code qrCode) {
	s.frame(left, proofTop, textWidth, proofHeight)
	x, y := left+proofPadding, proofTop+8.5
	width := textWidth - 2*proofPadding - proofCode
	s.text(x, y, strong, page.texts["proof.title"])
	y += 6.5
	for _, row := range page.proof {
		s.text(x, y, label, row.label)
		s.fitted(x+proofLabel, y, width-proofLabel, proofText, row.value)
		y += proofStep
		if row.note != "" {
			s.fitted(x+proofLabel, y-0.6, width-proofLabel, proofText, row.note)
			y += lawStep
		}
	}
	y = s.paragraph(x, y+1.5, lawStep, width, proofText, page.texts["proof.how"]) + 0.7
	s.text(x, y, proofStrong, page.texts["proof.command"])
	s.paragraph(x, y+lawStep+0.7, lawStep, width, proofText, page.texts["proof.compare"])

	codeLeft := right - proofPadding/2 - proofCode
	s.qrCode(codeLeft, proofTop+(proofHeight+proofCode)/2-2, proofCode, code)
	caption := page.texts["proof.code"]
	s.text(codeLeft+(proofCode-s.faces.width(caption, tinyNote))/2, proofTop+(proofHeight+proofCode)/2+1, tinyNote, caption)
}

// strokes draws a signature as lines, as large as the box allows and not larger than it was written.
func (s *sheets) strokes(x, y, width, height float64, strokes [][]proof.Point) {
	box := boundsOf(strokes)
	scale := min(mmPerPixel, width/float64(max(1, box.width())), height/float64(max(1, box.height())))
	x += (width - scale*float64(box.width())) / 2
	y += (height + scale*float64(box.height())) / 2
	s.raw(x, y, scale*pointsPerMM, black, box.operators(strokes, scale))
}
