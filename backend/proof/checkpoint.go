package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the state of a school's log at one moment, as it is signed: a C2SP tlog-checkpoint in the C2SP
// signed-note format. Its one extension line is the instant of signing, so that a log which was cut short shows: a
// later checkpoint of a smaller size.
type Checkpoint struct {
	Origin string // see OriginOf
	Size   int64  // leaves
	Root   tlog.Hash
	At     time.Time // UTC, to the microsecond
}

const originPrefix = "einverstanden/"

// OriginOf names a school's log, and the key that signs its checkpoints.
func OriginOf(school string) string { return originPrefix + school }

// SchoolOf is the school whose log has the origin.
func SchoolOf(origin string) (school string, ok bool) {
	school, ok = strings.CutPrefix(origin, originPrefix)
	return school, ok && school != ""
}

// Signer signs the checkpoints of one log.
type Signer struct {
	origin string
	key    ed25519.PrivateKey
}

// NewSigner needs the origin and an Ed25519 seed of 32 bytes.
func NewSigner(origin string, seed []byte) (Signer, error) {
	if len(seed) != ed25519.SeedSize || !isOrigin(origin) {
		return Signer{}, fmt.Errorf("no signing key for the log %q from %d bytes", origin, len(seed))
	}
	return Signer{origin: origin, key: ed25519.NewKeyFromSeed(seed)}, nil
}

// Key is the public half.
func (s Signer) Key() Key {
	return Key{Origin: s.origin, public: s.key.Public().(ed25519.PublicKey)}
}

// Sign gives the signed note of a checkpoint; its origin is the signer's.
func (s Signer) Sign(c Checkpoint) string {
	c.Origin = s.origin
	body := c.body()
	signature := binary.BigEndian.AppendUint32(nil, s.Key().hash())
	return body + signatureLine(s.origin, append(signature, ed25519.Sign(s.key, []byte(body))...))
}

func (c Checkpoint) body() string {
	at := c.At.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", c.Origin, c.Size, c.Root, at)
}

func signatureLine(origin string, signature []byte) string {
	return "\n— " + origin + " " + base64.StdEncoding.EncodeToString(signature) + "\n"
}

