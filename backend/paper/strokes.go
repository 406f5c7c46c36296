package paper

import (
	"fmt"
	"strings"

	"einverstanden/backend/proof"
)

const (
	mmPerPixel = 25.4 / 96 // of CSS
	penWidth   = 0.4       // mm
)

// bounds is the rectangle that holds the points of a signature, in CSS pixels.
type bounds struct{ left, top, right, bottom int }

func boundsOf(strokes [][]proof.Point) (b bounds) {
	first := true
	for _, stroke := range strokes {
		for _, p := range stroke {
			if first {
				b, first = bounds{p.X, p.Y, p.X, p.Y}, false
			}
			b = bounds{min(b.left, p.X), min(b.top, p.Y), max(b.right, p.X), max(b.bottom, p.Y)}
		}
	}
	return b
}

func (b bounds) width() int  { return b.right - b.left }
func (b bounds) height() int { return b.bottom - b.top }

// operators draws strokes in the language of PDF, one unit a pixel, with the lower left corner of the rectangle as the
// origin: whole numbers, so that every machine writes the same. A point alone is a dot.
func (b bounds) operators(strokes [][]proof.Point, scale float64) string {
	var path strings.Builder
	fmt.Fprintf(&path, "0 G 1 J 1 j %.3f w\n", penWidth/scale)
	for _, stroke := range strokes {
		for i, p := range stroke {
			operator := "l"
			if i == 0 {
				operator = "m"
			}
			fmt.Fprintf(&path, "%d %d %s\n", p.X-b.left, b.bottom-p.Y, operator)
		}
		if len(stroke) == 1 {
			fmt.Fprintf(&path, "%d %d l\n", stroke[0].X-b.left, b.bottom-stroke[0].Y)
		}
	}
	return path.String() + "S"
}
