package consent

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
)

var update = flag.Bool("update", false, "write the declarations for the app's tests anew")

// vectors is what the app's tests read: what a page sends, and the bytes that both sides make of it.
const vectors = "../../frontend/src/lib/passkey/testdata/declarations.json"

// vector is one of them. Body is the request's, Signing what came with the form, both as the API writes them.
type vector struct {
	Name          string        `json:"name"`
	Pupil         string        `json:"pupil"`
	Key           string        `json:"key"`
	Body          vectorBody    `json:"body"`
	Signing       vectorSigning `json:"signing"`
	Private       string        `json:"private"`       // canonical
	PrivateSHA256 string        `json:"privateSha256"` // hex
	Declaration   string        `json:"declaration"`   // canonical
	Challenge     []byte        `json:"challenge"`
}

type vectorBody struct {
	Answer      string           `json:"answer"`
	FormVersion string           `json:"formVersion"`
	TextSHA256  string           `json:"textSha256"`
	Language    string           `json:"language"`
	After       *string          `json:"after"`
	Place       string           `json:"place,omitempty"`
	Relation    string           `json:"relation,omitempty"`
	Signature   *proof.Signature `json:"signature,omitempty"`
}

type vectorSigning struct {
	State       string    `json:"state"`
	Nonce       []byte    `json:"nonce"`
	Blind       []byte    `json:"blind"`
	BirthDate   string    `json:"birthDate,omitempty"`
	School      string    `json:"school"`
	Person      id.Person `json:"person"`
	Purpose     string    `json:"purpose"`
	Credentials [][]byte  `json:"credentials"`
}

// vectorInputs are what people type, on keyboards that compose and on such that do not.
func vectorInputs() []vector {
	after := "01a20000-0000-7000-8000-00000000000d"
	typed := func(name string) *proof.Signature { return &proof.Signature{Kind: "typed", Name: name} }
	drawn := &proof.Signature{Kind: "drawn", Width: 320, Height: 160, Strokes: [][]proof.Point{
		{{X: 10, Y: 80}, {X: 60, Y: 20}, {X: 110, Y: 140}, {X: 160, Y: 30}}, {{X: 170, Y: 120}, {X: 230, Y: 40}, {X: 300, Y: 130}, {X: -4, Y: 161}},
	}}
	inputs := []vector{
		{Name: "umlauts", Body: vectorBody{Answer: "video", Language: "de", Relation: "together", Place: "Grünstädt", Signature: typed("Jürgen Weiß-Ölmüller")}},
		{Name: "decomposed umlauts, composed by us", Body: vectorBody{Answer: "video", Language: "de", After: &after, Place: "Gru\u0308nsta\u0308dt", Signature: typed("Ju\u0308rgen Weiß")}},
		{Name: "white space of every kind", Body: vectorBody{Answer: "audio", Language: "de", Place: "\u00a0 Bad\tMuster \u2003 am\u2028See\u0085", Signature: typed("  Ada \u3000  Muster\n")}},
		{Name: "a byte order mark is no white space", Body: vectorBody{Answer: "audio", Language: "de", Place: "\ufeffMuster", Signature: typed("Ada Muster")}},
		{Name: "emoji and what else lies beyond 16 bits", Body: vectorBody{Answer: "video", Language: "en", Place: "👩‍👧 Dorf", Signature: typed("𝔄da 🖊️ Muster")}},
		{Name: "Arabic, with marks in the order they were typed in", Body: vectorBody{Answer: "video", Language: "ar", Relation: "alone", Place: "دار السلام", Signature: typed("محمّد\u064e\u0651 المثال")}},
		{Name: "Turkish and Hangul, decomposed", Body: vectorBody{Answer: "audio", Language: "tr", Relation: "legal_guardian", Signature: typed("I\u0307brahim Yılmaz \u1112\u1161\u11ab")}},
		{Name: "what JSON escapes, and what it does not", Body: vectorBody{Answer: "video", Language: "de", Place: `"Am \ Wall" <a> & b/c`, Signature: typed(`Ada "Muster" \ O'Hara`)}},
		{Name: "drawn, with a point outside the pad", Body: vectorBody{Answer: "video", Language: "de", Place: "", Signature: drawn}},
		{Name: "a birth date that nobody knows", Body: vectorBody{Answer: "audio", Language: "de", Signature: typed("Ada Muster")}},
		{Name: "a no", Body: vectorBody{Answer: "none", Language: "de"}},
	}
	for i := range inputs {
		in := &inputs[i]
		in.Pupil, in.Key = "01a20000-0000-7000-8000-000000000001", "7f1f7d6e-0000-4000-8000-000000000001"
		in.Body.FormVersion = "01a20000-0000-7000-8000-00000000000f"
		in.Body.TextSHA256 = proof.SHA256Hex([]byte("text"))
		in.Signing = vectorSigning{
			State: "state", Nonce: bytes.Repeat([]byte{byte(i), 0xff}, proof.NonceSize/2), Blind: bytes.Repeat([]byte{0xfb, byte(i)}, proof.BlindSize/2),
			BirthDate: "2014-02-28", School: "01a20000-0000-7000-8000-00000000000a", Purpose: string(VideoConference),
			Person: id.GuardianOf("01a20000-0000-7000-8000-00000000000c"), Credentials: [][]byte{{1, 2, 3}},
		}
	}
	inputs[9].Signing.BirthDate = ""
	inputs[10].Signing.Person = id.PupilOf(id.Pupil(inputs[10].Pupil))
	return inputs
}

