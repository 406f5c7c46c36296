package proof_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/proof"
)

// signedNote signs any body with the school's key, as a hostile school could.
func signedNote(body string) string {
	seed := fixed("checkpoint key", ed25519.SeedSize)
	var keyID uint32
	if _, err := fmt.Sscanf(strings.Split(signer().Key().String(), "+")[1], "%08x", &keyID); err != nil {
		panic(err)
	}
	signature := append(binary.BigEndian.AppendUint32(nil, keyID), ed25519.Sign(ed25519.NewKeyFromSeed(seed), []byte(body))...)
	return body + "\n— " + signer().Key().Origin + " " + base64.StdEncoding.EncodeToString(signature) + "\n"
}

func TestALogThatIsTooLargeToBeOneIsRefusedAtOnce(t *testing.T) {
	receipt := receiptOf(t, "withdrawal-picture")
	for _, size := range []string{"9007199254740992", "4611686018427387905", "9223372036854775807"} {
		lines := strings.Split(receipt.Checkpoint, "\n")
		lines[1] = size
		receipt.Checkpoint = signedNote(strings.Join(lines[:4], "\n") + "\n")
		report := proof.Verify(fileOf(t, receipt), proof.Against{}) // it used to count for ever
		if got := report.Of(proof.ClaimCheckpoint); got != proof.Fails {
			t.Errorf("a log of %s leaves: the checkpoint %s", size, got)
		}
	}
}

func TestACheckpointHasOneSpelling(t *testing.T) {
	key, note := signer().Key(), fullLog().sign(5)
	if _, err := key.Open(note); err != nil {
		t.Fatal(err)
	}
	line := strings.LastIndex(note, " ") + 1
	lines := strings.Split(note, "\n")
	with := func(at int, text string) string {
		changed := append([]string(nil), lines...)
		changed[at] = text
		return signedNote(strings.Join(changed[:4], "\n") + "\n")
	}
	for name, changed := range map[string]string{
		"a return in the signature":      note[:line+8] + "\r" + note[line+8:],
		"a return behind the signature":  strings.TrimSuffix(note, "\n") + "\r\n",
		"a return before the signature":  note[:line] + "\r" + note[line:],
		"a line end in the signature":    note[:line+8] + "\n" + note[line+8:],
		"a second signature":             note + note[strings.Index(note, "\n\n")+2:],
		"a line behind":                  note + "\n",
		"nothing behind":                 strings.TrimSuffix(note, "\n"),
		"line ends of Windows":           strings.ReplaceAll(note, "\n", "\r\n"),
		"bits that are not used":         note[:len(note)-3] + string(note[len(note)-3]+1) + "=\n",
		"a size with a sign":             with(1, "+5"),
		"a size with a nought":           with(1, "05"),
		"a size below nought":            with(1, "-5"),
		"a root with a return":           with(2, lines[2][:4]+"\r"+lines[2][4:]),
		"a root without padding":         with(2, strings.TrimSuffix(lines[2], "=")),
		"another zone":                   with(3, "2026-11-24T10:04:30.250001+01:00"),
		"another spelling of UTC":        with(3, "2026-11-24T09:04:30.250001+00:00"),
		"an instant with a comma":        with(3, "2026-11-24T09:04:30,250001Z"),
		"an instant to the nanosecond":   with(3, "2026-11-24T09:04:30.250001001Z"),
		"an extension line more":         with(3, lines[3]+"\nmore"),
		"no extension line":              signedNote(strings.Join(lines[:3], "\n") + "\n"),
		"another log":                    with(0, proof.OriginOf("another")),
		"a name with a space":            with(0, "einverstanden/a b"),
		"a name with another sort of it": with(0, "einverstanden/a\u00a0b"),
		"no name":                        with(0, ""),
	} {
		if c, err := key.Open(changed); err == nil {
			t.Errorf("%s is read as %+v", name, c)
		}
	}
}

func TestAReceiptWithAReturnInItsSignatureDoesNotHold(t *testing.T) {
	receipt := receiptOf(t, "yes-video-drawn")
	at := strings.LastIndex(receipt.Checkpoint, " ") + 20
	receipt.Checkpoint = receipt.Checkpoint[:at] + "\r" + receipt.Checkpoint[at:]
	if report := proof.Verify(fileOf(t, receipt), proof.Against{}); report.Holds() {
		t.Error("two receipts for one statement: base64 forgives a return")
	}
}

func TestNamesThatNoNoteMayCarryGetNoKey(t *testing.T) {
	for _, name := range []string{
		"", "a b", "a\tb", "a\nb", "a+b", "a\u00a0b", "a\u2028b", "a\x01b", "a\x7fb", "a\xff", strings.Repeat("a", 201),
	} {
		if _, err := proof.NewSigner(name, fixed("seed", 32)); err == nil {
			t.Errorf("%q is signed for", name)
		}
	}
	if _, err := proof.NewSigner("einverstanden/a", fixed("seed", 31)); err == nil {
		t.Error("31 bytes are a seed")
	}
}

func TestACheckpointIsSignedToTheMicrosecond(t *testing.T) {
	c := fullLog().checkpoint(3)
	want := c.At
	c.At = c.At.Add(999 * time.Nanosecond).In(time.FixedZone("", 7200))
	opened, err := signer().Key().Open(signer().Sign(c))
	if err != nil || !opened.At.Equal(want) {
		t.Errorf("signed at %s, want %s (%v)", opened.At, want, err)
	}
}

func TestAKeyWithoutAKeyOpensNothing(t *testing.T) {
	if _, err := (proof.Key{Origin: signer().Key().Origin}).Open(fullLog().sign(1)); err == nil {
		t.Error("opened without a key")
	}
}

// A file of the largest size costs no more than reading it: nesting used to be copied once for each level.
func TestADeeplyNestedFileIsRefused(t *testing.T) {
	const levels = 9000
	deep := strings.Repeat(`{"a":`, levels) + `"` + strings.Repeat("x", proof.MaxReceipt*9/10) + `"` + strings.Repeat("}", levels)
	for name, file := range map[string]string{
		"in the statement": `{"schema":"einverstanden-receipt","statement":` + deep + `,"v":1}`,
		"in a text":        `{"schema":"einverstanden-receipt","texts":[` + deep + `],"v":1}`,
	} {
		if len(file) > proof.MaxReceipt {
			t.Fatalf("%d bytes are refused for their size", len(file))
		}
		report := proof.Verify([]byte(file), proof.Against{})
		if report.Holds() || len(report.Claims) != 1 || report.Of(proof.ClaimFile) != proof.Fails {
			t.Errorf("%s: %+v", name, report.Claims)
		}
	}
}

func TestAFileOfNothingButElementsIsRefused(t *testing.T) {
	for _, member := range []string{"inclusion", "texts"} {
		file := `{"schema":"einverstanden-receipt","` + member + `":[` + strings.Repeat(`"",`, 100_000) + `""],"v":1}`
		if report := proof.Verify([]byte(file), proof.Against{}); report.Holds() {
			t.Errorf("%s: %+v", member, report.Claims)
		}
	}
	if report := proof.Verify(make([]byte, proof.MaxReceipt+1), proof.Against{}); report.Of(proof.ClaimFile) != proof.Fails {
		t.Errorf("a file that is too large: %+v", report.Claims)
	}
}