// isOrigin holds for names that may stand in a signed note: C2SP forbids every white space, plus and control character.
func isOrigin(name string) bool {
	return name != "" && len(name) <= 200 && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool {
		return r == '+' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// Key verifies the checkpoints of one log.
type Key struct {
	Origin string
	public ed25519.PublicKey
}

const noteAlgorithm = 1 // Ed25519, in C2SP signed-note

func (k Key) material() []byte { return append([]byte{noteAlgorithm}, k.public...) }

// hash is the key id of a signed note.
func (k Key) hash() uint32 {
	sum := sha256.Sum256(append([]byte(k.Origin+"\n"), k.material()...))
	return binary.BigEndian.Uint32(sum[:])
}

// String is the key as C2SP writes it: origin, key id and key.
func (k Key) String() string {
	return fmt.Sprintf("%s+%08x+%s", k.Origin, k.hash(), base64.StdEncoding.EncodeToString(k.material()))
}

// Fingerprint is the SHA-256 of the public key in groups of four, to be compared by eye.
func (k Key) Fingerprint() string {
	digits := SHA256Hex(k.public)
	var groups []string
	for i := 0; i < len(digits); i += 4 {
		groups = append(groups, digits[i:i+4])
	}
	return strings.Join(groups, " ")
}

// ParseKey reads what String wrote, and nothing else.
func ParseKey(text string) (Key, error) {
	fields := strings.Split(text, "+")
	if len(fields) < 3 { // base64 may hold a plus itself
		return Key{}, errors.New("key: want name+id+key")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.Join(fields[2:], "+"))
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != noteAlgorithm {
		return Key{}, errors.New("key: not an Ed25519 key")
	}
	k := Key{Origin: fields[0], public: raw[1:]}
	if !isOrigin(k.Origin) || k.String() != text {
		return Key{}, errors.New("key: its id does not belong to it")
	}
	return k, nil
}

// ErrSignature says that a note was not signed by the key, or was changed after.
var ErrSignature = errors.New("the signature does not hold")

// Open reads a signed checkpoint, and nothing that is spelled in another way. Its error wraps ErrSignature where the
// note is in order and was not signed by the key.
func (k Key) Open(note string) (Checkpoint, error) {
	body, line, found := strings.Cut(note, "\n\n")
	if !found {
		return Checkpoint{}, errors.New("checkpoint: no signature")
	}
	c, err := parseBody(body + "\n")
	if err != nil {
		return Checkpoint{}, err
	}
	encoded, _ := strings.CutPrefix(line, "— "+c.Origin+" ")
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(encoded, "\n"))
	if err != nil || "\n"+line != signatureLine(c.Origin, signature) { // base64 forgives line ends: only its own form counts
		return Checkpoint{}, errors.New("checkpoint: want one signature line, of its own log")
	}
	const idSize = 4
	if len(k.public) != ed25519.PublicKeySize || len(signature) != idSize+ed25519.SignatureSize || binary.BigEndian.Uint32(signature) != k.hash() ||
		c.Origin != k.Origin || !ed25519.Verify(k.public, []byte(body+"\n"), signature[idSize:]) {
		return c, fmt.Errorf("checkpoint: %w", ErrSignature)
	}
	return c, nil
}

func parseBody(body string) (Checkpoint, error) {
	lines := strings.Split(body, "\n")
	const wanted = 5 // origin, size, root, instant, and nothing behind the last line end
	if len(lines) != wanted {
		return Checkpoint{}, fmt.Errorf("checkpoint: %d lines", len(lines)-1)
	}
	size, err1 := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := tlog.ParseHash(lines[2])
	at, err3 := time.Parse(time.RFC3339Nano, lines[3])
	if err := errors.Join(err1, err2, err3); err != nil {
		return Checkpoint{}, errors.New("checkpoint: size, root or instant cannot be read")
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root, At: at}
	if !isOrigin(c.Origin) || c.body() != body {
		return Checkpoint{}, errors.New("checkpoint: not in its own form")
	}
	if size < 0 || size > maxInteger { // above 2^62 package tlog counts for ever
		return Checkpoint{}, errors.New("checkpoint: no log has such a size")
	}
	return c, nil
}

// Published is a checkpoint as the school hands it out, with a proof that the log of an older one is its beginning.
type Published struct {
	Checkpoint  string   `json:"checkpoint"`            // the signed note
	Key         string   `json:"key"`                   // see Key.String
	From        int64    `json:"from,omitempty"`        // size of the older log; 0: no proof is in it
	Consistency [][]byte `json:"consistency,omitempty"` // RFC 6962 consistency proof, standard base64
}

// ParsePublished reads a checkpoint from a file: the signed note alone, or the JSON of Published. White space and the
// order of members are free; a member that is named twice or in another case is refused.
func ParsePublished(content []byte) (Published, error) {
	if len(content) > MaxReceipt {
		return Published{}, fmt.Errorf("checkpoint: %d bytes, at most %d are read", len(content), MaxReceipt)
	}
	if !strings.HasPrefix(strings.TrimSpace(string(content)), "{") {
		return Published{Checkpoint: string(content)}, nil
	}
	var p Published
	if err := decodeStrictly(content, &p); err != nil {
		return Published{}, fmt.Errorf("checkpoint: %w", err)
	}
	said, err := Canonical(json.RawMessage(content))
	if err != nil {
		return Published{}, errors.New("checkpoint: it has no canonical form")
	}
	return p, isOwnForm(said, func() ([]byte, error) { return Canonical(p) })
}

// treeProof turns a proof's hashes back into what package tlog checks.
func treeProof(hashes [][]byte) (tlog.TreeProof, error) {
	proof := make(tlog.TreeProof, len(hashes))
	for i, hash := range hashes {
		if len(hash) != tlog.HashSize {
			return nil, fmt.Errorf("hash %d of the proof has %d bytes", i, len(hash))
		}
		proof[i] = tlog.Hash(hash)
	}
	return proof, nil
}

// HashesOf are a proof's hashes as they stand in a file.
func HashesOf[T ~[]tlog.Hash](proof T) [][]byte {
	hashes := make([][]byte, len(proof))
	for i, hash := range proof {
		hashes[i] = hash[:]
	}
	return hashes
}

// MarshalIndent is the JSON of a Published for a file.
func (p Published) MarshalIndent() ([]byte, error) { return json.MarshalIndent(p, "", "  ") }
