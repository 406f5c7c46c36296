package paper

import (
	"slices"
	"testing"
)

// A shape is told by its outline; two pictures that are one to a child would make two PINs one.
func TestEveryPictureHasANameAWordAndAnOutlineOfItsOwn(t *testing.T) {
	p, err := NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	var names, words, outlines []string
	for _, picture := range Pictures {
		operators, err := picture.operators()
		if err != nil {
			t.Errorf("%s: %v", picture.Name, err)
		}
		names, words, outlines = append(names, picture.Name), append(words, p.card.Pictures[picture.Name]), append(outlines, operators)
	}
	for _, all := range [][]string{names, words, outlines} {
		slices.Sort(all)
		if slices.Contains(all, "") || len(slices.Compact(all)) != 12 {
			t.Errorf("not twelve different ones: %q", all)
		}
	}
}
