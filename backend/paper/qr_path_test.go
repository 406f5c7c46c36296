package paper_test

import (
	"fmt"
	"image/color"
	"testing"

	"github.com/boombuler/barcode/qr"

	"einverstanden/backend/paper"
)

// Each run of the path is read back into modules and compared with the code itself.
func TestThePathOfAQRCodeDrawsItsModulesInsideTheQuietZone(t *testing.T) {
	const text = "otpauth://totp/Einverstanden:a@b.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	path, width, err := paper.QRPath(text)
	if err != nil {
		t.Fatal(err)
	}
	want, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	size := want.Bounds().Dx()
	if width != size+8 {
		t.Errorf("%d units wide, the code has %d modules", width, size)
	}
	dark := map[[2]int]bool{}
	for rest := path; rest != ""; {
		var x, y, run, back int
		if _, err := fmt.Sscanf(rest, "M%d %dh%dv1h-%dz", &x, &y, &run, &back); err != nil || run != back {
			t.Fatalf("cannot read %.30s: %v", rest, err)
		}
		for i := range run {
			dark[[2]int{x + i - 4, y - 4}] = true
		}
		rest = rest[len(fmt.Sprintf("M%d %dh%dv1h-%dz", x, y, run, back)):]
	}
	for y := range size {
		for x := range size {
			if dark[[2]int{x, y}] != (want.At(x, y) == color.Black) {
				t.Fatalf("module %d, %d is drawn wrong", x, y)
			}
		}
	}
	if _, _, err := paper.QRPath(string(make([]byte, 2000))); err == nil {
		t.Error("a text too long for a code is drawn")
	}
}
