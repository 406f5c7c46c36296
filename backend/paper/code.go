package paper

import (
	"errors"
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// errCodeTooFine says that a text makes a code so fine that a phone would not read it from paper.
var errCodeTooFine = errors.New("paper: the text is too long for a code on paper")

const (
	quietZone  = 4  // modules of white around a QR code (ISO/IEC 18004, 9.1)
	maxModules = 57 // version 10: 0.65 mm a module on our letter; phones read 0.4 mm
)

// qrCode is a QR code as rows of modules, without its quiet zone; true is dark.
type qrCode [][]bool

// newQRCode encodes the text so that 15 % of the code may be lost (level M).
func newQRCode(text string) (qrCode, error) {
	encoded, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("paper: QR code: %w", err)
	}
	size := encoded.Bounds().Dx()
	if size > maxModules {
		return nil, errCodeTooFine
	}
	code := make(qrCode, size)
	for y := range code {
		code[y] = make([]bool, size)
		for x := range code[y] {
			code[y][x] = encoded.At(x, y) == color.Black
		}
	}
	return code, nil
}

// operators draws the code in the language of PDF, one unit a module, with the lower left corner of its quiet zone as
// the origin. All of it is one path, so that no viewer shows seams between the modules.
func (c qrCode) operators() string {
	var path strings.Builder
	for y, row := range c {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				fmt.Fprintf(&path, "%d %d %d 1 re\n", quietZone+start, quietZone+len(c)-1-y, x-start)
			}
		}
	}
	return path.String() + "f"
}

// modules is how many modules the code is wide with its quiet zone.
func (c qrCode) modules() int { return len(c) + 2*quietZone }
