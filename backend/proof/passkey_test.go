package proof_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"

	"einverstanden/backend/proof"
)

// authenticator is a passkey made by hand: its public key as COSE_Key (RFC 9052, 9053) and its way of signing.
type authenticator struct {
	id     []byte
	public []byte
	sign   func(message []byte) []byte
}

// es256 has a key from a fixed seed and signs the same bytes each time (RFC 6979).
func es256(seed string) authenticator {
	key := must(ecdsa.ParseRawPrivateKey(elliptic.P256(), fixed(seed, 32)))
	point := must(key.PublicKey.Bytes()) // 4, x, y
	return authenticator{
		id: fixed("credential "+seed, 16),
		public: slices.Concat([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33],
			[]byte{0x22, 0x58, 32}, point[33:]),
		sign: func(message []byte) []byte {
			sum := sha256.Sum256(message)
			return must(key.Sign(nil, sum[:], crypto.SHA256))
		},
	}
}

func edDSA(seed string) authenticator {
	key := ed25519.NewKeyFromSeed(fixed(seed, ed25519.SeedSize))
	return authenticator{
		id:     fixed("credential "+seed, 16),
		public: slices.Concat([]byte{0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32}, key.Public().(ed25519.PublicKey)),
		sign:   func(message []byte) []byte { return ed25519.Sign(key, message) },
	}
}

// rs256 has a fresh key: RSA keys cannot be made from a seed.
func rs256() authenticator {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	return authenticator{
		id:     fixed("credential rsa", 32),
		public: slices.Concat([]byte{0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0}, key.N.Bytes(), []byte{0x21, 0x43, 1, 0, 1}),
		sign: func(message []byte) []byte {
			sum := sha256.Sum256(message)
			return must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]))
		},
	}
}

// ceremony is what browser and authenticator put together.
type ceremony struct {
	nonce     []byte
	challenge []byte
	client    map[string]any
	rpID      string
	flags     byte
	counter   uint32
}

// assert signs a declaration as a browser at the school's page would; change makes it another ceremony.
func (a authenticator) assert(declaration []byte, change func(*ceremony)) proof.Passkey {
	c := ceremony{nonce: fixed("nonce", proof.NonceSize), rpID: "schule.example.org", flags: 0b11101, counter: 7}
	c.challenge = proof.Challenge(c.nonce, declaration)
	c.client = map[string]any{"type": "webauthn.get", "origin": "https://schule.example.org", "crossOrigin": false}
	if change != nil {
		change(&c)
	}
	if _, given := c.client["challenge"]; !given {
		c.client["challenge"] = base64.RawURLEncoding.EncodeToString(c.challenge)
	}
	client := must(json.Marshal(c.client))
	rp, hash := sha256.Sum256([]byte(c.rpID)), sha256.Sum256(client)
	data := binary.BigEndian.AppendUint32(append(rp[:], c.flags), c.counter)
	return proof.Passkey{
		Credential: a.id, PublicKey: a.public, AuthenticatorData: data, ClientData: client,
		Signature: a.sign(slices.Concat(data, hash[:])), Nonce: c.nonce,
	}
}
