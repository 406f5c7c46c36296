package paper

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"einverstanden/backend/proof"
)

const pdfBegin = "%PDF-"

// embedded is how our printer writes an attached file (ISO 32000-2, 7.11.4): the length of its stream, its own length.
var embedded = regexp.MustCompile(
	`<< /Type /EmbeddedFile /Length (\d{1,7}) /Filter /FlateDecode /Params << /CheckSum <[0-9a-f]{32}> /Size (\d{1,7}) >> >>\n+stream\n`)

// ErrNoReceipt says that a PDF holds no receipt, or not in the form in which ours do: another program saved it anew.
var ErrNoReceipt = errors.New("paper: this PDF is no receipt as it was printed")

// ReceiptOf takes the receipt's file out of a PDF that Receipt printed, and out of no other. It judges nothing: see
// VerifyReceipt. What comes out has at most proof.MaxReceipt bytes.
func ReceiptOf(pdf []byte) ([]byte, error) {
	if len(pdf) > MaxReceiptPDF {
		return nil, fmt.Errorf("paper: a PDF of %d bytes, at most %d are read", len(pdf), MaxReceiptPDF)
	}
	if !bytes.HasPrefix(pdf, []byte(pdfBegin)) {
		return nil, errors.New("paper: this is no PDF")
	}
	found := embedded.FindAllSubmatchIndex(pdf, 2)
	if len(found) != 1 {
		return nil, fmt.Errorf("%w: %d files are attached", ErrNoReceipt, len(found))
	}
	at := found[0]
	length, err := strconv.Atoi(string(pdf[at[2]:at[3]]))
	size, err2 := strconv.Atoi(string(pdf[at[4]:at[5]]))
	rest := pdf[at[1]:]
	if err := errors.Join(err, err2); err != nil || length > len(rest) || size > proof.MaxReceipt {
		return nil, fmt.Errorf("%w: the attached file is cut off or too large", ErrNoReceipt)
	}
	return inflate(rest[:length], size)
}

// inflate unpacks a stream that must give that many bytes.
func inflate(stream []byte, size int) ([]byte, error) {
	reader, err := zlib.NewReader(bytes.NewReader(stream))
	if err != nil {
		return nil, fmt.Errorf("%w: the attached file is damaged: %w", ErrNoReceipt, err)
	}
	content, err := io.ReadAll(io.LimitReader(reader, int64(size)+1))
	if err != nil {
		return nil, fmt.Errorf("%w: the attached file is damaged: %w", ErrNoReceipt, err)
	}
	if len(content) != size {
		return nil, fmt.Errorf("%w: the attached file has another length than it says", ErrNoReceipt)
	}
	return content, nil
}
