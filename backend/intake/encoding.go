package intake

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"einverstanden/backend/fault"
)

var (
	markUTF8    = []byte{0xEF, 0xBB, 0xBF}
	markUTF16LE = []byte{0xFF, 0xFE}
	markUTF16BE = []byte{0xFE, 0xFF}
)

// notText holds how files begin that offices rename to .csv or .txt: xlsx and ods (ZIP), xls, PDF.
var notText = [][]byte{[]byte("PK\x03\x04"), {0xD0, 0xCF, 0x11, 0xE0}, []byte("%PDF-")}

// lost stands for bytes that are no character of their encoding. No cell may hold it, so that the fault is
// reported with its place.
const lost = string(utf8.RuneError)

// decode turns the bytes of a file into text in Unicode NFC. A byte order mark settles UTF-8; without one,
// valid UTF-8 is UTF-8, and everything else is Windows-1252, which SchILD-NRW writes unless told otherwise.
// The marks of UTF-16 and its zero bytes are recognised so that the office can be told what to tick.
func decode(data []byte, found *faults) (string, bool) {
	switch {
	case bytes.HasPrefix(data, markUTF16LE), bytes.HasPrefix(data, markUTF16BE), looksUTF16(data):
		found.add(1, "", fault.FileEncoding, nil)
	case beginsLikeNoText(data):
		found.add(1, "", fault.FileBinary, nil)
	case bytes.IndexByte(data, 0) >= 0:
		found.add(lineAt(data, bytes.IndexByte(data, 0)), "", fault.FileBinary, nil)
	case bytes.HasPrefix(data, markUTF8):
		return norm.NFC.String(strings.ToValidUTF8(string(data[len(markUTF8):]), lost)), true
	case utf8.Valid(data):
		return norm.NFC.String(string(data)), true
	default:
		return fromWindows1252(data), true
	}
	return "", false
}

func beginsLikeNoText(data []byte) bool {
	for _, start := range notText {
		if bytes.HasPrefix(data, start) {
			return true
		}
	}
	return false
}

// looksUTF16 recognises UTF-16 without a mark: in German text nearly every second byte is zero, always on
// the same side.
func looksUTF16(data []byte) bool {
	head := data[:min(len(data), 512)]
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	most, least := max(zeros[0], zeros[1]), min(zeros[0], zeros[1])
	return least == 0 && most > 0 && most >= len(head)*2/5
}

func fromWindows1252(data []byte) string {
	var text strings.Builder
	text.Grow(len(data))
	for _, b := range data {
		text.WriteRune(charmap.Windows1252.DecodeByte(b))
	}
	return text.String()
}

// lineAt gives the number, from 1, of the line in which the byte at that offset stands.
func lineAt(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte{'\n'}) }
