package consent

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"einverstanden/backend/fault"
)

// recorded is one row of the table that the app's tests read as well (frontend/src/lib/components/signature).
type recorded struct {
	Name      string    `json:"name"`
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	Strokes   [][]Point `json:"strokes"`
	Plausible bool      `json:"plausible"`
}

func strokeTable(t *testing.T) []recorded {
	t.Helper()
	raw, err := os.ReadFile("testdata/strokes.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []recorded
	if err := json.Unmarshal(raw, &table); err != nil {
		t.Fatal(err)
	}
	if len(table) == 0 {
		t.Fatal("the table is empty")
	}
	return table
}

func (r recorded) signature() Signature {
	return Signature{Kind: string(DrawnSignature), Width: r.Width, Height: r.Height, Strokes: r.Strokes}
}

func TestPlausible(t *testing.T) {
	for _, row := range strokeTable(t) {
		t.Run(row.Name, func(t *testing.T) {
			signature := row.signature()
			if got := signature.plausible(); got != row.Plausible {
				t.Errorf("got %t, want %t", got, row.Plausible)
			}
			if refused := fault.Has(signature.clean(), fault.InvalidInput); refused == row.Plausible {
				t.Errorf("refused: %t", refused)
			}
		})
	}
}

// A drawn signature is judged by its shape: where on the pad it stands makes no difference.
func TestPlausibleWhereverItStands(t *testing.T) {
	for _, row := range strokeTable(t) {
		moved := row.signature()
		moved.Strokes = nil
		for _, stroke := range row.Strokes {
			var points []Point
			for _, p := range stroke {
				points = append(points, Point{X: p.X - 64, Y: p.Y + 32})
			}
			moved.Strokes = append(moved.Strokes, points)
		}
		if got := moved.plausible(); got != row.Plausible {
			t.Errorf("%s, moved: got %t, want %t", row.Name, got, row.Plausible)
		}
	}
}

// fieldOf is what the fault says is wrong, "" for none.
func fieldOf(t *testing.T, err error) (string, fault.Code) {
	t.Helper()
	if err == nil {
		return "", ""
	}
	var e *fault.Error
	if !errors.As(err, &e) || len(e.Fields) != 1 {
		t.Fatalf("not a fault of one field: %v", err)
	}
	return e.Fields[0].Name, e.Fields[0].Code
}

func TestCleanTyped(t *testing.T) {
	for _, tt := range []struct {
		name, typed, want string
		code              fault.Code
	}{
		{"a name", "Erika Beispiel", "Erika Beispiel", ""},
		{"blanks and line ends", "  Erika\t \n Beispiel ", "Erika Beispiel", ""},
		{"an accent apart becomes one letter", "Rene\u0301 Muster", "Ren\u00e9 Muster", ""},
		{"Arabic", "ليلى مثال", "ليلى مثال", ""},
		{"two letters", "Wu", "Wu", ""},
		{"one letter", "W", "", fault.SignatureTooSmall},
		{"a letter of two code points", "e\u0301", "", fault.SignatureTooSmall},
		{"blanks only", " \t ", "", fault.SignatureTooSmall},
		{"exactly 120 characters", strings.Repeat("ß", 120), strings.Repeat("ß", 120), ""},
		{"121 characters", strings.Repeat("ß", 121), "", fault.FieldTooLong},
		{"a control character", "Erika\x00Beispiel", "", fault.FieldInvalid},
		{"a turn of the writing direction", "Erika \u202elepsieB", "", fault.FieldInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signature := Signature{Kind: string(TypedSignature), Name: tt.typed, Width: 360, Height: 480, Strokes: [][]Point{{{X: 1, Y: 2}}}}
			_, code := fieldOf(t, signature.clean())
			if code != tt.code {
				t.Fatalf("got code %q, want %q", code, tt.code)
			}
			if code != "" {
				return
			}
			if signature.Name != tt.want {
				t.Errorf("got %q, want %q", signature.Name, tt.want)
			}
			if signature.Width != 0 || signature.Height != 0 || signature.Strokes != nil {
				t.Error("a typed signature keeps no strokes")
			}
		})
	}
}

// many gives strokes of the given length that together form a plausible zigzag.
func many(strokes, points int) [][]Point {
	all := make([][]Point, strokes)
	for i := range all {
		for j := range points {
			all[i] = append(all[i], Point{X: (i + j) % 400, Y: 100 + 60*(j%2)})
		}
	}
	return all
}

func TestCheckDrawn(t *testing.T) {
	corner := func(x, y int) [][]Point { return append(many(1, 20), []Point{{X: x, Y: y}}) }
	for _, tt := range []struct {
		name          string
		width, height int
		strokes       [][]Point
		field         string
		code          fault.Code
	}{
		{"200 strokes", 400, 300, many(200, 4), "", ""},
		{"201 strokes", 400, 300, many(201, 4), "signature.strokes", fault.FieldTooLong},
		{"10,000 points", 400, 300, many(10, 1000), "", ""},
		{"10,001 points", 400, 300, append(many(10, 1000), []Point{{X: 1, Y: 1}}), "signature.strokes", fault.FieldTooLong},
		{"no width", 0, 300, many(1, 20), "signature.width", fault.FieldInvalid},
		{"a width that no screen has", 10_001, 300, many(1, 20), "signature.width", fault.FieldInvalid},
		{"no height", 400, 0, many(1, 20), "signature.height", fault.FieldInvalid},
		{"a negative height", 400, -1, many(1, 20), "signature.height", fault.FieldInvalid},
		{"a point a pad's side beyond the edge", 400, 300, corner(800, 600), "", ""},
		{"a point a pad's side before the edge", 400, 300, corner(-400, -300), "", ""},
		{"a point too far to the right", 400, 300, corner(801, 0), "signature.strokes", fault.FieldInvalid},
		{"a point too far to the left", 400, 300, corner(-401, 0), "signature.strokes", fault.FieldInvalid},
		{"a point too far down", 400, 300, corner(0, 601), "signature.strokes", fault.FieldInvalid},
		{"a point too far up", 400, 300, corner(0, -301), "signature.strokes", fault.FieldInvalid},
		{"empty strokes only", 400, 300, [][]Point{{}, {}}, "signature", fault.SignatureTooSmall},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signature := Signature{Kind: string(DrawnSignature), Width: tt.width, Height: tt.height, Strokes: tt.strokes, Name: "Erika Beispiel"}
			field, code := fieldOf(t, signature.clean())
			if field != tt.field || code != tt.code {
				t.Errorf("got %q %q, want %q %q", field, code, tt.field, tt.code)
			}
			if code == "" && signature.Name != "" {
				t.Error("a drawn signature keeps no typed name")
			}
		})
	}
}

func TestCleanUnknownKind(t *testing.T) {
	for _, kind := range []SignatureKind{"", "picture"} {
		signature := Signature{Kind: string(kind), Name: "Erika Beispiel"}
		if field, code := fieldOf(t, signature.clean()); field != "signature.kind" || code != fault.FieldInvalid {
			t.Errorf("%q: got %q %q", kind, field, code)
		}
	}
}
