package vault_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/vault"
)

var keyFiles = []string{"seal.json", "index.key", "letters.key", "tokens.key", "checkpoints.key"}

func TestCreatedKeysAreForTheirOwnerAlone(t *testing.T) {
	_, folder := newVault(t)
	for _, name := range keyFiles {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm() != 0o400 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestEachKeyIsItsOwn(t *testing.T) {
	_, first := newVault(t)
	_, second := newVault(t)
	seen := map[string]string{}
	for _, folder := range []string{first, second} {
		for _, name := range keyFiles {
			content := string(readFile(t, folder, name))
			if other, twice := seen[content]; twice {
				t.Errorf("%s is the same as %s", name, other)
			}
			seen[content] = name
		}
	}
}

// One key that is there already may be the one that data was sealed with.
func TestCreateRefusesAFolderWithAnyKey(t *testing.T) {
	for _, name := range keyFiles {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, name), []byte("old"), 0o400); err != nil {
				t.Fatal(err)
			}
			if err := vault.Create(folder); err == nil || !strings.Contains(err.Error(), name) {
				t.Fatalf("got %v", err)
			}
			entries, err := os.ReadDir(folder)
			if err != nil || len(entries) != 1 || string(readFile(t, folder, name)) != "old" {
				t.Errorf("the folder was changed: %v, %v", entries, err)
			}
		})
	}
}

func TestAnEmptyFolderHasNoKeys(t *testing.T) {
	if _, err := vault.Open(t.TempDir()); !errors.Is(err, vault.ErrNoKeys) {
		t.Fatalf("got %v", err)
	}
	if _, err := vault.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, vault.ErrNoKeys) {
		t.Fatalf("a folder that is not there: got %v", err)
	}
}

// Checklist I3: the program is told which file is wrong, and nobody is told what is in it.
func TestAWrongKeyFileIsNamedAndNotShown(t *testing.T) {
	base := base64.StdEncoding.EncodeToString
	canary := "Kanarienvogel"
	cases := []struct {
		name, file string
		spoil      func(t *testing.T, path string)
		says       string
	}{
		{"missing", "index.key", remove, "is missing: bring it back"},
		{"missing", "letters.key", remove, "is missing: bring it back"},
		{"missing", "tokens.key", remove, "is missing: bring it back"},
		{"missing", "checkpoints.key", remove, "einverstanden keys complete"},
		{"short", "index.key", replace(base([]byte(canary))), "too short"},
		{"empty", "tokens.key", replace(""), "too short"},
		{"default", "letters.key", replace(base(make([]byte, 32))), "is a default"},
		{"default", "tokens.key", replace(base(bytes.Repeat([]byte{'x'}, 32))), "is a default"},
		{"not base64", "index.key", replace(canary + "!"), "not base64"},
		{"no keyset", "seal.json", replace(`{"key":"` + canary + `"}`), "not a keyset"},
		{"no JSON", "seal.json", replace(canary), "not a keyset"},
		{"readable by the group", "seal.json", chmod(0o440), "read by others"},
		{"readable by the group", "index.key", chmod(0o440), "read by others"},
		{"readable by everybody", "letters.key", chmod(0o444), "read by others"},
		{"writable by others", "tokens.key", chmod(0o602), "read by others"},
	}
	for _, c := range cases {
		t.Run(c.file+" "+c.name, func(t *testing.T) {
			_, folder := newVault(t)
			path := filepath.Join(folder, c.file)
			secrets := []string{canary, base([]byte(canary)), strings.TrimSpace(string(readFile(t, folder, c.file)))}
			c.spoil(t, path)
			_, err := vault.Open(folder)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v; want the file and %q", err, c.says)
			}
			for _, secret := range secrets {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the message shows the key: %v", err)
				}
			}
		})
	}
}

// A folder from before a key file existed gets that file, and keeps the others.
func TestCompleteMakesOnlyWhatNothingWasMadeWith(t *testing.T) {
	v, folder := newVault(t)
	before, err := v.CheckpointSeed("musterstadt")
	if err != nil {
		t.Fatal(err)
	}
	if made, err := vault.Complete(folder); err != nil || len(made) != 0 {
		t.Fatalf("a whole folder got %v, %v", made, err)
	}
	if again, err := open(t, folder).CheckpointSeed("musterstadt"); err != nil || !bytes.Equal(again, before) {
		t.Fatalf("the key that was there is another now: %v", err)
	}
	remove(t, filepath.Join(folder, "checkpoints.key"))
	if made, err := vault.Complete(folder); err != nil || !slices.Equal(made, []string{"checkpoints.key"}) {
		t.Fatalf("made %v, %v", made, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != len(keyFiles)+1 { // and vapid.json, without which all but push works
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	if open(t, folder).Fingerprint("kind", "value") != v.Fingerprint("kind", "value") {
		t.Error("a key that was there is another now")
	}
}

func TestCompleteBringsNoLostKeyBack(t *testing.T) {
	for _, name := range []string{"seal.json", "index.key", "letters.key", "tokens.key"} {
		_, folder := newVault(t)
		remove(t, filepath.Join(folder, name))
		if made, err := vault.Complete(folder); len(made) != 0 || (name == "seal.json") != errors.Is(err, vault.ErrNoKeys) {
			t.Errorf("%s: made %v, %v", name, made, err)
		}
		if _, err := vault.Open(folder); err == nil {
			t.Errorf("%s: a folder without it opens", name)
		}
	}
}

// An operator who made the keys with another tool may have added line ends.
func TestLineEndsAroundAKeyAreForgiven(t *testing.T) {
	v, folder := newVault(t)
	before := v.Fingerprint("kind", "value")
	path := filepath.Join(folder, "index.key")
	key := strings.TrimSpace(string(readFile(t, folder, "index.key")))
	replace("\n"+key+"\r\n")(t, path)
	if after := open(t, folder).Fingerprint("kind", "value"); after != before {
		t.Fatalf("%s became %s", before, after)
	}
}

func readFile(t *testing.T, folder, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func replace(content string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		remove(t, path)
		if err := os.WriteFile(path, []byte(content), 0o400); err != nil {
			t.Fatal(err)
		}
	}
}

func chmod(mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
}
