package account

// White box: only from inside can the hash be held still to count how many run at once.

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"einverstanden/backend/fault"
)

func TestAPasswordMatchesItsHashAlone(t *testing.T) {
	h, ctx := newHasher(), context.Background()
	hash, err := h.hash(ctx, "Kirschbaum-im-Nebel-77")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("kept as %s", hash)
	}
	again, err := h.hash(ctx, "Kirschbaum-im-Nebel-77")
	if err != nil || again == hash {
		t.Errorf("the same hash twice (%v)", err)
	}
	for password, want := range map[string]bool{"Kirschbaum-im-Nebel-77": true, "Kirschbaum-im-Nebel-78": false, "": false} {
		if got, err := h.matches(ctx, hash, password); err != nil || got != want {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
}

// The parameters of the note, on a vector made by calling the library as it says.
func TestTheHashIsArgon2idAsWritten(t *testing.T) {
	salt := []byte("0123456789abcdef")
	want := argon2.IDKey([]byte("grüne Tür"), salt, 2, 19456, 1, 32)
	got, err := newHasher().run(context.Background(), "gru\u0308ne Tu\u0308r", salt) // ü from u and a mark
	if err != nil || string(got) != string(want) {
		t.Fatalf("got %x, want %x (%v)", got, want, err)
	}
}

func TestForeignHashesAreRefused(t *testing.T) {
	good := encodeHash(make([]byte, argonSalt), make([]byte, argonKey))
	for _, hash := range []string{
		"", "plain", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "m=19456", "m=8", 1),
		strings.TrimSuffix(good, "A"), good + "$", good[:strings.LastIndex(good, "$")],
	} {
		if _, err := newHasher().matches(context.Background(), hash, "x"); err == nil {
			t.Errorf("%q is read", hash)
		}
	}
}

// One processor at least is left for everybody else, where there are two.
func TestHashingLeavesAProcessorFree(t *testing.T) {
	for processors, want := range map[int]int{1: 1, 2: 1, 3: 2, 4: 2, 64: argonAtOnce} {
		if got := cap(newHasherOn(processors).slots); got != want {
			t.Errorf("%d at once on %d processors, want %d", got, processors, want)
		}
	}
}

func TestAtMostTwoHashesRunAtOnce(t *testing.T) {
	h := newHasherOn(64)
	started, finish := make(chan struct{}), make(chan struct{})
	h.derive = func(_, _ []byte) []byte {
		started <- struct{}{}
		<-finish
		return nil
	}
	done := make(chan error)
	for range argonAtOnce {
		go func() {
			_, err := h.run(context.Background(), "x", nil)
			done <- err
		}()
		<-started
	}
	// Both slots are taken: a third waits as long as its caller does, here not at all.
	gone, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	_, err := h.run(gone, "x", nil)
	if !fault.Has(err, fault.TakesTooLong) {
		t.Fatalf("a third ran: %v", err)
	}
	go func() {
		_, err := h.run(context.Background(), "x", nil)
		done <- err
	}()
	finish <- struct{}{} // one ends, so the waiting one starts
	<-started
	finish <- struct{}{}
	finish <- struct{}{}
	for range argonAtOnce + 1 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestTheDecoyCostsOneHash(t *testing.T) {
	h, runs := newHasher(), 0
	h.derive = func(_, _ []byte) []byte { runs++; return make([]byte, argonKey-1) }
	if right, err := h.matches(context.Background(), decoyHash, "x"); err != nil || right || runs != 1 {
		t.Fatalf("right %v, %d runs, %v", right, runs, err)
	}
}

func TestPausesDivideTheHour(t *testing.T) {
	for _, pause := range append(passwordPauses, schoolPause(schoolSlow)) {
		if time.Hour%pause != 0 {
			t.Errorf("%s does not divide an hour", pause)
		}
	}
}
