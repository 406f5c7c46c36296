package vault

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// vapidFile holds the keys by which push services know this program (RFC 8292), the newest last. Who subscribed with
// one is reached by that one alone: a lost file loses every subscription.
const vapidFile = "vapid.json"

// maxVAPIDKeys is how many live at once: the one that new subscriptions get, and the one before it.
const maxVAPIDKeys = 2

// Faults of the commands that change which VAPID keys there are.
var (
	ErrTwoVAPIDKeys = errors.New("vault: there are two VAPID keys already: retire the older one first")
	ErrOneVAPIDKey  = errors.New("vault: there is no older VAPID key to retire")
)

// VAPIDKey is a pair on P-256. The public half is derived from the private one, so that they always match.
type VAPIDKey struct {
	ID      string // the first 8 hexadecimal digits of the SHA-256 of the public half
	Public  []byte // 65 bytes, uncompressed
	private []byte // 32 bytes
}

// PublicText is what browsers want as applicationServerKey: base64url without padding.
func (k VAPIDKey) PublicText() string { return base64.RawURLEncoding.EncodeToString(k.Public) }

// PrivateText is the secret half as base64url without padding.
func (k VAPIDKey) PrivateText() string { return base64.RawURLEncoding.EncodeToString(k.private) }

// String hides the secret half from everything that prints values in passing.
func (k VAPIDKey) String() string { return "VAPID key " + k.ID }

// GoString hides the secret half from %#v.
func (k VAPIDKey) GoString() string { return k.String() }

// LogValue hides the secret half from the log.
func (k VAPIDKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// NewVAPIDKey makes a key that is nowhere kept; AddVAPIDKey keeps one.
func NewVAPIDKey() (VAPIDKey, error) {
	made, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return VAPIDKey{}, err
	}
	return vapidKeyOf(made), nil
}

func vapidKeyOf(key *ecdh.PrivateKey) VAPIDKey {
	public := key.PublicKey().Bytes()
	sum := sha256.Sum256(public)
	return VAPIDKey{ID: hex.EncodeToString(sum[:4]), Public: public, private: key.Bytes()}
}

// VAPIDKeys are those of the folder when it was opened, the newest first; none where nobody has made any.
func (v *Vault) VAPIDKeys() []VAPIDKey { return slices.Clone(v.vapid) }

// VAPIDKeys reads those of a key folder, the newest first.
func VAPIDKeys(folder string) ([]VAPIDKey, error) {
	if _, err := os.Stat(filepath.Join(folder, vapidFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	raw, err := readKeyFile(folder, vapidFile)
	if err != nil {
		return nil, err
	}
	var file vapidJSON
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil || len(file.Keys) == 0 || len(file.Keys) > maxVAPIDKeys {
		return nil, fmt.Errorf("vault: key file %s is damaged: bring it back from your copy of the keys", filepath.Join(folder, vapidFile))
	}
	keys := make([]VAPIDKey, len(file.Keys))
	for i, text := range file.Keys {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("vault: key file %s: key %d is not base64url", filepath.Join(folder, vapidFile), i+1)
		}
		key, err := ecdh.P256().NewPrivateKey(raw)
		if err != nil {
			return nil, fmt.Errorf("vault: key file %s: key %d is no key on P-256", filepath.Join(folder, vapidFile), i+1)
		}
		keys[i] = vapidKeyOf(key)
	}
	slices.Reverse(keys)
	return keys, nil
}

// AddVAPIDKey makes a key for subscriptions from now on; the one before it goes on serving its own.
func AddVAPIDKey(folder string) (VAPIDKey, error) {
	keys, err := VAPIDKeys(folder)
	if err != nil {
		return VAPIDKey{}, err
	}
	if len(keys) >= maxVAPIDKeys {
		return VAPIDKey{}, ErrTwoVAPIDKeys
	}
	made, err := NewVAPIDKey()
	if err != nil {
		return VAPIDKey{}, err
	}
	return made, writeVAPIDKeys(folder, append([]VAPIDKey{made}, keys...))
}

// RetireVAPIDKey takes the older key away for good: whoever subscribed with it is reached no more.
func RetireVAPIDKey(folder string) (VAPIDKey, error) {
	keys, err := VAPIDKeys(folder)
	if err != nil {
		return VAPIDKey{}, err
	}
	if len(keys) < maxVAPIDKeys {
		return VAPIDKey{}, ErrOneVAPIDKey
	}
	return keys[1], writeVAPIDKeys(folder, keys[:1])
}

type vapidJSON struct {
	Keys []string `json:"keys"` // private halves
}

func writeVAPIDKeys(folder string, keys []VAPIDKey) error {
	var file vapidJSON
	for _, key := range slices.Backward(keys) {
		file.Keys = append(file.Keys, key.PrivateText())
	}
	content, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(folder, vapidFile, append(content, '\n'), os.Rename)
}
