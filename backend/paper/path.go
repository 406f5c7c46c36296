package paper

import (
	"fmt"
	"strings"
)

// CodePath draws a QR code of the text as the path data of an SVG (SVG 2, 9.3), one unit a module, and says how many
// units it is wide with its quiet zone. It is for screens; what is printed is drawn by Letters.
func CodePath(text string) (path string, width int, err error) {
	code, err := newQRCode(text)
	if err != nil {
		return "", 0, err
	}
	var drawn strings.Builder
	for y, row := range code {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				fmt.Fprintf(&drawn, "M%d %dh%dv1h-%dz", quietZone+start, quietZone+y, x-start, x-start)
			}
		}
	}
	return drawn.String(), code.modules(), nil
}
