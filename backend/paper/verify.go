package paper

import (
	"bytes"

	"einverstanden/backend/proof"
)

// VerifyReceipt judges a receipt's file or its PDF. Of a PDF it takes the attached file, and adds proof.ClaimPage: the
// page is printed again and must be the same to the byte. A page that another version of this program printed cannot
// be judged that way; the claim is unknown then.
func (p *Printer) VerifyReceipt(file []byte, against proof.Against) proof.Report {
	if !bytes.HasPrefix(file, []byte(pdfBegin)) {
		return proof.Verify(file, against)
	}
	receipt, err := ReceiptOf(file)
	if err != nil {
		return proof.Report{Claims: []proof.Claim{{ID: proof.ClaimFile, State: proof.Fails, Cause: err.Error()}}}
	}
	report := proof.Verify(receipt, against)
	report.Claims = append(report.Claims, p.judgePage(file, receipt))
	return report
}

func (p *Printer) judgePage(pdf, receipt []byte) proof.Claim {
	own, err := p.Receipt(receipt)
	switch {
	case err == nil && bytes.Equal(own, pdf):
		return proof.Claim{ID: proof.ClaimPage, State: proof.Holds}
	case !bytes.Contains(pdf, []byte("/Producer ("+producer()+")\n")):
		return proof.Claim{ID: proof.ClaimPage, State: proof.Unknown, Cause: "another version printed it"}
	case err != nil:
		return proof.Claim{ID: proof.ClaimPage, State: proof.Fails, Cause: err.Error()}
	}
	return proof.Claim{ID: proof.ClaimPage, State: proof.Fails, Cause: "printing the file gives another page"}
}
