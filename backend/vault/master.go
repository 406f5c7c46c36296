package vault

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyderivation"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"einverstanden/backend/id"
)

// KeyID names a key of the master keyset. The keys derived from it for each school bear the same id, and each value
// sealed with one begins with it: which key a value is on can be told without any key.
type KeyID uint32

func (k KeyID) String() string { return fmt.Sprintf("%08x", uint32(k)) }

// PrefixSize is the length of a sealed value's prefix in bytes.
const PrefixSize = 5

// Prefix is how every value sealed with the key begins: Tink's version, 1, and the id, big-endian.
func (k KeyID) Prefix() []byte { return binary.BigEndian.AppendUint32([]byte{1}, uint32(k)) }

// PrefixKey is the id in a sealed value's prefix; false for what no key of Tink's sealed.
func PrefixKey(prefix []byte) (KeyID, bool) {
	if len(prefix) < PrefixSize || prefix[0] != 1 {
		return 0, false
	}
	return KeyID(binary.BigEndian.Uint32(prefix[1:PrefixSize])), true
}

// Keyring says which keys the master keyset holds. Outside a rotation there is one, the primary.
type Keyring struct {
	Old     []KeyID // open what was sealed with them, and seal no more
	Primary KeyID   // seals
	Waiting []KeyID // will seal once promoted; opens already what others have sealed with it
}

// master is the master keyset as it stood in its file at one moment, with the schools' keys derived from it.
type master struct {
	file    os.FileInfo
	ring    Keyring
	deriver keyderivation.KeysetDeriver
	schools sync.Map // id.School → tink.AEAD
}

func readMaster(folder string) (*master, error) {
	path := filepath.Join(folder, masterFile)
	file, err := os.Stat(path) // before reading: what is written in between is read again the next time
	if err != nil {
		return nil, fmt.Errorf("vault: key file %s: %w", path, err)
	}
	handle, err := readKeysetFile(folder, masterFile)
	if err != nil {
		return nil, err
	}
	deriver, err := keyderivation.New(handle)
	if err != nil {
		return nil, fmt.Errorf("vault: %s is not a keyset to derive from", path)
	}
	ring, err := ringOf(handle)
	return &master{file: file, ring: ring, deriver: deriver}, err
}

// isOf reports whether the keyset was read from the file as it is now.
func (m *master) isOf(file os.FileInfo) bool {
	return os.SameFile(m.file, file) && m.file.ModTime().Equal(file.ModTime()) && m.file.Size() == file.Size()
}

func (m *master) school(school id.School) (tink.AEAD, error) {
	if cached, ok := m.schools.Load(school); ok {
		return cached.(tink.AEAD), nil
	}
	if school == "" {
		return nil, errors.New("vault: no school")
	}
	derived, err := m.deriver.DeriveKeyset([]byte("school|" + school))
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(derived)
	if err != nil {
		return nil, err
	}
	m.schools.Store(school, primitive)
	return primitive, nil
}

func (m *master) seal(place Place, plain []byte) ([]byte, error) {
	primitive, err := m.school(place.School)
	if err != nil {
		return nil, err
	}
	return primitive.Encrypt(plain, place.associatedData())
}

func (m *master) open(place Place, sealed []byte) ([]byte, error) {
	primitive, err := m.school(place.School)
	if err != nil {
		return nil, err
	}
	plain, err := primitive.Decrypt(sealed, place.associatedData())
	if err != nil {
		return nil, fmt.Errorf("%w: %s.%s of %s", ErrSealBroken, place.Table, place.Column, place.Row)
	}
	return plain, nil
}

func ringOf(handle *keyset.Handle) (ring Keyring, err error) {
	seen := false
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return ring, err
		}
		switch key := KeyID(entry.KeyID()); {
		case entry.IsPrimary():
			ring.Primary, seen = key, true
		case seen:
			ring.Waiting = append(ring.Waiting, key)
		default:
			ring.Old = append(ring.Old, key)
		}
	}
	return ring, nil
}

func readKeysetFile(folder, name string) (*keyset.Handle, error) {
	raw, err := readKeyFile(folder, name)
	if err != nil {
		return nil, err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, fmt.Errorf("vault: %s is not a keyset", filepath.Join(folder, name))
	}
	return handle, nil
}

func keysetText(handle *keyset.Handle) ([]byte, error) {
	var out bytes.Buffer
	err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out))
	return out.Bytes(), err
}
