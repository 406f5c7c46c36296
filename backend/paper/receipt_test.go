package paper_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/paper"
	"einverstanden/backend/proof"
)

// kinds are one receipt of every kind, and what varies within a kind.
func kinds(t testing.TB) map[string]proof.Receipt {
	t.Helper()
	typed := yes()
	typed.declared.Answer, typed.declared.Relation, typed.declared.Language = "audio", "alone", "de"
	typed.private.Signature = &proof.Signature{Kind: "typed", Name: "Ayşe Yıldırım-Großmann"}
	return map[string]proof.Receipt{
		"yes": yes().receipt(t), "shared": yes().receipt(t).Shared(), "typed": typed.receipt(t), "passkey": byPasskey(t).receipt(t),
		"no": no().receipt(t), "withdrawal": withdrawal().receipt(t), "paper": onPaper().receipt(t),
		"sanction": sanction(t, "imposed", "audio_only"), "sanction_ended": sanction(t, "ended", "excluded").Shared(),
		"restriction": hold(t, "placed", "restriction"), "objection_settled": hold(t, "settled", "objection"),
	}
}

// onPaper is a yes that two members of staff recorded.
func onPaper() answer {
	a := withdrawal()
	a.declared = yes().declared
	a.declared.IdempotencyKey, a.declared.Relation, a.declared.Language = "", "", "de"
	a.server.Channel, a.server.SecondBy, a.server.VersionNumber, a.server.Edition = "paper", "0198c0de-7a11-7c3e-9b5a-000000acc002", 3, 1
	return a
}

// byPasskey is the yes of an adult pupil, signed with a passkey that is made here.
func byPasskey(t testing.TB) answer {
	t.Helper()
	a := yes()
	a.declared.Person, a.declared.Relation = id.PupilOf(pupilID), ""
	a.server.Names.Person, a.server.Names.Class = a.server.Names.Pupil, "13a"
	a.server.Means = proof.MeansPasskey
	a.private.BirthDate = calendar.MustParse("2008-05-03")
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, ed25519.SeedSize))
	nonce := bytes.Repeat([]byte{4}, proof.NonceSize)
	a.sign = func(declaration []byte) *proof.Passkey {
		site := sha256.Sum256([]byte("schule.example"))
		data := slices.Concat(site[:], []byte{0x05, 0, 0, 0, 1}) // its owner present and verified; counter 1
		client := must(json.Marshal(map[string]any{
			"type": "webauthn.get", "challenge": base64.RawURLEncoding.EncodeToString(proof.Challenge(nonce, declaration)),
			"origin": "https://schule.example", "crossOrigin": false,
		}))(t)
		hash := sha256.Sum256(client)
		cose := slices.Concat([]byte{0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20}, key.Public().(ed25519.PublicKey)) // RFC 9053, 7.2
		return &proof.Passkey{
			Credential: []byte("credential"), PublicKey: cose, AuthenticatorData: data, ClientData: client,
			Signature: ed25519.Sign(key, slices.Concat(data, hash[:])), Nonce: nonce,
		}
	}
	return a
}

// extreme has more of everything than ought to be there, and text that tries to be more than ink.
func extreme(text string) answer {
	a := onPaper()
	a.declared.Relation, a.declared.Language = "alone", text
	a.server.Names = proof.Names{Person: text, Pupil: text, Class: text}
	a.server.Decision = id.Decision(text)
	a.server.VersionNumber = 1 << 30
	a.server.ReceivedAt = decidedAt.AddDate(0, 0, -1)
	a.private.Place, a.private.Signature = text, &proof.Signature{Kind: "typed", Name: text}
	return a
}

var hostile = map[string]string{
	"long":       strings.Repeat("Überlang", 63),
	"wide":       strings.Repeat("W", 500),
	"words":      strings.Repeat("Maximilian-Alexander von und zu ", 16),
	"arabic":     "محمد عبد الرحمن الأنصاري",
	"cyrillic":   "Олександра Шевченко-Щербань",
	"vietnamese": "Nguyễn Thị Ánh Tuyết",
	"escape":     ")<</JS (app.alert(1))>>\u202egnp.exe\u2066\x00\n\r\x1b[31m",
	"operators":  "ET Q endstream endobj <</OpenAction 3 0 R>> << /Type /EmbeddedFile /Length 5",
	"template":   strings.Repeat("{{number}}{{date}}", 20),
}

