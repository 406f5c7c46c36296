package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"einverstanden/backend/vault"
)

func seal(t *testing.T, v *vault.Vault, plain string) []byte {
	t.Helper()
	sealed, err := v.Seal(place, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func mustOpen(t *testing.T, v *vault.Vault, sealed []byte, want string) {
	t.Helper()
	if plain, err := v.Open(place, sealed); err != nil || string(plain) != want {
		t.Fatalf("got %q, %v; want %q", plain, err, want)
	}
}

func addKey(t *testing.T, folder string) vault.KeyID {
	t.Helper()
	key, err := vault.AddKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func promote(t *testing.T, folder string) {
	t.Helper()
	if _, err := vault.PromoteKey(folder); err != nil {
		t.Fatal(err)
	}
}

func retire(t *testing.T, folder string) []string {
	t.Helper()
	files, err := vault.RetireKeys(folder)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Checklist I2, the keys' part: servers that read the file before a step do not have to be restarted after it.
func TestARunningVaultFollowsTheRotation(t *testing.T) {
	running, folder := newVault(t)
	old := running.Keyring().Primary
	before := seal(t, running, "Lena")

	added := addKey(t, folder)
	waiting := seal(t, running, "Emre")
	if !bytes.HasPrefix(waiting, old.Prefix()) {
		t.Error("a key that waits has sealed")
	}
	promote(t, folder)
	elsewhere := seal(t, open(t, folder), "Mila")
	mustOpen(t, running, elsewhere, "Mila") // the running one has only ever seen the first key
	after := seal(t, running, "Jonas")
	for name, sealed := range map[string][]byte{"a fresh vault": elsewhere, "the running one": after} {
		if !bytes.HasPrefix(sealed, added.Prefix()) {
			t.Errorf("%s seals with another key than %s: %x", name, added, sealed[:vault.PrefixSize])
		}
	}
	renewed, err := running.Renew(place, before)
	if err != nil || !bytes.HasPrefix(renewed, added.Prefix()) || len(renewed) != len(before) {
		t.Fatalf("renewed %d bytes to %d: %v", len(before), len(renewed), err)
	}
	retire(t, folder)
	mustOpen(t, open(t, folder), renewed, "Lena")
	if _, err := open(t, folder).Open(place, before); !errors.Is(err, vault.ErrSealBroken) {
		t.Errorf("the retired key still opens: %v", err)
	}
}

func TestSealingFollowsAtOnceFromTheFirstKeyToTheLast(t *testing.T) {
	running, folder := newVault(t)
	added := addKey(t, folder)
	promote(t, folder)
	retire(t, folder) // the running vault has seen none of this
	if sealed := seal(t, running, "Lena"); !bytes.HasPrefix(sealed, added.Prefix()) {
		t.Fatalf("sealed with %x", sealed[:vault.PrefixSize])
	}
}

func TestStepsOutOfOrderAreRefused(t *testing.T) {
	_, folder := newVault(t)
	refused := func(says string, step func(string) error) {
		t.Helper()
		before := readFile(t, folder, "seal.json")
		if err := step(folder); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v; want %q", err, says)
		}
		if !bytes.Equal(readFile(t, folder, "seal.json"), before) {
			t.Errorf("%q: the keys were changed", says)
		}
	}
	add := func(folder string) error { _, err := vault.AddKey(folder); return err }
	promoteKey := func(folder string) error { _, err := vault.PromoteKey(folder); return err }
	retireKeys := func(folder string) error { _, err := vault.RetireKeys(folder); return err }

	refused("add one first", promoteKey)
	refused("no old key", retireKeys)
	added := addKey(t, folder)
	refused(added.String()+" was added already", add)
	refused("no old key", retireKeys)
	old := open(t, folder).Keyring().Primary
	promote(t, folder)
	refused("add one first", promoteKey)
	refused(old.String()+" of the rotation before is not retired", add)
	retire(t, folder)
	addKey(t, folder)
}

func TestTheKeyFileStaysWholeAndItsOwners(t *testing.T) {
	_, folder := newVault(t)
	addKey(t, folder)
	promote(t, folder)
	files := retire(t, folder)
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != len(keyFiles)+2 || // the retired keys and vapid.json
		len(files) != 1 {
		t.Fatalf("the folder holds %v, %v; retired %v", entries, err, files)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o400 {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
}

// A backup from before the rotation needs the old key once more.
func TestARetiredKeyCanBeBroughtBack(t *testing.T) {
	v, folder := newVault(t)
	old, before := v.Keyring().Primary, seal(t, v, "Lena")
	added := addKey(t, folder)
	promote(t, folder)
	apart := filepath.Join(t.TempDir(), "old.json")
	if err := os.Rename(filepath.Join(folder, retire(t, folder)[0]), apart); err != nil {
		t.Fatal(err)
	}
	restored, err := vault.RestoreKeys(folder, apart)
	if err != nil || !slices.Equal(restored, []vault.KeyID{old}) {
		t.Fatalf("restored %v, %v", restored, err)
	}
	ring, _, err := vault.Keys(folder)
	if err != nil || ring.Primary != added || !slices.Equal(ring.Old, restored) || len(ring.Waiting) != 0 {
		t.Fatalf("keys %+v, %v", ring, err)
	}
	mustOpen(t, open(t, folder), before, "Lena")
	if _, err := vault.RestoreKeys(folder, apart); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second time: %v", err)
	}
	retire(t, folder)
	if _, err := open(t, folder).Open(place, before); !errors.Is(err, vault.ErrSealBroken) {
		t.Errorf("retired again, it opens: %v", err)
	}
}

// A process killed between keeping the old key and replacing the keyset is run again.
func TestRetiringGoesOnAfterAKill(t *testing.T) {
	v, folder := newVault(t)
	before := seal(t, v, "Lena")
	addKey(t, folder)
	promote(t, folder)
	keyset := readFile(t, folder, "seal.json")
	first := retire(t, folder)
	replace(string(keyset))(t, filepath.Join(folder, "seal.json")) // as if the rename had not happened
	if again := retire(t, folder); !slices.Equal(again, first) {
		t.Fatalf("kept %v, then %v", first, again)
	}
	if _, err := vault.RestoreKeys(folder, filepath.Join(folder, first[0])); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, open(t, folder), before, "Lena")
}

// Withdrawing must not wait for a file: what cannot be read now changes nothing, and is said.
func TestAnUnreadableFileLeavesTheKeysAsTheyAre(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, string){
		"gone": remove, "half written": replace("{"), "readable by others": chmod(0o444),
	} {
		t.Run(name, func(t *testing.T) {
			v, folder := newVault(t)
			path := filepath.Join(folder, "seal.json")
			content := readFile(t, folder, "seal.json")
			remove(t, path)
			replaceNew(t, path, content) // a change, so that the file is looked into again
			spoil(t, path)
			mustOpen(t, v, seal(t, v, "Lena"), "Lena")
			if err := v.Reload(); err == nil || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v", err)
			}
			if _, err := v.Open(place, []byte("no seal")); !errors.Is(err, vault.ErrSealBroken) {
				t.Errorf("got %v", err)
			}
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			replaceNew(t, path, content)
			if err := v.Reload(); err != nil {
				t.Error(err)
			}
		})
	}
}

func replaceNew(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o400); err != nil {
		t.Fatal(err)
	}
}

