// Package vault owns the sealing of personal data at rest and every key that this program keeps. It knows no domain:
// callers say where a value lives, and a sealed value opens only there.
//
// Sealed values are Tink AEAD ciphertexts (AES-256-GCM; each begins with version and key id). Their keyset is derived
// for each school from one master keyset (HKDF, RFC 5869), their associated data is school|table|column|row: a
// ciphertext copied into another row, column or school does not open. Exact matches use a keyed blind index.
// The guarantee does not cover a thief who has the key folder as well as the database.
package vault

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

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

// Column is a column of sealed values. Each row's value of the column Row is the Place.Row of what lies there.
type Column struct{ Table, Column, Row string }

// At is the place in one row.
func (c Column) At(school id.School, row string) Place {
	return Place{School: school, Table: c.Table, Column: c.Column, Row: row}
}

// Vault seals, opens and indexes. It is safe for use by many goroutines. It follows its master keyset: when a rotation
// changes the file, the next value is sealed with the key that seals now, and what another process has sealed with a
// key that this one has not seen yet opens.
type Vault struct {
	folder      string
	index       []byte
	letters     []byte
	tokens      []byte
	checkpoints []byte
	vapid       []VAPIDKey
	sealing     atomic.Pointer[master]
	reading     sync.Mutex // one goroutine reads the file again
}

// Reload reads the master keyset again when its file has changed; otherwise it costs one look at the folder. After an
// error the vault goes on with the keys as they were.
func (v *Vault) Reload() error {
	path := filepath.Join(v.folder, masterFile)
	file, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("vault: key file %s: %w", path, err)
	}
	if v.sealing.Load().isOf(file) {
		return nil
	}
	v.reading.Lock()
	defer v.reading.Unlock()
	if v.sealing.Load().isOf(file) {
		return nil // another goroutine was first
	}
	fresh, err := readMaster(v.folder)
	if err != nil {
		return err
	}
	v.sealing.Store(fresh)
	return nil
}

// Keyring says which keys this vault has.
func (v *Vault) Keyring() Keyring { return v.sealing.Load().ring }

// Seal closes a value so that it opens at its place alone.
func (v *Vault) Seal(place Place, plain []byte) ([]byte, error) {
	// A file that cannot be read now must not keep anybody from withdrawing: the keys as they were still seal, and
	// opening them will be possible as long as they are not retired. The server says so in its log (package app).
	_ = v.Reload()
	return v.sealing.Load().seal(place, plain)
}

// Open gives back what was sealed at the place, or ErrSealBroken.
func (v *Vault) Open(place Place, sealed []byte) ([]byte, error) {
	before := v.sealing.Load()
	plain, err := before.open(place, sealed)
	if !errors.Is(err, ErrSealBroken) {
		return plain, err
	}
	if failed := v.Reload(); failed != nil {
		return nil, errors.Join(err, failed)
	}
	if now := v.sealing.Load(); now != before {
		return now.open(place, sealed)
	}
	return nil, err
}

// Renew seals a value with the primary key as it is now; what is inside stays the same, and so does the length.
func (v *Vault) Renew(place Place, sealed []byte) ([]byte, error) {
	plain, err := v.Open(place, sealed)
	if err != nil {
		return nil, err
	}
	return v.Seal(place, plain)
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

// LoweringSecret is the secret part of a lowering key: 22 symbols of base64url, 132 bits of a keyed hash, which without
// the key nobody tells from random ones. It is derived anew for each print, so that nothing of it is stored; it lives as
// long as the letters' key file does (decision 0022).
func (v *Vault) LoweringSecret(school id.School, person id.Person, pupil id.Pupil, generation int64) string {
	const symbols = 22
	return mac(v.letters, "lowering", string(school), string(person.Kind), person.ID, string(pupil), strconv.FormatInt(generation, 10))[:symbols]
}

// MailedSecret are the bytes from which the secret of a letter that goes by mail is made: a keyed hash, so that nothing of
// it is stored, and every attempt to send it sends the same one (decision 0039).
func (v *Vault) MailedSecret(school id.School, letter id.Letter) []byte {
	return sum(v.letters, "mailed letter", string(school), string(letter))
}

// PINPepper is what a password hash is taken of in place of a pupil's picture PIN. A PIN has 13 bits: without the letters'
// key file, which lies outside the database, a stolen hash could be searched in minutes in spite of argon2id.
func (v *Vault) PINPepper(school id.School, card id.Card, pin string) string {
	return mac(v.letters, "pin", string(school), string(card), pin)
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
	return base64.RawURLEncoding.EncodeToString(sum(key, parts...))
}

func sum(key []byte, parts ...string) []byte {
	m := hmac.New(sha256.New, key)
	for _, part := range parts {
		_, _ = fmt.Fprintf(m, "%d:%s,", len(part), part)
	}
	return m.Sum(nil)
}
