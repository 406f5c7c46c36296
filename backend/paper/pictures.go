package paper

import (
	"fmt"
	"strings"
)

// Picture is one of the pictures that a pupil's PIN is made of: a silhouette, told from all others by its outline alone.
type Picture struct {
	Name string // as the API knows it
	Path string // data of one SVG path on a square of PictureSide units: M, L, C and Z, absolute, filled by the nonzero rule
}

// PictureSide is how wide and high the square is that pictures are drawn on.
const PictureSide = 100

// Pictures are drawn by us: what a child of six names at once, and no two of one outline.
var Pictures = []Picture{
	{"sun", disc(50, 50, 19) + strip(47, 6, 53, 24) + strip(47, 76, 53, 94) + strip(6, 47, 24, 53) + strip(76, 47, 94, 53) +
		"M 17 21 L 21 17 L 34 30 L 30 34 Z M 79 17 L 83 21 L 70 34 L 66 30 Z M 83 79 L 79 83 L 66 70 L 70 66 Z M 21 83 L 17 79 L 30 66 L 34 70 Z "},
	{"moon", "M 60 8 C 32 12 14 32 14 55 C 14 77 32 93 54 93 C 71 93 84 84 90 68 C 82 72 75 73 68 73 C 50 73 37 59 37 42 C 37 27 46 15 60 8 Z "},
	{"star", "M 50 7 L 62 38 L 95 40 L 69 61 L 78 93 L 50 75 L 22 93 L 31 61 L 5 40 L 38 38 Z "},
	{"tree", "M 50 6 L 70 34 L 60 34 L 79 58 L 66 58 L 87 80 L 56 80 L 56 95 L 44 95 L 44 80 L 13 80 L 34 58 L 21 58 L 40 34 L 30 34 Z "},
	{"flower", disc(50, 17, 13) + disc(69, 31, 13) + disc(62, 53, 13) + disc(38, 53, 13) + disc(31, 31, 13) + ring(50, 36, 13, 7) +
		strip(47, 60, 53, 96) + "M 53 86 C 58 72 72 68 84 70 C 80 82 68 90 53 86 Z "},
	{"fish", "M 6 50 C 20 22 54 22 72 45 L 94 26 L 88 50 L 94 74 L 72 55 C 54 78 20 78 6 50 Z " + hole(26, 44, 5)},
	{"bird", "M 5 40 L 20 33 C 24 18 44 17 49 33 C 57 43 74 42 96 30 C 92 56 74 74 49 73 C 30 72 20 60 20 46 Z " + hole(32, 33, 4) +
		strip(43, 70, 47, 93) + strip(55, 70, 59, 93)},
	{"house", "M 50 8 L 94 47 L 82 47 L 82 92 L 18 92 L 18 47 L 6 47 Z M 42 62 L 42 92 L 58 92 L 58 62 Z M 43 38 L 43 52 L 57 52 L 57 38 Z "},
	{"car", "M 4 68 L 4 50 L 18 45 L 34 24 L 66 24 L 80 45 L 92 48 L 96 54 L 96 68 L 87 68 C 87 48 57 48 57 68 L 43 68 C 43 48 13 48 13 68 Z " +
		"M 38 31 L 28 45 L 47 45 L 47 31 Z M 53 31 L 53 45 L 71 45 L 62 31 Z " + disc(28, 68, 11) + disc(72, 68, 11)},
	{"boat", "M 6 66 L 94 66 L 77 90 L 23 90 Z " + strip(46, 6, 51, 63) + "M 55 10 L 88 59 L 55 59 Z M 42 22 L 42 59 L 16 59 Z "},
	{"umbrella", strip(48, 4, 52, 13) + "M 6 54 C 8 26 26 11 50 11 C 74 11 92 26 94 54 C 87 45 77 45 72 54 C 66 45 56 45 50 54 C 44 45 34 45 28 54 C 23 45 13 45 6 54 Z " +
		"M 47 54 L 53 54 L 53 82 C 53 98 31 98 31 82 L 37 82 C 37 89 47 89 47 82 Z "},
	{"apple", "M 50 33 C 42 22 12 24 12 55 C 12 78 30 96 43 93 C 48 92 52 92 57 93 C 70 96 88 78 88 55 C 88 24 58 22 50 33 Z " +
		"M 53 24 C 55 11 65 4 79 6 C 77 20 66 27 53 24 Z "},
}

// PictureOf finds a picture by its name.
func PictureOf(name string) (Picture, bool) {
	for _, picture := range Pictures {
		if picture.Name == name {
			return picture, true
		}
	}
	return Picture{}, false
}

// disc is a filled circle of four curves.
func disc(x, y, r float64) string {
	k := 0.5523 * r // of a quarter circle
	return fmt.Sprintf("M %g %g C %g %g %g %g %g %g C %g %g %g %g %g %g C %g %g %g %g %g %g C %g %g %g %g %g %g Z ",
		x, y-r, x+k, y-r, x+r, y-k, x+r, y, x+r, y+k, x+k, y+r, x, y+r, x-k, y+r, x-r, y+k, x-r, y, x-r, y-k, x-k, y-r, x, y-r)
}

// hole is a circle the other way round, which leaves out what is filled around it.
func hole(x, y, r float64) string {
	k := 0.5523 * r
	return fmt.Sprintf("M %g %g C %g %g %g %g %g %g C %g %g %g %g %g %g C %g %g %g %g %g %g C %g %g %g %g %g %g Z ",
		x, y-r, x-k, y-r, x-r, y-k, x-r, y, x-r, y+k, x-k, y+r, x, y+r, x+k, y+r, x+r, y+k, x+r, y, x+r, y-k, x+k, y-r, x, y-r)
}

func ring(x, y, outer, inner float64) string { return disc(x, y, outer) + hole(x, y, inner) }

// strip is a filled rectangle.
func strip(x1, y1, x2, y2 float64) string {
	return fmt.Sprintf("M %g %g L %g %g L %g %g L %g %g Z ", x1, y1, x2, y1, x2, y2, x1, y2)
}

// operators draws the picture in the language of PDF, with the lower left corner of its square as the origin.
func (p Picture) operators() (string, error) {
	var out strings.Builder
	fields := strings.Fields(p.Path)
	for len(fields) > 0 {
		command := fields[0]
		numbers, operator := map[string]int{"M": 2, "L": 2, "C": 6, "Z": 0}, map[string]string{"M": "m", "L": "l", "C": "c", "Z": "h"}
		n, known := numbers[command]
		if !known || len(fields) < 1+n {
			return "", fmt.Errorf("paper: picture %s: %q", p.Name, command)
		}
		for i, text := range fields[1 : 1+n] {
			var number float64
			if _, err := fmt.Sscanf(text, "%g", &number); err != nil {
				return "", fmt.Errorf("paper: picture %s: %w", p.Name, err)
			}
			if i%2 == 1 {
				number = PictureSide - number // PDF counts upwards
			}
			fmt.Fprintf(&out, "%.3f ", number)
		}
		out.WriteString(operator[command] + "\n")
		fields = fields[1+n:]
	}
	out.WriteString("f")
	return out.String(), nil
}
