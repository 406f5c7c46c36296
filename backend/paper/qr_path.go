package paper

import (
	"fmt"
	"strings"
)

// QRPath encodes a text for a screen: the data of one SVG path (SVG 2, section 9.3), and how many units it is wide and
// high with its quiet zone. One unit is one module.
func QRPath(text string) (path string, modules int, err error) {
	code, err := newQRCode(text)
	if err != nil {
		return "", 0, err
	}
	var data strings.Builder
	for y, row := range code {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				_, _ = fmt.Fprintf(&data, "M%d %dh%dv1h-%dz", quietZone+start, quietZone+y, x-start, x-start)
			}
		}
	}
	return data.String(), code.modules(), nil
}