// The golden files show what a person reads, in the order of reading.
func TestReceiptsReadAsTheyShould(t *testing.T) {
	p := newPrinter(t)
	for name, r := range kinds(t) {
		got := texts(t, page(t, p, r))
		if len(got) != 1 {
			t.Fatalf("%s has %d pages", name, len(got))
		}
		file := filepath.Join("testdata", "receipt_"+name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got[0]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got[0] != string(want) {
			t.Errorf("%s differs (go test -update writes it):\n%s", file, got[0])
		}
	}
}

// 60 KB is the budget of a receipt; a signature of the most points that are taken needs more, and keeps to a bound.
func TestReceiptsAreSmall(t *testing.T) {
	p := newPrinter(t)
	for name, r := range kinds(t) {
		if size := len(page(t, p, r)); size > 60_000 {
			t.Errorf("%s has %d bytes", name, size)
		}
	}
	scribble := yes()
	scribble.private.Signature.Strokes = nil
	for i := range 200 {
		var stroke []proof.Point
		for j := range 50 {
			stroke = append(stroke, proof.Point{X: (i*7919 + j*104729) % 9999, Y: (i*15485863 + j*32452843) % 9998})
		}
		scribble.private.Signature.Strokes = append(scribble.private.Signature.Strokes, stroke)
	}
	pdf := page(t, p, scribble.receipt(t))
	if len(pdf) > 200_000 || len(texts(t, pdf)) != 1 {
		t.Errorf("a scribble makes %d bytes", len(pdf))
	}
}

func TestTheSameReceiptGivesTheSameBytes(t *testing.T) {
	one, other := newPrinter(t), newPrinter(t)
	for name, r := range kinds(t) {
		first := page(t, one, r)
		for _, p := range []*paper.Printer{one, other, other} {
			if !bytes.Equal(first, page(t, p, r)) {
				t.Fatalf("%s: printing twice gives two files", name)
			}
		}
		if !bytes.Contains(first, []byte("/CreationDate (D:20261124090500)")) {
			t.Errorf("%s: the file's date is not that of the statement", name)
		}
	}
}

func TestAReceiptsPartsDoNotOverlap(t *testing.T) {
	p := newPrinter(t)
	for name, r := range kinds(t) {
		t.Run(name, func(t *testing.T) { wantNoOverlap(t, page(t, p, r), 1) })
	}
	fullest := byPasskey(t) // every row, every note, every sentence
	fullest.server.ReceivedAt = decidedAt.Add(-time.Microsecond)
	wantNoOverlap(t, page(t, p, fullest.receipt(t)), 1)
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			wantNoOverlap(t, page(t, p, extreme(text).receipt(t)), 1)
			wantNoOverlap(t, page(t, p, extreme(text).receipt(t).Shared()), 1)
		})
	}
}

// E4: whatever people type stays ink. The attached file is the only thing beside the page.
func TestHostileTextInReceiptsStaysInk(t *testing.T) {
	p := newPrinter(t)
	for name, text := range hostile {
		pdf := page(t, p, extreme(text).receipt(t))
		run(t, pdf, "qpdf", "--check", "FILE")
		plain := run(t, pdf, "qpdf", "--qdf", "--object-streams=disable", "FILE", "-")
		attached := string(must(paper.ReceiptOf(pdf))(t))
		plain = strings.ReplaceAll(plain, attached, "")
		for _, forbidden := range []string{"/JS", "/JavaScript", "/URI", "/OpenAction", "/AA", "/Annots", "/Launch"} {
			if strings.Contains(plain, forbidden) {
				t.Errorf("%s: the file has %s", name, forbidden)
			}
		}
		if count := strings.Count(plain, "/EmbeddedFile\n"); count != 1 {
			t.Errorf("%s: %d files are attached", name, count)
		}
		read := texts(t, pdf)[0]
		if strings.ContainsAny(read, "\u202e\u2066\x00\x1b") {
			t.Errorf("%s: control characters reach the page", name)
		}
		foot := "Was hier mit … gekürzt ist oder als \uFFFD erscheint, steht vollständig in der angehängten Datei."
		if whole := name == "cyrillic" || name == "vietnamese" || name == "escape"; whole == strings.Contains(read, foot) {
			t.Errorf("%s: the page says that it is not whole, or does not say so:\n%s", name, read)
		}
		if name != "template" && strings.Contains(read, "{{") {
			t.Errorf("%s: a placeholder is left in\n%s", name, read)
		}
	}
	read := texts(t, page(t, p, extreme(hostile["escape"]).receipt(t)))[0]
	if !strings.Contains(read, ")<</JS (app.alert(1))>>gnp.exe [31m") {
		t.Errorf("the name cannot be read in\n%s", read)
	}
	read = texts(t, page(t, p, extreme(hostile["cyrillic"]).receipt(t)))[0]
	if !strings.Contains(read, hostile["cyrillic"]) {
		t.Errorf("Cyrillic cannot be read in\n%s", read)
	}
}

