package paper_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/paper"
	"einverstanden/backend/proof"
)

func TestTheAttachedFileIsTheReceipt(t *testing.T) {
	p := newPrinter(t)
	for name, r := range kinds(t) {
		file := encoded(t, r)
		pdf := must(p.Receipt(file))(t)
		if got := must(paper.ReceiptOf(pdf))(t); !bytes.Equal(got, file) {
			t.Errorf("%s: %d bytes come out, %d went in", name, len(got), len(file))
		}
		folder := t.TempDir()
		run(t, pdf, "pdfdetach", "-save", "1", "-o", filepath.Join(folder, "out.json"), "FILE")
		if got := must(os.ReadFile(filepath.Join(folder, "out.json")))(t); !bytes.Equal(got, file) {
			t.Errorf("%s: a PDF reader saves another file", name)
		}
	}
}

func TestAReceiptVerifiesAsFileAndAsPage(t *testing.T) {
	p := newPrinter(t)
	for name, r := range kinds(t) {
		file := encoded(t, r)
		alone := p.VerifyReceipt(file, proof.Against{Key: r.Key})
		if !alone.Holds() || alone.Of(proof.ClaimPage) != proof.Unknown {
			t.Errorf("%s: the file: %+v", name, alone.Claims)
		}
		printed := p.VerifyReceipt(must(p.Receipt(file))(t), proof.Against{Key: r.Key})
		if !printed.Holds() || printed.Of(proof.ClaimPage) != proof.Holds || printed.Of(proof.ClaimKey) != proof.Holds {
			t.Errorf("%s: the page: %+v", name, printed.Claims)
		}
	}
}

// G1: every byte of the part that holds the attached file, and every 499th of the rest, which is
// fonts for the most part.
func TestNoByteOfAReceiptsPDFCanBeChanged(t *testing.T) {
	const stride = 499
	p := newPrinter(t)
	pdf := page(t, p, yes().receipt(t))
	attachedUntil := bytes.Index(pdf, []byte("endstream"))
	if attachedUntil < 1000 || len(pdf) < 2*attachedUntil {
		t.Fatalf("the attached file ends at %d of %d bytes", attachedUntil, len(pdf))
	}
	for i := 0; i < len(pdf); i++ {
		if i > attachedUntil && i%stride != 0 {
			continue
		}
		changed := bytes.Clone(pdf)
		changed[i] ^= 1
		if report := p.VerifyReceipt(changed, proof.Against{}); report.Holds() {
			t.Fatalf("byte %d can be changed: %+v", i, report.Claims)
		}
	}
	for _, changed := range [][]byte{pdf[:len(pdf)-1], append(bytes.Clone(pdf), '\n'), pdf[:attachedUntil]} {
		if p.VerifyReceipt(changed, proof.Against{}).Holds() {
			t.Errorf("%d bytes hold instead of %d", len(changed), len(pdf))
		}
	}
}

// The file of one receipt under the page of another is the forgery that a reader would not see.
func TestAPageOfAnotherReceiptFails(t *testing.T) {
	p := newPrinter(t)
	yes, no := page(t, p, yes().receipt(t)), page(t, p, no().receipt(t))
	end := []byte("endstream\nendobj\n")
	forged := append(bytes.Clone(no[:bytes.Index(no, end)]), yes[bytes.Index(yes, end):]...)
	report := p.VerifyReceipt(forged, proof.Against{})
	if report.Of(proof.ClaimFile) != proof.Holds || report.Of(proof.ClaimInclusion) != proof.Holds || report.Of(proof.ClaimPage) != proof.Fails {
		t.Errorf("%+v", report.Claims)
	}

	newer := bytes.Replace(forged, []byte("receipt page "), []byte("receipt page 9"), 1)
	report = p.VerifyReceipt(newer, proof.Against{})
	if report.Of(proof.ClaimPage) != proof.Unknown || report.Holds() {
		t.Errorf("of another version: %+v", report.Claims)
	}
}

// A page whose file does not hold was not printed by this program, whatever it says.
func TestAPageAroundAForgedFileFails(t *testing.T) {
	p := newPrinter(t)
	file := encoded(t, yes().receipt(t))
	pdf := must(p.Receipt(file))(t)
	forged := bytes.Replace(file, []byte("Musterstadt"), []byte("Musterdorf!"), 1)
	report := p.VerifyReceipt(attach(t, pdf, forged, len(forged)), proof.Against{})
	if report.Of(proof.ClaimPrivate) != proof.Fails || report.Of(proof.ClaimPage) != proof.Fails {
		t.Errorf("%+v", report.Claims)
	}
}