// declare does what Answer does with a request, up to what a passkey signs.
func (v *vector) declare(t *testing.T) {
	t.Helper()
	answer, err := participation.ParseMode(v.Body.Answer)
	if err != nil {
		t.Fatal(err)
	}
	in := AnswerInput{Answer: answer, Place: v.Body.Place, Relation: Relation(v.Body.Relation)}
	if v.Body.Signature != nil {
		signature := Signature(*v.Body.Signature)
		in.Signature = &signature
	}
	if err := in.clean(); err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	private := proof.Private{Blind: v.Signing.Blind, Place: in.Place, Signature: (*proof.Signature)(in.Signature)}
	if v.Signing.BirthDate != "" {
		if private.BirthDate, err = calendar.Parse(v.Signing.BirthDate); err != nil {
			t.Fatal(err)
		}
	}
	v.Private = canonical(t, private)
	v.PrivateSHA256 = proof.SHA256Hex([]byte(v.Private))
	d := draft{decision: Decision{
		Pupil: id.Pupil(v.Pupil), Person: v.Signing.Person, Kind: Answer, Channel: App, Answer: answer, Version: id.Version(v.Body.FormVersion),
		Language: v.Body.Language, TextSHA256: v.Body.TextSHA256, Relation: in.Relation,
	}}
	if v.Body.After != nil {
		d.decision.After = id.Decision(*v.Body.After)
	}
	ctx := idempotency.With(context.Background(), idempotency.Key{Value: v.Key})
	v.Declaration = canonical(t, d.declared(ctx, id.School(v.Signing.School), v.PrivateSHA256))
	v.Challenge = proof.Challenge(v.Signing.Nonce, []byte(v.Declaration))
}

func canonical(t *testing.T, value any) string {
	t.Helper()
	made, err := proof.Canonical(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}

// The app builds the declaration that a passkey signs; its tests hold it to these vectors, this one holds us to them.
func TestTheDeclarationsOfTheAppsTestsAreOurs(t *testing.T) {
	made := vectorInputs()
	for i := range made {
		made[i].declare(t)
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	if err := encoder.Encode(made); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectors, written.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(vectors)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, written.Bytes()) {
		t.Errorf("%s is not what the server makes: if that was meant, go test ./backend/consent -run %s -update", vectors, t.Name())
	}
}
