package paper_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run hands the PDF to a program as a file, whose name replaces "FILE" among the arguments, and gives what it prints.
func run(t *testing.T, pdf []byte, name string, arguments ...string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing; scripts/setup installs it (Debian: apt-get install poppler-utils qpdf)", name)
	}
	file := filepath.Join(t.TempDir(), "letters.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, argument := range arguments {
		if argument == "FILE" {
			arguments[i] = file
		}
	}
	output, err := exec.Command(program, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
	return string(output)
}

// texts are the pages as they are read aloud.
func texts(t *testing.T, pdf []byte) []string {
	t.Helper()
	text := run(t, pdf, "pdftotext", "-raw", "-enc", "UTF-8", "FILE", "-")
	return strings.Split(strings.TrimSuffix(text, "\f"), "\f")
}

// word is a word on the page with its box, in points from the upper left corner.
type word struct {
	Text string  `xml:",chardata"`
	XMin float64 `xml:"xMin,attr"`
	XMax float64 `xml:"xMax,attr"`
	YMin float64 `xml:"yMin,attr"`
	YMax float64 `xml:"yMax,attr"`
}

// words are those of every page.
func words(t *testing.T, pdf []byte) (pages [][]word) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(run(t, pdf, "pdftotext", "-bbox", "FILE", "-")))
	decoder.Strict = false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return pages
		}
		if err != nil {
			t.Fatal(err)
		}
		element, ok := token.(xml.StartElement)
		switch {
		case ok && element.Name.Local == "page":
			pages = append(pages, nil)
		case ok && element.Name.Local == "word":
			var w word
			if err := decoder.DecodeElement(&w, &element); err != nil {
				t.Fatal(err)
			}
			pages[len(pages)-1] = append(pages[len(pages)-1], w)
		}
	}
}

// picture is a page in shades of grey.
type picture struct {
	width, height int
	shades        []byte
}

const dotsPerInch = 300

// draw gives the first page as a printer would print it.
func draw(t *testing.T, pdf []byte) (p picture) {
	t.Helper()
	content := []byte(run(t, pdf, "pdftoppm", "-gray", "-r", fmt.Sprint(dotsPerInch), "-f", "1", "-l", "1", "FILE"))
	var depth int
	reader := bytes.NewReader(content)
	if _, err := fmt.Fscanf(reader, "P5\n%d %d\n%d\n", &p.width, &p.height, &depth); err != nil || depth != 255 {
		t.Fatalf("not a picture of 255 shades: %v", err)
	}
	p.shades = content[len(content)-reader.Len():]
	if len(p.shades) != p.width*p.height {
		t.Fatalf("%d dots in a picture of %d by %d", len(p.shades), p.width, p.height)
	}
	return p
}

// dark tells whether there is ink at the place, in mm from the upper left corner.
func (p picture) dark(x, y float64) bool { return p.shade(x, y) < 128 }

func (p picture) shade(x, y float64) byte {
	const dots = dotsPerInch / 25.4
	return p.shades[int(y*dots)*p.width+int(x*dots)]
}
