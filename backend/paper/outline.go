package paper

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// outlinesText holds what the fonts cannot print; outlines/README.md says how it was made and under which licence.
//
//go:embed outlines/noto.tsv
var outlinesText string

const unitsPerEm = 1000

// outline is a letter or a whole sentence as a drawing.
type outline struct {
	advance float64 // how far the next letter is, in em
	path    string  // SVG path data in thousandths of an em, relative, y upwards
}

// width is how wide the drawing is, in mm.
func (o outline) width(t setting) float64 { return o.advance * t.size * mmPerPoint }

// parseOutlines reads lines of text, advance and path, parted by tabs. The text is what the path draws, and its key.
func parseOutlines(lines string) (map[string]outline, error) {
	outlines := map[string]outline{}
	for line := range strings.Lines(lines) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 3 {
			return nil, fmt.Errorf("paper: an outline has %d cells instead of 3", len(cells))
		}
		advance, err := strconv.Atoi(cells[1])
		if err != nil {
			return nil, fmt.Errorf("paper: outline of %q: %w", cells[0], err)
		}
		outlines[cells[0]] = outline{advance: float64(advance) / unitsPerEm, path: cells[2]}
	}
	return outlines, nil
}

var pathTokens = regexp.MustCompile(`[a-z]|-?\d+`)

// operators writes the path in the language of PDF (ISO 32000-2, 8.5), still in thousandths of an em. Its quadratic
// curves become cubic ones.
func (o outline) operators() (string, error) {
	w := pathWriter{}
	command := ""
	var numbers []int
	for _, token := range pathTokens.FindAllString(o.path, -1) {
		number, err := strconv.Atoi(token)
		if err != nil {
			command, numbers = token, nil
		} else {
			numbers = append(numbers, number)
		}
		if len(numbers) == pathNumbers[command] {
			if err := w.add(command, numbers); err != nil {
				return "", err
			}
			numbers = nil
		}
	}
	if len(numbers) > 0 {
		return "", fmt.Errorf("paper: a path ends within command %q", command)
	}
	return w.operators.String(), nil
}

// pathNumbers is how many numbers belong to a command. One that is not listed takes none and is refused by add.
var pathNumbers = map[string]int{"m": 2, "l": 2, "q": 4, "z": 0}

type pathWriter struct {
	operators      strings.Builder
	x, y           int // where the pen is
	startX, startY int // where the figure began
}

func (w *pathWriter) add(command string, n []int) error {
	switch command {
	case "m":
		w.x, w.y = w.x+n[0], w.y+n[1]
		w.startX, w.startY = w.x, w.y
		fmt.Fprintf(&w.operators, "%d %d m\n", w.x, w.y)
	case "l":
		w.x, w.y = w.x+n[0], w.y+n[1]
		fmt.Fprintf(&w.operators, "%d %d l\n", w.x, w.y)
	case "q":
		w.curve(w.x+n[0], w.y+n[1], w.x+n[2], w.y+n[3])
	case "z":
		w.x, w.y = w.startX, w.startY
		w.operators.WriteString("h\n")
	default:
		return fmt.Errorf("paper: unknown path command %q", command)
	}
	return nil
}

// curve draws the quadratic curve with the control point (cx, cy) as the cubic one that is equal to it.
func (w *pathWriter) curve(cx, cy, x, y int) {
	third := func(end, control int) float64 { return (float64(end) + 2*float64(control)) / 3 }
	fmt.Fprintf(&w.operators, "%.1f %.1f %.1f %.1f %d %d c\n", third(w.x, cx), third(w.y, cy), third(x, cx), third(y, cy), x, y)
	w.x, w.y = x, y
}
