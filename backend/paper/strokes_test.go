package paper

import (
	"testing"

	"einverstanden/backend/proof"
)

// A figure worked out by hand: the pad's y runs down, the page's runs up.
func TestStrokesAreDrawnAsLines(t *testing.T) {
	strokes := [][]proof.Point{{{X: -10, Y: 20}, {X: 30, Y: 60}}, {}, {{X: 0, Y: 40}}}
	b := boundsOf(strokes)
	if b != (bounds{-10, 20, 30, 60}) {
		t.Fatalf("%+v", b)
	}
	want := "0 G 1 J 1 j 0.800 w\n0 40 m\n40 0 l\n10 20 m\n10 20 l\nS"
	if got := b.operators(strokes, 0.5); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if b := boundsOf([][]proof.Point{{}}); b != (bounds{}) {
		t.Errorf("no points fill %+v", b)
	}
}
