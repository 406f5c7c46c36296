// Package vault owns the sealing of personal data at rest and every key that this program keeps. It knows no domain:
// callers say where a value lives, and a sealed value opens only there.
//
// Sealed values are Tink AEAD ciphertexts (AES-256-GCM; each begins with version and key id). Their keyset is derived
// for each school from one master keyset (HKDF, RFC 5869), their associated data is school|table|column|row: a
// ciphertext copied into another row, column or school does not open. Exact matches use a keyed blind index.
// The guarantee does not cover a thief who has the key folder as well as the database.
package vault

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyderivation"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"einverstanden/backend/id"
)

// ErrSealBroken says that a sealed value does not open at its place: it was changed, moved, or its key is gone.
var ErrSealBroken = errors.New("vault: sealed value does not open at its place")

// Place says where a sealed value lives.
type Place struct {
	School id.School
	Table  string
	Column string
	Row    string
}

func (p Place) associatedData() []byte {
	return []byte(strings.Join([]string{string(p.School), p.Table, p.Column, p.Row}, "|"))
}

// Vault seals, opens and indexes. It is safe for use by many goroutines.
type Vault struct {
	deriver     keyderivation.KeysetDeriver
	index       []byte
	letters     []byte
	tokens      []byte
	checkpoints []byte
	schools     sync.Map // id.School → tink.AEAD
}

func newVault(master *keyset.Handle, keys map[string][]byte) (*Vault, error) {
	deriver, err := keyderivation.New(master)
	if err != nil {
		return nil, fmt.Errorf("master keyset: %w", err)
	}
	return &Vault{
		deriver: deriver, index: keys[indexFile], letters: keys[letterFile], tokens: keys[tokenFile],
		checkpoints: keys[checkpointFile],
	}, nil
}

func readKeyset(raw []byte) (*keyset.Handle, error) {
	return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
}

func (v *Vault) school(school id.School) (tink.AEAD, error) {
	if cached, ok := v.schools.Load(school); ok {
		return cached.(tink.AEAD), nil
	}
	if school == "" {
		return nil, errors.New("vault: no school")
	}
	derived, err := v.deriver.DeriveKeyset([]byte("school|" + school))
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(derived)
	if err != nil {
		return nil, err
	}
	v.schools.Store(school, primitive)
	return primitive, nil
}

// Seal closes a value so that it opens at its place alone.
func (v *Vault) Seal(place Place, plain []byte) ([]byte, error) {
	primitive, err := v.school(place.School)
	if err != nil {
		return nil, err
	}
	return primitive.Encrypt(plain, place.associatedData())
}

// Open gives back what was sealed at the place, or ErrSealBroken.
func (v *Vault) Open(place Place, sealed []byte) ([]byte, error) {
	primitive, err := v.school(place.School)
	if err != nil {
		return nil, err
	}
	plain, err := primitive.Decrypt(sealed, place.associatedData())
	if err != nil {
		return nil, fmt.Errorf("%w: %s.%s of %s", ErrSealBroken, place.Table, place.Column, place.Row)
	}
	return plain, nil
}

// SealJSON seals the JSON of a value.
func (v *Vault) SealJSON(place Place, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return v.Seal(place, plain)
}

// OpenJSON opens what SealJSON sealed into value.
func (v *Vault) OpenJSON(place Place, sealed []byte, value any) error {
	plain, err := v.Open(place, sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, value)
}

// Index is the blind index of a value in one column of one school: equal values, equal index, and nothing else can
// be told from it without the key.
func (v *Vault) Index(school id.School, column, value string) string {
	return mac(v.index, string(school), column, value)
}

// Fingerprint is a keyed hash that holds across schools, for the directory and for counters of failed tries.
func (v *Vault) Fingerprint(kind, value string) string {
	return mac(v.index, "", kind, value)
}

// LetterHash is what is kept of a letter's secret. It may be a plain keyed hash, not a password hash, because the
// secret has 65 random bits and the key lies outside the database (decision 0006).
func (v *Vault) LetterHash(letterNo, secret string) string {
	return mac(v.letters, letterNo, secret)
}

// TokenKey is the 256-bit key for the named use (signing access tokens, deriving refresh tokens). Uses never share one.
func (v *Vault) TokenKey(use string) []byte {
	m := hmac.New(sha256.New, v.tokens)
	m.Write([]byte(use))
	return m.Sum(nil)
}

// CheckpointSeed is the 32-byte seed of the Ed25519 key (RFC 8032) that signs a school's checkpoints, derived by
// HKDF-SHA-256 (RFC 5869). It has a key file of its own, so that rotating any other key leaves signatures as they are.
func (v *Vault) CheckpointSeed(school id.School) ([]byte, error) {
	if school == "" {
		return nil, errors.New("vault: no school")
	}
	return hkdf.Key(sha256.New, v.checkpoints, nil, "checkpoint|"+string(school), ed25519.SeedSize)
}

// mac joins the parts with their lengths, so that no two lists of parts give the same bytes.
func mac(key []byte, parts ...string) string {
	m := hmac.New(sha256.New, key)
	for _, part := range parts {
		_, _ = fmt.Fprintf(m, "%d:%s,", len(part), part)
	}
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
