package paper

import (
	"fmt"
	"runtime"
	"strings"
	_ "time/tzdata" // a machine without zone files must tell the school's time too

	"codeberg.org/go-pdf/fpdf"

	"einverstanden/backend/proof"
)

const (
	// pageVersion counts the ways in which receipts are drawn. Raise it with every change to layout or texts, so that a
	// page printed before is not called forged; a test says when.
	pageVersion = 1

	receiptZone = "Europe/Berlin"

	// AttachmentName is the receipt's JSON inside its PDF.
	AttachmentName = "beleg.json"

	// MaxReceiptPDF is the largest PDF that is printed and read as a receipt, in bytes.
	MaxReceiptPDF = 1 << 20
)

// producer is what a PDF says of its maker. Go's version is in it because its compressor decides some of the bytes.
func producer() string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`()\`, r) { // would be escaped in a PDF string
			return -1
		}
		return r
	}, runtime.Version())
	return fmt.Sprintf("Einverstanden, receipt page %d, %s", pageVersion, plain)
}

// Receipt prints one A4 page for a receipt's file as proof.Receipt.Encode gives it, with that file attached. The same
// file gives the same bytes, so that whoever checks the page can print it again. A shared copy says what it leaves out.
//
// Nothing is printed for a receipt that does not hold by itself, for kinds other than decisions, sanctions and holds,
// and where the page would be larger than MaxReceiptPDF.
func (p *Printer) Receipt(file []byte) ([]byte, error) {
	report := proof.Verify(file, proof.Against{})
	for _, claim := range report.Claims {
		if claim.State == proof.Fails {
			return nil, fmt.Errorf("paper: receipt does not hold: %s: %s", claim.ID, claim.Cause)
		}
	}
	page, err := p.receiptPage(report.About)
	if err != nil {
		return nil, err
	}
	code, err := newQRCode(page.code)
	if err != nil {
		return nil, err
	}
	s := p.newSheets(page.heading, producer(), report.About.Statement.RecordedAt().UTC())
	s.pdf.SetAttachments([]fpdf.Attachment{{Content: file, Filename: AttachmentName}})
	s.pdf.AddPage()
	s.receipt(page, code)
	pdf, err := s.file()
	if err == nil && len(pdf) > MaxReceiptPDF {
		err = fmt.Errorf("paper: a receipt of %d bytes, at most %d are printed", len(pdf), MaxReceiptPDF)
	}
	return pdf, err
}
