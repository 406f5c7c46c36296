package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// A rotation of the master key is a few small changes of its file, each of them whole or not at all: AddKey, PromoteKey,
// then package rotation seals everything anew, then RetireKeys (decision 0017). In the file, keys stand in the order
// of their age: before the primary the old ones, after it the one that waits.

// Keys reads which keys the folder's master keyset holds, and when its file was last changed.
func Keys(folder string) (Keyring, time.Time, error) {
	m, err := readMaster(folder)
	if err != nil {
		return Keyring{}, time.Time{}, err
	}
	return m.ring, m.file.ModTime(), nil
}

// AddKey adds a fresh key that seals nothing yet. It refuses while a rotation is under way.
func AddKey(folder string) (added KeyID, err error) {
	err = changeMaster(folder, func(handle *keyset.Handle, ring Keyring) (*keyset.Handle, error) {
		if len(ring.Waiting) > 0 {
			return nil, fmt.Errorf("vault: key %s was added already and waits to be promoted", ring.Waiting[0])
		}
		if len(ring.Old) > 0 {
			return nil, fmt.Errorf("vault: key %s of the rotation before is not retired yet", ring.Old[0])
		}
		template, err := keyTemplate()
		if err != nil {
			return nil, err
		}
		manager := keyset.NewManagerFromHandle(handle)
		key, err := manager.Add(template)
		if err != nil {
			return nil, err
		}
		added = KeyID(key)
		return manager.Handle()
	})
	return added, err
}

// PromoteKey makes the waiting key the one that seals.
func PromoteKey(folder string) (promoted KeyID, err error) {
	err = changeMaster(folder, func(handle *keyset.Handle, ring Keyring) (*keyset.Handle, error) {
		if len(ring.Waiting) == 0 {
			return nil, errors.New("vault: no key waits to be promoted; add one first")
		}
		promoted = ring.Waiting[len(ring.Waiting)-1]
		manager := keyset.NewManagerFromHandle(handle)
		if err := manager.SetPrimary(uint32(promoted)); err != nil {
			return nil, err
		}
		return manager.Handle()
	})
	return promoted, err
}

// RetireKeys takes the old keys out of the master keyset, each into a file of its own in the folder, which no server
// reads: backups from before need it still. It gives the names of these files. That nothing is on an old key any more
// is for the caller to know (package rotation).
func RetireKeys(folder string) (files []string, err error) {
	err = changeMaster(folder, func(handle *keyset.Handle, ring Keyring) (*keyset.Handle, error) {
		if len(ring.Old) == 0 {
			return nil, errors.New("vault: there is no old key to retire")
		}
		manager := keyset.NewManagerFromHandle(handle)
		for _, key := range ring.Old {
			name, err := keepRetired(folder, handle, key)
			if err != nil {
				return nil, err
			}
			files = append(files, name)
			if err := manager.Delete(uint32(key)); err != nil {
				return nil, err
			}
		}
		return manager.Handle()
	})
	return files, err
}

// keepRetired writes a keyset of the one key. A file of that name is this very key, from an attempt that was killed.
func keepRetired(folder string, handle *keyset.Handle, key KeyID) (string, error) {
	manager := keyset.NewManagerFromHandle(handle)
	if err := manager.SetPrimary(uint32(key)); err != nil {
		return "", err
	}
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return "", err
		}
		if KeyID(entry.KeyID()) == key {
			continue
		}
		if err := manager.Delete(entry.KeyID()); err != nil {
			return "", err
		}
	}
	alone, err := manager.Handle()
	if err != nil {
		return "", err
	}
	text, err := keysetText(alone)
	if err != nil {
		return "", err
	}
	name := "seal-" + key.String() + ".retired.json"
	if err := writeKey(folder, name, text); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return name, nil
}

// RestoreKeys puts the keys of a retired file among the old ones again: for a restored backup that was sealed with
// them. A rotation goes on from there with sealing anew.
func RestoreKeys(folder, path string) (back []KeyID, err error) {
	err = changeMaster(folder, func(handle *keyset.Handle, ring Keyring) (*keyset.Handle, error) {
		retired, err := readKeysetFile(filepath.Dir(path), filepath.Base(path))
		if err != nil {
			return nil, err
		}
		manager := keyset.NewManagerFromHandle(retired) // first: they are older
		for i := range handle.Len() {
			entry, err := handle.Entry(i)
			if err != nil {
				return nil, err
			}
			if _, err := manager.AddKey(entry.Key()); err != nil {
				return nil, fmt.Errorf("vault: key %s is in the master keyset already", KeyID(entry.KeyID()))
			}
		}
		if err := manager.SetPrimary(uint32(ring.Primary)); err != nil {
			return nil, err
		}
		found, err := ringOf(retired)
		back = slices.Concat(found.Old, []KeyID{found.Primary}, found.Waiting)
		if err != nil {
			return nil, err
		}
		return manager.Handle()
	})
	return back, err
}

// changeMaster replaces the master keyset by what change makes of it. Two processes take turns; one that is killed
// leaves the old file or the new one.
func changeMaster(folder string, change func(*keyset.Handle, Keyring) (*keyset.Handle, error)) error {
	unlock, err := lockFolder(folder)
	if err != nil {
		return err
	}
	defer unlock()
	handle, err := readKeysetFile(folder, masterFile)
	if err != nil {
		return err
	}
	ring, err := ringOf(handle)
	if err != nil {
		return err
	}
	changed, err := change(handle, ring)
	if err != nil {
		return err
	}
	text, err := keysetText(changed)
	if err != nil {
		return err
	}
	return writeFile(folder, masterFile, text, os.Rename)
}

func lockFolder(folder string) (unlock func(), err error) {
	opened, err := os.Open(folder) //nolint:gosec // the operator's setting
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(opened.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("vault: another process is changing the keys in %s", folder), opened.Close())
	}
	return func() { _ = opened.Close() }, nil // which unlocks
}
