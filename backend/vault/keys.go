package vault

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyderivation"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// The files of a key folder, each readable by its owner alone (0400).
const (
	masterFile     = "seal.json"       // Tink keyset from which each school's keys are derived
	indexFile      = "index.key"       // blind indexes and fingerprints
	letterFile     = "letters.key"     // hashes of letter secrets
	tokenFile      = "tokens.key"      // access and refresh tokens
	checkpointFile = "checkpoints.key" // seeds of the keys that sign checkpoints
)

const keySize = 32 // bytes of each .key file, before base64

// plainFiles are the files that hold one random key each.
func plainFiles() []string { return []string{indexFile, letterFile, tokenFile, checkpointFile} }

// laterFiles are those that key folders from before they existed lack. Nothing can have been made with them there.
func laterFiles() []string { return []string{checkpointFile} }

// ErrNoKeys says that the folder holds no keys yet.
var ErrNoKeys = errors.New("vault: the key folder holds no keys")

// Create makes a folder of fresh keys. It refuses a folder that holds any of them: a lost key loses data.
func Create(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, name := range append([]string{masterFile, vapidFile}, plainFiles()...) {
		if _, err := os.Stat(filepath.Join(folder, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("vault: %s exists already in %s", name, folder)
		}
	}
	master, err := freshKeyset()
	if err != nil {
		return err
	}
	if err := writeKey(folder, masterFile, master); err != nil {
		return err
	}
	for _, name := range plainFiles() {
		if err := writeFreshKey(folder, name); err != nil {
			return err
		}
	}
	_, err = AddVAPIDKey(folder)
	return err
}

// Complete adds the key files that came into the program after the folder was made, and names them. Any other file
// that is missing was lost, and its data with it unless it comes back from a copy: those Complete never makes.
func Complete(folder string) (made []string, err error) {
	if _, err := os.Stat(filepath.Join(folder, masterFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoKeys, folder)
	}
	for _, name := range laterFiles() {
		if _, err := os.Stat(filepath.Join(folder, name)); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := writeFreshKey(folder, name); err != nil {
			return made, err
		}
		made = append(made, name)
	}
	if _, err := os.Stat(filepath.Join(folder, vapidFile)); errors.Is(err, fs.ErrNotExist) {
		if _, err := AddVAPIDKey(folder); err != nil {
			return made, err
		}
		made = append(made, vapidFile)
	}
	return made, nil
}

func writeFreshKey(folder, name string) error {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	return writeKey(folder, name, []byte(base64.StdEncoding.EncodeToString(key)+"\n"))
}

func freshKeyset() ([]byte, error) {
	template, err := keyTemplate()
	if err != nil {
		return nil, err
	}
	handle, err := keyset.NewHandle(template)
	if err != nil {
		return nil, err
	}
	return keysetText(handle)
}

// keyTemplate says what a key of the master keyset is: HKDF-SHA-256 that derives AES-256-GCM keys.
func keyTemplate() (*tinkpb.KeyTemplate, error) {
	return keyderivation.CreatePRFBasedKeyTemplate(prf.HKDFSHA256PRFKeyTemplate(), aead.AES256GCMKeyTemplate())
}

// writeKey makes a key file, whole or not at all; it replaces none.
func writeKey(folder, name string, content []byte) error {
	return writeFile(folder, name, content, os.Link)
}

// writeFile writes beside the place and lets put bring the finished file there, so that a process killed in between
// leaves no half of a key, and another process reads none.
func writeFile(folder, name string, content []byte, put func(from, to string) error) error {
	beside, err := os.CreateTemp(folder, "."+name+".*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(beside.Name()) //nolint:errcheck // after a rename it is gone already
	if err := giveToOwner(folder, beside); err != nil {
		return err
	}
	_, err = beside.Write(content)
	if err = errors.Join(err, beside.Chmod(0o400), beside.Sync(), beside.Close()); err != nil {
		return err
	}
	if err := put(beside.Name(), filepath.Join(folder, name)); err != nil {
		return err
	}
	return syncFolder(folder)
}

// giveToOwner makes a new file belong to whom the master keyset belongs to: an operator who works as root must not
// lock the server out of its keys.
func giveToOwner(folder string, file *os.File) error {
	info, err := os.Stat(filepath.Join(folder, masterFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	if err := file.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("vault: the keys in %s belong to another user: run this as that user: %w", folder, err)
	}
	return nil
}

// syncFolder makes the names in the folder outlast a power loss, as the files' own sync does not.
func syncFolder(folder string) error {
	opened, err := os.Open(folder) //nolint:gosec // the operator's setting
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

// Open reads a key folder. Its errors name the file, never the key: missing, short, default or readable by others.
func Open(folder string) (*Vault, error) {
	if _, err := os.Stat(filepath.Join(folder, masterFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoKeys, folder)
	}
	sealing, err := readMaster(folder)
	if err != nil {
		return nil, err
	}
	keys := map[string][]byte{}
	for _, name := range plainFiles() {
		if keys[name], err = readKey(folder, name); err != nil {
			return nil, err
		}
	}
	v := &Vault{
		folder: folder, index: keys[indexFile], letters: keys[letterFile], tokens: keys[tokenFile], checkpoints: keys[checkpointFile],
	}
	v.sealing.Store(sealing)
	if v.vapid, err = VAPIDKeys(folder); err != nil {
		return nil, err
	}
	return v, nil
}

func readKeyFile(folder, name string) ([]byte, error) {
	path := filepath.Join(folder, name)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("vault: key file %s is missing: %s", path, remedy(name))
	}
	if err != nil {
		return nil, fmt.Errorf("vault: key file %s: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("vault: key file %s can be read by others; make it 0400", path)
	}
	return os.ReadFile(path) //nolint:gosec // the folder is the operator's setting
}

func remedy(name string) string {
	if slices.Contains(laterFiles(), name) {
		return "bring it back from your copy of the keys; if this folder never had it, run `einverstanden keys complete`"
	}
	return "bring it back from your copy of the keys; a new one would open nothing"
}

func readKey(folder, name string) ([]byte, error) {
	raw, err := readKeyFile(folder, name)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, name)
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil {
		return nil, fmt.Errorf("vault: key file %s is not base64", path)
	}
	if len(key) < keySize {
		return nil, fmt.Errorf("vault: key file %s is too short: %d bytes, %d are needed", path, len(key), keySize)
	}
	if bytes.Count(key, key[:1]) == len(key) {
		return nil, fmt.Errorf("vault: key file %s is a default, not a random key", path)
	}
	return key, nil
}
