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
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyderivation"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
)

// The files of a key folder, each readable by its owner alone (0400).
const (
	masterFile = "seal.json"   // Tink keyset from which each school's keys are derived
	indexFile  = "index.key"   // blind indexes and fingerprints
	letterFile = "letters.key" // hashes of letter secrets
	tokenFile  = "tokens.key"  // access and refresh tokens
)

const keySize = 32 // bytes of each .key file, before base64

// ErrNoKeys says that the folder holds no keys yet.
var ErrNoKeys = errors.New("vault: the key folder holds no keys")

// Create makes a folder of fresh keys. It refuses a folder that holds any of them: a lost key loses data.
func Create(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, name := range []string{masterFile, indexFile, letterFile, tokenFile} {
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
	for _, name := range []string{indexFile, letterFile, tokenFile} {
		key := make([]byte, keySize)
		if _, err := rand.Read(key); err != nil {
			return err
		}
		if err := writeKey(folder, name, []byte(base64.StdEncoding.EncodeToString(key)+"\n")); err != nil {
			return err
		}
	}
	return nil
}

func freshKeyset() ([]byte, error) {
	template, err := keyderivation.CreatePRFBasedKeyTemplate(prf.HKDFSHA256PRFKeyTemplate(), aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	handle, err := keyset.NewHandle(template)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out))
	return out.Bytes(), err
}

func writeKey(folder, name string, content []byte) error {
	path := filepath.Join(folder, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400) //nolint:gosec // the operator's setting
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// Open reads a key folder. Its errors name the file, never the key: missing, short, default or readable by others.
func Open(folder string) (*Vault, error) {
	if _, err := os.Stat(filepath.Join(folder, masterFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoKeys, folder)
	}
	rawMaster, err := readKeyFile(folder, masterFile)
	if err != nil {
		return nil, err
	}
	master, err := readKeyset(rawMaster)
	if err != nil {
		return nil, fmt.Errorf("vault: %s is not a keyset", filepath.Join(folder, masterFile))
	}
	var keys [3][]byte
	for i, name := range []string{indexFile, letterFile, tokenFile} {
		if keys[i], err = readKey(folder, name); err != nil {
			return nil, err
		}
	}
	return newVault(master, keys[0], keys[1], keys[2])
}

func readKeyFile(folder, name string) ([]byte, error) {
	path := filepath.Join(folder, name)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("vault: key file %s: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("vault: key file %s can be read by others; make it 0400", path)
	}
	return os.ReadFile(path) //nolint:gosec // the folder is the operator's setting
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
