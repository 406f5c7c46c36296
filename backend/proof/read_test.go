package proof

// Inside the package, because canonical JSON and its hand-written twin are compared.

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A leaf is written by hand; it must be what Canonical writes, or is refused where Canonical refuses.
func TestALeafIsWrittenInCanonicalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Leaf{
			V: leafVersion, Seq: rapid.Int64Range(0, maxInteger+1).Draw(t, "seq"), Kind: Kind(rapid.String().Draw(t, "kind")),
			Commit: rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "commit"), TextSHA256: rapid.String().Draw(t, "text"),
			At: rapid.Int64().Draw(t, "at"), ClockStep: rapid.Int64().Draw(t, "step"),
		}
		want, refused := Canonical(l)
		got, err := l.Encode()
		if (refused != nil) != (err != nil) || string(got) != string(want) {
			t.Fatalf("got %s, %v; want %s, %v", got, err, want, refused)
		}
	})
}

func TestAStatementReadFastIsTheOneDecoded(t *testing.T) {
	goldens, err := filepath.Glob("testdata/statements/v1/*.json")
	if err != nil || len(goldens) < len(Kinds) {
		t.Fatalf("%d goldens, %v", len(goldens), err)
	}
	for _, golden := range goldens {
		raw, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		want, err := DecodeStatement(raw)
		if err != nil {
			t.Fatal(err)
		}
		kind := want.Kind
		if got, err := ReadStatement(kind, raw); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", kind, got, err, want)
		}
		for _, other := range append([]Kind{"wish"}, Kinds...) {
			if _, err := ReadStatement(other, raw); err == nil && other != kind {
				t.Errorf("a statement of the kind %s is read as %s", kind, other)
			}
		}
		for _, bad := range []string{"", "null", "{}", string(raw) + "{}", strings.NewReplacer(`"v":1`, `"v":2`, `"v":2`, `"v":1`, `"v":3`, `"v":2`).Replace(string(raw)),
			strings.Replace(string(raw), `"server":{`, `"server":null,"x":{`, 1), strings.Replace(string(raw), `{"declaration":{`, `{"declaration":null,"x":{`, 1)} {
			if _, err := ReadStatement(kind, []byte(bad)); err == nil {
				t.Errorf("%s is read", bad)
			}
		}
	}
	if _, err := ReadStatement(KindErasure, []byte(`{"declaration":null,"kind":"erasure","server":null,"v":1}`)); err == nil {
		t.Error("a statement without halves is read")
	}
}
