package id_test

import (
	"strings"
	"testing"

	"einverstanden/backend/id"
)

func TestOnlyIdsAsWeWriteThemAreValid(t *testing.T) {
	made := string(id.New[id.School]())
	if !id.Valid(id.School(made)) {
		t.Errorf("%s is not valid", made)
	}
	for _, text := range []string{"", "x", made[1:], made + "0", strings.ToUpper(made), "{" + made + "}", "urn:uuid:" + made, strings.ReplaceAll(made, "-", ""), "' or 1=1"} {
		if id.Valid(id.School(text)) {
			t.Errorf("%q is valid", text)
		}
	}
}
