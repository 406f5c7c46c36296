package proof_test

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"einverstanden/backend/proof"
)

func TestCanonicalForm(t *testing.T) {
	type part struct {
		Zoo     string  `json:"zoo"`
		Answer  string  `json:"answer,omitempty"`
		Hidden  float64 `json:"-"`
		Private *int    `json:"after"`
	}
	cases := []struct {
		name  string
		value any
		want  string
	}{
		{"members are sorted, white space goes", json.RawMessage("{ \"b\" : [ 1 , 2 ],\n \"a\" : null }"), `{"a":null,"b":[1,2]}`},
		{"fields by their JSON names", part{Zoo: "z", Answer: "video", Hidden: 0.5}, `{"after":null,"answer":"video","zoo":"z"}`},
		{"empty where told to omit", part{}, `{"after":null,"zoo":""}`},
		{"code units decide, not code points", map[string]int{"\uff21": 1, "\U0001f600": 2}, "{\"\U0001f600\":2,\"\uff21\":1}"},
		{"nothing escaped that need not be", "<a href='x'>&\u2028\u007fß", "\"<a href='x'>&\u2028\u007fß\""},
		{"short escapes", "\"\\\b\t\n\f\r", `"\"\\\b\t\n\f\r"`},
		{"other control characters", "\x00\x0b\x1f", `"\u0000\u000b\u001f"`},
		{"decomposed umlaut becomes one letter", "Mu\u0308ller", `"Müller"`},
		{"in names of members too", map[string]int{"u\u0308": 1}, `{"ü":1}`},
		{"bytes are base64", []byte{0xfb, 0xff}, `"+/8="`},
		{"instants by their own JSON", time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), `"2026-11-24T09:00:00Z"`},
		{"largest whole number", int64(1<<53 - 1), `9007199254740991`},
		{"smallest whole number", int64(-1<<53 + 1), `-9007199254740991`},
		{"minus nought", json.RawMessage("-0"), `0`},
		{"nothing", nil, `null`},
		{"empty containers", []any{[]int{}, map[string]any{}, true, false}, `[[],{},true,false]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := proof.Canonical(c.value)
			if err != nil || string(got) != c.want {
				t.Fatalf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

type stroke struct {
	X float64 `json:"x"`
}

func TestCanonicalRefuses(t *testing.T) {
	cases := []struct {
		name  string
		value any
		says  string
	}{
		{"a float", 0.5, "value is a float"},
		{"a float that is whole today", map[string]any{"n": 3.0}, "value.n is a float"},
		{"a float deep inside", struct {
			Strokes [][]stroke `json:"strokes"`
		}{[][]stroke{{}, {{X: 1}}}}, "value.strokes[1][0].x is a float"},
		{"a float behind pointers", []any{&[]*stroke{{X: 2}}}, "value[0][0].x is a float"},
		{"a fraction in raw JSON", json.RawMessage("[1.0]"), "1.0 is not a whole number"},
		{"an exponent", json.RawMessage("1e3"), "1e3 is not a whole number"},
		{"a number too large", int64(1 << 53), "9007199254740992 is not a whole number"},
		{"a number too small", int64(-1 << 53), "-9007199254740992 is not a whole number"},
		{"a number beyond 64 bits", uint64(math.MaxUint64), "18446744073709551615 is not a whole number"},
		{"broken text", []string{"Mu\xfcller"}, "value[0] is not UTF-8"},
		{"a broken name", map[string]int{"\xff": 1}, "is not UTF-8"},
		{"broken raw JSON", json.RawMessage("\"\xff\""), "raw JSON is not UTF-8"},
		{"a member twice", json.RawMessage(`{"a":1,"b":2,"a":1}`), `member "a" is named twice`},
		{"a member twice by another spelling", json.RawMessage("{\"\u00fc\":1,\"u\u0308\":1}"), "is named twice"},
		{"arrays in arrays", json.RawMessage(strings.Repeat("[", 40) + strings.Repeat("]", 40)), "too deeply nested"},
		{"objects in objects", json.RawMessage(strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)), "too deeply nested"},
		{"what is no JSON", json.RawMessage("{"), "unexpected end"},
		{"what JSON has no word for", make(chan int), "unsupported type"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := proof.Canonical(c.value)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %s, %v; want an error with %q", got, err, c.says)
			}
		})
	}
}

// decode reads canonical JSON back into plain values, numbers kept as written.
func decode(t interface{ Fatalf(string, ...any) }, canonical []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(canonical))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s does not decode: %v", canonical, err)
	}
	return value
}

// anyValue draws values as decode gives them, with text in NFC: what encoding must not change.
func anyValue(depth int) *rapid.Generator[any] {
	text := rapid.Map(rapid.String(), norm.NFC.String)
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		text.AsAny(),
		rapid.Map(rapid.Int64Range(-1<<53+1, 1<<53-1), func(n int64) any {
			raw, _ := json.Marshal(n) // an integer always has JSON
			return json.Number(raw)
		}),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.SliceOfN(anyValue(depth-1), 0, 5).AsAny(),
			rapid.MapOfN(text, anyValue(depth-1), 0, 5).AsAny())
	}
	return rapid.OneOf(kinds...)
}

func TestDecodingUndoesEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := anyValue(4).Draw(t, "value")
		first, err := proof.Canonical(value)
		if err != nil {
			t.Fatalf("%v", err)
		}
		back := decode(t, first)
		if !reflect.DeepEqual(back, value) {
			t.Fatalf("%#v came back as %#v", value, back)
		}
		if again, err := proof.Canonical(back); err != nil || !bytes.Equal(again, first) {
			t.Fatalf("%s became %s (%v)", first, again, err)
		}
	})
}

// However a text was composed when it was typed, its bytes are the same.
func TestCompositionDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("aeiouAOUs\u0308\u0301\u0323\u0327ßşğıéà한글"))).Draw(t, "text")
		composed, err1 := proof.Canonical(norm.NFC.String(text))
		decomposed, err2 := proof.Canonical(norm.NFD.String(text))
		if err1 != nil || err2 != nil || !bytes.Equal(composed, decomposed) {
			t.Fatalf("%q: %s (%v) and %s (%v)", text, composed, err1, decomposed, err2)
		}
	})
}

// A part has the same bytes alone as inside the whole: a passkey signs the declaration's, the log takes the statement's.
func TestAPartHasTheSameBytesInsideTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := anyValue(3).Draw(t, "part")
		alone, err1 := proof.Canonical(part)
		whole, err2 := proof.Canonical(map[string]any{"declaration": part})
		if err1 != nil || err2 != nil || string(whole) != `{"declaration":`+string(alone)+`}` {
			t.Fatalf("%s (%v) is not inside %s (%v)", alone, err1, whole, err2)
		}
	})
}

// Checklist E5: whatever is fed in, it is refused or has one form, which is its own form.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		`{"b":[1,-0,{"ü":"u\u0308"}],"a":"\ud83d\ude00\u2028<&>"}`, `{"a":1,"a":2}`, `[1.5]`, `"\ud800"`, `"\u0000\t"`, `nul`, "\"\xff\"",
		`9007199254740993`, `{"":{"":[]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		first, err := proof.Canonical(json.RawMessage(raw))
		if err != nil {
			return
		}
		for name, value := range map[string]any{"raw": json.RawMessage(first), "decoded": decode(t, first)} {
			if again, err := proof.Canonical(value); err != nil || !bytes.Equal(again, first) {
				t.Fatalf("%s: %s became %s (%v)", name, first, again, err)
			}
		}
	})
}
