package consent

import (
	"math"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"einverstanden/backend/fault"
	"einverstanden/backend/proof"
)

// SignatureKind says how somebody signed; the zero value is none. Both kinds are simple electronic signatures
// (eIDAS Art. 25(1)) of equal rank.
type SignatureKind string

// The kinds of signature.
const (
	DrawnSignature SignatureKind = "drawn"
	TypedSignature SignatureKind = "typed"
)

// Point is a place on the pad.
type Point = proof.Point

// Signature is what is kept of the signing.
type Signature proof.Signature

// What a drawn signature must have to be more than a tap (the same limits as in the app), and what it may have at most.
const (
	minPoints   = 8
	minPath     = 0.25 // of the pad's width
	minExtent   = 0.03 // of the pad's width, across the main axis
	maxStrokes  = 200
	maxPoints   = 10_000
	maxPadSide  = 10_000 // CSS pixels
	maxTyped    = 120    // characters
	minTyped    = 2
	slackFactor = 1 // how far outside the pad a point may lie, in pad sides: fingers slip over the edge
)

// clean checks the signature and brings it into the form that is kept and hashed.
func (s *Signature) clean() error {
	switch SignatureKind(s.Kind) {
	case TypedSignature:
		return s.cleanTyped()
	case DrawnSignature:
		return s.checkDrawn()
	}
	return fault.InvalidField("signature.kind", fault.FieldInvalid)
}

func (s *Signature) cleanTyped() error {
	s.Name = strings.Join(strings.Fields(norm.NFC.String(s.Name)), " ")
	switch n := utf8.RuneCountInString(s.Name); {
	case n < minTyped:
		return fault.InvalidField("signature.name", fault.SignatureTooSmall)
	case n > maxTyped:
		return fault.InvalidField("signature.name", fault.FieldTooLong)
	case strings.ContainsFunc(s.Name, func(r rune) bool {
		return r < ' ' || r == 0x7f || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069)
	}):
		return fault.InvalidField("signature.name", fault.FieldInvalid)
	}
	s.Width, s.Height, s.Strokes = 0, 0, nil
	return nil
}

func (s *Signature) checkDrawn() error {
	s.Name = ""
	if s.Width < 1 || s.Width > maxPadSide {
		return fault.InvalidField("signature.width", fault.FieldInvalid)
	}
	if s.Height < 1 || s.Height > maxPadSide {
		return fault.InvalidField("signature.height", fault.FieldInvalid)
	}
	if len(s.Strokes) > maxStrokes {
		return fault.InvalidField("signature.strokes", fault.FieldTooLong)
	}
	count := 0
	for _, stroke := range s.Strokes {
		count += len(stroke)
		for _, p := range stroke {
			if outside(p.X, s.Width) || outside(p.Y, s.Height) {
				return fault.InvalidField("signature.strokes", fault.FieldInvalid)
			}
		}
	}
	if count > maxPoints {
		return fault.InvalidField("signature.strokes", fault.FieldTooLong)
	}
	if !s.plausible() {
		return fault.InvalidField("signature", fault.SignatureTooSmall)
	}
	return nil
}

func outside(value, side int) bool {
	return value < -slackFactor*side || value > (1+slackFactor)*side
}

// plausible judges the strokes, not pixels, so that phone, tablet and server agree: a dot, a tap or a plain line is
// no signature.
func (s *Signature) plausible() bool {
	points, path := 0, 0.0
	for _, stroke := range s.Strokes {
		points += len(stroke)
		for i := 1; i < len(stroke); i++ {
			path += math.Hypot(float64(stroke[i].X-stroke[i-1].X), float64(stroke[i].Y-stroke[i-1].Y))
		}
	}
	width := float64(s.Width)
	return points >= minPoints && path >= minPath*width && s.extentAcross() >= minExtent*width
}

// extentAcross is how far the points spread at right angles to their main axis (the first principal component).
func (s *Signature) extentAcross() float64 {
	var n, sx, sy float64
	s.each(func(x, y float64) { n++; sx += x; sy += y })
	if n == 0 {
		return 0
	}
	mx, my := sx/n, sy/n
	var xx, yy, xy float64
	s.each(func(x, y float64) { xx += (x - mx) * (x - mx); yy += (y - my) * (y - my); xy += (x - mx) * (y - my) })
	angle := math.Atan2(2*xy, xx-yy) / 2
	ax, ay := -math.Sin(angle), math.Cos(angle)
	low, high := math.Inf(1), math.Inf(-1)
	s.each(func(x, y float64) {
		across := (x-mx)*ax + (y-my)*ay
		low, high = math.Min(low, across), math.Max(high, across)
	})
	return high - low
}

func (s *Signature) each(f func(x, y float64)) {
	for _, stroke := range s.Strokes {
		for _, p := range stroke {
			f(float64(p.X), float64(p.Y))
		}
	}
}