// X25: what is passed on has neither strokes nor place nor birth date, on the page or in the file.
func TestASharedCopyLeavesOutWhatIsPrivate(t *testing.T) {
	p := newPrinter(t)
	typed := yes()
	typed.private.Signature = &proof.Signature{Kind: "typed", Name: "Zeichnete Getippt"}
	private := []string{"Musterstadt", "Mai 2014", "2014-05-03", "strokes", "Getippt", `"private"`, `"blind"`, "1 J 1 j"}
	for name, r := range map[string]proof.Receipt{"drawn": yes().receipt(t), "typed": typed.receipt(t)} {
		everything := func(r proof.Receipt) string {
			pdf := page(t, p, r)
			return texts(t, pdf)[0] + run(t, pdf, "qpdf", "--qdf", "FILE", "-") + string(must(paper.ReceiptOf(pdf))(t))
		}
		full, shared := everything(r), everything(r.Shared())
		for _, text := range private {
			onlyOne := text == "strokes" || text == "1 J 1 j" || text == "Getippt"
			if !onlyOne && !strings.Contains(full, text) {
				t.Errorf("%s: the full receipt lacks %q", name, text)
			}
			if strings.Contains(shared, text) {
				t.Errorf("%s: the shared copy has %q", name, text)
			}
		}
		if drawn := name == "drawn"; drawn != strings.Contains(full, "1 J 1 j") || drawn == strings.Contains(full, "Getippt") {
			t.Errorf("%s: the full receipt does not show how it was signed", name)
		}
		if !strings.Contains(shared, "Kopie ohne Unterschrift, Ort und Geburtsdatum") || strings.Contains(full, "Kopie ohne") {
			t.Errorf("%s: the copy does not say that it is one, or the full receipt does", name)
		}
	}
}

// The code that a camera reads from across the room holds the checkpoint and the leaf's number, nothing else.
func TestAReceiptsQRCodeIsCheckpointAndLeaf(t *testing.T) {
	p := newPrinter(t)
	for name, r := range map[string]proof.Receipt{"yes": yes().receipt(t), "hold": hold(t, "placed", "objection")} {
		lines := strings.Split(r.Checkpoint, "\n")
		want := strings.Join([]string{"einverstanden/" + schoolID, fmt.Sprint(leavesIn), lines[2], fmt.Sprint(seqOf)}, "\n")
		t.Run(name, func(t *testing.T) { wantCode(t, draw(t, page(t, p, r)), want, 214, 262) })
	}
}

func TestWhatIsNoReceiptIsNotPrinted(t *testing.T) {
	p := newPrinter(t)
	forged, unknown, erasure := yes().receipt(t), yes(), proof.Statement{
		Kind: proof.KindErasure, Declaration: &proof.ErasureDeclared{Leaves: []int64{1}, Reason: "request"}, Server: &proof.ErasureServer{At: decidedAt},
	}
	forged.Private.Place = "Anderswo"
	unknown.declared.Answer = "maybe"
	for name, file := range map[string][]byte{
		"another place":    encoded(t, forged),
		"an unknown word":  encoded(t, unknown.receipt(t)),
		"an erasure":       encoded(t, issued(t, erasure, nil)),
		"a space":          append(encoded(t, yes().receipt(t)), ' '),
		"nothing":          nil,
		"an array of them": []byte("[]"),
	} {
		if _, err := p.Receipt(file); err == nil {
			t.Errorf("a page is printed for %s", name)
		}
	}
}

// Every word that a statement may hold has its text.
func TestEveryWordOfAReceiptHasItsText(t *testing.T) {
	p := newPrinter(t)
	for _, act := range []string{"imposed", "ended"} {
		for _, measure := range []string{"audio_only", "excluded"} {
			page(t, p, sanction(t, act, measure))
		}
	}
	for _, act := range []string{"placed", "settled"} {
		for _, kind := range []string{"restriction", "objection"} {
			page(t, p, hold(t, act, kind))
		}
	}
	for _, word := range []string{"picture", "all"} {
		a := withdrawal()
		a.declared.Extent = word
		page(t, p, a.receipt(t))
	}
	for _, channel := range []string{"app", "paper", "phone", "in_person", "teacher"} {
		a := no()
		a.server.Channel = channel
		page(t, p, a.receipt(t))
	}
	for _, relation := range []string{"together", "alone", "legal_guardian"} {
		a := yes()
		a.declared.Relation = relation
		page(t, p, a.receipt(t))
	}
}

func BenchmarkReceipt(b *testing.B) {
	p, file := newPrinter(b), encoded(b, yes().receipt(b))
	var pdf []byte
	for b.Loop() {
		pdf = must(p.Receipt(file))(b)
	}
	b.ReportMetric(float64(len(pdf))/1000, "KB")
}
