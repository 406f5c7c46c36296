package app

import "testing"

// The program runs on after its pages were given back: this test is one of them.
func TestTheProgramRunsOnAfterItsStartWasGivenBack(t *testing.T) {
	for range 3 {
		if err := rest(); err != nil {
			t.Fatal(err)
		}
	}
}
