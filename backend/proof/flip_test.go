package proof_test

import (
	"bytes"
	"slices"
	"testing"

	"einverstanden/backend/proof"
)

func eachFlipped(t *testing.T, names []string, check func(t *testing.T, file []byte)) {
	t.Helper()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			file := golden(t, receiptFolder, name, nil)
			holds(t, file, proof.Against{})
			check(t, file)
		})
	}
}

// Goldens that have every sort of part between them; where time is short, the shortest with the one with most parts.
var (
	several = []string{"yes-video-drawn", "yes-audio-passkey", "withdrawal-picture", "first-leaf"}
	few     = []string{"withdrawal-picture", "first-leaf"}
	most    = []string{"yes-audio-passkey"}
)

func mustNotHold(t *testing.T, changed []byte, what string, at int) {
	t.Helper()
	if proof.Verify(changed, proof.Against{}).Holds() {
		t.Errorf("%s at byte %d is not found: %.60s", what, at, changed[max(0, at-20):])
	}
}

// Checklist G1. The masks turn a digit into its neighbour, a letter's case, and ASCII into no UTF-8.
func TestG1EveryByteFlippedInAReceiptIsFound(t *testing.T) {
	eachFlipped(t, several, func(t *testing.T, file []byte) {
		for _, mask := range []byte{0x01, 0x20, 0x80} {
			for at := range file {
				changed := bytes.Clone(file)
				changed[at] ^= mask
				mustNotHold(t, changed, "a flip", at)
			}
		}
	})
}

func TestEveryByteTakenOutOfAReceiptIsFound(t *testing.T) {
	eachFlipped(t, few, func(t *testing.T, file []byte) {
		for at := range file {
			mustNotHold(t, slices.Delete(bytes.Clone(file), at, at+1), "a deletion", at)
		}
	})
}

// What is put in is what JSON or base64 would forgive, alone and as the pair of an escape.
func TestEveryByteAddedToAReceiptIsFound(t *testing.T) {
	insert := func(t *testing.T, file []byte, all ...string) {
		for _, added := range all {
			for at := range len(file) + 1 {
				mustNotHold(t, slices.Insert(bytes.Clone(file), at, []byte(added)...), "an insertion", at)
			}
		}
	}
	eachFlipped(t, few, func(t *testing.T, file []byte) { insert(t, file, " ", "\n", "0", "=") })
	eachFlipped(t, most, func(t *testing.T, file []byte) { insert(t, file, `\r`) })
}

func TestAReceiptCutShortIsFound(t *testing.T) {
	eachFlipped(t, several, func(t *testing.T, file []byte) {
		for length := range file {
			if proof.Verify(file[:length], proof.Against{}).Holds() {
				t.Errorf("the first %d bytes hold", length)
			}
		}
	})
}

// Two bytes that change places, and two receipts that are put together at any place.
func TestAReceiptPutTogetherFromOthersIsFound(t *testing.T) {
	eachFlipped(t, few, func(t *testing.T, file []byte) {
		other := golden(t, receiptFolder, "answer-none", nil)
		for at := 1; at < len(file); at++ {
			if file[at-1] != file[at] {
				changed := bytes.Clone(file)
				changed[at-1], changed[at] = changed[at], changed[at-1]
				mustNotHold(t, changed, "an exchange", at)
			}
			if at < len(other) && !bytes.Equal(file[:at], other[:at]) {
				mustNotHold(t, slices.Concat(file[:at], other[at:]), "a splice", at)
			}
		}
	})
}
