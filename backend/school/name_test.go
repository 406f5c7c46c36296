package school_test

import (
	"testing"

	"einverstanden/backend/school"
)

func TestShortNames(t *testing.T) {
	for want, name := range map[string]school.Name{
		"Lena B.":       {Given: "Lena", Family: "Becker"},
		"Konstantin H.": {Given: "Konstantin", Family: "von der Heide"},
		"Zoë Ö.":        {Given: "Zoë", Family: "Öztürk-Adam"},
		"Mia e.":        {Given: "Mia", Family: "el amin"}, // nothing says where the name begins
		"نور ح.":        {Given: "نور", Family: "حداد"},
		"Ana":           {Given: "Ana"},
	} {
		if got := name.Short(); got != want {
			t.Errorf("%v is %q, want %q", name, got, want)
		}
	}
}
