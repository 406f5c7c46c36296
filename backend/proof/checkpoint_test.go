package proof_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"einverstanden/backend/proof"
)

func TestACheckpointComesBackAsItWasSigned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &maker{t: t}
		origin := drawn1(m, rapid.StringMatching(`[a-zA-Z0-9/._~-]{1,60}`))
		signer, err := proof.NewSigner(origin, m.bytes(ed25519.SeedSize))
		if err != nil {
			t.Fatal(err)
		}
		c := proof.Checkpoint{
			Origin: origin, Size: drawn1(m, rapid.Int64Range(0, 1<<53-1)), Root: tlog.Hash(m.bytes(tlog.HashSize)), At: m.at(),
		}
		opened, err := signer.Key().Open(signer.Sign(c))
		if err != nil || opened != c {
			t.Fatalf("%+v came back as %+v (%v)", c, opened, err)
		}
		key, err := proof.ParseKey(signer.Key().String())
		if err != nil || key.String() != signer.Key().String() || key.Fingerprint() != signer.Key().Fingerprint() {
			t.Fatalf("the key %s (%v)", key, err)
		}
	})
}

// Go's own implementation of signed notes reads ours and writes what ours reads: the formats are C2SP's.
func TestGoesSignedNotesAndOursAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &maker{t: t}
		seed, origin := m.bytes(ed25519.SeedSize), drawn1(m, rapid.StringMatching(`[a-zA-Z0-9/._~-]{1,60}`))
		ours, err := proof.NewSigner(origin, seed)
		if err != nil {
			t.Fatal(err)
		}
		c := proof.Checkpoint{Origin: origin, Size: drawn1(m, rapid.Int64Range(0, 1<<53-1)), Root: tlog.Hash(m.bytes(tlog.HashSize)), At: m.at()}
		signed := ours.Sign(c)
		verifier, err := note.NewVerifier(ours.Key().String())
		if err != nil {
			t.Fatalf("Go does not read the key %s: %v", ours.Key(), err)
		}
		opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
		if err != nil || len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) != 0 {
			t.Fatalf("Go does not open %q: %v", signed, err)
		}
		id := strings.Split(ours.Key().String(), "+")[1]
		theirs, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", origin, id, base64Of(append([]byte{1}, seed...))))
		if err != nil {
			t.Fatal(err)
		}
		again, err := note.Sign(&note.Note{Text: opened.Text}, theirs)
		if err != nil || string(again) != signed {
			t.Fatalf("Go signs %q, we %q (%v)", again, signed, err)
		}
		if got, err := ours.Key().Open(string(again)); err != nil || got != c {
			t.Fatalf("%+v (%v)", got, err)
		}
	})
}

func TestAKeyOpensItsOwnLogAlone(t *testing.T) {
	l := fullLog()
	note := l.sign(7)
	own := signer().Key()
	for name, other := range map[string]proof.Key{
		"another key of the same log": must(proof.NewSigner(own.Origin, fixed("another", 32))).Key(),
		"the same key of another log": must(proof.NewSigner("einverstanden/another", fixed("checkpoint key", 32))).Key(),
	} {
		if _, err := other.Open(note); !errors.Is(err, proof.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	changed := strings.Replace(note, "\n7\n", "\n6\n", 1)
	if _, err := own.Open(changed); !errors.Is(err, proof.ErrSignature) {
		t.Errorf("a changed size: %v", err)
	}
	for at := range note {
		flipped := []byte(note)
		flipped[at] ^= 1
		if _, err := own.Open(string(flipped)); err == nil {
			t.Errorf("byte %d flipped: opens", at)
		}
		if _, err := own.Open(note[:at]); err == nil {
			t.Errorf("cut after %d: opens", at)
		}
	}
}

func TestAKeyIsReadInItsOwnFormAlone(t *testing.T) {
	own := signer().Key().String()
	fields := strings.SplitN(own, "+", 3)
	name, id, key := fields[0], fields[1], fields[2]
	if parsed, err := proof.ParseKey(own); err != nil || parsed.Origin != name {
		t.Fatalf("%+v, %v", parsed, err)
	}
	for what, text := range map[string]string{
		"nothing":              "",
		"two fields":           name + "+" + id,
		"another id":           name + "+00000000+" + key,
		"the id in upper case": name + "+" + strings.ToUpper(id) + "X+" + key,
		"another name":         name + "x+" + id + "+" + key,
		"no name":              "+" + id + "+" + key,
		"a return":             own + "\r",
		"a line end":           own + "\n",
		"a return inside":      name + "+" + id + "+" + key[:8] + "\r" + key[8:],
		"padding":              own + "=",
		"a short key":          name + "+" + id + "+" + key[:40],
		"another algorithm":    name + "+" + id + "+B" + key[1:],
		"no base64":            name + "+" + id + "+" + strings.Repeat("!", 44),
	} {
		if parsed, err := proof.ParseKey(text); err == nil {
			t.Errorf("%s is read: %+v", what, parsed)
		}
	}
}

func TestAFingerprintIsReadAloudInGroups(t *testing.T) {
	public, err := hex.DecodeString(wantPublic)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := signer().Key().Fingerprint()
	groups := strings.Split(fingerprint, " ")
	if strings.Join(groups, "") != proof.SHA256Hex(public) || len(groups) != 16 {
		t.Errorf("%q is not the SHA-256 of the key", fingerprint)
	}
	for _, group := range groups {
		if len(group) != 4 {
			t.Errorf("a group %q in %q", group, fingerprint)
		}
	}
}