// attach puts another file into a PDF, with the length that it is to claim.
func attach(t testing.TB, pdf, file []byte, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	writer := zlib.NewWriter(&packed)
	must(writer.Write(file))(t)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	begin, end := bytes.Index(pdf, []byte("<< /Type /EmbeddedFile")), bytes.Index(pdf, []byte("\nendstream"))
	head := fmt.Sprintf("<< /Type /EmbeddedFile /Length %d /Filter /FlateDecode /Params << /CheckSum <%032x> /Size %d >> >>\n\nstream\n", packed.Len(), 0, size)
	return bytes.Join([][]byte{pdf[:begin], []byte(head), packed.Bytes(), pdf[end:]}, nil)
}

func TestWhatHoldsNoReceipt(t *testing.T) {
	p := newPrinter(t)
	pdf := page(t, p, yes().receipt(t))
	saved := []byte(run(t, pdf, "qpdf", "--compress-streams=y", "FILE", "-"))
	bomb := make([]byte, 20<<20)
	for name, c := range map[string]struct {
		pdf []byte
		own bool // it is a PDF, but not as ours
	}{
		"nothing":              {nil, false},
		"a receipt's file":     {encoded(t, yes().receipt(t)), false},
		"a PDF too large":      {append(bytes.Clone(pdf), make([]byte, paper.MaxReceiptPDF)...), false},
		"a letter":             {printed(t, letter()), true},
		"saved anew":           {saved, true},
		"cut off":              {pdf[:bytes.Index(pdf, []byte("endstream"))-10], true},
		"two files":            {append(bytes.Clone(pdf), pdf...), true},
		"a bomb":               {attach(t, pdf, bomb, 100), true},
		"a bomb that says so":  {attach(t, pdf, bomb, len(bomb)), true},
		"shorter than it says": {attach(t, pdf, []byte("{}"), 3), true},
		"not packed":           {bytes.Replace(pdf, []byte("stream\n"), []byte("stream\nxx"), 1), true},
	} {
		file, err := paper.ReceiptOf(c.pdf)
		if err == nil || errors.Is(err, paper.ErrNoReceipt) != c.own {
			t.Errorf("%s: %d bytes and the error %v", name, len(file), err)
		}
		if strings.HasPrefix(string(c.pdf), "%PDF-") && p.VerifyReceipt(c.pdf, proof.Against{}).Of(proof.ClaimFile) != proof.Fails {
			t.Errorf("%s: the file's claim does not fail", name)
		}
	}
}

func FuzzReceiptOf(f *testing.F) {
	bare := []byte("%PDF-1.3\n<< /Type /EmbeddedFile\nendstream\n")
	for _, seed := range [][]byte{bare, attach(f, bare, []byte("{}"), 2), attach(f, bare, []byte("{}"), 3), attach(f, bare, encoded(f, no().receipt(f)), 9)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pdf []byte) {
		file, err := paper.ReceiptOf(pdf)
		if (err == nil) == (file == nil) || len(file) > proof.MaxReceipt {
			t.Fatalf("%d bytes and the error %v", len(file), err)
		}
	})
}

var (
	streams = regexp.MustCompile(`(?s)\nstream\n(.*?)\nendstream\n`)
	version = regexp.MustCompile(`receipt page (\d+),`)
)

// A page that is drawn in another way under the old number would make every receipt printed before look forged. What
// is compared is all that is drawn, with its fonts, before it is packed: how it is packed is Go's affair, whose version
// the file names.
func TestAChangedPageHasANewVersion(t *testing.T) {
	p, all := newPrinter(t), kinds(t)
	sum, number := sha256.New(), ""
	for _, name := range slices.Sorted(maps.Keys(all)) {
		pdf := page(t, p, all[name])
		number = string(version.FindSubmatch(pdf)[1])
		found := streams.FindAllSubmatch(pdf, -1)
		if len(found) < 4 {
			t.Fatalf("%s has %d streams; the attached file, the page and two fonts are four", name, len(found))
		}
		for _, stream := range found {
			content := io.Reader(bytes.NewReader(stream[1]))
			if packed, err := zlib.NewReader(bytes.NewReader(stream[1])); err == nil {
				content = packed
			}
			must(io.Copy(sum, content))(t)
		}
	}
	got, file := fmt.Sprintf("%s %x\n", number, sum.Sum(nil)), filepath.Join("testdata", "receipt_version")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(must(os.ReadFile(file))(t)); got != want {
		t.Errorf("receipts are drawn in another way: raise pageVersion, then go test -update (%q, want %q)", got, want)
	}
}