func TestTwoProcessesDoNotChangeTheKeysAtOnce(t *testing.T) {
	_, folder := newVault(t)
	var group sync.WaitGroup
	outcomes := make(chan error, 8)
	for range cap(outcomes) {
		group.Go(func() {
			_, err := vault.AddKey(folder)
			outcomes <- err
		})
	}
	group.Wait()
	close(outcomes)
	added := 0
	for err := range outcomes {
		if err == nil {
			added++
		}
	}
	if ring, _, err := vault.Keys(folder); added != 1 || err != nil || len(ring.Waiting) != 1 {
		t.Fatalf("%d were added; %+v, %v", added, ring, err)
	}
}

// Whoever seals and opens while the keys change loses nothing, whichever vault opens.
func TestWritersLoseNothingWhileKeysChange(t *testing.T) {
	first, folder := newVault(t)
	second := open(t, folder)
	type written struct {
		sealed []byte
		plain  string
	}
	var mu sync.Mutex
	var all []written
	var stopped atomic.Bool
	var group sync.WaitGroup
	for worker := range 4 {
		mine, other := first, second
		if worker%2 == 1 {
			mine, other = second, first
		}
		group.Go(func() {
			for n := 0; n < 50 || !stopped.Load(); n++ {
				plain := fmt.Sprintf("%d of %d", n, worker)
				sealed, err := mine.Seal(place, []byte(plain))
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := other.Open(place, sealed); err != nil || string(got) != plain {
					t.Errorf("%q became %q, %v", plain, got, err)
					return
				}
				mu.Lock()
				all = append(all, written{sealed, plain})
				mu.Unlock()
			}
		})
	}
	added := addKey(t, folder)
	promote(t, folder)
	stopped.Store(true)
	group.Wait()
	fresh := open(t, folder)
	if sealed := seal(t, first, "last"); !bytes.HasPrefix(sealed, added.Prefix()) {
		t.Errorf("sealed with %x", sealed[:vault.PrefixSize])
	}
	for _, w := range all {
		mustOpen(t, fresh, w.sealed, w.plain)
	}
}

func TestAPrefixTellsTheKey(t *testing.T) {
	v, _ := newVault(t)
	key := v.Keyring().Primary
	if got, ok := vault.PrefixKey(seal(t, v, "Lena")); !ok || got != key {
		t.Errorf("got %s, %v; want %s", got, ok, key)
	}
	for _, none := range [][]byte{nil, {1, 2, 3, 4}, {0, 1, 2, 3, 4, 5}} {
		if key, ok := vault.PrefixKey(none); ok {
			t.Errorf("%x is said to be on %s", none, key)
		}
	}
}
