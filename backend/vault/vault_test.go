package vault_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

func newVault(t *testing.T) (*vault.Vault, string) {
	t.Helper()
	folder := t.TempDir()
	if err := vault.Create(folder); err != nil {
		t.Fatal(err)
	}
	return open(t, folder), folder
}

func open(t *testing.T, folder string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var place = vault.Place{School: "musterstadt", Table: "pupil", Column: "profile", Row: "0193-lena"}

func TestSealedValuesOpenAtTheirPlace(t *testing.T) {
	v, folder := newVault(t)
	for name, plain := range map[string][]byte{"a name": []byte("Lena Öztürk"), "nothing": {}, "any bytes": {0, 0xff, '|'}} {
		sealed, err := v.Seal(place, plain)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 0 && bytes.Contains(sealed, plain) {
			t.Errorf("%s lies open", name)
		}
		// The keys are what counts, not the process that sealed.
		opened, err := open(t, folder).Open(place, sealed)
		if err != nil || !bytes.Equal(opened, plain) {
			t.Errorf("%s: got %q, %v", name, opened, err)
		}
	}
}

func TestJSONIsSealedAndOpened(t *testing.T) {
	v, _ := newVault(t)
	type name struct {
		Given string `json:"givenName"`
	}
	sealed, err := v.SealJSON(place, name{"Çağla"})
	if err != nil {
		t.Fatal(err)
	}
	var got name
	if err := v.OpenJSON(place, sealed, &got); err != nil || got.Given != "Çağla" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := v.SealJSON(place, make(chan int)); err == nil {
		t.Error("what has no JSON was sealed")
	}
}

// Equal values look unlike: nobody sees from the database who shares a name.
func TestSealingTwiceGivesUnlikeBytes(t *testing.T) {
	v, _ := newVault(t)
	first, err1 := v.Seal(place, []byte("Lena"))
	second, err2 := v.Seal(place, []byte("Lena"))
	if err1 != nil || err2 != nil || bytes.Equal(first, second) {
		t.Fatalf("%x, %x (%v, %v)", first, second, err1, err2)
	}
}

// Checklist I1: a ciphertext that was copied elsewhere does not open.
func TestAMovedValueDoesNotOpen(t *testing.T) {
	v, _ := newVault(t)
	sealed, err := v.Seal(place, []byte("Lena"))
	if err != nil {
		t.Fatal(err)
	}
	for name, move := range map[string]func(*vault.Place){
		"another school": func(p *vault.Place) { p.School = "nachbarort" },
		"another table":  func(p *vault.Place) { p.Table = "guardian" },
		"another column": func(p *vault.Place) { p.Column = "email" },
		"another row":    func(p *vault.Place) { p.Row = "0193-emre" },
	} {
		moved := place
		move(&moved)
		if _, err := v.Open(moved, sealed); !errors.Is(err, vault.ErrSealBroken) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAChangedValueDoesNotOpen(t *testing.T) {
	v, _ := newVault(t)
	sealed, err := v.Seal(place, []byte("Lena"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := v.Open(place, changed); !errors.Is(err, vault.ErrSealBroken) {
			t.Errorf("byte %d of %d: got %v", i, len(sealed), err)
		}
	}
	for _, short := range [][]byte{nil, sealed[:4], sealed[:len(sealed)-1]} {
		if _, err := v.Open(place, short); !errors.Is(err, vault.ErrSealBroken) {
			t.Errorf("%d bytes: got %v", len(short), err)
		}
	}
}

func TestOtherKeysDoNotOpen(t *testing.T) {
	v, _ := newVault(t)
	sealed, err := v.Seal(place, []byte("Lena"))
	if err != nil {
		t.Fatal(err)
	}
	other, _ := newVault(t)
	if _, err := other.Open(place, sealed); !errors.Is(err, vault.ErrSealBroken) {
		t.Fatalf("got %v", err)
	}
}

func TestNothingIsSealedForNoSchool(t *testing.T) {
	v, _ := newVault(t)
	nowhere := place
	nowhere.School = ""
	if _, err := v.Seal(nowhere, []byte("Lena")); err == nil {
		t.Error("sealed")
	}
	if _, err := v.Open(nowhere, []byte("Lena")); err == nil {
		t.Error("opened")
	}
}

// An index is the same after a restart and differs by school, column and value.
func TestIndexesAreStableAndPerSchool(t *testing.T) {
	v, folder := newVault(t)
	mine := v.Index("musterstadt", "guardian.email", "a@example.org")
	if again := open(t, folder).Index("musterstadt", "guardian.email", "a@example.org"); again != mine {
		t.Errorf("%s became %s", mine, again)
	}
	other, _ := newVault(t)
	for name, index := range map[string]string{
		"another school":       v.Index("nachbarort", "guardian.email", "a@example.org"),
		"another column":       v.Index("musterstadt", "account.email", "a@example.org"),
		"another value":        v.Index("musterstadt", "guardian.email", "b@example.org"),
		"the same text cut up": v.Index("musterstadt", "guardian.emaila", "@example.org"),
		"no school":            v.Fingerprint("guardian.email", "a@example.org"),
		"a letter's hash":      v.LetterHash("musterstadt", "a@example.org"),
		"other keys":           other.Index("musterstadt", "guardian.email", "a@example.org"),
	} {
		if index == mine {
			t.Errorf("%s has the same index", name)
		}
	}
}

// Each use of a hash has results of its own.
func TestHashesDifferByUse(t *testing.T) {
	v, folder := newVault(t)
	if v.Fingerprint("letter", "12345678") == v.Fingerprint("staff_email", "12345678") {
		t.Error("two kinds of fingerprint agree")
	}
	if v.LetterHash("12345678", "secret") == v.LetterHash("12345679", "secret") {
		t.Error("two letters agree")
	}
	access, refresh := v.TokenKey("access"), v.TokenKey("refresh")
	if len(access) != 32 || bytes.Equal(access, refresh) {
		t.Errorf("%d bytes of token key, equal: %v", len(access), bytes.Equal(access, refresh))
	}
	if !bytes.Equal(open(t, folder).TokenKey("access"), access) {
		t.Error("a token key changed on reopening")
	}
}

// A seed is the same after a restart, each school has its own, and none can be told from another.
func TestCheckpointSeedsAreStableAndPerSchool(t *testing.T) {
	v, folder := newVault(t)
	other, _ := newVault(t)
	seed := func(v *vault.Vault, school id.School) []byte {
		t.Helper()
		seed, err := v.CheckpointSeed(school)
		if err != nil || len(seed) != ed25519.SeedSize {
			t.Fatalf("%d bytes, %v", len(seed), err)
		}
		return seed
	}
	mine := seed(v, "musterstadt")
	if !bytes.Equal(seed(open(t, folder), "musterstadt"), mine) {
		t.Error("a seed changed on reopening")
	}
	if bytes.Equal(seed(v, "nachbarort"), mine) || bytes.Equal(seed(other, "musterstadt"), mine) {
		t.Error("two seeds agree")
	}
	if _, err := v.CheckpointSeed(""); err == nil {
		t.Error("a seed for no school")
	}
}
